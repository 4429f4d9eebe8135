/** The way in and out: signing in, showing once more who one is, signing out, and where one is then. */
import { sentWrong, waitOf } from '#http/addresses.ts'
import { givenCookie, takenCookie } from '#http/session.ts'
import type { Answer } from '#kernel/operation.ts'
import { endSession } from '#kernel/sessions.ts'
import { type Circumstances, confirmPassword, signIn, signOut } from '#modules/accounts/sign-in.ts'
import { html } from '#text/html.ts'
import { field, hidden } from './forms.ts'
import { ownPath } from './own-path.ts'
import { type Area, alert, framed, type OwnVisit, onTo, page, signedIn, type Visit, withQuery } from './page.ts'

/** Where a sign-in is made. */
export const circumstancesOf = ({ request, session, waiting, settings, now }: Visit): Circumstances => ({
  former: session ?? waiting,
  userAgent: request.headers['user-agent'],
  settings,
  now,
})

/** Leads whoever was let in to the stage that comes next, or to where they wanted to go. */
export function enter(visit: Visit, { secret, next }: { secret: string; next?: string }): Answer {
  const back_url = ownPath(visit.given.get('back_url'))
  const to = next === undefined ? (back_url ?? '/') : withQuery(next, { back_url })
  return onTo(to, { 'set-cookie': givenCookie(secret, visit.settings) })
}

/** How long a wait is, in words. */
export function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}

interface Refusal {
  readonly error: string
  readonly status: number
  readonly headers?: Record<string, string>
}

const tooMany = (wait: number, of: string): Refusal => ({
  error: `Too many attempts ${of}. Try again in ${inWords(wait)}.`,
  status: 429,
  headers: { 'retry-after': String(wait) },
})

function signInPage({ settings, given }: Visit, refusal?: Refusal): Answer {
  const describedBy = refusal && 'error'
  const content = html`<h1>Sign in to ${settings.app_title}</h1>
${alert(refusal?.error)}
<form method="post" action="/login">
${field({
  label: 'Username',
  name: 'username',
  value: given.get('username'),
  autocomplete: 'username',
  literal: true,
  required: true,
  autofocus: true,
  describedBy,
})}
${field({ label: 'Password', name: 'password', type: 'password', autocomplete: 'current-password', required: true, describedBy })}
${hidden('back_url', ownPath(given.get('back_url')))}
<button>Sign in</button>
</form>`
  return page(`Sign in – ${settings.app_title}`, content, refusal)
}

function confirmPage({ settings, session, given }: OwnVisit, refusal?: Refusal): Answer {
  const title = 'Confirm that it is you'
  const back = ownPath(given.get('back_url'))
  const content = html`<h1>${title}</h1>
<p>What comes next changes who can use the account of <strong>${session.user['name']}</strong>.</p>
${alert(refusal?.error)}
${
  session.user['password_hash'] === null
    ? html`<p>You signed in without a password here some time ago. Sign out and in again, and you can go on.</p>
<form method="post" action="/logout">${hidden('back_url', back)}<button>Sign out</button></form>`
    : html`<form method="post" action="/confirm">
${field({
  label: 'Password',
  name: 'password',
  type: 'password',
  autocomplete: 'current-password',
  required: true,
  autofocus: true,
  describedBy: refusal && 'error',
})}
${hidden('back_url', back)}
<button>Confirm</button>
</form>`
}
<p><a href="/">Cancel</a></p>`
  return page(`${title} – ${settings.app_title}`, content, refusal)
}

const signOutForm = html`<form method="post" action="/logout"><button>Sign out</button></form>`

export const entrance: Area = {
  routes(on) {
    on.get(
      '/',
      signedIn((visit) => {
        const { settings, session } = visit
        const content = html`<p>You are signed in as <strong>${session.user['name']}</strong>.</p>
${
  settings.apiv3_docs_enabled
    ? html`<p><a href="/api/docs">Browse the API</a></p>`
    : html`<p class="soft">The API is at /api/v3.</p>`
}`
        return framed(visit, 'Welcome', content)
      }),
    )

    on.get('/login', (visit) => (visit.session ? onTo(ownPath(visit.given.get('back_url')) ?? '/') : signInPage(visit)))

    on.post('/login', async (visit) => {
      const { request, db, now, given } = visit
      const [username, password] = [given.get('username') ?? '', given.get('password') ?? '']
      const held = waitOf(request.ip, now)
      if (held !== undefined) return signInPage(visit, tooMany(held, 'from your network'))
      const admission = await signIn({ username, password }, circumstancesOf(visit), db)
      if (admission === 'wrong') {
        sentWrong(request.ip, now)
        const error = 'The username or the password is wrong, or the account cannot be used right now.'
        return signInPage(visit, { error, status: 422 })
      }
      if ('wait' in admission) return signInPage(visit, tooMany(admission.wait, 'with this username'))
      return enter(visit, admission)
    })

    on.get('/confirm', signedIn(confirmPage))

    on.post(
      '/confirm',
      signedIn(async (visit) => {
        const { session, db, settings, now, given } = visit
        const tried = await confirmPassword(session, given.get('password') ?? '', db, settings, now)
        if (tried === 'right') return onTo(ownPath(given.get('back_url')) ?? '/')
        if (tried === 'wrong') return confirmPage(visit, { error: 'The password is wrong.', status: 422 })
        return confirmPage(visit, tooMany(tried.wait, 'with your username'))
      }),
    )

    on.get('/logout', ({ session, settings }) => {
      if (!session) return onTo('/login')
      const content = html`<h1>Sign out of ${settings.app_title}?</h1>
<p>You are signed in as <strong>${session.user['name']}</strong>.</p>
${signOutForm}
<p><a href="/">Stay</a></p>`
      return page(`Sign out – ${settings.app_title}`, content)
    })

    on.post('/logout', async ({ session, waiting, db, settings, given }) => {
      if (session) await signOut(session, db, settings)
      // Whoever has not passed all stages ends nothing but their own attempt.
      else if (waiting) await db.transaction((tx) => endSession(tx, waiting))
      const to = withQuery('/login', { back_url: ownPath(given.get('back_url')) })
      return onTo(to, { 'set-cookie': takenCookie(settings) })
    })
  },
}
