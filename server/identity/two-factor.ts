/**
 * Two-factor authentication: after the first proof, a user with a second factor needs a code of an authenticator app, a recovery
 * code or a passkey. Every attempt is counted before the code is checked, on every page, and each code works once.
 */
import { randomBytes } from 'node:crypto'
import type { Database, Reader, Row, Transaction } from '#db/database.ts'
import { forUpdate, only } from '#db/dialect.ts'
import { join, sql } from '#db/sql.ts'
import { sendLetter } from '#jobs/mail.ts'
import { currentTime } from '#kernel/clock.ts'
import { addressOf, readSettings, type Settings } from '#kernel/settings.ts'
import { said } from '#text/messages.ts'
import { consume, type RateLimit, resetAttempts } from './rate-limit.ts'
import { type Keys, keysOf, type Place } from './secrets.ts'
import { endSessionsOf, prove, type Session } from './sessions.ts'
import { type Admission, admit, type Circumstances, signInStage, waitingUser } from './sign-in.ts'
import { hashToken } from './tokens.ts'

const MINUTE = 60_000
/** Three codes of a million are valid at any time: with so few attempts, guessing is hopeless even with the password. */
const codeDoor: RateLimit = { name: 'two-factor', most: 10, within: 30 * MINUTE, ban: 30 * MINUTE }

/** The parameters that all authenticator apps support: RFC 6238 with its common values. */
const PERIOD = 30
const DIGITS = 6
/** Tolerated clock skew in steps. */
const WINDOW = 1
const SECRET_BYTES = 20

const RECOVERY_CODES = 10
/** Excludes letters that look like digits. */
const RECOVERY_ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

signInStage({
  name: 'two_factor',
  path: '/login/two_factor',
  isDue: (tx, { id }) => hasTwoFactor(tx, id),
})

signInStage({
  name: 'two_factor_setup',
  path: '/login/two_factor_setup',
  isDue: async (tx, user, settings) => isRequired(user, settings) && !(await hasTwoFactor(tx, user.id)),
})

const library = () => import('otpauth')

/** Whether the settings require two-factor authentication of this user. */
export const isRequired = ({ admin }: Row, { two_factor_required: from }: Settings): boolean =>
  from === 'everybody' || (from === 'administrators' && admin)

/** The second factors of a user. */
export interface TwoFactor {
  /** The setup time of the authenticator app. */
  readonly authenticator: string | null
  readonly passkeys: number
  /** The number of unused recovery codes. */
  readonly recovery: number
}

/** The second factors of a user. */
export async function twoFactorOf(db: Reader, userId: number): Promise<TwoFactor> {
  const found = await db.one<TwoFactor>(sql`
    select (select created_at from authenticators where user_id = ${userId}) as authenticator,
      (select count(*) from passkeys where user_id = ${userId}) as passkeys,
      (select count(*) from recovery_codes where user_id = ${userId}) as recovery`)
  return found as TwoFactor
}

async function hasTwoFactor(tx: Reader, userId: number): Promise<boolean> {
  const { authenticator, passkeys } = await twoFactorOf(tx, userId)
  return authenticator !== null || passkeys > 0
}

const setupPlace = ({ id }: Session): Place => ({ table: 'authenticator_setups', column: 'secret', id })
const placeOf = (id: number): Place => ({ table: 'authenticators', column: 'secret', id })

/** Creates a secret for the authenticator app of a session's user; it replaces an unconfirmed one. */
export async function beginSetup(db: Database, session: Session): Promise<void> {
  const { Secret } = await library()
  const { base32 } = new Secret({ size: SECRET_BYTES })
  await db.transaction(async (tx) => {
    const sealed = await keysOf(db).seal(tx, setupPlace(session), base32)
    await tx.run(sql`
      insert into authenticator_setups (session_id, secret) values (${session.id}, ${sealed})
      on conflict (session_id) do update set secret = excluded.secret`)
  })
}

/** An unconfirmed secret, and its `otpauth:` address for apps. */
export interface Setup {
  readonly secret: string
  readonly address: string
}

/** The unconfirmed secret of a session, if any. */
export async function setupOf(db: Database, session: Session, { app_title }: Settings): Promise<Setup | undefined> {
  const { id, user } = session
  const row = await db.one<{ secret: string }>(sql`select secret from authenticator_setups where session_id = ${id}`)
  if (!row) return undefined
  const { TOTP } = await library()
  const secret = keysOf(db).open(setupPlace(session), row.secret)
  return {
    secret,
    address: String(new TOTP({ issuer: app_title, label: user.login, secret, digits: DIGITS, period: PERIOD })),
  }
}

