/** Signing in, confirming one's identity, signing out, and the home page. */
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
import { offersRegistration, REGISTRATION_PAGE } from '#modules/accounts/registration.ts'
import { type Html, html } from '#text/html.ts'
import { english, type Message, plural, said } from '#text/messages.ts'
import { field, hidden } from './forms.ts'
import { ownPath } from './own-path.ts'
import { type Area, alert, framed, notice, type OwnVisit, onTo, page, signedIn, type Visit, withQuery } from './page.ts'
import { asksForOptions, optionsAnswer, passkeyForm, passkeyPolicy, passkeyScript } from './passkey-form.ts'

/** The circumstances of a sign-in: the former session, the browser, the settings and the time. */
export const circumstancesOf = ({ request, session, waiting, settings, now }: Visit): Circumstances => ({
  former: session ?? waiting,
  userAgent: request.headers['user-agent'],
  settings,
  now,
})

/** Redirects a user after a sign-in step to the next stage, or to the destination. */
export function enter(visit: Visit, admission: Admission, back = visit.given.get('back_url')): Answer {
  const { to, headers } = entering(visit, admission, back)
  return onTo(to, headers)
}

/** The destination after a sign-in step, and the header with the session's cookie. */
export function entering({ settings, given }: Visit, { secret, next }: Admission, back = given.get('back_url')): Entering {
  const back_url = ownPath(back)
  const to = next === undefined ? (back_url ?? '/') : withQuery(next, { back_url })
  return { to, headers: { 'set-cookie': givenCookie(secret, settings) } }
}

interface Entering {
  readonly to: string
  readonly headers: Record<string, string>
}

/** The field for a code of an authenticator app. */
export const codeField = (describedBy: string | undefined): Html =>
  field({
    label: said`Code from your authenticator app`,
    name: 'code',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    literal: true,
    required: true,
    autofocus: true,
    describedBy,
  })

/** A waiting time in words. */
export function inWords(seconds: number): Message {
  const minutes = Math.ceil(seconds / 60)
  return plural(minutes, said`a minute`, said`${minutes} minutes`)
}

/** The error of a rejected form. */
export interface Refusal {
  readonly error: Message
  readonly status: number
  readonly headers?: Record<string, string>
}

/** The error for too many attempts. */
export const tooMany = (wait: number, of: Message): Refusal => ({
  error: said`Too many attempts ${of}. Try again in ${inWords(wait)}.`,
  status: 429,
  headers: { 'retry-after': String(wait) },
})

/** The address of the sign-in by passkey. */
export const BY_PASSKEY = '/login/passkey'

/** Whether passkeys can sign users in. If only providers may, passkeys from earlier must not work either. */
export const offersPasskeys = (settings: Settings): boolean => canHavePasskeys(settings) && !settings.disable_password_login

const passwordForm = (back: string | undefined, username: string | null, describedBy: string | undefined) =>
  html`<form method="post" action="/login">
${field({
  label: said`Username`,
  name: 'username',
  value: username,
  autocomplete: 'username',
  literal: true,
  required: true,
  autofocus: true,
  describedBy,
})}
${field({ label: said`Password`, name: 'password', type: 'password', autocomplete: 'current-password', required: true, describedBy })}
${hidden('back_url', back)}
<button>Sign in</button>
</form>`

/** Notes in the log that somebody could not sign in, why and from where; not as whom, as people type passwords there. */
export function noteFailure({ request }: Visit, { error, status }: Refusal): void {
  request.log.warn({ reason: english(error), status, address: request.ip }, 'sign-in failed')
}

/** The sign-in page: the password form, unless password sign-in is disabled, a link for each provider, and passkeys. */
export async function signInPage(visit: Visit, refusal?: Refusal): Promise<Answer> {
  if (refusal) noteFailure(visit, refusal)
  const { db, snapshot, settings, given } = visit
  const providers = await availableProviders(db, snapshot)
  const back = ownPath(given.get('back_url'))
  const byPassword = !settings.disable_password_login
  const content = html`<h1>Sign in to ${settings.app_title}</h1>
${notice(visit, { password: said`Your password has been changed. Sign in with the new one.` })}${alert(refusal?.error)}
${byPassword && passwordForm(back, given.get('username'), refusal && 'error')}
${isOffered(settings) && html`<p><a href="/account/lost_password">Forgot your password?</a></p>`}
${offersRegistration(settings) && html`<p><a href="${REGISTRATION_PAGE}">Create an account</a></p>`}
${providers.map(
  ({
    slug,
    name,
  }) => html`<p class="way"><a class="button quiet" href="${withQuery(`/auth/${slug}`, { back_url: back })}">Sign in with ${name}</a></p>
`,
)}${!byPassword && providers.length === 0 && html`<p>No sign-in method is enabled. Contact an administrator.</p>`}
${
  offersPasskeys(settings) &&
  html`${passkeyForm({
    to: BY_PASSKEY,
    ceremony: 'get',
    label: said`Sign in with a passkey`,
    looks: 'quiet',
    more: hidden('back_url', back),
  })}
${passkeyScript}`
}`
  return page(
    said`Sign in – ${settings.app_title}`,
    content,
    offersPasskeys(settings) ? { ...refusal, ...passkeyPolicy } : refusal,
  )
}

