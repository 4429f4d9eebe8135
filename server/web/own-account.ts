/** One's own account: name, e-mail address, language and time zone, and the password. What is saved is what the API would take. */
import type { Row } from '#db/database.ts'
import { contextOf, type Services } from '#http/mount.ts'
import { givenCookie } from '#http/session.ts'
import { hasPassword } from '#identity/password-changes.ts'
import { beginSession, proofOf } from '#identity/sessions.ts'
import type { Answer, Context, Resource } from '#kernel/declaration.ts'
import { ApiError, type Violation } from '#kernel/errors.ts'
import { rowFrom } from '#kernel/operation.ts'
import { commit, save } from '#kernel/write/commit.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { findRow, type Prepared, prepareWrite } from '#kernel/write/prepare.ts'
import { UserPreferences } from '#modules/accounts/preferences.ts'
import { User } from '#modules/accounts/users.ts'
import { html } from '#text/html.ts'
import { choice, field } from './forms.ts'
import { type Errors, newPasswordFields, unlike } from './new-password.ts'
import { type Area, alert, framed, notice, type OwnVisit, onTo, proved, signedIn } from './page.ts'

/** What is said of a form that could not be saved: at its fields, and above it what belongs to none of them. */
interface Said {
  readonly errors?: Errors
  readonly alert?: string | undefined
  readonly status?: number
  readonly headers?: Record<string, string>
}

/** Violations as they are said on a page with these fields. */
export function sayings(
  resource: Resource,
  context: Context,
  violations: readonly Violation[],
  fields: readonly string[],
): { errors: Errors; alert: string | undefined } {
  const all = toErrors(context.model.of(resource), violations).map((error) => ({
    at: String(error.details?.['attribute']),
    message: error.message,
  }))
  const said = (of: typeof all) => of.map(({ message }) => message).join(' ') || undefined
  return {
    errors: Object.fromEntries(fields.map((name) => [name, said(all.filter(({ at }) => at === name))])),
    alert: said(all.filter(({ at }) => !fields.includes(at))),
  }
}

const SAVED = { saved: 'Saved.' }

/** Whether somebody's name and address are kept here, and not where they sign in. */
const isLocal = (user: Row): boolean => user['identity_url'] === null

const elsewhere = html`<p>Your name and your e-mail address come from the service that you sign in with, and are changed there.</p>`

function profilePage(visit: OwnVisit, said: Said = {}): Answer {
  const { user } = visit.session
  const value = (name: string, column: string) => (visit.given.has(name) ? visit.given.get(name) : user[column])
  const line = (name: string, label: string, column: string, autocomplete: string) =>
    field({ label, name, value: value(name, column), autocomplete, required: true, error: said.errors?.[name] })
  const content = html`${notice(visit, SAVED)}${alert(said.alert)}
${
  isLocal(user)
    ? html`<form method="post" action="/my/account">
${line('firstName', 'First name', 'first_name', 'given-name')}
${line('lastName', 'Last name', 'last_name', 'family-name')}
<button>Save</button>
</form>`
    : elsewhere
}
<h2>E-mail address</h2>
<p>${user['email'] ?? 'None yet.'}</p>
${isLocal(user) && html`<p><a href="/my/email">Change the address</a></p>`}`
  return framed(visit, 'Profile', content, { status: said.errors || said.alert ? 422 : 200 })
}

function emailPage(visit: OwnVisit, said: Said = {}): Answer {
  const { user } = visit.session
  const content = html`${alert(said.alert)}
${
  isLocal(user)
    ? html`<p>The address is now <strong>${user['email'] ?? 'not known'}</strong>. A mail will tell you there that it was changed.</p>
<form method="post" action="/my/email">
${field({
  label: 'New e-mail address',
  name: 'email',
  type: 'email',
  value: visit.request.method === 'POST' ? visit.given.get('email') : null,
  autocomplete: 'email',
  literal: true,
  required: true,
  error: said.errors?.['email'],
})}
<div class="actions"><button>Save</button><a href="/my/account">Cancel</a></div>
</form>`
    : elsewhere
}`
  return framed(visit, 'E-mail address', content, { status: said.errors || said.alert ? 422 : 200 })
}

/** The languages that clients commonly speak, by their own names. */
const LANGUAGES = ['ar', 'cs', 'da', 'de', 'el', 'en', 'es', 'fi', 'fr', 'he', 'hu', 'it', 'ja', 'ko', 'nl', 'no', 'pl', 'pt']
  .concat(['pt-BR', 'ro', 'ru', 'sv', 'tr', 'uk', 'vi', 'zh-CN', 'zh-TW'])
  .map((code) => [code, new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code] as const)

/** The options, and whatever is chosen now. */
const withPresent = (options: readonly (readonly [string, string])[], present: string | null) =>
  present === null || options.some(([value]) => value === present) ? options : [[present, present] as const, ...options]

function settingsPage(visit: OwnVisit, said: Said = {}): Answer {
  const { session, settings, given } = visit
  const { user } = session
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')].map((one) => [one, one] as const)
  const content = html`${notice(visit, SAVED)}${alert(said.alert)}
<form method="post" action="/my/settings">
${choice({
  label: 'Language',
  name: 'language',
  value: given.get('language') ?? user['language'] ?? settings.default_language,
  options: withPresent(LANGUAGES, user['language']),
  hint: 'For programs that ask this server which language you read. These pages are in English.',
  error: said.errors?.['language'],
})}
${choice({
  label: 'Time zone',
  name: 'timeZone',
  value: given.get('timeZone') ?? user['time_zone'],
  options: [
    ['', `As on this server: ${settings.user_default_timezone ?? 'UTC'}`] as const,
    ...withPresent(zones, user['time_zone']),
  ],
  error: said.errors?.['timeZone'],
})}
<button>Save</button>
</form>`
  return framed(visit, 'Settings', content, { status: said.errors || said.alert ? 422 : 200 })
}

