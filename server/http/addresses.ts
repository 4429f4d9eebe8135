/**
 * Rate limit for addresses that send wrong credentials repeatedly. Each server counts by itself: API secrets are too long to be
 * guessed, so the limit only saves the work of checking guesses. Accounts have limits of their own (`identity/rate-limit.ts`).
 */
import type { Database } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import { hashToken } from '#identity/tokens.ts'

const MINUTE = 60_000
/** The wrong credentials that an address may send in a minute. */
const MOST = 100
/** The number of addresses that are counted at once. */
const MOST_REMEMBERED = 10_000

/** The counts of one server. */
interface Counts {
  readonly wrong: Map<string, { wrong: number; until: number }>
  /** Hashes of credentials that worked; these are never throttled. */
  readonly right: Set<string>
  /** The number of running checks of each address, and the promise that waiting requests await. */
  readonly looking: Map<string, { count: number; decided: PromiseWithResolvers<void> }>
}

/** By the database of the server. */
const countsOf = perDatabase((): Counts => ({ wrong: new Map(), right: new Set(), looking: new Map() }))

/** The seconds until an address may send unknown credentials again; undefined: now. */
function waitOf({ wrong: counts }: Counts, address: string, now: Date): number | undefined {
  const known = counts.get(address)
  if (!known || known.wrong < MOST || known.until <= now.getTime()) return undefined
  return Math.ceil((known.until - now.getTime()) / 1000)
}

/** Counts wrong credentials from an address. */
function sentWrong({ wrong: counts }: Counts, address: string, now: Date): void {
  const known = counts.get(address)
  if (known && known.until > now.getTime()) known.wrong++
  else {
    counts.delete(address)
    if (counts.size >= MOST_REMEMBERED) counts.delete(counts.keys().next().value as string)
    counts.set(address, { wrong: 1, until: now.getTime() + MINUTE })
  }
}

const MOST_RIGHT = 10_000

/**
 * Waits until credentials may be checked. Running checks count as wrong, so concurrent requests cannot exceed the limit.
 * @returns the seconds to wait, or the function that ends the check
 */
async function turn(
  counts: Counts,
  address: string,
  now: Date,
  isKnown: () => boolean,
): Promise<{ wait: number } | { done: () => void }> {
  const { looking } = counts
  for (;;) {
    if (isKnown()) return { done: () => {} }
    const wait = waitOf(counts, address, now)
    if (wait !== undefined) return { wait }
    const known = counts.wrong.get(address)
    const wrong = known && known.until > now.getTime() ? known.wrong : 0
    const others = looking.getOrInsertComputed(address, () => ({ count: 0, decided: Promise.withResolvers<void>() }))
    if (wrong + others.count < MOST) {
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
  const taken = await turn(counts, address, now, () => hash !== undefined && counts.right.has(hash))
  if ('wait' in taken) return taken
  try {
    const { outcome, were } = await look()
    if (hash !== undefined) remember(counts, hash, were === 'right')
    if (were === 'wrong') sentWrong(counts, address, now)
    return { outcome }
  } finally {
    taken.done()
  }
}

function remember({ right }: Counts, hash: string, isRight: boolean): void {
  if (!isRight) right.delete(hash)
  else {
    if (right.size >= MOST_RIGHT) right.clear()
    right.add(hash)
  }
}
