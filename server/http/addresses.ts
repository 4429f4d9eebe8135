/**
 * Rate limit for addresses that send wrong credentials repeatedly, counted in the database, for all servers together. API secrets
 * are too long to be guessed, so the limit only saves the work of checking guesses: what is right costs no write, and each process
 * limits by itself how many it checks at once. Accounts have limits of their own (`identity/rate-limit.ts`).
 */
import { type Database, whereItCan } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import { countWrong, type RateLimit, type Wrong, wrongAttempts } from '#identity/rate-limit.ts'
import { hashToken } from '#identity/tokens.ts'

const MINUTE = 60_000
/** The wrong credentials that an address may send in a minute. */
const LIMIT: RateLimit = { name: 'address', most: 100, within: MINUTE, ban: 0 }
/** The number of addresses that are counted at once. */
const MOST_REMEMBERED = 10_000

/** What one process knows. */
interface Counts {
  /** The wrong credentials of addresses, as far as this process has heard of them. */
  readonly wrong: Map<string, { wrong: number; until: number }>
  /** Hashes of credentials that worked; these are never throttled. */
  readonly right: Set<string>
  /** The number of running checks of each address, and the promise that waiting requests await. */
  readonly looking: Map<string, { count: number; decided: PromiseWithResolvers<void> }>
}

/** By the database of the server. */
const countsOf = perDatabase((): Counts => ({ wrong: new Map(), right: new Set(), looking: new Map() }))

/** The wrong credentials of an address in the current minute; 0 if that is over. */
function wrongOf({ wrong: counts }: Counts, address: string, now: Date): number {
  const known = counts.get(address)
  return known && known.until > now.getTime() ? known.wrong : 0
}

/** The seconds until an address may send unknown credentials again; undefined: now. */
function waitOf(counts: Counts, address: string, now: Date): number | undefined {
  if (wrongOf(counts, address, now) < LIMIT.most) return undefined
  return Math.ceil(((counts.wrong.get(address)?.until ?? 0) - now.getTime()) / 1000)
}

/** Notes what is counted of an address. */
function note({ wrong: counts }: Counts, address: string, wrong: number, until: number): void {
  if (!counts.has(address) && counts.size >= MOST_REMEMBERED) counts.delete(counts.keys().next().value as string)
  counts.set(address, { wrong, until })
}

/** Notes what the database counts of an address: never less than this process has counted itself. */
function noteShared(counts: Counts, address: string, now: Date, shared: Wrong | undefined): void {
  if (shared && shared.attempts > wrongOf(counts, address, now)) note(counts, address, shared.attempts, Date.parse(shared.until))
}

/**
 * Counts wrong credentials from an address, by itself where the database is unavailable.
 * @returns whether they were one too many, as others have been checked at the same time
 */
async function sentWrong(db: Database, counts: Counts, address: string, now: Date): Promise<boolean> {
  const shared = await whereItCan(db.transaction((tx) => countWrong(tx, LIMIT, address, now)))
  if (shared) noteShared(counts, address, now, shared)
  else {
    const wrong = wrongOf(counts, address, now)
    note(counts, address, wrong + 1, wrong > 0 ? counts.wrong.get(address)!.until : now.getTime() + MINUTE)
  }
  return shared !== undefined && shared.attempts > LIMIT.most
}

const MOST_RIGHT = 10_000

/**
 * Waits until credentials may be checked. Running checks count as wrong, so concurrent requests cannot exceed the limit.
 * @returns the seconds to wait, or the function that ends the check
 */
async function turn(
  db: Database,
  counts: Counts,
  address: string,
  now: Date,
  isKnown: () => boolean,
): Promise<{ wait: number } | { done: () => void }> {
  const { looking } = counts
  if (!isKnown() && waitOf(counts, address, now) === undefined)
    noteShared(counts, address, now, await whereItCan(wrongAttempts(db, LIMIT, address, now)))
  for (;;) {
    if (isKnown()) return { done: () => {} }
    const wait = waitOf(counts, address, now)
    if (wait !== undefined) return { wait }
    const others = looking.getOrInsertComputed(address, () => ({ count: 0, decided: Promise.withResolvers<void>() }))
    if (wrongOf(counts, address, now) + others.count < LIMIT.most) {
      others.count++
      return { done: () => decided(counts, address, others) }
    }
    await others.decided.promise
  }
}

function decided({ looking }: Counts, address: string, others: { count: number; decided: PromiseWithResolvers<void> }): void {
  others.count--
  others.decided.resolve()
  others.decided = Promise.withResolvers()
  if (others.count === 0) looking.delete(address)
}

/**
 * Checks credentials, unless the address has sent too many wrong ones, and counts wrong ones.
 * @param db that of the server
 * @param credentials exempt from the limit once they were right; undefined for credentials that are used only once
 * @param look checks them: gives the outcome, and whether they were right, wrong, or neither
 * @returns the seconds to wait, or the outcome
 */
export async function counted<T>(
  db: Database,
  credentials: string | undefined,
  address: string,
  now: Date,
  look: () => Promise<{ outcome: T; were: 'right' | 'wrong' | undefined }>,
): Promise<{ wait: number } | { outcome: T }> {
  const hash = credentials === undefined ? undefined : hashToken(credentials)
  const counts = countsOf(db)
  const isRight = () => hash !== undefined && counts.right.has(hash)
  const wasRight = isRight()
  const taken = await turn(db, counts, address, now, isRight)
  if ('wait' in taken) return taken
  try {
    const { outcome, were } = await look()
    if (hash !== undefined) remember(counts, hash, were === 'right')
    const isTooMany = were === 'wrong' && (await sentWrong(db, counts, address, now))
    if (isTooMany && !wasRight) return { wait: waitOf(counts, address, now) ?? 1 }
    return { outcome }
  } finally {
    taken.done()
  }
}

/** Told of credentials that were right for the first time, by their hashes. */
let told: (hash: string) => void = () => {}

/**
 * Shares credentials that were right with other processes, so that they are throttled in none.
 * @param tell tells the others of a hash
 */
export function shareRight(tell: (hash: string) => void): void {
  told = tell
}

/** Takes over hashes of credentials that were right in other processes. */
export function rightElsewhere(db: Database, hashes: readonly string[]): void {
  for (const hash of hashes) noteRight(countsOf(db).right, hash)
}

function remember({ right }: Counts, hash: string, isRight: boolean): void {
  if (!isRight) right.delete(hash)
  else if (!right.has(hash)) {
    noteRight(right, hash)
    told(hash)
  }
}

/** Adds a hash to a set of a limited size. */
export function noteRight(right: Set<string>, hash: string): void {
  if (right.size >= MOST_RIGHT) right.clear()
  right.add(hash)
}