/** Deletes an unconfirmed secret. */
export const dropSetup = (tx: Transaction, { id }: Session): Promise<number> =>
  tx.run(sql`delete from authenticator_setups where session_id = ${id}`)

/** The time step of a code within the window; undefined for an invalid code. */
async function stepOf(given: string, secret: string, now: Date): Promise<number | undefined> {
  const code = given.replace(/\s/g, '')
  // The library throws for some malformed codes, and an attempt that throws would not be counted.
  if (!/^[0-9]{6}$/.test(code)) return undefined
  const { Secret, TOTP } = await library()
  const time = { period: PERIOD, timestamp: now.getTime() }
  const delta = TOTP.validate({ token: code, secret: Secret.fromBase32(secret), digits: DIGITS, window: WINDOW, ...time })
  return delta === null ? undefined : TOTP.counter(time) + delta
}

/** Activates a confirmed secret, which replaces the former one. Returns new recovery codes; undefined for a wrong code. */
async function takeUp(tx: Transaction, session: Session, code: string, keys: Keys, now: Date): Promise<string[] | undefined> {
  const { id, user } = session
  const row = await tx.one<{ secret: string }>(sql`select secret from authenticator_setups where session_id = ${id}`)
  const secret = row && keys.open(setupPlace(session), row.secret)
  const step = secret === undefined ? undefined : await stepOf(code, secret, now)
  if (secret === undefined || step === undefined) return undefined
  const sealed = await keys.seal(tx, placeOf(user.id), secret)
  await tx.run(sql`
    insert into authenticators (user_id, secret, last_step, created_at)
    values (${user.id}, ${sealed}, ${step}, ${now.toISOString()})
    on conflict (user_id) do update set secret = excluded.secret, last_step = excluded.last_step, created_at = excluded.created_at`)
  return makeRecoveryCodes(tx, user.id)
}

/** Creates recovery codes, which replace the former ones. They are returned only here. */
export async function makeRecoveryCodes(tx: Transaction, userId: number): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () =>
    [...randomBytes(16)].map((byte) => RECOVERY_ALPHABET[byte % RECOVERY_ALPHABET.length]).join(''),
  )
  await tx.run(sql`delete from recovery_codes where user_id = ${userId}`)
  await tx.run(sql`
    insert into recovery_codes (user_id, hash) values ${join(codes.map((code) => sql`(${userId}, ${hashToken(code)})`))}`)
  return codes.map((code) => code.replace(/.{4}(?=.)/g, '$&-'))
}

/** Normalises a typed recovery code. */
const tidied = (code: string) =>
  code
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .replaceAll('o', '0')
    .replace(/[il]/g, '1')

/** Confirms an authenticator app by a code, and ends all other sessions. Returns recovery codes; undefined for a wrong code. */
export async function confirmSetup(session: Session, code: string, db: Database, now: Date): Promise<string[] | undefined> {
  await library()
  return db.transaction(async (tx) => {
    const codes = await takeUp(tx, session, code, keysOf(db), now)
    if (!codes) return undefined
    await dropSetup(tx, session)
    await factorsChanged(tx, session.user.id, session)
    return codes
  })
}

/** The same as a stage of the sign-in, for users who need a second factor; `over` if the sign-in has ended. */
export async function passBySetup(
  waiting: Session,
  code: string,
  circumstances: Circumstances,
  db: Database,
): Promise<(Admission & { codes: string[] }) | 'wrong' | 'over'> {
  await library()
  return db.transaction(async (tx) => {
    const user = await waitingUser(tx, waiting, 'two_factor_setup')
    // A concurrent sign-in may have been faster: then it is not the first setup any more.
    if (!user || (await hasTwoFactor(tx, user.id))) return 'over'
    const codes = await takeUp(tx, waiting, code, keysOf(db), circumstances.now)
    if (!codes) return 'wrong'
    await factorsChanged(tx, user.id)
    return { ...(await admit(tx, user, circumstances, 'two_factor_setup')), codes }
  })
}

/** Replaces the recovery codes, and ends all other sessions. */
export const renewRecoveryCodes = (session: Session, db: Database): Promise<string[]> =>
  db.transaction(async (tx) => {
    await factorsChanged(tx, session.user.id, session)
    return makeRecoveryCodes(tx, session.user.id)
  })

/**
 * Removes a second factor, and ends all other sessions. Recovery codes go with the last factor.
 * @param remove returns the number of removed factors
 * @returns false if the settings require the last factor to remain; then nothing is removed
 */
