/**
 * Addresses from which wrong credentials come again and again. Counted in each process by itself: the secrets of the API are too
 * long to be guessed, so what this saves is the work that guesses make, and an account has its own count (`identity/rate-limit.ts`).
 */
import { hashToken } from '#identity/tokens.ts'

const MINUTE = 60_000
/** So many wrong credentials an address may send in a minute. */
const MOST = 100
/** So many addresses are remembered at once. */
const MOST_REMEMBERED = 10_000

const counts = new Map<string, { wrong: number; until: number }>()

/** The seconds for which an address may not send credentials that are not known to be right; undefined: it may. */
function waitOf(address: string, now: Date): number | undefined {
  const known = counts.get(address)
  if (!known || known.wrong < MOST || known.until <= now.getTime()) return undefined
  return Math.ceil((known.until - now.getTime()) / 1000)
}

/** Notes that an address sent wrong credentials. */
function sentWrong(address: string, now: Date): void {
  const known = counts.get(address)
  if (known && known.until > now.getTime()) known.wrong++
  else {
    counts.delete(address)
    if (counts.size >= MOST_REMEMBERED) counts.delete(counts.keys().next().value as string)
    counts.set(address, { wrong: 1, until: now.getTime() + MINUTE })
  }
}

/** What was right before, by its hash: it goes on to be asked for, however many wrong ones come from the same address. */
const right = new Set<string>()
const MOST_RIGHT = 10_000

/** How much of an address is being looked at, and what tells those that wait for it. */
const looking = new Map<string, { count: number; decided: PromiseWithResolvers<void> }>()

/**
 * Waits for a turn to look at credentials: what has not been looked at to the end counts as if it were wrong, so that many at once
 * are no more than many after another.
 * @returns the seconds to wait, or the way to say that it has been looked at
 */
async function turn(address: string, now: Date, isKnown: () => boolean): Promise<{ wait: number } | { done: () => void }> {
  for (;;) {
    if (isKnown()) return { done: () => {} }
    const wait = waitOf(address, now)
    if (wait !== undefined) return { wait }
    const known = counts.get(address)
    const wrong = known && known.until > now.getTime() ? known.wrong : 0
    const others = looking.getOrInsertComputed(address, () => ({ count: 0, decided: Promise.withResolvers<void>() }))
    if (wrong + others.count < MOST) {
      others.count++
      return { done: () => decided(address, others) }
    }
    await others.decided.promise
  }
}

function decided(address: string, others: { count: number; decided: PromiseWithResolvers<void> }): void {
  others.count--
  others.decided.resolve()
  others.decided = Promise.withResolvers()
  if (others.count === 0) looking.delete(address)
}

/**
 * Looks at credentials, unless too many wrong ones came from the same address; counts those that are wrong.
 * @param credentials what may go on to be asked for once it was right; undefined where that is nothing that is sent again
 * @param look looks at them: gives what comes of it, and whether they were right, wrong, or neither
 * @returns the seconds to wait, or what came of it
 */
export async function counted<T>(
  credentials: string | undefined,
  address: string,
  now: Date,
  look: () => Promise<{ outcome: T; were: 'right' | 'wrong' | undefined }>,
): Promise<{ wait: number } | { outcome: T }> {
  const hash = credentials === undefined ? undefined : hashToken(credentials)
  const taken = await turn(address, now, () => hash !== undefined && right.has(hash))
  if ('wait' in taken) return taken
  try {
    const { outcome, were } = await look()
    if (hash !== undefined) remember(hash, were === 'right')
    if (were === 'wrong') sentWrong(address, now)
    return { outcome }
  } finally {
    taken.done()
  }
}

function remember(hash: string, isRight: boolean): void {
  if (!isRight) right.delete(hash)
  else {
    if (right.size >= MOST_RIGHT) right.clear()
    right.add(hash)
  }
}