function passwordPage(visit: OwnVisit, { errors, alert: above, status, headers = {} }: Said = {}): Answer {
  const content = html`${notice(visit, { changed: 'Your password has been changed. You are signed out everywhere else.' })}${alert(above)}
${
  hasPassword(visit.session.user)
    ? html`<p>All your other sessions end when you change it.</p>
<form method="post" action="/my/password">
${field({
  label: 'Current password',
  name: 'currentPassword',
  type: 'password',
  autocomplete: 'current-password',
  required: true,
  error: errors?.['currentPassword'],
})}
${newPasswordFields(visit, errors)}
<button>Change the password</button>
</form>`
    : html`<p>You do not sign in with a password that is kept here, so there is none to change.</p>`
}`
  return framed(visit, 'Password', content, { status: status ?? (errors || above ? 422 : 200), headers })
}

/** What would be saved of one's own account, as the API's PATCH of it would. */
async function ownWrite(visit: OwnVisit, ground: Services, payload: Record<string, unknown>) {
  const context = await contextOf(visit.request, ground, async () => ({
    principal: visit.session.user,
    proof: proofOf(visit.session, visit.now),
  }))
  return {
    context,
    prepared: await prepareWrite(context, context.model.of(User), await rowFrom('me', context.model.of(User), context), payload),
  }
}

/** What a form holds of these fields. */
const filledIn = ({ given }: OwnVisit, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, given.get(name)]))

export const ownAccount: Area = {
  entries: [
    { path: '/my/account', title: 'Profile', group: 'Account' },
    { path: '/my/settings', title: 'Settings', group: 'Account' },
    { path: '/my/password', title: 'Password', group: 'Account' },
  ],
  routes(on, ground) {
    /** A form of some properties of one's account. */
    const saving =
      (names: readonly string[], shown: (visit: OwnVisit, said: Said) => Answer) =>
      async (visit: OwnVisit): Promise<Answer> => {
        const { context, prepared } = await ownWrite(visit, ground, filledIn(visit, names))
        if (prepared.violations.length > 0)
          return shown(visit, sayings(context.model.of(User), context, prepared.violations, names))
        await commit(visit.db, context, context.model.of(User), prepared)
        return onTo('/my/account?done=saved')
      }

    on.get(
      '/my/account',
      signedIn((visit) => profilePage(visit)),
    )
    on.post('/my/account', signedIn(saving(['firstName', 'lastName'], profilePage)))

    // By this address links for a new password come, so a session that was stolen must not be enough to change it.
    on.get(
      '/my/email',
      proved((visit) => emailPage(visit)),
    )
    on.post('/my/email', proved(saving(['email'], emailPage)))

    on.get(
      '/my/settings',
      signedIn((visit) => settingsPage(visit)),
    )
    on.post(
      '/my/settings',
      signedIn(async (visit) => {
        const { context, prepared } = await ownWrite(visit, ground, filledIn(visit, ['language']))
        const { timeZone } = filledIn(visit, ['timeZone'])
        const row = await findRow(context, context.model.of(UserPreferences), context.viewer.id)
        const zoned = await prepareWrite(
          context,
          context.model.of(UserPreferences),
          row,
          timeZone === undefined ? {} : { timeZone: timeZone || null },
        )
        const fields = ['language', 'timeZone']
        const of = (resource: Resource, { violations }: Prepared) => sayings(resource, context, violations, fields)
        const [said, more] = [of(context.model.of(User), prepared), of(context.model.of(UserPreferences), zoned)]
        if (prepared.violations.length + zoned.violations.length > 0) {
          return settingsPage(visit, {
            errors: { language: said.errors['language'], timeZone: more.errors['timeZone'] },
            alert: said.alert ?? more.alert,
          })
        }
        await commit(visit.db, context, context.model.of(User), prepared)
        await commit(visit.db, context, context.model.of(UserPreferences), zoned)
        return onTo('/my/settings?done=saved')
      }),
    )

    on.get(
      '/my/password',
      signedIn((visit) => passwordPage(visit)),
    )
    on.post(
      '/my/password',
      signedIn(async (visit) => {
        const { request, session, settings, db, now } = visit
        const errors = unlike(visit)
        if (errors) return passwordPage(visit, { errors })
        const names = ['password', 'currentPassword']
        const written = await ownWrite(visit, ground, filledIn(visit, names)).catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 429) return error
          throw error
        })
        if (written instanceof ApiError) {
          return passwordPage(visit, { alert: written.message, status: written.status, headers: written.headers })
        }
        const { context, prepared } = written
        if (prepared.violations.length > 0)
          return passwordPage(visit, sayings(context.model.of(User), context, prepared.violations, names))
        // This session goes on, with a secret that nobody else can know.
        const secret = await db.transaction(async (tx) => {
          await save(tx, context, context.model.of(User), prepared.draft, prepared.facts)
          return beginSession(tx, session.user['id'], request.headers['user-agent'], now)
        })
        return onTo('/my/password?done=changed', { 'set-cookie': givenCookie(secret, settings) })
      }),
    )
  },
}
