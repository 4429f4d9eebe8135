/**
 * Signing in. Every attempt at a password is counted before the password is looked at, so that many at once are no more than
 * many after another; and whether there is such a user, and in what state, tells in nothing that is answered. However somebody
 * has shown who they are, `admit` decides what that is worth: a session, or a stage that they have to pass first.
 */
import type { Database, Row, Transaction } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { isStorable } from '#kernel/kinds.ts'
import { beginSession, endSession, endSessionsOf, prove, type Session } from '#kernel/sessions.ts'
import type { Settings } from '#kernel/settings.ts'
import { attempt, passwordDoor } from '#kernel/throttle.ts'
import { failuresOf, isBlocked } from './blocking.ts'
import { endSetup } from './one-time-links.ts'
import { verifyPassword } from './passwords.ts'
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
      return { secret: await beginSession(tx, user['id'], userAgent, now, name), next: path }
    }
  }
  if (user['admin']) await endSetup(tx)
  if (settings.drop_old_sessions_on_login) await endSessionsOf(tx, user['id'])
  return { secret: await beginSession(tx, user['id'], userAgent, now) }
}

/** Whoever waits at a stage, held until the transaction ends; nothing where the sign-in has been given up or passed since. */
export const waitingUser = (tx: Transaction, { id }: Session, stage: string): Promise<Row | undefined> =>
  tx.one(sql`
    select p.* from sessions s join principals p on p.id = s.user_id
    where s.id = ${id} and s.awaits = ${stage} and p.status = ${ACTIVE}${forUpdate(tx.engine)}`)

/** The user whose password it is; or nothing, for the one reason that is told; or the seconds to wait before any attempt counts. */
export type Attempt = { user: Row } | 'wrong' | { wait: number }

/**
 * Tries a password; the only way to do so.
 * @throws ApiError 503 when too many passwords are being checked
 */
export async function tryPassword(
  username: string,
  password: string,
  db: Database,
  settings: Settings,
  now: Date,
): Promise<Attempt> {
  const tried = await db.transaction((tx) => count(tx, username.trim(), settings, now))
  if ('wait' in tried) return tried
  const { user, open } = tried
  const isRight = await verifyPassword(password, user?.['password_hash'])
  return user && isRight && open ? { user } : 'wrong'
}

/** Forgives the wrong passwords of somebody who knew the right one; false where that has changed while it was being checked. */
async function isStillRight(tx: Transaction, user: Row): Promise<boolean> {
  const count = await tx.run(sql`
    update principals set failed_logins = 0, failed_login_at = null
    where id = ${user['id']} and status = ${ACTIVE} and password_hash = ${user['password_hash']}`)
  return count > 0
}

/**
 * Begins a session for whoever knows a password.
 * @throws ApiError 503 when too many passwords are being checked
 */
export async function signIn(
  { username, password }: { username: string; password: string },
  circumstances: Circumstances,
  db: Database,
): Promise<Admission | 'wrong' | { wait: number }> {
  const tried = await tryPassword(username, password, db, circumstances.settings, circumstances.now)
  if (tried === 'wrong' || 'wait' in tried) return tried
  return db.transaction(async (tx) =>
    (await isStillRight(tx, tried.user)) ? await admit(tx, tried.user, circumstances) : 'wrong',
  )
}

/**
 * Whether somebody who is known already knows the password as well; then they are forgiven the wrong ones.
 * @param then what follows from it, in the same transaction
 * @throws ApiError 503 when too many passwords are being checked
 */
export async function knowsPassword(
  { login }: Row,
  password: string,
  db: Database,
  settings: Settings,
  now: Date,
  then?: (tx: Transaction) => Promise<void>,
): Promise<'right' | 'wrong' | { wait: number }> {
  const tried = await tryPassword(login ?? '', password, db, settings, now)
  if (tried === 'wrong' || 'wait' in tried) return tried
  return db.transaction(async (tx) => {
    if (!(await isStillRight(tx, tried.user))) return 'wrong'
    await then?.(tx)
    return 'right'
  })
}

/**
 * Notes that whoever uses a session has just given the password of its user, if they have.
 * @throws ApiError 503 when too many passwords are being checked
 */
export const confirmPassword = (session: Session, password: string, db: Database, settings: Settings, now: Date) =>
  knowsPassword(session.user, password, db, settings, now, (tx) => prove(tx, session, now))

/** Ends a session and, unless the settings say otherwise, all others of the same user. */
export const signOut = (session: Session, db: Database, settings: Settings): Promise<void> =>
  db.transaction((tx) => (settings.drop_old_sessions_on_logout ? endSessionsOf(tx, session.user['id']) : endSession(tx, session)))

type Counted = { wait: number } | { user: Row | undefined; open: boolean }

/** Counts an attempt, as a failed one: whoever signs in is forgiven. Gives the user meant, and whether one can sign in as them. */
async function count(tx: Transaction, username: string, settings: Settings, now: Date): Promise<Counted> {
  const wait = await attempt(tx, passwordDoor, username.toLowerCase(), now)
  if (wait) return { wait }
  const login = isStorable(username) ? username : ''
  const user = await tx.one(
    sql`select * from principals where lower(login) = lower(${login}) and type = 'User'${forUpdate(tx.engine)}`,
  )
  if (!user || isBlocked(user, settings, now)) return { user, open: false }
  await tx.run(sql`
    update principals set failed_logins = ${failuresOf(user, settings, now) + 1}, failed_login_at = ${now.toISOString()}
    where id = ${user['id']}`)
  return { user, open: user['status'] === ACTIVE }
}
