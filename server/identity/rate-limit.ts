/**
 * Rate limits shared by all servers: attempts are counted in the database. Undecided attempts count like wrong ones, so that
 * concurrent attempts cannot exceed the limit; in the end only wrong ones count, so a further attempt waits while others are
 * undecided.
 */
import type { Database, Reader, Transaction } from '#db/database.ts'
import { forUpdate, moment, only } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import { ApiError } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { said } from '#text/messages.ts'
import { hashToken } from './tokens.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

export interface RateLimit {
  readonly name: string
  /** Maximum number of attempts … */
  readonly most: number
  /** … within these milliseconds; */
  readonly within: number
  /** … one more attempt bans all for these milliseconds. */
  readonly ban: number
}

/** Passwords, by user name: after the digest's rule for sign-ins. */
export const passwordLimit: RateLimit = { name: 'password', most: 20, within: MINUTE, ban: 30 * MINUTE }

/**
 * Counts an attempt that is decided within the same transaction, which has to reset the limit after a right one. Also counts
 * requests that are neither right nor wrong.
 * @param who the normalised subject of the attempt; only its hash is stored
 * @returns the seconds to wait after too many attempts; otherwise undefined
 */
export async function consume(tx: Transaction, door: RateLimit, who: string, now: Date): Promise<number | undefined> {
  const reserved = await reserve(tx, door, who, now)
  if (reserved === 'busy') return 1
  if ('wait' in reserved) return reserved.wait
  await decide(tx, reserved, 'wrong')
  return undefined
}

/** Resets the wrong attempts after a success. */
export async function resetAttempts(tx: Transaction, door: RateLimit, who: string): Promise<void> {
  const isIts = sql`who = ${key(door, who)}`
  await tx.run(sql`update attempts set attempts = pending where ${isIts}`)
  await tx.run(sql`delete from attempts where ${isIts} and attempts = 0`)
}

/** A counted, undecided attempt. */
export interface Reserved {
  readonly who: string
  /** The end of the period in which it counts. */
  readonly until: string
}

/** The reason to delay an attempt: others are undecided, or there were too many. */
export type Refused = 'busy' | { readonly wait: number }

interface Counter {
  readonly attempts: number
  readonly pending: number
  readonly until: string
}

/**
 * Counts an attempt before its outcome is known. The caller has to decide it; if the process ends before, it counts as wrong.
 * @param mostOf returns the maximum number of undecided attempts, if less than the limit; called while the counter is locked
 */
export async function reserve(
  tx: Transaction,
  door: RateLimit,
  who: string,
  now: Date,
  mostOf: () => Promise<number> = async () => door.most,
): Promise<Reserved | Refused> {
  const hash = key(door, who)
  const at = (ms: number) => moment(tx.engine, new Date(now.getTime() + ms).toISOString())
  // One statement reads and locks the row: between two, a right attempt could delete it.
  const known = await only<Counter>(
    tx,
    sql`
    insert into attempts (who, attempts, pending, until) values (${hash}, 0, 0, ${at(door.within)})
    on conflict (who) do update set who = excluded.who returning attempts, pending, until`,
  )
  const isOver = Date.parse(known.until) <= now.getTime()
  const { attempts, pending } = isOver ? { attempts: 0, pending: 0 } : known
  const isBanned = attempts > door.most
  if (!isBanned && pending > 0 && (attempts >= door.most || pending >= (await mostOf()))) return 'busy'
  const isRefused = attempts >= door.most
  const isNew = isOver || (isRefused && !isBanned)
  const until = isNew ? new Date(now.getTime() + (isRefused ? door.ban : door.within)).toISOString() : known.until
  if (!isBanned) {
    await tx.run(sql`
      update attempts set attempts = ${attempts + 1}, pending = ${isRefused ? 0 : pending + 1}, until = ${moment(tx.engine, until)}
      where who = ${hash}`)
  }
  return isRefused ? { wait: Math.ceil((Date.parse(until) - now.getTime()) / SECOND) } : { who: hash, until }
}

/** The outcome of an attempt: `void` if it was not determined, so that it disclosed nothing. */
export type Decision = 'right' | 'wrong' | 'void'

/** Decides an attempt. A wrong one keeps counting; a right one resets those before it. */
export async function decide(tx: Transaction, { who, until }: Reserved, decision: Decision): Promise<void> {
  const attempts = { right: sql`pending - 1`, wrong: sql`attempts`, void: sql`attempts - 1` }[decision]
  // Not after its period: later counts belong to other attempts.
  const isIts = sql`who = ${who} and until = ${moment(tx.engine, until)} and pending > 0`
  await tx.run(sql`update attempts set attempts = ${attempts}, pending = pending - 1 where ${isIts}`)
  if (decision !== 'wrong') await tx.run(sql`delete from attempts where who = ${who} and attempts = 0`)
}

