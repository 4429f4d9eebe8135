/** Accounts that are not active yet: registration, activation by a mailed link, invitations, and activation by administrators. */

import type { Row } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { languageOf } from '#http/language.ts'
import { contextOf, type Services } from '#http/mount.ts'
import { linkIn } from '#http/session.ts'
import { ACTIVATION_PAGE } from '#identity/invitations.ts'
import { endLinks, useLink, userOfLink } from '#identity/one-time-links.ts'
import { weaknesses } from '#identity/password-rules.ts'
import { hashPassword } from '#identity/passwords.ts'
import { availableProviders } from '#identity/providers.ts'
import { admit, knowsPassword } from '#identity/sign-in.ts'
import { ACTIVE, REGISTERED } from '#identity/statuses.ts'
import type { Answer, Context } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { rowFrom } from '#kernel/operation.ts'
import { commit, save } from '#kernel/write/commit.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import {
  activatesByMail,
  BY_ADMINISTRATORS,
  BY_MAIL,
  countRegistration,
  offersRegistration,
  REGISTRATION_PAGE,
  REGISTRATIONS_PAGE,
  register,
} from '#modules/accounts/registration.ts'
import { removePrincipal } from '#modules/accounts/removal.ts'
import { isEmail, isLogin, isPersonName } from '#modules/accounts/user-rules.ts'
import { User } from '#modules/accounts/users.ts'
import { html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { circumstancesOf, enter, tooMany } from './entrance.ts'
import { field, hidden, idIn } from './forms.ts'
import { deadLink, withoutSecret } from './lost-password.ts'
import { chosenPassword, type Errors, mismatch, newPasswordFields } from './new-password.ts'
import { formErrors } from './own-account.ts'
import { type Area, administering, alert, framed, notice, type OwnVisit, onTo, page, type Visit } from './page.ts'
import { minuteOf } from './times.ts'

const LONGEST = 256

/** What the page shows besides its fields. */
interface Invalid {
  readonly errors?: Errors
  readonly alert?: Message | undefined
  readonly status?: number
  readonly headers?: Record<string, string>
}

const entered = ({ given }: Visit, name: string): string => (given.get(name) ?? '').trim()

/** What happens next, by the setting. */
const sentences = {
  mailed: said`A mail with a link to activate your account is on its way, if the username and the e-mail address can be used.`,
  waiting: said`An administrator has to activate your account before you can sign in.`,
  active: said`You can sign in in a moment, if the username and the e-mail address can be used.`,
}
const outcomeOf = (mode: number): keyof typeof sentences =>
  mode === BY_MAIL ? 'mailed' : mode === BY_ADMINISTRATORS ? 'waiting' : 'active'

function registrationPage(visit: Visit, invalid: Invalid = {}): Answer {
  const { settings, given, mail } = visit
  const title = said`Create an account`
  const done = notice(visit, sentences)
  const back = html`<p><a href="/login">Back to sign-in</a></p>`
  const frame = (content: ReturnType<typeof html>) =>
    page(
      said`${title} – ${settings.app_title}`,
      html`<h1>${title}</h1>
${content}
${back}`,
      {
        status: invalid.status ?? (invalid.errors ? 422 : 200),
        ...(invalid.headers && { headers: invalid.headers }),
      },
    )
  if (settings.self_registration === BY_MAIL && !mail)
    return frame(html`<p>This server cannot send the mail that activates an account. Ask an administrator for an account.</p>`)
  if (done) return frame(done)
  const line = (name: string, label: Message, autocomplete: string, more: object = {}) =>
    field({ label, name, value: given.get(name), autocomplete, required: true, error: invalid.errors?.[name], ...more })
  return frame(html`${alert(invalid.alert)}
<form method="post" action="${REGISTRATION_PAGE}">
${line('firstName', said`First name`, 'given-name', { autofocus: true })}
${line('lastName', said`Last name`, 'family-name')}
${line('email', said`E-mail address`, 'email', { type: 'email', literal: true })}
${line('login', said`Username`, 'username', { literal: true })}
${newPasswordFields(visit, invalid.errors)}
<button>Create account</button>
</form>`)
}

/** A username like an address has to be the own one: otherwise nobody could invite its owner. */
const isOwnAddress = (login: string, email: string): boolean =>
  !login.includes('@') || login.toLowerCase() === email.toLowerCase()

/** Faults of the fields by themselves. That something is taken is no fault here, as anybody would learn of it. */
function faultsIn(visit: Visit): Errors | undefined {
  const rules: Readonly<Record<string, (text: string) => boolean>> = {
    firstName: isPersonName,
    lastName: isPersonName,
    email: isEmail,
    login: (login) => isLogin(login) && isOwnAddress(login, entered(visit, 'email')),
  }
  const errors: Record<string, Message> = {}
  for (const [name, isValid] of Object.entries(rules)) {
    const text = entered(visit, name)
    if (text === '') errors[name] = said`This field is required.`
    else if (text.length > LONGEST || !isStorable(text) || !isValid(text)) errors[name] = said`This value is not valid.`
  }
  const [weakness] = weaknesses(visit.given.get('password') ?? '', visit.settings)
  const wrong = { ...errors, ...mismatch(visit), ...(weakness && { password: said`The password ${weakness}.` }) }
  return Object.keys(wrong).length > 0 ? wrong : undefined
}

async function registering(visit: Visit): Promise<Answer> {
  const { request, db, settings, now, given, mail } = visit
  if (!offersRegistration(settings)) throw notFound()
  if (settings.self_registration === BY_MAIL && !mail) return registrationPage(visit)
  const errors = faultsIn(visit)
  if (errors) return registrationPage(visit, { errors })
  const email = entered(visit, 'email')
  const wait = await countRegistration(email, request.ip, db, now)
  if (wait !== undefined) {
    const { error, ...refusal } = tooMany(wait, said`to create an account`)
    return registrationPage(visit, { alert: error, ...refusal })
  }
  const hash = await hashPassword(given.get('password') ?? '')
  const [login, firstName, lastName] = ['login', 'firstName', 'lastName'].map((name) => entered(visit, name)) as [
    string,
    string,
    string,
  ]
  const language = languageOf(request)
  await db.transaction((tx) => register(tx, { login, email, firstName, lastName, language, hash }, now))
  return onTo(`${REGISTRATION_PAGE}?done=${outcomeOf(settings.self_registration)}`)
}

/** The secret of the followed link, its purpose and its user. */
async function followed({ request, db, settings, now }: Visit) {
  const secret = linkIn(request.raw, settings)
  if (secret === undefined) return undefined
  for (const purpose of ['invite', 'activate'] as const) {
    const user = await userOfLink(db, purpose, secret, now)
    if (user && (purpose === 'invite' || activatesByMail(settings))) return { secret, purpose, user }
  }
  return undefined
}
type Followed = NonNullable<Awaited<ReturnType<typeof followed>>>

const dead = (visit: Visit) =>
  deadLink(visit, html`<a href="/login">Sign in</a>, or ask an administrator to invite you once more.`)

const named = (visit: Visit, title: Message): Message => said`${title} – ${visit.settings.app_title}`

const NAMES = ['firstName', 'lastName'] as const

async function invitationPage(visit: Visit, { user }: Followed, invalid: Invalid = {}): Promise<Answer> {
  const { settings, given, db, snapshot } = visit
  const { oauth_allow_remapping_of_existing_users: links, disable_password_login: onlyProviders } = settings
  const providers = links && !user.admin ? await availableProviders(db, snapshot) : []
  // Without a name the invitation has derived one from the address.
  const isNamed = !user.last_name?.startsWith('@')
  const line = (name: (typeof NAMES)[number], label: Message, column: string, autocomplete: string) =>
    field({
      ...{ label, name, autocomplete, required: true, error: invalid.errors?.[name] },
      value: given.get(name) ?? (isNamed ? user[column] : ''),
    })
  const title = said`Welcome to ${settings.app_title}`
  const content = html`<h1>${title}</h1>
<p>Your username is <strong>${user.login}</strong>.</p>
${alert(invalid.alert)}
${
  !onlyProviders &&
  html`<form method="post" action="${ACTIVATION_PAGE}">
${line('firstName', said`First name`, 'first_name', 'given-name')}
${line('lastName', said`Last name`, 'last_name', 'family-name')}
${newPasswordFields(visit, invalid.errors)}
<button>Accept the invitation</button>
</form>`
}
${providers.map(
  ({ slug, name }) => html`<p class="way"><a class="button quiet" href="/auth/${slug}">Sign in with ${name}</a></p>
`,
)}`
  return page(named(visit, title), content, { status: invalid.errors || invalid.alert ? 422 : 200 })
}

function activationPage(visit: Visit, { user }: Followed, { status = 200, alert: wrong, headers }: Invalid = {}): Answer {
  const title = said`Activate your account`
  const content = html`<h1>${title}</h1>
<p>Account: <strong>${user.login}</strong>. Enter the password that you have chosen.</p>
${alert(wrong)}
<form method="post" action="${ACTIVATION_PAGE}">
${field({
  ...{ label: said`Password`, name: 'password', type: 'password', autocomplete: 'current-password' },
  ...{ required: true, autofocus: true, describedBy: wrong && 'error' },
})}
<button>Activate</button>
</form>`
  return page(named(visit, title), content, { status, ...(headers && { headers }) })
}

/** The context in which somebody writes their own account before it is active. */
const asOwner = ({ request }: Visit, services: Services, user: Row): Promise<Context> =>
  contextOf(request, services, async () => ({ principal: user, proof: 'fresh' }))

/** Activates the account of a link, which is used up, and signs its user in. */
async function activate(
  visit: Visit,
  services: Services,
  { secret, purpose, user }: Followed,
  payload: Record<string, string>,
  given: Record<string, unknown>,
): Promise<Answer | { errors: Errors; alert: Message | undefined }> {
  const { db, now } = visit
  const context = await asOwner(visit, services, user)
  const resource = context.model.of(User)
  const before = await rowFrom('me', resource, context)
  const prepared = await prepareWrite(context, resource, before, payload, { ...given, status: ACTIVE })
  if (prepared.violations.length > 0) return formErrors(resource, context, prepared.violations, NAMES)
  const admission = await db.transaction(async (tx) => {
    if (!(await userOfLink(tx, purpose, secret, now)) || !(await useLink(tx, purpose, secret, now))) return undefined
    const id = await save(tx, context, resource, prepared.draft, prepared.facts)
    await endLinks(tx, id)
    const active = await tx.one(sql`select * from principals where id = ${id}`)
    return active && admit(tx, active, circumstancesOf(visit))
  })
  if (!admission) return dead(visit)
  return enter(visit, admission)
}

async function accepting(visit: Visit, services: Services, link: Followed): Promise<Answer> {
  if (visit.settings.disable_password_login) return invitationPage(visit, link)
  const chosen = await chosenPassword(visit, link.user)
  if ('errors' in chosen) return invitationPage(visit, link, chosen)
  const names = Object.fromEntries(NAMES.map((name) => [name, entered(visit, name)]))
  const done = await activate(visit, services, link, names, { password_hash: chosen.hash })
  return 'errors' in done ? invitationPage(visit, link, done) : done
}

async function confirming(visit: Visit, services: Services, link: Followed): Promise<Answer> {
  const { db, settings, now, given } = visit
  // Whoever registers with the address of somebody else does not get their account by their click.
  const tried = await knowsPassword(link.user, given.get('password') ?? '', db, settings, now)
  if (tried === 'wrong') return activationPage(visit, link, { alert: said`The password is incorrect.`, status: 422 })
  if (tried !== 'right') {
    const { error, ...refusal } = tooMany(tried.wait, said`to activate this account`)
    return activationPage(visit, link, { alert: error, ...refusal })
  }
  const done = await activate(visit, services, link, {}, {})
  return 'errors' in done ? activationPage(visit, link, { alert: done.alert, status: 422 }) : done
}

async function registrationsPage(visit: OwnVisit): Promise<Answer> {
  const users = await visit.db.all(sql`
    select * from principals where type = 'User' and status = ${REGISTERED} order by created_at, id`)
  const title = said`Registrations`
  const content = html`${notice(visit, {
    activated: said`The account has been activated.`,
    rejected: said`The registration has been rejected, and its account deleted.`,
  })}
${
  users.length === 0
    ? html`<p>No account waits for activation.</p>`
    : html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Name</th><th scope="col">Username</th><th scope="col">E-mail address</th><th scope="col">Registered</th><th scope="col"><span class="unseen">Actions</span></th></tr></thead>
<tbody>${users.map(
        (user) => html`
<tr><th scope="row">${user.name}</th><td data-label="Username">${user.login}</td><td data-label="E-mail address">${user.email}</td><td data-label="Registered">${minuteOf(user.created_at)}</td>
<td><form method="post" action="${REGISTRATIONS_PAGE}">${hidden('id', String(user.id))}<button class="small" name="action" value="activate">Activate<span class="unseen"> ${user.login}</span></button>
<button class="small danger" name="action" value="reject">Reject<span class="unseen"> ${user.login}</span></button></form></td></tr>`,
      )}
</tbody>
</table></div>`
}`
  return framed(visit, title, content)
}

async function deciding(visit: OwnVisit, services: Services): Promise<Answer> {
  const { request, db, given, session } = visit
  const id = idIn(given.get('id'))
  const context = await contextOf(request, services, async () => ({ principal: session.user, proof: 'fresh' }))
  const resource = context.model.of(User)
  const before = await db.one(sql`select * from principals where id = ${id} and type = 'User' and status = ${REGISTERED}`)
  if (!before) return onTo(REGISTRATIONS_PAGE)
  if (given.get('action') === 'reject') {
    await db.transaction(async (tx) => {
      const still = await tx.one(sql`select * from principals where id = ${id} and status = ${REGISTERED}${forUpdate(tx.engine)}`)
      if (still) await removePrincipal(tx, { id }, context)
    })
    return onTo(`${REGISTRATIONS_PAGE}?done=rejected`)
  }
  await commit(db, context, resource, await prepareWrite(context, resource, before, { status: 'active' }))
  return onTo(`${REGISTRATIONS_PAGE}?done=activated`)
}

export const registration: Area = {
  entries: [{ path: REGISTRATIONS_PAGE, title: said`Registrations`, group: 'Administration' }],
  routes(on, services) {
    on.get(REGISTRATION_PAGE, (visit) => {
      if (!offersRegistration(visit.settings)) throw notFound()
      return registrationPage(visit)
    })
    on.post(REGISTRATION_PAGE, registering)

    on.get(ACTIVATION_PAGE, async (visit) => {
      if (visit.given.has('token')) return withoutSecret(visit, ACTIVATION_PAGE)
      const link = await followed(visit)
      if (!link) return dead(visit)
      return link.purpose === 'invite' ? invitationPage(visit, link) : activationPage(visit, link)
    })
    on.post(ACTIVATION_PAGE, async (visit) => {
      const link = await followed(visit)
      if (!link) return dead(visit)
      return link.purpose === 'invite' ? accepting(visit, services, link) : confirming(visit, services, link)
    })

    on.get(REGISTRATIONS_PAGE, administering(registrationsPage))
    on.post(
      REGISTRATIONS_PAGE,
      administering((visit) => deciding(visit, services)),
    )
  },
}
