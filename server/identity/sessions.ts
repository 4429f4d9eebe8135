/** Web sessions: a cookie holds the secret, and only its hash is stored. */
import { type Database, type Reader, type Row, type Transaction, whereItCan } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { FALSE, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Proof } from '#kernel/access/viewer.ts'
import { invalidate, type Snapshot } from '#kernel/cache.ts'
import { job } from '#kernel/module.ts'
import { readSettings, type Settings } from '#kernel/settings.ts'
import { hashToken, randomKey } from './tokens.ts'

export interface Session {
  readonly id: number
  /** The principal's row. */
  readonly user: Row
  /** The pending stage of the sign-in: until it is passed, the session gives no other access. */
  readonly awaits: string | null
  /** The time of the user's last confirmation of identity. */
  readonly provedAt: string
}

const MINUTE = 60_000
/** Maximum lifetime of a session, even in use, so that a stolen secret is not valid forever. */
const LONGEST = 30 * 24 * 60 * MINUTE
/** Maximum lifetime of a session with a pending stage. */
const LONGEST_WAIT = 10 * MINUTE
/** Validity of a confirmation of identity. */
const PROVED_FOR = 15 * MINUTE
/** Minimum interval of writes of `last_seen_at`, so that a read does not cost a write. */
const SEEN_EVERY = MINUTE
const LONGEST_AGENT = 255

const before = (now: Date, ms: number): string => new Date(now.getTime() - ms).toISOString()

/** The earliest `last_seen_at` of a valid session; undefined if sessions do not expire by inactivity. */
const idleLimit = ({ session_ttl_enabled, session_ttl }: Settings, now: Date): string | undefined =>
  // The stored value may be late by the interval of writes.
  session_ttl_enabled ? before(now, session_ttl * MINUTE + SEEN_EVERY) : undefined

/** The cached data of a session. `lastSeenAt` changes without invalidation: each process tracks it by itself. */
interface Known {
  readonly session: Session
  readonly expiresAt: string
  lastSeenAt: string
  seeing?: Promise<boolean>
}

/**
 * Starts a session; returns its secret, only here.
 * @param awaits the stage of the sign-in to pass first
 */
export async function beginSession(
  tx: Transaction,
  userId: number,
  userAgent: string | undefined,
  now: Date,
  awaits: string | null = null,
): Promise<string> {
  const secret = randomKey()
  await tx.one(
    insert('sessions', {
      user_id: userId,
      hash: hashToken(secret),
      user_agent: userAgent?.slice(0, LONGEST_AGENT) ?? null,
      created_at: now.toISOString(),
      last_seen_at: now.toISOString(),
      proved_at: now.toISOString(),
      expires_at: before(now, awaits === null ? -LONGEST : -LONGEST_WAIT),
      awaits,
    }),
  )
  await invalidate(tx, 'sessions')
  return secret
}

async function end(tx: Transaction, where: Sql): Promise<void> {
  if ((await tx.run(sql`delete from sessions where ${where}`)) > 0) await invalidate(tx, 'sessions')
}

/** Ends one session. */
export const endSession = (tx: Transaction, { id }: Session): Promise<void> => end(tx, sql`id = ${id}`)

/** Ends all sessions of a user except `kept`. */
export const endSessionsOf = (tx: Transaction, userId: number, kept?: Session): Promise<void> =>
  end(tx, sql`user_id = ${userId} and id <> ${kept?.id ?? 0}`)

/** Ends a session of a user by its id; returns whether it existed. */
export async function endSessionOf(tx: Transaction, userId: number, id: number): Promise<boolean> {
  const isTheirs = sql`id = ${id} and user_id = ${userId} and awaits is null`
  const found = await tx.one(sql`select id from sessions where ${isTheirs}`)
  await end(tx, isTheirs)
  return found !== undefined
}

