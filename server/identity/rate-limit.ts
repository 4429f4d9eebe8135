/**
 * Doors at which somebody guesses. Attempts are counted in the database, so that many servers let no more through than one, and
 * so that many attempts at once are no more than many after another: what has not been decided yet counts like a wrong one. But
 * only wrong ones count in the end: whoever comes while others are undecided waits for them.
 */
import type { Database, Transaction } from '#db/database.ts'
import { forUpdate, moment } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import { ApiError } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { hashToken } from './tokens.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

export interface RateLimit {
  readonly name: string
  /** So many attempts are let through … */
  readonly most: number
  /** … in so many milliseconds … */
  readonly within: number
  /** … and after one more than that none for so many. */
  readonly ban: number
}

/** Passwords, by the user name: a source of this is the digest's rule for sign-ins. */
export const passwordLimit: RateLimit = { name: 'password', most: 20, within: MINUTE, ban: 30 * MINUTE }

/**
 * Counts an attempt at a door that is decided within the same transaction: where it was right, it is to be forgiven there.
 * Requests of which none is right or wrong are counted like this as well.
 * @param who whoever the attempt is about, in the same letters each time; only a hash of it is kept
 * @returns the seconds to wait where there were too many; otherwise nothing
 */
export async function consume(tx: Transaction, door: RateLimit, who: string, now: Date): Promise<number | undefined> {
  const reserved = await reserve(tx, door, who, now)
  if (reserved === 'busy') return 1
  if ('wait' in reserved) return reserved.wait
  await decide(tx, reserved, 'wrong')
  return undefined
}

/** Forgets the wrong attempts of somebody who has succeeded. */
export async function resetAttempts(tx: Transaction, door: RateLimit, who: string): Promise<void> {
  const isIts = sql`who = ${key(door, who)}`
  await tx.run(sql`update attempts set attempts = pending where ${isIts}`)
  await tx.run(sql`delete from attempts where ${isIts} and attempts = 0`)
}

/** An attempt that is counted and not decided yet. */
export interface Reserved {
  readonly who: string
  /** The end of the minute, or whatever it is, within which it counts. */
  readonly until: string
}

/** Why an attempt is not made now: others are undecided, or there were too many. */
export type Refused = 'busy' | { readonly wait: number }

interface Counter {
  readonly attempts: number
  readonly pending: number
  readonly until: string
}

/**
 * Counts an attempt at a door before it is known whether it succeeds. It is to be decided, in whatever way; where that does not
 * happen, as the process has ended, it counts as a wrong one.
 * @param mostOf gives how many may be undecided where that is fewer than the door lets through; asked once no other attempt of
 * the same can be decided
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
  await tx.run(sql`
    insert into attempts (who, attempts, pending, until) values (${hash}, 0, 0, ${at(door.within)}) on conflict (who) do nothing`)
  const known = (await tx.one<Counter>(
    sql`select attempts, pending, until from attempts where who = ${hash}${forUpdate(tx.engine)}`,
  )) as Counter
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

/** What has become of an attempt: `void` where nobody has found out, so that nothing was learned by it. */
export type Decision = 'right' | 'wrong' | 'void'

/** Decides an attempt. Only a wrong one goes on to count; a right one has those before it forgiven. */
export async function decide(tx: Transaction, { who, until }: Reserved, decision: Decision): Promise<void> {
  const attempts = { right: sql`pending - 1`, wrong: sql`attempts`, void: sql`attempts - 1` }[decision]
  // Not where it counts no more: what is counted since then is other people's.
  const isIts = sql`who = ${who} and until = ${moment(tx.engine, until)} and pending > 0`
  await tx.run(sql`update attempts set attempts = ${attempts}, pending = pending - 1 where ${isIts}`)
  if (decision !== 'wrong') await tx.run(sql`delete from attempts where who = ${who} and attempts = 0`)
}

/** Attempts of this process that wait for others at the same door, in the order in which they came. */
const waiting = new Map<string, (() => void)[]>()
/** So long somebody waits at most, and so often they look whether another server has decided. */
const PATIENCE = 30 * SECOND
const LOOK_EVERY = SECOND
const MOST_WAITING = 500
let waiters = 0

/** Lets the next one go on that waits at a door. */
function wake(hash: string): void {
  const [next, ...others] = waiting.get(hash) ?? []
  if (others.length > 0) waiting.set(hash, others)
  else waiting.delete(hash)
  next?.()
}

/** Waits until something may have been decided at a door. */
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
  const error = new ApiError('ServiceUnavailable', 'Too many attempts are running. Try again in a few seconds.')
  error.headers = { 'retry-after': '5' }
  return error
}

/** What is known once an attempt is counted. */
interface Begun {
  readonly reserved: Reserved
}

/**
 * Makes an attempt whose outcome takes longer than a transaction should.
 * @param begin counts it, by `reserve`, with whatever belongs to that
 * @param look finds out, outside of any transaction
 * @param end decides it, by `decide`, with what follows from it; where it throws, the attempt has not been made
 * @throws ApiError 503 where too many are undecided for too long; and what `look` and `end` throw
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
      // The counter first, as in counting: two that took the same rows in another order would wait for each other.
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
      // Whoever is refused decides nothing, so the next one hears of it like this.
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
    await deleteInSlices(db, 'attempts', isOver, 'who')
  },
})
