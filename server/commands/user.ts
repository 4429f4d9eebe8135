/** `halyard user`: administers users. */
import { ConstraintError, type Reader, type Transaction } from '#db/database.ts'
import { assignments, folded, insert, inserted, only } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { invitationLink, inviteUser } from '#identity/invitations.ts'
import { endLinks, endSetup } from '#identity/one-time-links.ts'
import { passwordReplaced } from '#identity/password-changes.ts'
import { weaknesses } from '#identity/password-rules.ts'
import { hashPassword, randomPassword } from '#identity/passwords.ts'
import { ACTIVE, accountStatuses, INVITED, LOCKED, REGISTERED } from '#identity/statuses.ts'
import { resetTwoFactor } from '#identity/two-factor.ts'
import { invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { hasPublicHost, originOf, readSettings } from '#kernel/settings.ts'
import { accountActivated, hasAdmin, isEmail, isPersonName, namedAfter } from '#modules/accounts/user-rules.ts'
import { UsageError } from '#server/usage.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showList, showResult } from './output.ts'

type User = Tables['principals']

const statusNames: Record<number, string> = Object.fromEntries(
  Object.entries(accountStatuses).map(([name, status]) => [status, name]),
)

export async function listUsers(invocation: Invocation): Promise<void> {
  const users = await withDatabase(invocation.config.databaseUrl, (db) =>
    db.all<User>(sql`select * from principals where type = 'User' order by login`),
  )
  const rows = users.map(({ id, login, name, email, status, admin }) => ({
    id,
    login,
    name,
    email,
    status: statusNames[status] ?? String(status),
    admin,
  }))
  showList(invocation, rows, {
    LOGIN: ({ login }) => login,
    NAME: ({ name }) => name,
    EMAIL: ({ email }) => email,
    STATUS: ({ status }) => status,
    ROLE: ({ admin }) => (admin ? 'administrator' : ''),
  })
}

/** Creates a user and prints a generated password. */
export async function createUser(invocation: Invocation): Promise<void> {
  const { config, flags } = invocation
  const login = String(flags.login)
  const email = String(flags.email)
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new Error(`"${email}" is not an e-mail address.`)
  const password = flags.password === undefined ? randomPassword() : String(flags.password)

  await withDatabase(config.databaseUrl, async (db) => {
    const [weakness] = weaknesses(password, await readSettings(db))
    if (weakness !== undefined) throw new Error(`The password ${weakness}.`)
    const password_hash = await hashPassword(password)
    await db.transaction(async (tx) => {
      const now = currentTime().toISOString()
      const first_name = String(flags['first-name'])
      const last_name = String(flags['last-name'])
      const user = { type: 'User', name: `${first_name} ${last_name}`, login, first_name, last_name, email }
      const more = {
        admin: flags.admin === true,
        status: ACTIVE,
        password_hash,
        password_changed_at: now,
        created_at: now,
        updated_at: now,
      }
      await tx.one(insert('principals', { ...user, ...more })).catch((cause: unknown) => {
        if (!(cause instanceof ConstraintError)) throw cause
        const what = cause.message.includes('principals_login') ? `login "${login}"` : `e-mail address ${email}`
        throw new Error(`The ${what} is already in use.`, { cause })
      })
      if (more.admin) await endSetup(tx)
      await invalidate(tx, 'principals')
    })
  })
  const generated = flags.password === undefined ? password : undefined
  showResult(invocation, { login, password: generated }, `Created ${login}.${generated ? `\nPassword: ${generated}` : ''}`)
}

/** Sets and prints a random password, which the user must change at the next sign-in. */
export async function resetPassword(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const password = randomPassword()
  const login = await withDatabase(config.databaseUrl, async (db) => {
    const password_hash = await hashPassword(password)
    return db.transaction(async (tx) => {
      const user = await userOf(tx, words[0]!)
      if (user.status === INVITED || user.status === REGISTERED)
        throw new Error(`${user.login} is ${statusNames[user.status]} and cannot sign in yet; ${wayIn(user)}.`)
      const now = currentTime()
      const values = { password_hash, password_changed_at: now.toISOString(), force_password_change: true }
      await tx.run(sql`update principals set ${assignments(values)}, updated_at = ${now.toISOString()} where id = ${user.id}`)
      await passwordReplaced(tx, user, await readSettings(tx), now)
      await invalidate(tx, 'principals')
      return user.login
    })
  })
  showResult(invocation, { login, password }, `Password of ${login}: ${password}\nThe user must change it at the next sign-in.`)
}

export async function lockUser(invocation: Invocation): Promise<void> {
  await setStatus(invocation, LOCKED)
  console.log(`Locked ${invocation.words[0]}.`)
}

export async function unlockUser(invocation: Invocation): Promise<void> {
  await setStatus(invocation, ACTIVE, LOCKED)
  console.log(`Unlocked ${invocation.words[0]}.`)
}

/** The command that lets somebody in who is not active yet. */
const wayIn = ({ login, email, status }: User): string =>
  status === INVITED && email
    ? `halyard user invite ${email} renews the invitation, halyard user activate ${login} activates the account`
    : `halyard user activate ${login} activates the account`

/** Invites somebody, or once more; prints the link where no mail server is configured. */
export async function invite(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const address = words[0]!
  if (!isEmail(address)) throw new UsageError(`"${address}" is not an e-mail address.`)
  const now = currentTime()
  const { email, link, days } = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const settings = await readSettings(tx)
      const user = await invited(tx, address, invocation, now)
      await endLinks(tx, user.id)
      await invalidate(tx, 'principals')
      if (config.mail) await inviteUser(tx, user, {}, settings, now)
      const made = config.mail ? undefined : await invitationLink(tx, user, settings, now)
      if (!(await hasPublicHost(tx))) {
        console.error(
          `The link begins with ${originOf(settings)}, as no public address is known: start halyard serve with --public-url once.`,
        )
      }
      return { email: user.email, link: made, days: settings.invitation_expiration_days }
    }),
  )
  const text = link
    ? `Invited ${email}. There is no mail server, so send this link:\n${link} (works once, expires in ${days} days)`
    : `Invited ${email}. The server sends the mail.`
  showResult(invocation, { email, link }, text)
}

