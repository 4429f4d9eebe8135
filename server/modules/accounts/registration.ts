/**
 * Self-registration. A request only enqueues a job, so that it does the same whether or not there is an account with the address or
 * the username; the job creates the account, or writes to the owner of the address, who alone learns of it.
 */
import type { Database, Row, Transaction } from '#db/database.ts'
import { assignments, inserted, only } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { ACTIVATION_PAGE, inviteUser } from '#identity/invitations.ts'
import { endLinks, makeLink } from '#identity/one-time-links.ts'
import { consume, type RateLimit } from '#identity/rate-limit.ts'
import { ACTIVE, INVITED, REGISTERED } from '#identity/statuses.ts'
import type { Block } from '#jobs/letters.ts'
import { sendLetter } from '#jobs/mail.ts'
import { enqueue } from '#jobs/queue.ts'
import { invalidate } from '#kernel/cache.ts'
import type { JobKind } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { addressOf, readSettings, type Settings } from '#kernel/settings.ts'
import { type Message, said } from '#text/messages.ts'

const HOUR = 3_600_000
export const REGISTRATION_PAGE = '/account/register'
export const REGISTRATIONS_PAGE = '/admin/registrations'

/** Values of the setting `self_registration`. */
export const BY_MAIL = 1
export const BY_ADMINISTRATORS = 2

/** By email address, so that nobody's mailbox is filled. */
const addressDoor: RateLimit = { name: 'registration', most: 3, within: HOUR, ban: HOUR }
/** By network address of the request. */
const networkDoor: RateLimit = { name: 'registration_network', most: 20, within: HOUR, ban: HOUR }

/** Whether people can register; not if passwords do not sign anybody in. */
export const offersRegistration = ({ self_registration, disable_password_login }: Settings): boolean =>
  self_registration > 0 && !disable_password_login

/** Whether a mailed link activates an account: not once registration has been turned off, or left to administrators. */
export const activatesByMail = (settings: Settings): boolean =>
  offersRegistration(settings) && settings.self_registration !== BY_ADMINISTRATORS

/** What somebody registers with. */
export interface Registration {
  readonly login: string
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly language: string
  readonly hash: string
}

/**
 * Counts a registration, before its password is hashed.
 * @returns the seconds to wait after too many
 */
export const countRegistration = (email: string, network: string, db: Database, now: Date): Promise<number | undefined> =>
  db.transaction(
    async (tx) => (await consume(tx, networkDoor, network, now)) ?? (await consume(tx, addressDoor, email.toLowerCase(), now)),
  )

/** Registers somebody, if the username and the address turn out to be free. */
export const register = (tx: Transaction, registration: Registration, now: Date): Promise<void> =>
  enqueue(tx, registerAccount, { payload: registration }, now)

/** Creates the account of a registration, if registration is still offered. */
export const registerAccount: JobKind<Registration> = job<Registration>('accounts.register', {
  attempts: 5,
  run: async ({ db, now, payload }) => {
    const settings = await readSettings(db)
    return offersRegistration(settings) ? (tx) => admitRegistration(tx, payload, settings, now) : undefined
  },
})

async function admitRegistration(tx: Transaction, wanted: Registration, settings: Settings, now: Date): Promise<void> {
  const owner = await tx.one(sql`select * from principals where lower(email) = lower(${wanted.email})`)
  const namesake = await tx.one(sql`select * from principals where lower(login) = lower(${wanted.login})`)
  const isFree = namesake === undefined || namesake.id === owner?.id
  if (owner) return meet(tx, owner, isFree ? wanted : { ...wanted, login: owner.login }, settings, now)
  if (!isFree) return write(tx, rowOf(wanted), settings, now, takenUsername(wanted, settings))
  const at = now.toISOString()
  const status = settings.self_registration === BY_MAIL || settings.self_registration === BY_ADMINISTRATORS ? REGISTERED : ACTIVE
  const values = { type: 'User', status, ...rowOf(wanted), password_changed_at: at, created_at: at, updated_at: at }
  const id = await inserted(tx, 'principals', values)
  await invalidate(tx, 'principals')
  const user = await only<Row>(tx, sql`select * from principals where id = ${id}`)
  if (settings.self_registration === BY_MAIL) await mailActivation(tx, user, settings, now)
  if (settings.self_registration === BY_ADMINISTRATORS) await askAdministrators(tx, user, settings, now)
}

