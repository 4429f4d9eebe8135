/**
 * Passkeys: keys in a device or password manager, which verifies the user before each use, so a passkey counts as both factors. A
 * challenge belongs to the browser that requested it, works once, and expires soon. The origin is a setting: headers of a request
 * do not count.
 */
import { hash } from 'node:crypto'
import { isIP } from 'node:net'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { ConstraintError, type Database, type Reader, type Transaction } from '#db/database.ts'
import { forUpdate, insert } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { isStorable } from '#kernel/kinds.ts'
import { job } from '#kernel/module.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { prove, type Session } from './sessions.ts'
import { type Admission, admit, type Circumstances, waitingUser } from './sign-in.ts'
import { ACTIVE } from './statuses.ts'
import { hashToken } from './tokens.ts'
import { factorsChanged, makeRecoveryCodes, removeFactor, twoFactorOf } from './two-factor.ts'

export type Passkey = Tables['passkeys']

/** Seconds for the use of a passkey. */
export const LONGEST_CEREMONY = 5 * 60
const LONGEST_NAME = 100

/** Signature algorithms: Ed25519, and those of devices without it. */
const ALGORITHMS = [-8, -7, -257]

const library = () => import('@simplewebauthn/server')

/** The holder of a challenge: a session, or a browser without one, by the secret in its cookie. */
export type Holder = { readonly session: Session } | { readonly browser: string }

const keyOf = (holder: Holder) => hashToken('session' in holder ? `session:${holder.session.id}` : `browser:${holder.browser}`)

/** The relying party: its id and origin. */
function usOf(settings: Settings) {
  const { hostname, origin } = new URL(addressOf(settings, ''))
  return { expectedRPID: hostname, expectedOrigin: origin }
}

/** Whether passkeys are supported: a host that is an IP address cannot have any. */
export const canHavePasskeys = (settings: Settings): boolean => isIP(usOf(settings).expectedRPID.replace(/^\[|\]$/g, '')) === 0

/** The user handle of passkeys: opaque and stable. */
const handleOf = (userId: number) => hash('sha256', `user:${userId}`, 'buffer')

/** The passkeys of a user. */
export const passkeysOf = (db: Reader, userId: number): Promise<Passkey[]> =>
  db.all<Passkey>(sql`select * from passkeys where user_id = ${userId} order by id`)

const described = (passkeys: readonly Passkey[]) =>
  passkeys.map(({ credential, transports }) => ({ id: credential, transports: transports as string[] }))

/** Stores a challenge, which replaces the holder's former one. */
async function keep<T extends { challenge: string }>(options: T, holder: Holder, db: Database, now: Date): Promise<T> {
  const until = new Date(now.getTime() + LONGEST_CEREMONY * 1000).toISOString()
  await db.transaction((tx) =>
    tx.run(sql`
      insert into passkey_challenges (holder, challenge, expires_at) values (${keyOf(holder)}, ${options.challenge}, ${until})
      on conflict (holder) do update set challenge = excluded.challenge, expires_at = excluded.expires_at`),
  )
  return options
}

/** Consumes the challenge of a holder; returns whether it was valid. */
async function take(challenge: string, holder: Holder, db: Database, now: Date): Promise<boolean> {
  const taken = await db.transaction((tx) =>
    tx.run(sql`
      delete from passkey_challenges
      where holder = ${keyOf(holder)} and challenge = ${challenge} and expires_at > ${now.toISOString()}`),
  )
  return taken > 0
}

