/** Password changes without a session: the mailed reset link, and the forced change during the sign-in. */
import { forUpdate } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { givenLink, linkIn } from '#http/session.ts'
import { askForPassword, isOffered } from '#identity/lost-password.ts'
import { useLink, userOfLink } from '#identity/one-time-links.ts'
import { PASSWORD_PAGE, PASSWORD_STAGE } from '#identity/password-changes.ts'
import { admit } from '#identity/sign-in.ts'
import type { Answer } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { html } from '#text/html.ts'
import { said } from '#text/messages.ts'
import { circumstancesOf, enter, type Refusal, tooMany } from './entrance.ts'
import { field, hidden } from './forms.ts'
import { chosenPassword, type Errors, newPasswordFields, storing } from './new-password.ts'
import { ownPath } from './own-path.ts'
import { type Area, alert, notice, onTo, page, type Visit } from './page.ts'

const ASK = '/account/lost_password'
const CHOOSE = '/account/lost_password/choose'

/** Moves the secret of a link from the address to a cookie, so that neither the history nor a Referer header contains it. */
export function withoutSecret({ given, settings }: Visit, to: string): Answer {
  const secret = given.get('token') ?? ''
  return onTo(to, {
    'set-cookie': givenLink(/^[0-9a-f]{64}$/.test(secret) ? secret : null, settings),
    'referrer-policy': 'no-referrer',
  })
}

/** The response to a link that is unknown, expired or used: always the same. */
export function deadLink({ settings }: Visit, goOn: ReturnType<typeof html>): Answer {
  const title = said`Invalid link`
  const content = html`<h1>${title}</h1>
<p role="alert" class="error">The link has expired or has already been used. Nothing was changed.</p>
<p>${goOn}</p>`
  return page(said`${title} – ${settings.app_title}`, content, { status: 410 })
}

const askAgain = (visit: Visit) => deadLink(visit, html`<a href="${ASK}">Request a new link</a>`)

function askPage(visit: Visit, refusal?: Refusal): Answer {
  const title = said`Forgot your password?`
  if (!visit.mail) {
    const content = html`<h1>${title}</h1>
<p>This server cannot send mails. Ask an administrator for a new password.</p>
<p>Administrators create one with <code>halyard user reset-password</code>.</p>
<p><a href="/login">Back to sign-in</a></p>`
    return page(said`${title} – ${visit.settings.app_title}`, content)
  }
  const content = html`<h1>${title}</h1>
${notice(visit, {
  asked: said`If an account with this e-mail address has a password, it receives a mail with a link. The link expires in an hour.`,
})}
${alert(refusal?.error)}
<p>Enter the e-mail address of your account to receive a link for choosing a new password.</p>
<form method="post" action="${ASK}">
${field({
  label: said`E-mail address`,
  name: 'email',
  type: 'email',
  autocomplete: 'email',
  literal: true,
  required: true,
  autofocus: true,
  describedBy: refusal && 'error',
})}
<button>Send link</button>
</form>
<p><a href="/login">Back to sign-in</a></p>`
  return page(said`${title} – ${visit.settings.app_title}`, content, refusal)
}

function choosePage(visit: Visit, login: string, action: string, errors?: Errors): Answer {
  const title = said`Choose a new password`
  const content = html`<h1>${title}</h1>
<p>Account: <strong>${login}</strong>${action === PASSWORD_PAGE && said`. Change your password to continue`}.</p>
<form method="post" action="${action}">
${newPasswordFields(visit, errors, true)}
${hidden('back_url', ownPath(visit.given.get('back_url')))}
<button>Save password</button>
</form>
<p>${action === PASSWORD_PAGE ? html`<a href="/logout">Sign out</a>` : html`<a href="/login">Cancel</a>`}</p>`
  return page(said`${title} – ${visit.settings.app_title}`, content, { status: errors ? 422 : 200 })
}

/** The secret of the followed link, and its user. */
async function followed({ request, db, settings, now }: Visit) {
  const secret = isOffered(settings) ? linkIn(request.raw, settings) : undefined
  const user = secret === undefined ? undefined : await userOfLink(db, 'reset', secret, now)
  return secret !== undefined && user ? { secret, user } : undefined
}

export const lostPassword: Area = {
  routes(on, services) {
    on.get(ASK, (visit) => {
      if (!isOffered(visit.settings)) throw notFound()
      return visit.given.has('token') ? withoutSecret(visit, CHOOSE) : askPage(visit)
    })

    on.post(ASK, async (visit) => {
      const { request, db, settings, now, given } = visit
      if (!isOffered(settings)) throw notFound()
      if (!visit.mail) return askPage(visit)
      const wait = await askForPassword(given.get('email') ?? '', request.ip, db, now)
      return wait === undefined ? onTo(`${ASK}?done=asked`) : askPage(visit, tooMany(wait, said`to reset a password`))
    })

    on.get(CHOOSE, async (visit) => {
      const link = await followed(visit)
      return link ? choosePage(visit, link.user.login, CHOOSE) : askAgain(visit)
    })

    on.post(CHOOSE, async (visit) => {
      const { db, settings, now } = visit
      const link = await followed(visit)
      if (!link) return askAgain(visit)
      const { secret, user } = link
      const chosen = await chosenPassword(visit, user)
      if ('errors' in chosen) return choosePage(visit, user.login, CHOOSE, chosen.errors)
      const store = await storing(visit, services, user, chosen.hash)
      const isDone = await db.transaction(async (tx) => {
        if (!(await userOfLink(tx, 'reset', secret, now)) || !(await useLink(tx, 'reset', secret, now))) return false
        await store(tx)
        return true
      })
      // Reading a user's mail is not a full sign-in, which may require a second factor.
      return isDone ? onTo('/login?done=password', { 'set-cookie': givenLink(null, settings) }) : askAgain(visit)
    })

    on.get(PASSWORD_PAGE, (visit) => {
      const { waiting } = visit
      if (waiting?.awaits !== PASSWORD_STAGE) return onTo(visit.session ? '/my/password' : '/login')
      return choosePage(visit, waiting.user.login, PASSWORD_PAGE)
    })

    on.post(PASSWORD_PAGE, async (visit) => {
      const { waiting, db } = visit
      if (waiting?.awaits !== PASSWORD_STAGE) return onTo(visit.session ? '/my/password' : '/login')
      const { user } = waiting
      const chosen = await chosenPassword(visit, user, true)
      if ('errors' in chosen) return choosePage(visit, user.login, PASSWORD_PAGE, chosen.errors)
      const store = await storing(visit, services, user, chosen.hash)
      const admission = await db.transaction(async (tx) => {
        if (!(await tx.one(sql`select id from sessions where id = ${waiting.id}${forUpdate(tx.engine)}`))) return undefined
        const id = await store(tx)
        const renewed = await tx.one(sql`select * from principals where id = ${id}`)
        return renewed && admit(tx, renewed, circumstancesOf(visit), PASSWORD_STAGE)
      })
      return admission ? enter(visit, admission) : onTo('/login')
    })
  },
}
