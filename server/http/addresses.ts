/**
 * Addresses from which wrong credentials come again and again. Counted in each process by itself: the secrets of the API are too
 * long to be guessed, so what this saves is the work that guesses make, and an account has its own count (`kernel/throttle.ts`).
 */
import { hashToken } from '#kernel/tokens.ts'

const MINUTE = 60_000
/** So many wrong credentials an address may send in a minute. */
const MOST = 100
/** So many addresses are remembered at once. */
const MOST_REMEMBERED = 10_000

const counts = new Map<string, { wrong: number; until: number }>()

/** The seconds for which an address may not send credentials that are not known to be right; undefined: it may. */
export function waitOf(address: string, now: Date): number | undefined {
  const known = counts.get(address)
  if (!known || known.wrong < MOST || known.until <= now.getTime()) return undefined
  return Math.ceil((known.until - now.getTime()) / 1000)
}

/** Notes that an address sent wrong credentials. */
export function sentWrong(address: string, now: Date): void {
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

/**
 * Looks at credentials, unless too many wrong ones came from the same address; counts those that are wrong.
 * @param look looks at them: gives what comes of it, and whether they were right, wrong, or neither
 * @returns the seconds to wait, or what came of it
 */
export async function counted<T>(
  credentials: string,
  address: string,
  now: Date,
  look: () => Promise<{ outcome: T; were: 'right' | 'wrong' | undefined }>,
): Promise<{ wait: number } | { outcome: T }> {
  const hash = hashToken(credentials)
  const wait = right.has(hash) ? undefined : waitOf(address, now)
  if (wait !== undefined) return { wait }
  const { outcome, were } = await look()
  if (were === 'right') {
    if (right.size >= MOST_RIGHT) right.clear()
    right.add(hash)
  } else right.delete(hash)
  if (were === 'wrong') sentWrong(address, now)
  return { outcome }
}