/** Options for a browser to create a passkey for the user of a session. */
export async function creationOptions(session: Session, settings: Settings, db: Database, now: Date): Promise<object> {
  const { generateRegistrationOptions } = await library()
  const { user } = session
  const options = await generateRegistrationOptions({
    rpName: settings.app_title,
    rpID: usOf(settings).expectedRPID,
    userID: new Uint8Array(handleOf(user.id)),
    userName: user.login,
    userDisplayName: user.name,
    timeout: LONGEST_CEREMONY * 1000,
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: described(await passkeysOf(db, user.id)),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  return keep(options, { session }, db, now)
}

/** Options for a browser to use a passkey: any of its passkeys, or those of the session's user. */
export async function requestOptions(holder: Holder, settings: Settings, db: Database, now: Date): Promise<object> {
  const { generateAuthenticationOptions } = await library()
  const known = 'session' in holder ? { allowCredentials: described(await passkeysOf(db, holder.session.user.id)) } : {}
  const options = await generateAuthenticationOptions({
    rpID: usOf(settings).expectedRPID,
    timeout: LONGEST_CEREMONY * 1000,
    userVerification: 'required',
    ...known,
  })
  return keep(options, holder, db, now)
}

/** The response of a browser, and its signed challenge; undefined for a malformed response. */
function read<T extends { id: string; response: { clientDataJSON: string } }>(text: string) {
  try {
    const given = JSON.parse(text) as T
    const { challenge } = JSON.parse(Buffer.from(given.response.clientDataJSON, 'base64url').toString())
    const isSound = [given.id, challenge].every((one) => typeof one === 'string' && isStorable(one))
    return isSound ? { given, challenge: challenge as string } : undefined
  } catch {
    return undefined
  }
}

/** The result of a check; undefined if it throws, as the library does for any fault. */
const unlessWrong = <T>(check: Promise<T>): Promise<T | undefined> => check.catch(() => undefined)

/**
 * Whether the response has no attestation. We request none; for unrequested certificates, the library would contact the
 * revocation addresses in them.
 */
async function isUnattested(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
  const format = decoded.get('fmt')
  return format === 'none' || (format === 'packed' && !decoded.get('attStmt').get('x5c'))
}

/** Adds a passkey, and ends all other sessions. Returns recovery codes if it is the user's first second factor. */
export async function addPasskey(
  session: Session,
  { name, credential }: { name: string; credential: string },
  settings: Settings,
  db: Database,
  now: Date,
): Promise<{ codes: string[] | undefined } | 'wrong'> {
  const { verifyRegistrationResponse } = await library()
  const made = read<RegistrationResponseJSON>(credential)
  if (!made || !(await take(made.challenge, { session }, db, now))) return 'wrong'
  const { given, challenge } = made
  const check = async () =>
    (await isUnattested(given.response.attestationObject))
      ? verifyRegistrationResponse({
          response: given,
          expectedChallenge: challenge,
          ...usOf(settings),
          requireUserVerification: true,
          supportedAlgorithmIDs: ALGORITHMS,
        })
      : undefined
  const key = (await unlessWrong(check()))?.registrationInfo?.credential
  if (!key) return 'wrong'
  const userId = session.user.id
  const row = {
    user_id: userId,
    name: (isStorable(name) ? name.trim().slice(0, LONGEST_NAME) : '') || 'Passkey',
    credential: key.id,
    public_key: Buffer.from(key.publicKey).toString('base64url'),
    uses: key.counter,
    transports: JSON.stringify(transportsIn(key.transports)),
    created_at: now.toISOString(),
  }
  try {
    return await db.transaction(async (tx) => {
      await tx.one(sql`select id from principals where id = ${userId}${forUpdate(tx.engine)}`)
      const { authenticator, passkeys } = await twoFactorOf(tx, userId)
      await tx.one(insert('passkeys', row))
      await factorsChanged(tx, userId, session)
      return { codes: authenticator === null && passkeys === 0 ? await makeRecoveryCodes(tx, userId) : undefined }
    })
  } catch (error) {
    if (error instanceof ConstraintError) return 'wrong'
    throw error
  }
}

const transportsIn = (said: unknown): string[] =>
  Array.isArray(said) ? said.filter((one) => typeof one === 'string' && /^[a-z-]{1,20}$/.test(one)).slice(0, 10) : []

/** Removes a passkey; returns false if the settings require the last factor to remain. */
export const removePasskey = (session: Session, id: number, settings: Settings, db: Database): Promise<boolean> =>
  db.transaction((tx) =>
    removeFactor(tx, session, settings, () =>
      tx.run(sql`delete from passkeys where id = ${id} and user_id = ${session.user.id}`),
    ),
  )

/** A passkey with a valid signature, and its signature counter. */
interface Used {
  readonly passkey: Passkey
  readonly uses: number
}

/** The passkey of a valid response. The caller still has to `spend` it. */
async function check(credential: string, holder: Holder, settings: Settings, db: Database, now: Date): Promise<Used | undefined> {
  const { verifyAuthenticationResponse } = await library()
  const used = read<AuthenticationResponseJSON>(credential)
  if (!used || !(await take(used.challenge, holder, db, now))) return undefined
  const { given, challenge } = used
  const passkey = await db.one<Passkey>(sql`select * from passkeys where credential = ${given.id}`)
  if (!passkey) return undefined
  const handle = given.response.userHandle
  // Without a session, the passkey identifies the user.
  const isNamed = handle === handleOf(passkey.user_id).toString('base64url') || ('session' in holder && !handle)
  if (!isNamed) return undefined
  const verified = await unlessWrong(
    verifyAuthenticationResponse({
      response: given,
      expectedChallenge: challenge,
      ...usOf(settings),
      requireUserVerification: true,
      credential: {
        id: passkey.credential,
        publicKey: new Uint8Array(Buffer.from(passkey.public_key, 'base64url')),
        counter: passkey.uses,
      },
    }),
  )
  return verified?.verified ? { passkey, uses: verified.authenticationInfo.newCounter } : undefined
}

/** Records a use; returns false if the passkey is gone, or its counter is too low, which means that it was cloned. */
const spend = async (tx: Transaction, { passkey: { id }, uses }: Used, now: Date): Promise<boolean> =>
  (await tx.run(sql`
    update passkeys set uses = ${uses}, last_used_at = ${now.toISOString()}
    where id = ${id} and (uses < ${uses} or uses = 0)`)) > 0

/** Starts a session by a passkey, which identifies the user. */
export async function signInByPasskey(
  credential: string,
  browser: string,
  circumstances: Circumstances,
  db: Database,
): Promise<Admission | 'wrong'> {
  const { settings, now } = circumstances
  const used = await check(credential, { browser }, settings, db, now)
  if (!used) return 'wrong'
  return db.transaction(async (tx) => {
    const user = await tx.one(sql`
      select * from principals where id = ${used.passkey.user_id} and type = 'User' and status = ${ACTIVE}${forUpdate(tx.engine)}`)
    return user && (await spend(tx, used, now)) ? admit(tx, user, circumstances, 'two_factor') : 'wrong'
  })
}

/** Passes the second factor of a sign-in by a passkey; `over` if the sign-in has ended. */
export async function passByPasskey(
  waiting: Session,
  credential: string,
  circumstances: Circumstances,
  db: Database,
): Promise<Admission | 'wrong' | 'over'> {
  const { settings, now } = circumstances
  const used = await check(credential, { session: waiting }, settings, db, now)
  return db.transaction(async (tx) => {
    const user = await waitingUser(tx, waiting, 'two_factor')
    if (!user) return 'over'
    const isTheirs = used !== undefined && used.passkey.user_id === user.id && (await spend(tx, used, now))
    return isTheirs ? admit(tx, user, circumstances, 'two_factor') : 'wrong'
  })
}

/** Confirms the identity of a session's user by a passkey. */
export async function confirmByPasskey(
  session: Session,
  credential: string,
  settings: Settings,
  db: Database,
  now: Date,
): Promise<'right' | 'wrong'> {
  const used = await check(credential, { session }, settings, db, now)
  if (!used || used.passkey.user_id !== session.user.id) return 'wrong'
  return db.transaction(async (tx) => {
    if (!(await spend(tx, used, now))) return 'wrong'
    await prove(tx, session, now)
    return 'right'
  })
}

export const forgetCeremonies = job('passkeys.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const isOver = sql`expires_at <= ${now.toISOString()}`
    await deleteInSlices(db, 'passkey_challenges', isOver)
  },
})
