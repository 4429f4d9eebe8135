/** The way in and out: signing in, showing once more who one is, signing out, and where one is then. */
import { counted } from '#http/addresses.ts'
import { givenCookie, takenCookie } from '#http/session.ts'
import { isOffered } from '#identity/lost-password.ts'
import { canHavePasskeys, confirmByPasskey, requestOptions } from '#identity/passkeys.ts'
import { availableProviders } from '#identity/providers.ts'
import { endSession } from '#identity/sessions.ts'
import { type Admission, type Circumstances, confirmPassword, signIn, signOut } from '#identity/sign-in.ts'
import { confirmByCode, twoFactorOf } from '#identity/two-factor.ts'
import type { Answer } from '#kernel/declaration.ts'
import { forbidden } from '#kernel/errors.ts'
import type { Settings } from '#kernel/settings.ts'
import { type Html, html } from '#text/html.ts'
import { field, hidden } from './forms.ts'
import { ownPath } from './own-path.ts'
import { type Area, alert, framed, notice, type OwnVisit, onTo, page, signedIn, type Visit, withQuery } from './page.ts'
import { asksForOptions, optionsAnswer, passkeyForm, passkeyPolicy, passkeyScript } from './passkey-form.ts'

/** Where a sign-in is made. */
export const circumstancesOf = ({ request, session, waiting, settings, now }: Visit): Circumstances => ({
  former: session ?? waiting,
  userAgent: request.headers['user-agent'],
  settings,
  now,
})

/** Leads whoever was let in to the stage that comes next, or to where they wanted to go. */
export function enter(visit: Visit, admission: Admission, back = visit.given.get('back_url')): Answer {
  const { to, headers } = entering(visit, admission, back)
  return onTo(to, headers)
}

/** Where whoever was let in goes on to, and the header that lets them. */
export function entering({ settings, given }: Visit, { secret, next }: Admission, back = given.get('back_url')): Entering {
  const back_url = ownPath(back)
  const to = next === undefined ? (back_url ?? '/') : withQuery(next, { back_url })
  return { to, headers: { 'set-cookie': givenCookie(secret, settings) } }
}

interface Entering {
  readonly to: string
  readonly headers: Record<string, string>
}

/** The line for a code of an authenticator app. */
export const codeField = (describedBy: string | undefined): Html =>
  field({
    label: 'Code of your authenticator app',
    name: 'code',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    literal: true,
    required: true,
    autofocus: true,
    describedBy,
  })

/** How long a wait is, in words. */
export function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}

/** Why a form was not taken. */
export interface Refusal {
  readonly error: string
  readonly status: number
  readonly headers?: Record<string, string>
}

/** What is said of too many attempts. */
export const tooMany = (wait: number, of: string): Refusal => ({
  error: `Too many attempts ${of}. Try again in ${inWords(wait)}.`,
  status: 429,
  headers: { 'retry-after': String(wait) },
})

/** Where a passkey is sent that signs somebody in. */
export const BY_PASSKEY = '/login/passkey'

/** Whether people sign in by passkeys. Where providers alone let them, a passkey that was made before must not go on to. */
export const offersPasskeys = (settings: Settings): boolean => canHavePasskeys(settings) && !settings.disable_password_login

const passwordForm = (back: string | undefined, username: string | null, describedBy: string | undefined) =>
  html`<form method="post" action="/login">
${field({
  label: 'Username',
  name: 'username',
  value: username,
  autocomplete: 'username',
  literal: true,
  required: true,
  autofocus: true,
  describedBy,
})}
${field({ label: 'Password', name: 'password', type: 'password', autocomplete: 'current-password', required: true, describedBy })}
${hidden('back_url', back)}
<button>Sign in</button>
</form>`

/** The ways in: by a password, unless that is switched off, and by each provider. */
export async function signInPage(visit: Visit, refusal?: Refusal): Promise<Answer> {
  const { db, snapshot, settings, given } = visit
  const providers = await availableProviders(db, snapshot)
  const back = ownPath(given.get('back_url'))
  const byPassword = !settings.disable_password_login
  const content = html`<h1>Sign in to ${settings.app_title}</h1>
${notice(visit, { password: 'Your password has been changed. Sign in with the new one.' })}${alert(refusal?.error)}
${byPassword && passwordForm(back, given.get('username'), refusal && 'error')}
${isOffered(settings) && html`<p><a href="/account/lost_password">Forgotten your password?</a></p>`}
${providers.map(
  ({
    slug,
    name,
  }) => html`<p class="way"><a class="button quiet" href="${withQuery(`/auth/${slug}`, { back_url: back })}">Sign in with ${name}</a></p>
`,
)}${!byPassword && providers.length === 0 && html`<p>Nobody can sign in at the moment. Tell an administrator.</p>`}
${
  offersPasskeys(settings) &&
  html`${passkeyForm({
    to: BY_PASSKEY,
    ceremony: 'get',
    label: 'Sign in with a passkey',
    looks: 'quiet',
    more: hidden('back_url', back),
  })}
${passkeyScript}`
}`
  return page(`Sign in – ${settings.app_title}`, content, offersPasskeys(settings) ? { ...refusal, ...passkeyPolicy } : refusal)
}