/** Whether a session is valid. */
function isValid(settings: Settings, now: Date): Sql {
  const limit = idleLimit(settings, now)
  return sql`awaits is null and expires_at > ${now.toISOString()} and ${limit === undefined ? TRUE : sql`last_seen_at >= ${limit}`}`
}

/** The valid sessions of a user, latest use first. */
export const sessionsOf = (db: Reader, userId: number, settings: Settings, now: Date): Promise<Tables['sessions'][]> =>
  db.all<Tables['sessions']>(sql`
    select * from sessions where user_id = ${userId} and ${isValid(settings, now)} order by last_seen_at desc, id desc`)

/** The number of valid sessions. */
export async function countSessions(db: Reader, settings: Settings, now: Date): Promise<number> {
  const row = await db.one<{ n: number }>(sql`select count(*) as n from sessions where ${isValid(settings, now)}`)
  return row?.n ?? 0
}

/** Records a confirmation of identity. */
export async function prove(tx: Transaction, { id }: Session, now: Date): Promise<void> {
  await tx.run(sql`update sessions set proved_at = ${now.toISOString()} where id = ${id}`)
  await invalidate(tx, 'sessions')
}

/** Whether a session has a recent confirmation of identity, which a stolen session would lack. */
export const isProved = ({ provedAt }: Session, now: Date): boolean => provedAt > before(now, PROVED_FOR)

/** The proof of identity of a request by a session. */
export const proofOf = (session: Session, now: Date): Proof => (isProved(session, now) ? 'fresh' : 'stale')

/** The valid session of a secret, of an active user. No statement if it is cached and was seen just now. */
export async function sessionOf(
  secret: string,
  db: Database,
  snapshot: Snapshot,
  settings: Settings,
  now: Date,
): Promise<Session | undefined> {
  const hash = hashToken(secret)
  const known = await snapshot.remember(`session ${hash}`, ['sessions', 'principals'], async (): Promise<Known | undefined> => {
    const row = await db.one(sql`
      select p.*, s.id as session_id, s.last_seen_at as session_seen, s.expires_at as session_ends,
        s.awaits as session_awaits, s.proved_at as session_proved
      from sessions s join principals p on p.id = s.user_id
      where s.hash = ${hash} and p.status = 1 and p.type = 'User'`)
    if (!row) return undefined
    const {
      session_id: id,
      session_seen: lastSeenAt,
      session_ends: expiresAt,
      session_awaits: awaits,
      session_proved: provedAt,
      ...user
    } = row
    return { session: { id, user, awaits, provedAt }, lastSeenAt, expiresAt }
  })
  if (!known || known.expiresAt <= now.toISOString()) return undefined
  if (known.lastSeenAt > before(now, SEEN_EVERY)) return known.session
  known.seeing ??= see(known, db, idleLimit(settings, now), now).finally(() => {
    delete known.seeing
  })
  return (await known.seeing) ? known.session : undefined
}

/** Updates `last_seen_at`, unless the session has expired in the database; returns whether it did. */
async function see(known: Known, db: Database, limit: string | undefined, now: Date): Promise<boolean> {
  const at = now.toISOString()
  const isOver = limit === undefined ? FALSE : sql`last_seen_at < ${limit}`
  const isGoingOn = sql`id = ${known.session.id} and not ${isOver}`
  const seen = await whereItCan(
    db.transaction((tx) => tx.run(sql`update sessions set last_seen_at = ${at} where ${isGoingOn}`), { patience: 0 }),
  )
  if (seen === undefined) return (await db.one(sql`select id from sessions where ${isGoingOn}`)) !== undefined
  if (seen === 0) return false
  known.lastSeenAt = at
  return true
}

// Expired sessions are rejected anyway: their removal is housekeeping, and invalidates no cache.
export const forgetSessions = job('sessions.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const limit = idleLimit(await readSettings(db), now)
    const isOver = sql`expires_at <= ${now.toISOString()} or ${limit === undefined ? FALSE : sql`last_seen_at < ${limit}`}`
    await deleteInSlices(db, 'sessions', isOver)
  },
})
