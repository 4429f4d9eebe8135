/** The first run: a link that works once lets the operator set up the first administrator. */
import { contextOf } from '#http/mount.ts'
import { linkIn } from '#http/session.ts'
import { useLink, userOfLink } from '#identity/one-time-links.ts'
import { admit } from '#identity/sign-in.ts'
import type { Answer } from '#kernel/declaration.ts'
import { rowFrom } from '#kernel/operation.ts'
import { save } from '#kernel/write/commit.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { User } from '#modules/accounts/users.ts'
import { html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { circumstancesOf, enter } from './entrance.ts'
import { field } from './forms.ts'
import { deadLink, withoutSecret } from './lost-password.ts'
import { chosenPassword, type Errors, newPasswordFields } from './new-password.ts'
import { formErrors } from './own-account.ts'
import { type Area, page, type Visit } from './page.ts'

const PATH = '/setup'
const FIELDS = ['firstName', 'lastName', 'login', 'email'] as const

const dead = (visit: Visit) =>
  deadLink(visit, html`If the server is not set up yet, restart it to print a new link. Otherwise, <a href="/login">sign in</a>.`)

function setupPage(visit: Visit, { errors = {}, alert }: { errors?: Errors; alert?: Message | undefined } = {}): Answer {
  const { settings, given } = visit
  const line = (name: (typeof FIELDS)[number], label: Message, autocomplete: string, more: object = {}) =>
    field({ label, name, value: given.get(name), autocomplete, required: true, error: errors[name], ...more })
  const title = said`Set up ${settings.app_title}`
  const content = html`<h1>${title}</h1>
<p>Welcome. Set up the first administrator. The link expires when you finish.</p>
${alert && html`<p role="alert" class="error">${alert}</p>`}
<form method="post" action="${PATH}">
${line('firstName', said`First name`, 'given-name', { autofocus: true })}
${line('lastName', said`Last name`, 'family-name')}
${line('login', said`Username`, 'username', { literal: true, value: given.get('login') ?? 'admin' })}
${line('email', said`E-mail address`, 'email', { type: 'email', literal: true })}
${newPasswordFields(visit, errors)}
<button>Set up</button>
</form>`
  return page(title, content, { status: alert || Object.keys(errors).length > 0 ? 422 : 200 })
}

/** The secret of the followed link, and the administrator to set up. */
async function followed({ request, db, settings, now }: Visit) {
  const secret = linkIn(request.raw, settings)
  const user = secret === undefined ? undefined : await userOfLink(db, 'setup', secret, now)
  return secret !== undefined && user?.admin ? { secret, user } : undefined
}

export const firstRun: Area = {
  routes(on, services) {
    on.get(PATH, async (visit) => {
      if (visit.given.has('token')) return withoutSecret(visit, PATH)
      return (await followed(visit)) ? setupPage(visit) : dead(visit)
    })

    on.post(PATH, async (visit) => {
      const { request, db, now, given } = visit
      const link = await followed(visit)
      if (!link) return dead(visit)
      const chosen = await chosenPassword(visit, link.user)
      if ('errors' in chosen) return setupPage(visit, chosen)
      const context = await contextOf(request, services, async () => ({ principal: link.user, proof: 'fresh' }))
      const { login = '', ...payload } = Object.fromEntries(FIELDS.map((name) => [name, given.get(name) ?? '']))
      const before = await rowFrom('me', context.model.of(User), context)
      const prepared = await prepareWrite(context, context.model.of(User), before, payload, { login, password_hash: chosen.hash })
      if (prepared.violations.length > 0)
        return setupPage(visit, formErrors(context.model.of(User), context, prepared.violations, FIELDS))
      const admission = await db.transaction(async (tx) => {
        if (!(await useLink(tx, 'setup', link.secret, now))) return undefined
        await save(tx, context, context.model.of(User), prepared.draft, prepared.facts)
        return admit(tx, prepared.draft.row, circumstancesOf(visit))
      })
      return admission ? enter(visit, admission) : dead(visit)
    })
  },
}
