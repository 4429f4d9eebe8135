/**
 * Finds the account for an identity from a provider: the user linked to its subject, or a user with the same email address if the
 * address is verified, as anybody can choose user names and addresses.
 */
import { ConstraintError, type Database, type Row, type Transaction } from '#db/database.ts'
import { insert, inserted, only, takeTurns } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { endLinks } from '#identity/one-time-links.ts'
import { claimNames, linkedUser, type Provider } from '#identity/providers.ts'
import { type Admission, admit, type Circumstances } from '#identity/sign-in.ts'
import { ACTIVE, INVITED, REGISTERED } from '#identity/statuses.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Settings } from '#kernel/settings.ts'
import { askAdministrators } from './registration.ts'
import { isEmail, isLogin, isPersonName, namedAfter } from './user-rules.ts'

/** The claims of a provider about a user. */
export interface Identity {
  readonly subject: string
  readonly login: string | undefined
  readonly email: string | undefined
  /** Whether the address is verified. */
  readonly isVerified: boolean
  readonly firstName: string | undefined
  readonly lastName: string | undefined
}

/** Reasons to reject a sign-in by a provider. */
export type Refusal =
  /** The account is not active: it is locked, or waits for activation. */
  | 'inactive'
  /** The account is new, and waits for activation. */
  | 'pending'
  /** There is no account, and registration is not allowed. */
  | 'unknown'
  /** There may be an account, but the provider's claims do not suffice to link it. */
  | 'taken'
  /** The provider has not verified the address. */
  | 'unverified'

const told = (claims: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = claims[name]
  return typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST ? value.trim() : undefined
}

const LONGEST = 256
const TURN = 7221

/** Reads the claims of a provider. `email_verified` counts only for the address in the claim `email`. */
export function identityOf(
  subject: string,
  claims: Readonly<Record<string, unknown>>,
  { claims: own, trusts_email }: Provider,
): Identity {
  const names = { ...claimNames, ...own }
  // Some providers send a string.
  const isVerified = claims.email_verified === true || claims.email_verified === 'true'
  return {
    subject,
    login: told(claims, names.login),
    email: told(claims, names.email),
    isVerified: trusts_email || (isVerified && names.email === claimNames.email),
    firstName: told(claims, names.firstName),
    lastName: told(claims, names.lastName),
  }
}

/** The user linked to a subject. */
export const isLinked = async (db: Database, provider: Provider, subject: string): Promise<boolean> =>
  (await linkedUser(db, provider, subject)) !== undefined

/** Starts a session for an identity from a provider, after linking or creating its account if necessary. */
export async function signInBy(
  provider: Provider,
  identity: Identity,
  circumstances: Circumstances,
  db: Database,
): Promise<Admission | Refusal> {
  return db
    .transaction(async (tx) => {
      const user = await accountOf(tx, provider, identity, circumstances)
      return typeof user === 'string' ? user : admit(tx, user, circumstances)
    })
    .catch((error: unknown) => {
      // A concurrent registration took the user name or the address.
      if (error instanceof ConstraintError) return 'taken'
      throw error
    })
}

async function accountOf(tx: Transaction, provider: Provider, identity: Identity, at: Circumstances): Promise<Row | Refusal> {
  const linked = await linkedUser(tx, provider, identity.subject)
  if (linked) return usable(tx, provider, identity, linked, at)
  const { email, isVerified } = identity
  if (!email || !isVerified || !isEmail(email)) return 'unverified'
  // Serialises sign-ins, so that concurrent windows of one person share the account that the first creates.
  await takeTurns(tx, TURN)
  const known = await linkedUser(tx, provider, identity.subject)
  if (known) return usable(tx, provider, identity, known, at)
  const owner = await tx.one(sql`select * from principals where lower(email) = lower(${email})`)
  return owner ? adopt(tx, provider, identity, owner, at) : create(tx, provider, { ...identity, email }, at)
}

/** The account, if it is active; an invited account becomes active. */
async function usable(
  tx: Transaction,
  { slug }: Provider,
  { subject }: Identity,
  user: Row,
  { now }: Circumstances,
): Promise<Row | Refusal> {
  if (user.status === ACTIVE) return user
  if (user.status !== INVITED) return 'inactive'
  await tx.run(sql`
    update principals set status = ${ACTIVE}, identity_url = ${`${slug}:${subject}`}, updated_at = ${now.toISOString()}
    where id = ${user.id}`)
  await endLinks(tx, user.id)
  await invalidate(tx, 'principals')
  return { ...user, status: ACTIVE }
}

/**
 * Links an account with the same address. Accounts of administrators are excluded for their value, and accounts with another link
 * because they belong to another person: addresses get reassigned.
 */
async function adopt(
  tx: Transaction,
  provider: Provider,
  identity: Identity,
  owner: Row,
  at: Circumstances,
): Promise<Row | Refusal> {
  const isOther = await tx.one(
    sql`select id from user_auth_identities where user_id = ${owner.id} and provider_id = ${provider.id}`,
  )
  const mayBe = at.settings.oauth_allow_remapping_of_existing_users && owner.type === 'User' && !owner.admin
  if (isOther || !mayBe) return 'taken'
  const user = await usable(tx, provider, identity, owner, at)
  if (typeof user !== 'string') await link(tx, provider, identity, owner.id, at)
  return user
}

async function create(
  tx: Transaction,
  provider: Provider,
  { subject, login, email, firstName, lastName }: Identity & { email: string },
  at: Circumstances,
): Promise<Row | Refusal> {
  const status = statusOfNew(provider, at.settings)
  if (status === undefined) return 'unknown'
  const own = login !== undefined && isLogin(login) ? login : email
  if (await tx.one(sql`select id from principals where lower(login) = lower(${own})`)) return 'taken'
  const spare = namedAfter(email)
  const first_name = firstName !== undefined && isPersonName(firstName) ? firstName : spare.first_name
  const last_name = lastName !== undefined && isPersonName(lastName) ? lastName : spare.last_name
  const stamp = at.now.toISOString()
  const id = await inserted(tx, 'principals', {
    type: 'User',
    name: `${first_name} ${last_name}`,
    login: own,
    first_name,
    last_name,
    email,
    status,
    identity_url: `${provider.slug}:${subject}`,
    created_at: stamp,
    updated_at: stamp,
  })
  await invalidate(tx, 'principals')
  await link(tx, provider, { subject }, id, at)
  const user = await only<Row>(tx, sql`select * from principals where id = ${id}`)
  if (status === ACTIVE) return user
  await askAdministrators(tx, user, at.settings, at.now)
  return 'pending'
}

/** The status of a new account; undefined if registration is not allowed. A verified address needs no confirmation email. */
function statusOfNew({ registration }: Provider, { self_registration }: Settings): number | undefined {
  if (registration === 'open') return ACTIVE
  if (registration === 'none' || self_registration === 0) return undefined
  return self_registration === 2 ? REGISTERED : ACTIVE
}

async function link(
  tx: Transaction,
  { id }: Provider,
  { subject }: Pick<Identity, 'subject'>,
  user: number,
  { now }: Circumstances,
): Promise<void> {
  await tx.run(insert('user_auth_identities', { user_id: user, provider_id: id, subject, created_at: now.toISOString() }))
  await invalidate(tx, 'auth_providers')
}
