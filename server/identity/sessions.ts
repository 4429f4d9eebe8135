/** Web sessions: a browser's cookie holds a secret, of which only a hash is kept here. */
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
  /** The stage of signing in that it waits at: until that is passed it opens nothing else. */
  readonly awaits: string | null
  /** When its user has last shown who they are. */
  readonly provedAt: string
}

const MINUTE = 60_000
/** However much it is used, a session ends after this time: a secret that was stolen is not good for ever. */
const LONGEST = 30 * 24 * 60 * MINUTE
/** A sign-in that waits for its next stage is given up after this time. */
const LONGEST_WAIT = 10 * MINUTE
/** So long after somebody has shown who they are, they need not do so again. */
const PROVED_FOR = 15 * MINUTE
/** When a session was last seen is written no more often, so that reading does not cost a write. */
const SEEN_EVERY = MINUTE
const LONGEST_AGENT = 255

const before = (now: Date, ms: number): string => new Date(now.getTime() - ms).toISOString()

/** The moment before which a session must not have been seen last; nothing where sessions do not end by themselves. */
const idleLimit = ({ session_ttl_enabled, session_ttl }: Settings, now: Date): string | undefined =>
  // What is written may be late by as long as it is not written.
  session_ttl_enabled ? before(now, session_ttl * MINUTE + SEEN_EVERY) : undefined

/** What is remembered of a session. When it was seen changes without a counter: each process finds that out for itself. */
interface Known {
  readonly session: Session
  readonly expiresAt: string
  lastSeenAt: string
  seeing?: Promise<boolean>
}

/**
 * Begins a session; gives its secret, which is told this once.
 * @param awaits the stage of signing in that is to be passed first
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

/** Ends all sessions of somebody, but for the one that is kept. */
export const endSessionsOf = (tx: Transaction, userId: number, kept?: Session): Promise<void> =>
  end(tx, sql`user_id = ${userId} and id <> ${kept?.id ?? 0}`)

/** Ends a session of somebody by its id; gives whether there was one. */
export async function endSessionOf(tx: Transaction, userId: number, id: number): Promise<boolean> {
  const isTheirs = sql`id = ${id} and user_id = ${userId} and awaits is null`
  const found = await tx.one(sql`select id from sessions where ${isTheirs}`)
  await end(tx, isTheirs)
  return found !== undefined
}

/** The sessions of somebody that are not over, the one seen last first. */
export function sessionsOf(db: Reader, userId: number, settings: Settings, now: Date): Promise<Tables['sessions'][]> {
  const limit = idleLimit(settings, now)
  return db.all<Tables['sessions']>(sql`
    select * from sessions
    where user_id = ${userId} and awaits is null and expires_at > ${now.toISOString()}
      and ${limit === undefined ? TRUE : sql`last_seen_at >= ${limit}`}
    order by last_seen_at desc, id desc`)
}

/** Notes that a session's user has just shown who they are. */
export async function prove(tx: Transaction, { id }: Session, now: Date): Promise<void> {
  await tx.run(sql`update sessions set proved_at = ${now.toISOString()} where id = ${id}`)
  await invalidate(tx, 'sessions')
}

/** Whether a session's user has shown who they are so lately that they may do what a stolen session must not. */
export const isProved = ({ provedAt }: Session, now: Date): boolean => provedAt > before(now, PROVED_FOR)

/** What a request by a session shows of its user. */
export const proofOf = (session: Session, now: Date): Proof => (isProved(session, now) ? 'fresh' : 'stale')

/** The session that a secret belongs to: of an active user, and not over. No statement where it is remembered and was seen just now. */
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

/** Notes that a session is in use, unless it is over by what the database knows; gives whether it was noted. */
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

// Those that are over let nobody in any more: removing them is for tidiness, and raises no counter.
export const forgetSessions = job('sessions.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const limit = idleLimit(await readSettings(db), now)
    const isOver = sql`expires_at <= ${now.toISOString()} or ${limit === undefined ? FALSE : sql`last_seen_at < ${limit}`}`
    await deleteInSlices(db, 'sessions', isOver)
  },
})