/** The invited user with an address; a new one if nobody has it. Throws an Error in one sentence for other accounts. */
async function invited(tx: Transaction, email: string, { flags }: Invocation, now: Date): Promise<User> {
  const known = await tx.one<User>(sql`select * from principals where lower(email) = lower(${email})`)
  if (known?.status === INVITED) return known
  if (known) throw new Error(`${email} belongs to ${known.login}, who is ${statusNames[known.status]}.`)
  const derived = namedAfter(email)
  const first_name = String(flags['first-name'] ?? derived.first_name)
  const last_name = String(flags['last-name'] ?? derived.last_name)
  const wrong = [first_name, last_name].find((name) => !isPersonName(name))
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is not a name.`)
  const at = now.toISOString()
  const id = await inserted(tx, 'principals', {
    ...{ type: 'User', login: email, email, first_name, last_name, name: `${first_name} ${last_name}` },
    ...{ admin: flags.admin === true, status: INVITED, created_at: at, updated_at: at },
  }).catch((cause: unknown) => {
    if (!(cause instanceof ConstraintError)) throw cause
    throw new Error(`The login "${email}" is already in use.`, { cause })
  })
  return only<User>(tx, sql`select * from principals where id = ${id}`)
}

/** Activates an account that is registered or invited. */
export async function activateUser({ config, words }: Invocation): Promise<void> {
  const user = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const found = await userOf(tx, words[0]!)
      if (found.status === LOCKED)
        throw new Error(`${found.login} is locked; halyard user unlock ${found.login} unlocks the account.`)
      if (found.status === ACTIVE) throw new Error(`${found.login} is active already.`)
      const now = currentTime()
      await tx.run(sql`update principals set status = ${ACTIVE}, updated_at = ${now.toISOString()} where id = ${found.id}`)
      await accountActivated(tx, found, await readSettings(tx), now)
      await invalidate(tx, 'principals')
      return found
    }),
  )
  const hint =
    user.password_hash === null && user.identity_url === null
      ? ` The account has no password; halyard user reset-password ${user.login} sets one.`
      : ''
  console.log(`Activated ${user.login}.${hint}`)
}

/** Makes a user an administrator, or no longer one. */
export async function setAdmin({ config, words, flags }: Invocation): Promise<void> {
  const admin = flags.remove !== true
  const login = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const user = await userOf(tx, words[0]!)
      if (user.admin === admin) throw new Error(`${user.login} is ${admin ? 'an administrator already' : 'no administrator'}.`)
      await tx.run(sql`update principals set admin = ${admin}, updated_at = ${currentTime().toISOString()} where id = ${user.id}`)
      if (!admin && !(await hasAdmin(tx))) throw new Error('At least one active administrator must remain.')
      if (admin && user.status === ACTIVE && user.password_hash !== null) await endSetup(tx)
      await invalidate(tx, 'principals')
      return user.login
    }),
  )
  console.log(admin ? `${login} is an administrator.` : `${login} is no administrator any more.`)
}

/** Removes a user's second factors and ends the user's sessions. */
export async function resetUser({ config, words }: Invocation): Promise<void> {
  const login = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const user = await userOf(tx, words[0]!)
      await resetTwoFactor(tx, user.id)
      return user.login
    }),
  )
  console.log(`Removed the authenticator app, passkeys and recovery codes of ${login}.`)
}

/** Sets the status of a user; with `from`, only if it is the current status. */
async function setStatus({ config, words }: Invocation, status: number, from?: number): Promise<void> {
  await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx: Transaction) => {
      const user = await userOf(tx, words[0]!)
      if (from !== undefined && user.status !== from) throw new Error(`${user.login} is not ${statusNames[from]}.`)
      await tx.run(
        sql`update principals set status = ${status}, updated_at = ${currentTime().toISOString()} where id = ${user.id}`,
      )
      if (user.admin && status !== ACTIVE && !(await hasAdmin(tx)))
        throw new Error('At least one active administrator must remain.')
      await invalidate(tx, 'principals')
    }),
  )
}

/** The user with a login, ignoring case. Throws an Error in one sentence if there is none. */
export async function userOf(db: Reader, login: string): Promise<User> {
  const user = await db.one<User>(sql`
    select * from principals
    where type = 'User' and ${folded(db.engine, raw('login'))} = ${folded(db.engine, sql`${login}`)}`)
  if (!user) throw new Error(`There is no user with the login "${login}".`)
  return user
}
