/**
 * Signing in with a user name and a password. Every attempt is counted before the password is looked at, so that many at once
 * are no more than many after another; and whether there is such a user, and in what state, tells in nothing that is answered.
 */
import type { Database, Row, Transaction } from '#db/database.ts'
import { forUpdate, moment } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { isStorable } from '#kernel/kinds.ts'
import { beginSession, endSession, endSessionsOf, type Session } from '#kernel/sessions.ts'
import type { Settings } from '#kernel/settings.ts'
import { periodically } from '#kernel/tasks.ts'
import { hashToken } from '#kernel/tokens.ts'
import { failuresOf, isBlocked } from './blocking.ts'
import { verifyPassword } from './passwords.ts'
import { ACTIVE } from './statuses.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
/** Attempts by one user name that are let through in a minute; after one more than that none is for half an hour. */
const MOST_A_MINUTE = 20
const BAN = 30 * MINUTE

/** A secret for the cookie; or nothing, for the one reason that is told; or the seconds to wait before any attempt counts. */
export type SignIn = { secret: string } | 'wrong' | { wait: number }

export interface Credentials {
  readonly username: string
  readonly password: string
  readonly userAgent: string | undefined
}

/**
 * Begins a session for whoever knows a password.
 * @param former the session that the browser had: it ends, whatever becomes of it otherwise
 * @throws ApiError 503 when too many passwords are being checked
 */
export async function signIn(
  { username, password, userAgent }: Credentials,
  former: Session | undefined,
  db: Database,
  settings: Settings,
  now: Date,
): Promise<SignIn> {
  const tried = await db.transaction((tx) => attempt(tx, username.trim(), settings, now))
  if ('wait' in tried) return tried
  const { user, open } = tried
  const isRight = await verifyPassword(password, user?.['password_hash'])
  if (!user || !isRight || !open) return 'wrong'
  return db.transaction(async (tx) => {
    // What was verified may have changed while that took its time.
    const isStill = await tx.run(sql`
      update principals set failed_logins = 0, failed_login_at = null
      where id = ${user['id']} and status = ${ACTIVE} and password_hash = ${user['password_hash']}`)
    if (isStill === 0) return 'wrong'
    if (former) await endSession(tx, former)
    if (settings.drop_old_sessions_on_login) await endSessionsOf(tx, user['id'])
    return { secret: await beginSession(tx, user['id'], userAgent, now) }
  })
}

/** Ends a session and, unless the settings say otherwise, all others of the same user. */
export const signOut = (session: Session, db: Database, settings: Settings): Promise<void> =>
  db.transaction((tx) => (settings.drop_old_sessions_on_logout ? endSessionsOf(tx, session.user['id']) : endSession(tx, session)))

type Tried = { wait: number } | { user: Row | undefined; open: boolean }

/** Counts an attempt, as a failed one: whoever signs in is forgiven. Gives the user meant, and whether one can sign in as them. */
async function attempt(tx: Transaction, username: string, settings: Settings, now: Date): Promise<Tried> {
  const until = await counted(tx, hashToken(username.toLowerCase()), now)
  if (until) return { wait: Math.ceil((Date.parse(until) - now.getTime()) / SECOND) }
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

/** Counts an attempt by a user name; gives until when there are too many, if there are. */
async function counted(tx: Transaction, name: string, now: Date): Promise<string | undefined> {
  const at = (ms: number) => moment(tx.engine, new Date(now.getTime() + ms).toISOString())
  const row = await tx.one<{ attempts: number; until: string }>(sql`
    insert into login_attempts (name, attempts, until) values (${name}, 1, ${at(MINUTE)})
    on conflict (name) do update set
      attempts = case when login_attempts.until > ${at(0)} then login_attempts.attempts + 1 else 1 end,
      until = case
        when login_attempts.until <= ${at(0)} then ${at(MINUTE)}
        when login_attempts.attempts = ${MOST_A_MINUTE} then ${at(BAN)}
        else login_attempts.until end
    returning attempts, until`)
  return row && row.attempts > MOST_A_MINUTE ? row.until : undefined
}

periodically(async (db, now) => {
  const isOver = sql`until <= ${now.toISOString()}`
  if (!(await db.one(sql`select name from login_attempts where ${isOver} limit 1`))) return
  await db.transaction((tx) => tx.run(sql`delete from login_attempts where ${isOver}`))
})
