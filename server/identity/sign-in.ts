/**
 * Sign-in. Every attempt is counted before the password is checked, so that concurrent attempts cannot exceed the limit, and
 * uncounted after a right password. No response discloses whether a user exists, or the account's status. After any proof of
 * identity, `admit` decides the result: a session, or a stage to pass first.
 */
import type { Database, Row, Transaction } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { isStorable } from '#kernel/kinds.ts'
import type { Settings } from '#kernel/settings.ts'
import { failuresOf, isBlocked } from './blocking.ts'
import { endSetup } from './one-time-links.ts'
import { verifyPassword } from './passwords.ts'
import { attempting, decide, passwordLimit, type Refused, type Reserved, reserve } from './rate-limit.ts'
import { beginSession, endSession, endSessionsOf, prove, type Session } from './sessions.ts'
import { ACTIVE } from './statuses.ts'

/** The stages in order: a user changes the password only after a full proof of identity. */
const ORDER = ['two_factor', 'two_factor_setup', 'password'] as const

/** A stage of the sign-in after the first proof. */
export interface Stage {
  /** Stored in the waiting session. */
  readonly name: (typeof ORDER)[number]
  /** The page of the stage. */
  readonly path: string
  /** Whether the user has to pass it. */
  isDue(tx: Transaction, user: Row, settings: Settings, now: Date): Promise<boolean> | boolean
}

const stages: Stage[] = []

/** Declares a stage. */
export function signInStage(stage: Stage): void {
  stages.push(stage)
  stages.sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name))
}

/** The page of a waiting session's stage. */
export const pageOfStage = (name: string): string => stages.find((stage) => stage.name === name)?.path ?? '/login'

/** The circumstances of a sign-in. */
export interface Circumstances {
  /** The former session of the browser: it ends in any case. */
  readonly former: Session | undefined
  readonly userAgent: string | undefined
  readonly settings: Settings
  readonly now: Date
}

/** The secret for the cookie, and the page of the pending stage, if any. */
export interface Admission {
  readonly secret: string
  readonly next?: string
}

/**
 * Starts a session for an authenticated user, with a new secret that nobody knew before.
 * @param passed the stage that was passed last; undefined after the first proof
 */
export async function admit(
  tx: Transaction,
  user: Row,
  { former, userAgent, settings, now }: Circumstances,
  passed?: string,
): Promise<Admission> {
  if (former) await endSession(tx, former)
  const left = stages.slice(stages.findIndex((stage) => stage.name === passed) + 1)
  for (const { name, path, isDue } of left) {
    if (await isDue(tx, user, settings, now)) {
      return { secret: await beginSession(tx, user.id, userAgent, now, name), next: path }
    }
  }
  if (user.admin) await endSetup(tx)
  if (settings.drop_old_sessions_on_login) await endSessionsOf(tx, user.id)
  return { secret: await beginSession(tx, user.id, userAgent, now) }
}

/** The user of a waiting session, locked until the transaction ends; undefined if the sign-in has ended or passed the stage. */
export const waitingUser = (tx: Transaction, { id }: Session, stage: string): Promise<Row | undefined> =>
  tx.one(sql`
    select p.* from sessions s join principals p on p.id = s.user_id
    where s.id = ${id} and s.awaits = ${stage} and p.status = ${ACTIVE}${forUpdate(tx.engine)}`)

/** The result of an attempt: success, `wrong`, or the seconds to wait. */
type Tried<T> = T | 'wrong' | { wait: number }

/**
 * Checks a password; the only way to do so. A right one resets the wrong attempts.
 * @param then side effects of a right password, in the transaction of the reset
 * @param status the status that the account must have
 * @throws ApiError 503 if too many passwords are being checked
 */
