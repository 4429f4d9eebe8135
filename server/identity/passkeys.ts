/**
 * Passkeys: keys that a device or a password manager keeps for somebody, and uses only once it has made sure of them. So one counts
 * as both factors. What it is to sign belongs to the browser that asked for it, counts once, and not for long. By which address we
 * are known is a setting: what a request says of that counts for nothing.
 */
import { createHash } from 'node:crypto'
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

/** So many seconds somebody has to use a passkey. */
export const LONGEST_CEREMONY = 5 * 60
const LONGEST_NAME = 100

/** Kinds of signatures: Ed25519, and what devices have that do not know it. */
const ALGORITHMS = [-8, -7, -257]

const library = () => import('@simplewebauthn/server')

/** Whoever asks for something to sign: a session, or a browser that has none, by the secret in its cookie. */
export type Holder = { readonly session: Session } | { readonly browser: string }

const keyOf = (holder: Holder) => hashToken('session' in holder ? `session:${holder.session.id}` : `browser:${holder.browser}`)

/** By what passkeys know us. */
function usOf(settings: Settings) {
  const { hostname, origin } = new URL(addressOf(settings, ''))
  return { expectedRPID: hostname, expectedOrigin: origin }
}

/** Whether there can be passkeys: a server that is known by a number has none. */
export const canHavePasskeys = (settings: Settings): boolean => isIP(usOf(settings).expectedRPID.replace(/^\[|\]$/g, '')) === 0

/** What passkeys call somebody: it tells nothing, and stays the same. */
const handleOf = (userId: number) => createHash('sha256').update(`user:${userId}`).digest()

/** The passkeys of a user. */
export const passkeysOf = (db: Reader, userId: number): Promise<Passkey[]> =>
  db.all<Passkey>(sql`select * from passkeys where user_id = ${userId} order by id`)

const described = (passkeys: readonly Passkey[]) =>
  passkeys.map(({ credential, transports }) => ({ id: credential, transports: transports as string[] }))

/** Keeps what is to be signed; what the same holder asked for before counts no more. */
async function keep<T extends { challenge: string }>(options: T, holder: Holder, db: Database, now: Date): Promise<T> {
  const until = new Date(now.getTime() + LONGEST_CEREMONY * 1000).toISOString()
  await db.transaction((tx) =>
    tx.run(sql`
      insert into passkey_challenges (holder, challenge, expires_at) values (${keyOf(holder)}, ${options.challenge}, ${until})
      on conflict (holder) do update set challenge = excluded.challenge, expires_at = excluded.expires_at`),
  )
  return options
}

/** Whether this is what a holder is to sign; a second time it is not. */
async function take(challenge: string, holder: Holder, db: Database, now: Date): Promise<boolean> {
  const taken = await db.transaction((tx) =>
    tx.run(sql`
      delete from passkey_challenges
      where holder = ${keyOf(holder)} and challenge = ${challenge} and expires_at > ${now.toISOString()}`),
  )
  return taken > 0
}

/** What a browser needs to make a passkey for the user of a session. */
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

/** What a browser needs to use a passkey: any that it has, unless somebody has been made out already. */
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

/** What a browser sent, and what it says was signed; nothing where it makes no sense. */
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

/** What comes of a check; nothing where it throws, as the library does of whatever is wrong. */
const unlessWrong = <T>(check: Promise<T>): Promise<T | undefined> => check.catch(() => undefined)

/**
 * Whether nobody vouches for the device. We ask that nobody does; were certificates sent nevertheless, the library would ask
 * addresses that they name whether they still hold.
 */
async function isUnattested(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
  const format = decoded.get('fmt')
  return format === 'none' || (format === 'packed' && !decoded.get('attStmt').get('x5c'))
}

/** Takes a new passkey, and ends all other sessions. Gives recovery codes where it is somebody's first factor besides. */
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

/** Takes a passkey away; false where the settings want one factor to be left. */
export const removePasskey = (session: Session, id: number, settings: Settings, db: Database): Promise<boolean> =>
  db.transaction((tx) =>
    removeFactor(tx, session, settings, () =>
      tx.run(sql`delete from passkeys where id = ${id} and user_id = ${session.user.id}`),
    ),
  )

/** A passkey that has signed what it was to sign, and how often it has been used by what it says. */
interface Used {
  readonly passkey: Passkey
  readonly uses: number
}

/** The passkey that was used, if all is right with it. It still has to be `spent`. */
async function check(credential: string, holder: Holder, settings: Settings, db: Database, now: Date): Promise<Used | undefined> {
  const { verifyAuthenticationResponse } = await library()
  const used = read<AuthenticationResponseJSON>(credential)
  if (!used || !(await take(used.challenge, holder, db, now))) return undefined
  const { given, challenge } = used
  const passkey = await db.one<Passkey>(sql`select * from passkeys where credential = ${given.id}`)
  if (!passkey) return undefined
  const handle = given.response.userHandle
  // Whoever has not said who they are is whom the passkey names.
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

/** Notes that a passkey was used; false where it is gone, or has been used more often than it says: then there are two of it. */
const spend = async (tx: Transaction, { passkey: { id }, uses }: Used, now: Date): Promise<boolean> =>
  (await tx.run(sql`
    update passkeys set uses = ${uses}, last_used_at = ${now.toISOString()}
    where id = ${id} and (uses < ${uses} or uses = 0)`)) > 0

/** Begins a session for whoever has a passkey, in a browser that says nothing of who that is. */
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

/** Lets somebody who waits for the second factor pass by a passkey of theirs; `over` where the sign-in is given up. */
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

/** Notes that whoever uses a session has just used a passkey of its user, if they have. */
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
    await deleteInSlices(db, 'passkey_challenges', isOver, 'holder')
  },
})
