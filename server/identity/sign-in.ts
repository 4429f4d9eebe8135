/**
 * Signing in. Every attempt at a password is counted before the password is looked at, so that many at once are no more than
 * many after another, and is counted no more once the password was right; and whether there is such a user, and in what state, tells in nothing that is answered. However somebody
 * has shown who they are, `admit` decides what that is worth: a session, or a stage that they have to pass first.
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

/** The stages there can be, in the order in which they are passed: nobody chooses a password before they have shown who they are. */
const ORDER = ['two_factor', 'two_factor_setup', 'password'] as const

/** What is asked for besides the first proof. */
export interface Stage {
  /** Kept in the session that waits for it. */
  readonly name: (typeof ORDER)[number]
  /** The page that asks. */
  readonly path: string
  /** Whether this user has to pass it. */
  isDue(tx: Transaction, user: Row, settings: Settings, now: Date): Promise<boolean> | boolean
}

const stages: Stage[] = []

/** Declares a stage. */
export function signInStage(stage: Stage): void {
  stages.push(stage)
  stages.sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name))
}

/** The page that a waiting session leads to. */
export const pageOfStage = (name: string): string => stages.find((stage) => stage.name === name)?.path ?? '/login'

/** Where a sign-in is made. */
export interface Circumstances {
  /** The session that the browser had: it ends, whatever becomes of it otherwise. */
  readonly former: Session | undefined
  readonly userAgent: string | undefined
  readonly settings: Settings
  readonly now: Date
}

/** A secret for the cookie, and the page of the stage that is to be passed with it, if there is one. */
export interface Admission {
  readonly secret: string
  readonly next?: string
}

/**
 * Lets a user in who has shown who they are. The session is a new one, with a secret that nobody knew before.
 * @param passed the stage that was passed last; undefined: the first proof was made just now
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

/** Whoever waits at a stage, held until the transaction ends; nothing where the sign-in has been given up or passed since. */
export const waitingUser = (tx: Transaction, { id }: Session, stage: string): Promise<Row | undefined> =>
  tx.one(sql`
    select p.* from sessions s join principals p on p.id = s.user_id
    where s.id = ${id} and s.awaits = ${stage} and p.status = ${ACTIVE}${forUpdate(tx.engine)}`)

/** Whether a password was right; or the seconds to wait before any attempt counts. */
type Tried<T> = T | 'wrong' | { wait: number }

/**
 * Tries a password; the only way to do so. Whoever knows it is forgiven the wrong ones.
 * @param then what follows from the right one, in the transaction that forgives
 * @throws ApiError 503 when too many passwords are being checked
 */
async function tryPassword<T>(
  username: string,
  password: string,
  db: Database,
  settings: Settings,
  now: Date,
  then: (tx: Transaction, user: Row) => Promise<T>,
): Promise<Tried<T>> {
  const login = username.trim()
  return attempting<Begun, boolean, T | 'wrong'>(
    db,
    passwordLimit,
    login.toLowerCase(),
    (tx) => begin(tx, login, settings, now),
    ({ user }) => verifyPassword(password, user?.password_hash),
    async (tx, { reserved, user, open }, isRight) => {
      const isStill = user !== undefined && isRight && open && (await forgiven(tx, user))
      await decide(tx, reserved, isStill ? 'right' : 'wrong')
      if (isStill) return then(tx, user)
      if (user) await failed(tx, user, settings, now)
      return 'wrong'
    },
  )
}

interface Begun {
  readonly reserved: Reserved
  /** The user meant, and whether one can sign in as them. */
  readonly user: Row | undefined
  readonly open: boolean
}

/** Counts an attempt; wrong ones and undecided ones together must not be more than an account lets through either. */
async function begin(tx: Transaction, username: string, settings: Settings, now: Date): Promise<Begun | Refused> {
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
  return { reserved, user, open: user?.status === ACTIVE && !isBlocked(user, settings, now) }
}

/** Forgives the wrong passwords of somebody who knew the right one; false where that has changed while it was being checked. */
async function forgiven(tx: Transaction, user: Row): Promise<boolean> {
  const count = await tx.run(sql`
    update principals set failed_logins = 0, failed_login_at = null
    where id = ${user.id} and status = ${ACTIVE} and password_hash = ${user.password_hash}`)
  return count > 0
}

/** Counts a wrong password on the account, unless it lets nobody in anyway. */
async function failed(tx: Transaction, { id }: Row, settings: Settings, now: Date): Promise<void> {
  const user = await tx.one(sql`select * from principals where id = ${id}${forUpdate(tx.engine)}`)
  if (!user || isBlocked(user, settings, now)) return
  await tx.run(sql`
    update principals set failed_logins = ${failuresOf(user, settings, now) + 1}, failed_login_at = ${now.toISOString()}
    where id = ${id}`)
}

/**
 * Begins a session for whoever knows a password.
 * @throws ApiError 503 when too many passwords are being checked
 */
export const signIn = (
  { username, password }: { username: string; password: string },
  circumstances: Circumstances,
  db: Database,
): Promise<Tried<Admission>> =>
  tryPassword(username, password, db, circumstances.settings, circumstances.now, (tx, user) => admit(tx, user, circumstances))

/**
 * Whether somebody who is known already knows the password as well; then they are forgiven the wrong ones.
 * @param then what follows from it, in the same transaction
 * @throws ApiError 503 when too many passwords are being checked
 */
export const knowsPassword = (
  { login }: Row,
  password: string,
  db: Database,
  settings: Settings,
  now: Date,
  then?: (tx: Transaction) => Promise<void>,
): Promise<Tried<'right'>> =>
  tryPassword<'right'>(login ?? '', password, db, settings, now, async (tx) => {
    await then?.(tx)
    return 'right'
  })

/**
 * Notes that whoever uses a session has just given the password of its user, if they have.
 * @throws ApiError 503 when too many passwords are being checked
 */
export const confirmPassword = (session: Session, password: string, db: Database, settings: Settings, now: Date) =>
  knowsPassword(session.user, password, db, settings, now, (tx) => prove(tx, session, now))

/** Ends a session and, unless the settings say otherwise, all others of the same user. */
export const signOut = (session: Session, db: Database, settings: Settings): Promise<void> =>
  db.transaction((tx) => (settings.drop_old_sessions_on_logout ? endSessionsOf(tx, session.user.id) : endSession(tx, session)))