/** The wrong attempts of a subject in the current period, and its end. */
export interface Wrong {
  readonly attempts: number
  readonly until: string
}

/** The wrong attempts of a subject so far; undefined if there are none in this period. One statement, which writes nothing. */
export async function wrongAttempts(db: Reader, door: RateLimit, who: string, now: Date): Promise<Wrong | undefined> {
  const at = moment(db.engine, now.toISOString())
  return db.one<Wrong>(sql`select attempts, until from attempts where who = ${key(door, who)} and until > ${at}`)
}

/**
 * Counts a wrong attempt afterwards, for limits under which it is enough that its outcome is kept back.
 * @returns the wrong attempts with this one
 */
export async function countWrong(tx: Transaction, door: RateLimit, who: string, now: Date): Promise<Wrong> {
  const [at, end] = [0, door.within].map((ms) => moment(tx.engine, new Date(now.getTime() + ms).toISOString()))
  return only<Wrong>(
    tx,
    sql`
    insert into attempts (who, attempts, pending, until) values (${key(door, who)}, 1, 0, ${end})
    on conflict (who) do update set
      attempts = case when attempts.until > ${at} then attempts.attempts + 1 else 1 end,
      until = case when attempts.until > ${at} then attempts.until else excluded.until end
    returning attempts, until`,
  )
}

/** Waiting attempts of this process, by subject and in order of arrival. */
const waiting = new Map<string, (() => void)[]>()
/** Maximum waiting time, and the interval of checks for decisions by other servers. */
const PATIENCE = 30 * SECOND
const LOOK_EVERY = SECOND
const MOST_WAITING = 500
let waiters = 0

/** Wakes the next waiting attempt of a subject. */
function wake(hash: string): void {
  const [next, ...others] = waiting.get(hash) ?? []
  if (others.length > 0) waiting.set(hash, others)
  else waiting.delete(hash)
  next?.()
}

/** Waits until an attempt of the subject may have been decided. */
async function turn(hash: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, LOOK_EVERY)
  waiting.set(hash, [...(waiting.get(hash) ?? []), resolve])
  await promise
  clearTimeout(timer)
  const left = (waiting.get(hash) ?? []).filter((one) => one !== resolve)
  if (left.length > 0) waiting.set(hash, left)
  else waiting.delete(hash)
}

const crowded = (): ApiError => {
  const error = new ApiError('ServiceUnavailable', said`Too many attempts are running. Try again in a few seconds.`)
  error.headers = { 'retry-after': '5' }
  return error
}

/** The data of a counted attempt. */
interface Begun {
  readonly reserved: Reserved
}

/**
 * Runs an attempt whose check takes longer than a transaction should.
 * @param begin counts it with `reserve`, and loads its data
 * @param look determines the outcome, outside any transaction
 * @param end decides it with `decide`, with side effects; if it throws, the attempt does not count
 * @throws ApiError 503 if too many are undecided for too long; and the errors of `look` and `end`
 */
export async function attempting<B extends Begun, L, T>(
  db: Database,
  door: RateLimit,
  who: string,
  begin: (tx: Transaction) => Promise<B | Refused>,
  look: (begun: B) => Promise<L>,
  end: (tx: Transaction, begun: B, found: L) => Promise<T>,
): Promise<T | { wait: number }> {
  const hash = key(door, who)
  const begun = await entered(db, hash, begin)
  if ('wait' in begun) return begun
  try {
    const found = await look(begun)
    return await db.transaction(async (tx) => {
      // Locks the counter first, as in `reserve`: another order of locks could cause a deadlock.
      await tx.one(sql`select who from attempts where who = ${hash}${forUpdate(tx.engine)}`)
      return end(tx, begun, found)
    })
  } catch (error) {
    await db.transaction((tx) => decide(tx, begun.reserved, 'void')).catch(() => {})
    throw error
  } finally {
    wake(hash)
  }
}

async function entered<B extends Begun>(
  db: Database,
  hash: string,
  begin: (tx: Transaction) => Promise<B | Refused>,
): Promise<B | { wait: number }> {
  const patience = performance.now() + PATIENCE
  for (;;) {
    const begun = await db.transaction(begin)
    if (begun !== 'busy') {
      // A rejected attempt decides nothing, so it has to wake the next one.
      if ('wait' in begun) wake(hash)
      return begun
    }
    if (waiters >= MOST_WAITING || performance.now() > patience) throw crowded()
    waiters++
    await turn(hash).finally(() => {
      waiters--
    })
  }
}

const key = (door: RateLimit, who: string) => hashToken(`${door.name}:${who}`)

export const forgetAttempts = job('attempts.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const isOver = sql`until <= ${now.toISOString()}`
    await deleteInSlices(db, 'attempts', isOver)
  },
})