async function tryPassword<T>(
  username: string,
  password: string,
  db: Database,
  settings: Settings,
  now: Date,
  then: (tx: Transaction, user: Row) => Promise<T>,
  status = ACTIVE,
): Promise<Tried<T>> {
  const login = username.trim()
  return attempting<Begun, boolean, T | 'wrong'>(
    db,
    passwordLimit,
    login.toLowerCase(),
    (tx) => begin(tx, login, settings, now, status),
    ({ user }) => verifyPassword(password, user?.password_hash),
    async (tx, { reserved, user, open }, isRight) => {
      const isStill = user !== undefined && isRight && open && (await forgiven(tx, user, status))
      await decide(tx, reserved, isStill ? 'right' : 'wrong')
      if (isStill) return then(tx, user)
      if (user) await failed(tx, user, settings, now)
      return 'wrong'
    },
  )
}

interface Begun {
  readonly reserved: Reserved
  /** The user, and whether the account can sign in. */
  readonly user: Row | undefined
  readonly open: boolean
}

/** Counts an attempt; wrong and undecided ones together must not exceed the limit of the account either. */
async function begin(tx: Transaction, username: string, settings: Settings, now: Date, status: number): Promise<Begun | Refused> {
  const { brute_force_block_after_failed_logins: most } = settings
  const login = isStorable(username) ? username : ''
  const find = () =>
    tx.one(sql`select * from principals where lower(login) = lower(${login}) and type = 'User'${forUpdate(tx.engine)}`)
  const reserved = await reserve(tx, passwordLimit, username.toLowerCase(), now, async () => {
    const user = await find()
    const isCounted = user !== undefined && most > 0 && !isBlocked(user, settings, now)
    return isCounted ? most - failuresOf(user, settings, now) : Number.POSITIVE_INFINITY
  })
  if (reserved === 'busy' || 'wait' in reserved) return reserved
  const user = await find()
  return { reserved, user, open: user?.status === status && !isBlocked(user, settings, now) }
}

/** Resets the wrong passwords of an account; returns false if status or password changed during the check. */
async function forgiven(tx: Transaction, user: Row, status: number): Promise<boolean> {
  const count = await tx.run(sql`
    update principals set failed_logins = 0, failed_login_at = null
    where id = ${user.id} and status = ${status} and password_hash = ${user.password_hash}`)
  return count > 0
}

/** Counts a wrong password on the account, unless it is blocked anyway. */
async function failed(tx: Transaction, { id }: Row, settings: Settings, now: Date): Promise<void> {
  const user = await tx.one(sql`select * from principals where id = ${id}${forUpdate(tx.engine)}`)
  if (!user || isBlocked(user, settings, now)) return
  await tx.run(sql`
    update principals set failed_logins = ${failuresOf(user, settings, now) + 1}, failed_login_at = ${now.toISOString()}
    where id = ${id}`)
}

/**
 * Starts a session by a password.
 * @throws ApiError 503 if too many passwords are being checked
 */
export const signIn = (
  { username, password }: { username: string; password: string },
  circumstances: Circumstances,
  db: Database,
): Promise<Tried<Admission>> =>
  tryPassword(username, password, db, circumstances.settings, circumstances.now, (tx, user) => admit(tx, user, circumstances))

/**
 * Checks the password of a user who is known already, as long as the account keeps its status; a right one resets the wrong attempts.
 * @param then side effects, in the same transaction
 * @throws ApiError 503 if too many passwords are being checked
 */
export const knowsPassword = (
  { login, status }: Row,
  password: string,
  db: Database,
  settings: Settings,
  now: Date,
  then?: (tx: Transaction) => Promise<void>,
): Promise<Tried<'right'>> =>
  tryPassword<'right'>(
    login ?? '',
    password,
    db,
    settings,
    now,
    async (tx) => {
      await then?.(tx)
      return 'right'
    },
    status,
  )

/**
 * Confirms the identity of a session's user by the password.
 * @throws ApiError 503 if too many passwords are being checked
 */
export const confirmPassword = (session: Session, password: string, db: Database, settings: Settings, now: Date) =>
  knowsPassword(session.user, password, db, settings, now, (tx) => prove(tx, session, now))

/** Ends a session and, depending on the settings, all others of the same user. */
export const signOut = (session: Session, db: Database, settings: Settings): Promise<void> =>
  db.transaction((tx) => (settings.drop_old_sessions_on_logout ? endSessionsOf(tx, session.user.id) : endSession(tx, session)))