const rowOf = ({ login, email, firstName, lastName, language, hash }: Registration) => ({
  ...{ login, email, language, first_name: firstName, last_name: lastName, name: `${firstName} ${lastName}` },
  password_hash: hash,
})

/** Acts for an address that has an account: its owner alone is told so. */
async function meet(tx: Transaction, owner: Row, wanted: Registration, settings: Settings, now: Date): Promise<void> {
  if (owner.type !== 'User') return
  if (owner.status === INVITED) {
    // Former links go on: anybody can register with the address, and an inviter may have passed one on without a mail server.
    await inviteUser(tx, owner, {}, settings, now)
  } else if (owner.status === REGISTERED && settings.self_registration === BY_MAIL && owner.identity_url === null) {
    // Nobody has proved to own the address yet, so the last password counts, with a new link.
    const at = now.toISOString()
    const values = { ...rowOf(wanted), email: owner.email, password_changed_at: at, updated_at: at }
    await tx.run(sql`update principals set ${assignments(values)} where id = ${owner.id}`)
    await invalidate(tx, 'principals')
    await endLinks(tx, owner.id)
    await mailActivation(tx, { ...owner, ...values }, settings, now)
  } else if (owner.status === ACTIVE) await write(tx, owner, settings, now, knownAddress(owner, settings))
}

interface Said {
  readonly subject: Message
  readonly blocks: readonly Block[]
  readonly link?: string
}

const write = (tx: Transaction, user: Row, settings: Settings, now: Date, letter: Said): Promise<void> =>
  sendLetter(tx, user, letter, settings, now)

const subject = ({ app_title }: Settings) => said`Your registration at ${app_title}`

const takenUsername = ({ login }: Registration, settings: Settings): Said => ({
  subject: subject(settings),
  blocks: [
    said`The username "${login}" is not available at ${settings.app_title}. Choose another one:`,
    { label: said`Register`, href: addressOf(settings, REGISTRATION_PAGE) },
    said`If you did not register, you can ignore this mail.`,
  ],
})

const knownAddress = ({ login }: Row, settings: Settings): Said => ({
  subject: subject(settings),
  blocks: [
    said`Somebody has registered with your e-mail address at ${settings.app_title}. You have an account already; your username is "${login}".`,
    { label: said`Sign in`, href: addressOf(settings, '/login') },
    said`If that was not you, you can ignore this mail. Your account is unchanged.`,
  ],
})

async function mailActivation(tx: Transaction, user: Row, settings: Settings, now: Date): Promise<void> {
  const link = addressOf(settings, `${ACTIVATION_PAGE}?token=${await makeLink(tx, 'activate', user.id, now)}`)
  const blocks = [
    said`Activate your account "${user.login}" at ${settings.app_title}. You need the password that you have chosen.`,
    { label: said`Activate the account`, href: link },
    said`The link works once and expires in three days. If you did not register, you can ignore this mail.`,
  ]
  await write(tx, user, settings, now, { subject: subject(settings), blocks, link })
}

/** Asks all administrators to activate an account. */
export async function askAdministrators(tx: Transaction, user: Row, settings: Settings, now: Date): Promise<void> {
  const { app_title: title } = settings
  const administrators = await tx.all(sql`
    select * from principals where type = 'User' and admin and status = ${ACTIVE} and email is not null order by id`)
  const blocks = [
    said`Somebody has registered at ${title}, and waits for an administrator to activate the account:`,
    {
      facts: [
        [said`Name`, user.name],
        [said`Username`, user.login],
        [said`E-mail address`, user.email],
      ] as const,
    },
    { label: said`Review registrations`, href: addressOf(settings, REGISTRATIONS_PAGE) },
  ]
  for (const one of administrators) await write(tx, one, settings, now, { subject: said`New registration at ${title}`, blocks })
}
