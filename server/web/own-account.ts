/** The user's own account: name, e-mail address, language, time zone and password. The API's rules validate each change. */
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
import { type Language, languages, type Message, said, sentences } from '#text/messages.ts'
import { choice, field } from './forms.ts'
import { type Errors, mismatch, newPasswordFields } from './new-password.ts'
import { type Area, alert, framed, notice, type OwnVisit, onTo, proved, signedIn } from './page.ts'

/** The errors of a form that was not saved: those of its fields, and one above the form for the rest. */
interface FormErrors {
  readonly errors?: Errors
  readonly alert?: Message | undefined
  readonly status?: number
  readonly headers?: Record<string, string>
}

/** Violations as the errors of a form with these fields. */
export function formErrors(
  resource: Resource,
  context: Context,
  violations: readonly Violation[],
  fields: readonly string[],
): { errors: Errors; alert: Message | undefined } {
  const all = toErrors(context.model.of(resource), violations).map((error) => ({
    at: String(error.details?.attribute),
    message: error.sentence,
  }))
  const joined = (of: typeof all) => sentences(of.map(({ message }) => message))
  return {
    errors: Object.fromEntries(fields.map((name) => [name, joined(all.filter(({ at }) => at === name))])),
    alert: joined(all.filter(({ at }) => !fields.includes(at))),
  }
}

const SAVED = { saved: said`Saved.` }

/** Whether this server manages the user's name and e-mail address, rather than an identity provider. */
const isLocal = (user: Row): boolean => user.identity_url === null

const elsewhere = html`<p>Your identity provider manages your name and your e-mail address. Change them there.</p>`

function profilePage(visit: OwnVisit, invalid: FormErrors = {}): Answer {
  const { user } = visit.session
  const value = (name: string, column: string) => (visit.given.has(name) ? visit.given.get(name) : user[column])
  const line = (name: string, label: Message, column: string, autocomplete: string) =>
    field({ label, name, value: value(name, column), autocomplete, required: true, error: invalid.errors?.[name] })
  const content = html`${notice(visit, SAVED)}${alert(invalid.alert)}
${
  isLocal(user)
    ? html`<form method="post" action="/my/account">
${line('firstName', said`First name`, 'first_name', 'given-name')}
${line('lastName', said`Last name`, 'last_name', 'family-name')}
<button>Save</button>
</form>`
    : elsewhere
}
<h2>E-mail address</h2>
<p>${user.email ?? said`None`}</p>
${isLocal(user) && html`<p><a href="/my/email">Change e-mail address</a></p>`}`
  return framed(visit, said`Profile`, content, { status: invalid.errors || invalid.alert ? 422 : 200 })
}

function emailPage(visit: OwnVisit, invalid: FormErrors = {}): Answer {
  const { user } = visit.session
  const content = html`${alert(invalid.alert)}
${
  isLocal(user)
    ? html`<p>Current address: <strong>${user.email ?? said`none`}</strong>.</p>
${visit.mail && html`<p>We notify this address of the change.</p>`}
<form method="post" action="/my/email">
${field({
  label: said`New e-mail address`,
  name: 'email',
  type: 'email',
  value: visit.request.method === 'POST' ? visit.given.get('email') : null,
  autocomplete: 'email',
  literal: true,
  required: true,
  error: invalid.errors?.email,
})}
<div class="actions"><button>Save</button><a href="/my/account">Cancel</a></div>
</form>`
    : elsewhere
}`
  return framed(visit, said`E-mail address`, content, { status: invalid.errors || invalid.alert ? 422 : 200 })
}

/** A language by its native name. */
const nameOf = (language: Language) => new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language

let named: readonly (readonly [language: Language, name: string])[] | undefined
/** The languages that there are, with their native names: read on demand, as that takes longer than the page. */
const namedLanguages = () => {
  named ??= languages().map((language) => [language, nameOf(language)] as const)
  return named
}

/** The options, with the current value if it is not among them. */
const withPresent = (options: readonly (readonly [string, string])[], present: string | null) =>
  present === null || options.some(([value]) => value === present) ? options : [[present, present] as const, ...options]

function settingsPage(visit: OwnVisit, invalid: FormErrors = {}): Answer {
  const { session, settings, given } = visit
  const { user } = session
  const language = user.language ?? settings.default_language
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')].map((one) => [one, one] as const)
  const content = html`${notice(visit, SAVED)}${alert(invalid.alert)}
<form method="post" action="/my/settings">
${choice({
  label: said`Language`,
  name: 'language',
  value: given.get('language') ?? language,
  options: withPresent(namedLanguages(), language),
  hint: said`Pages, messages and mails are in this language. API clients use it as well.`,
  error: invalid.errors?.language,
})}
${choice({
  label: said`Time zone`,
  name: 'timeZone',
  value: given.get('timeZone') ?? user.time_zone,
  options: [
    ['', said`Server default: ${settings.user_default_timezone ?? 'UTC'}`] as const,
    ...withPresent(zones, user.time_zone),
  ],
  error: invalid.errors?.timeZone,
})}
<button>Save</button>
</form>`
  return framed(visit, said`Settings`, content, { status: invalid.errors || invalid.alert ? 422 : 200 })
}