/** The address of the provider that `omniauth_direct_login_provider` names, if it is available. */
async function directWay({ db, snapshot, settings, given }: Visit): Promise<string | undefined> {
  const { omniauth_direct_login_provider: direct } = settings
  if (direct === null || !(await availableProviders(db, snapshot)).some(({ slug }) => slug === direct)) return undefined
  return withQuery(`/auth/${direct}`, { back_url: ownPath(given.get('back_url')) })
}

interface Confirming {
  /** The credential of the confirmation: the password, or an authenticator code for users without a password. */
  readonly by: 'password' | 'code' | undefined
  readonly byPasskey: boolean
}

async function confirming({ db, session, settings }: OwnVisit): Promise<Confirming> {
  const { authenticator, passkeys } = await twoFactorOf(db, session.user.id)
  const by = session.user.password_hash !== null ? 'password' : authenticator !== null ? 'code' : undefined
  return { by, byPasskey: passkeys > 0 && canHavePasskeys(settings) }
}

async function confirmPage(visit: OwnVisit, refusal?: Refusal): Promise<Answer> {
  const { settings, session, given } = visit
  const { by, byPasskey } = await confirming(visit)
  const title = said`Confirm your identity`
  const back = ownPath(given.get('back_url'))
  const describedBy = refusal && 'error'
  const content = html`<h1>${title}</h1>
<p>The next step affects the security of the account of <strong>${session.user.name}</strong>.</p>
${alert(refusal?.error)}
${
  by === undefined
    ? !byPasskey &&
      html`<p>Your account has no password on this server. Sign out and sign in again to continue.</p>
<form method="post" action="/logout">${hidden('back_url', back)}<button>Sign out</button></form>`
    : html`<form method="post" action="/confirm">
${
  by === 'code'
    ? codeField(describedBy)
    : field({
        label: said`Password`,
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
    label: said`Confirm with a passkey`,
    looks: by && 'quiet',
    more: hidden('back_url', back),
  })}`
}
<p><a href="/">Cancel</a></p>
${byPasskey && passkeyScript}`
  return page(said`${title} – ${settings.app_title}`, content, byPasskey ? { ...refusal, ...passkeyPolicy } : refusal)
}

const wrong = {
  password: said`The password is wrong.`,
  code: said`The code is wrong.`,
  passkey: said`The passkey is wrong.`,
}

const signOutForm = html`<form method="post" action="/logout"><button>Sign out</button></form>`

export const entrance: Area = {
  routes(on) {
    on.get(
      '/',
      signedIn((visit) => {
        const { settings, session } = visit
        const content = html`<p>You are signed in as <strong>${session.user.name}</strong>.</p>
${
  settings.apiv3_docs_enabled
    ? html`<p><a href="/api/docs">Browse the API</a></p>`
    : html`<p class="soft">The API is at /api/v3.</p>`
}`
        return framed(visit, said`Welcome`, content)
      }),
    )

    on.get('/login', async (visit) => {
      if (visit.session) return onTo(ownPath(visit.given.get('back_url')) ?? '/')
      const direct = await directWay(visit)
      return direct === undefined ? signInPage(visit) : onTo(direct)
    })

    // Shows all sign-in methods even if `/login` redirects to a provider.
    on.get('/login/internal', (visit) => (visit.session ? onTo(ownPath(visit.given.get('back_url')) ?? '/') : signInPage(visit)))

    on.post('/login', async (visit) => {
      const { request, db, settings, now, given } = visit
      if (settings.disable_password_login) throw forbidden(said`Password sign-in is disabled.`)
      const [username, password] = [given.get('username') ?? '', given.get('password') ?? '']
      const tried = await counted(db, undefined, request.ip, now, async () => {
        const outcome = await signIn({ username, password }, circumstancesOf(visit), db)
        return { outcome, were: outcome === 'wrong' ? 'wrong' : undefined }
      })
      if ('wait' in tried) return signInPage(visit, tooMany(tried.wait, said`from your network`))
      const admission = tried.outcome
      if (admission === 'wrong') {
        const error = said`The username or the password is wrong, or the account is locked.`
        return signInPage(visit, { error, status: 422 })
      }
      if ('wait' in admission) return signInPage(visit, tooMany(admission.wait, said`with this username`))
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
        if (tried === 'wrong') return confirmPage(visit, { error: wrong[passkey === null ? by : 'passkey'], status: 422 })
        return confirmPage(visit, tooMany(tried.wait, said`with your username`))
      }),
    )

    on.get('/logout', ({ session, settings }) => {
      if (!session) return onTo('/login')
      const content = html`<h1>Sign out of ${settings.app_title}?</h1>
<p>You are signed in as <strong>${session.user.name}</strong>.</p>
${signOutForm}
<p><a href="/">Cancel</a></p>`
      return page(said`Sign out – ${settings.app_title}`, content)
    })

    on.post('/logout', async ({ session, waiting, db, settings, given }) => {
      if (session) await signOut(session, db, settings)
      // Before the last stage there is only the attempt itself to end.
      else if (waiting) await db.transaction((tx) => endSession(tx, waiting))
      // `/login` could redirect to a provider that signs the user in again at once.
      const page = settings.omniauth_direct_login_provider === null ? '/login' : '/login/internal'
      const to = withQuery(page, { back_url: ownPath(given.get('back_url')) })
      return onTo(to, { 'set-cookie': takenCookie(settings) })
    })
  },
}