export async function removeFactor(
  tx: Transaction,
  session: Session,
  settings: Settings,
  remove: (tx: Transaction) => Promise<number>,
): Promise<boolean> {
  const { user } = session
  // Without a lock, two concurrent removals would each see the other factor remain.
  await tx.one(sql`select id from principals where id = ${user.id}${forUpdate(tx.engine)}`)
  const { authenticator, passkeys } = await twoFactorOf(tx, user.id)
  const left = (authenticator === null ? 0 : 1) + passkeys - 1
  if (left === 0 && isRequired(user, settings)) return false
  if ((await remove(tx)) === 0) return true
  if (left === 0) await tx.run(sql`delete from recovery_codes where user_id = ${user.id}`)
  await factorsChanged(tx, user.id, session)
  return true
}

/** Removes the authenticator app. */
export const removeAuthenticator = (session: Session, settings: Settings, db: Database): Promise<boolean> =>
  db.transaction((tx) =>
    removeFactor(tx, session, settings, () => tx.run(sql`delete from authenticators where user_id = ${session.user.id}`)),
  )

/**
 * Side effects of changed factors: other sessions may belong to an attacker, so they end; and the owner is notified.
 * @param kept the session of the change
 */
export async function factorsChanged(tx: Transaction, userId: number, kept?: Session): Promise<void> {
  await endSessionsOf(tx, userId, kept)
  const user = await only<Row>(tx, sql`select * from principals where id = ${userId}`)
  const settings = await readSettings(tx)
  const blocks = [
    said`The two-factor authentication of your account "${user.login}" at ${settings.app_title} has been changed: an authenticator app, a passkey or the recovery codes.`,
    said`If you made this change, you can ignore this mail. Otherwise, change your password and check your second factors, or contact an administrator at once.`,
    { label: said`Check the second factors`, href: addressOf(settings, '/my/two_factor') },
  ]
  const subject = said`Your two-factor authentication at ${settings.app_title} has been changed`
  await sendLetter(tx, user, { subject, blocks }, settings, currentTime())
}

/** Removes all second factors of a user, and ends their sessions: for users who have lost their factors. */
export async function resetTwoFactor(tx: Transaction, userId: number): Promise<void> {
  await tx.run(sql`delete from authenticators where user_id = ${userId}`)
  await tx.run(sql`delete from passkeys where user_id = ${userId}`)
  await tx.run(sql`delete from recovery_codes where user_id = ${userId}`)
  await factorsChanged(tx, userId)
}

/** A typed second factor: a code of an app, or a recovery code. */
export type GivenCode = { readonly code: string } | { readonly recovery: string }

/** The result of an attempt, or the seconds to wait. */
type Tried = 'right' | 'wrong' | { wait: number }

/** Checks a code; the only way to do so. */
async function tryCode(tx: Transaction, userId: number, given: GivenCode, keys: Keys, now: Date): Promise<Tried> {
  const wait = await consume(tx, codeDoor, String(userId), now)
  if (wait) return { wait }
  const isRight =
    'code' in given ? await useCode(tx, userId, given.code, keys, now) : await useRecoveryCode(tx, userId, given.recovery)
  if (!isRight) return 'wrong'
  await resetAttempts(tx, codeDoor, String(userId))
  return 'right'
}

async function useCode(tx: Transaction, userId: number, code: string, keys: Keys, now: Date): Promise<boolean> {
  const row = await tx.one<{ secret: string }>(sql`select secret from authenticators where user_id = ${userId}`)
  const step = row && (await stepOf(code, keys.open(placeOf(userId), row.secret), now))
  if (step === undefined) return false
  return (await tx.run(sql`update authenticators set last_step = ${step} where user_id = ${userId} and last_step < ${step}`)) > 0
}

const useRecoveryCode = async (tx: Transaction, userId: number, code: string): Promise<boolean> =>
  (await tx.run(sql`delete from recovery_codes where user_id = ${userId} and hash = ${hashToken(tidied(code))}`)) > 0

/** Passes the second factor of a sign-in by a code; `over` if the sign-in has ended. */
export async function passByCode(
  waiting: Session,
  given: GivenCode,
  circumstances: Circumstances,
  db: Database,
): Promise<Admission | Exclude<Tried, 'right'> | 'over'> {
  await library()
  return db.transaction(async (tx) => {
    const user = await waitingUser(tx, waiting, 'two_factor')
    if (!user) return 'over'
    const tried = await tryCode(tx, user.id, given, keysOf(db), circumstances.now)
    return tried === 'right' ? admit(tx, user, circumstances, 'two_factor') : tried
  })
}

/** Confirms the identity of a session's user by a code of the app. */
export async function confirmByCode(session: Session, code: string, db: Database, now: Date): Promise<Tried> {
  await library()
  return db.transaction(async (tx) => {
    const tried = await tryCode(tx, session.user.id, { code }, keysOf(db), now)
    if (tried === 'right') await prove(tx, session, now)
    return tried
  })
}