function passwordPage(visit: OwnVisit, { errors, alert: above, status, headers = {} }: FormErrors = {}): Answer {
  const content = html`${notice(visit, { changed: said`Your password has been changed. All your other sessions have ended.` })}${alert(above)}
${
  hasPassword(visit.session.user)
    ? html`<p>Changing the password ends all your other sessions.</p>
<form method="post" action="/my/password">
${field({
  label: said`Current password`,
  name: 'currentPassword',
  type: 'password',
  autocomplete: 'current-password',
  required: true,
  error: errors?.currentPassword,
})}
${newPasswordFields(visit, errors)}
<button>Change password</button>
</form>`
    : html`<p>Your account has no password on this server.</p>`
}`
  return framed(visit, said`Password`, content, { status: status ?? (errors || above ? 422 : 200), headers })
}

/** The prepared write of the user's own account, as the API's PATCH prepares it. */
async function ownWrite(visit: OwnVisit, services: Services, payload: Record<string, unknown>) {
  const context = await contextOf(visit.request, services, async () => ({
    principal: visit.session.user,
    proof: proofOf(visit.session, visit.now),
  }))
  return {
    context,
    prepared: await prepareWrite(context, context.model.of(User), await rowFrom('me', context.model.of(User), context), payload),
  }
}

/** The submitted values of these fields. */
const filledIn = ({ given }: OwnVisit, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, given.get(name)]))

export const ownAccount: Area = {
  entries: [
    { path: '/my/account', title: said`Profile`, group: 'Account' },
    { path: '/my/settings', title: said`Settings`, group: 'Account' },
    { path: '/my/password', title: said`Password`, group: 'Account' },
  ],
  routes(on, services) {
    /** Handles the form of some properties of the account. */
    const saving =
      (names: readonly string[], shown: (visit: OwnVisit, invalid: FormErrors) => Answer) =>
      async (visit: OwnVisit): Promise<Answer> => {
        const { context, prepared } = await ownWrite(visit, services, filledIn(visit, names))
        if (prepared.violations.length > 0)
          return shown(visit, formErrors(context.model.of(User), context, prepared.violations, names))
        await commit(visit.db, context, context.model.of(User), prepared)
        return onTo('/my/account?done=saved')
      }

    on.get(
      '/my/account',
      signedIn((visit) => profilePage(visit)),
    )
    on.post('/my/account', signedIn(saving(['firstName', 'lastName'], profilePage)))

    // Password reset links go to this address, so a stolen session must not suffice to change it.
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
        const { context, prepared } = await ownWrite(visit, services, filledIn(visit, ['language']))
        const { timeZone } = filledIn(visit, ['timeZone'])
        const row = await findRow(context, context.model.of(UserPreferences), context.viewer.id)
        const zoned = await prepareWrite(
          context,
          context.model.of(UserPreferences),
          row,
          timeZone === undefined ? {} : { timeZone: timeZone || null },
        )
        const fields = ['language', 'timeZone']
        const of = (resource: Resource, { violations }: Prepared) => formErrors(resource, context, violations, fields)
        const [invalid, more] = [of(context.model.of(User), prepared), of(context.model.of(UserPreferences), zoned)]
        if (prepared.violations.length + zoned.violations.length > 0) {
          return settingsPage(visit, {
            errors: { language: invalid.errors.language, timeZone: more.errors.timeZone },
            alert: invalid.alert ?? more.alert,
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
        const errors = mismatch(visit)
        if (errors) return passwordPage(visit, { errors })
        const names = ['password', 'currentPassword']
        const written = await ownWrite(visit, services, filledIn(visit, names)).catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 429) return error
          throw error
        })
        if (written instanceof ApiError) {
          return passwordPage(visit, { alert: written.sentence, status: written.status, headers: written.headers })
        }
        const { context, prepared } = written
        if (prepared.violations.length > 0)
          return passwordPage(visit, formErrors(context.model.of(User), context, prepared.violations, names))
        // The user stays signed in, with a new secret that nobody else can know.
        const secret = await db.transaction(async (tx) => {
          await save(tx, context, context.model.of(User), prepared.draft, prepared.facts)
          return beginSession(tx, session.user.id, request.headers['user-agent'], now)
        })
        return onTo('/my/password?done=changed', { 'set-cookie': givenCookie(secret, settings) })
      }),
    )
  },
}