/** The address of a provider that people are led to without being asked, if there is one. */
async function directWay({ db, snapshot, settings, given }: Visit): Promise<string | undefined> {
  const { omniauth_direct_login_provider: direct } = settings
  if (direct === null || !(await availableProviders(db, snapshot)).some(({ slug }) => slug === direct)) return undefined
  return withQuery(`/auth/${direct}`, { back_url: ownPath(given.get('back_url')) })
}

interface Confirming {
  /** What somebody confirms by: their password, or the second factor of those who have none here. */
  readonly by: 'password' | 'code' | undefined
  readonly byPasskey: boolean
}

async function confirming({ db, session, settings }: OwnVisit): Promise<Confirming> {
  const { authenticator, passkeys } = await twoFactorOf(db, session.user['id'])
  const by = session.user['password_hash'] !== null ? 'password' : authenticator !== null ? 'code' : undefined
  return { by, byPasskey: passkeys > 0 && canHavePasskeys(settings) }
}

async function confirmPage(visit: OwnVisit, refusal?: Refusal): Promise<Answer> {
  const { settings, session, given } = visit
  const { by, byPasskey } = await confirming(visit)
  const title = 'Confirm that it is you'
  const back = ownPath(given.get('back_url'))
  const describedBy = refusal && 'error'
  const content = html`<h1>${title}</h1>
<p>What comes next changes who can use the account of <strong>${session.user['name']}</strong>.</p>
${alert(refusal?.error)}
${
  by === undefined
    ? !byPasskey &&
      html`<p>You signed in without a password here some time ago. Sign out and in again, and you can go on.</p>
<form method="post" action="/logout">${hidden('back_url', back)}<button>Sign out</button></form>`
    : html`<form method="post" action="/confirm">
${
  by === 'code'
    ? codeField(describedBy)
    : field({
        label: 'Password',
        name: 'password',
        type: 'password',
        autocomplete: 'current-password',
        required: true,
        autofocus: true,
        describedBy,
      })
}
${hidden('back_url', back)}
<button>Confirm</button>
</form>`
}
${
  byPasskey &&
  html`${passkeyForm({
    to: '/confirm',
    ceremony: 'get',
    label: 'Confirm with a passkey',
    looks: by && 'quiet',
    more: hidden('back_url', back),
  })}`
}
<p><a href="/">Cancel</a></p>
${byPasskey && passkeyScript}`
  return page(`${title} – ${settings.app_title}`, content, byPasskey ? { ...refusal, ...passkeyPolicy } : refusal)
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

    on.get('/login', async (visit) => {
      if (visit.session) return onTo(ownPath(visit.given.get('back_url')) ?? '/')
      const direct = await directWay(visit)
      return direct === undefined ? signInPage(visit) : onTo(direct)
    })

    // However people are led elsewhere, here they find all ways in.
    on.get('/login/internal', (visit) => (visit.session ? onTo(ownPath(visit.given.get('back_url')) ?? '/') : signInPage(visit)))

    on.post('/login', async (visit) => {
      const { request, db, settings, now, given } = visit
      if (settings.disable_password_login) throw forbidden('Nobody signs in with a password here.')
      const [username, password] = [given.get('username') ?? '', given.get('password') ?? '']
      const tried = await counted(undefined, request.ip, now, async () => {
        const outcome = await signIn({ username, password }, circumstancesOf(visit), db)
        return { outcome, were: outcome === 'wrong' ? 'wrong' : undefined }
      })
      if ('wait' in tried) return signInPage(visit, tooMany(tried.wait, 'from your network'))
      const admission = tried.outcome
      if (admission === 'wrong') {
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
        if (asksForOptions(given)) return optionsAnswer(await requestOptions({ session }, settings, db, now))
        const by = (await confirming(visit)).by === 'code' ? 'code' : 'password'
        const [passkey, proof] = [given.get('credential'), given.get(by) ?? '']
        const tried =
          passkey !== null
            ? await confirmByPasskey(session, passkey, settings, db, now)
            : by === 'code'
              ? await confirmByCode(session, proof, db, now)
              : await confirmPassword(session, proof, db, settings, now)
        if (tried === 'right') return onTo(ownPath(given.get('back_url')) ?? '/')
        const what = passkey === null ? by : 'passkey'
        if (tried === 'wrong') return confirmPage(visit, { error: `The ${what} is wrong.`, status: 422 })
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
      // Not to where a provider would sign in again at once whoever has just signed out.
      const page = settings.omniauth_direct_login_provider === null ? '/login' : '/login/internal'
      const to = withQuery(page, { back_url: ownPath(given.get('back_url')) })
      return onTo(to, { 'set-cookie': takenCookie(settings) })
    })
  },
}
