/**
 * The clock of the process: the only source of the current time, so that a test double can stop and move it. What measures how long
 * something takes uses `performance.now()` instead, which no clock moves; what other servers check, such as signatures, keeps the
 * time of the system.
 */

/** The state of the clock. */
export interface Clock {
  /** The time that it shows. */
  readonly at: Date
  /** Whether it goes on from there. */
  readonly runs: boolean
}

/** The time at which the clock stands; undefined while it runs. */
let standing: number | undefined
/** The milliseconds by which it is ahead of the system while it runs. */
let ahead = 0

/** The current time. */
export const currentTime = (): Date => new Date(standing ?? Date.now() + ahead)

const secondsOf = (ms: number): number => Math.floor(ms / 1000)

/** The current time in whole seconds, and by how many of them it is ahead of the system. */
export function currentSeconds(): { at: number; ahead: number } {
  const at = secondsOf(currentTime().getTime())
  return { at, ahead: at - secondsOf(Date.now()) }
}

/** The state of the clock now. */
export const readClock = (): Clock => ({ at: currentTime(), runs: standing === undefined })

/** Sets the clock: it stands there, or runs on from there. */
export function setClock({ at, runs }: Clock): void {
  standing = runs ? undefined : at.getTime()
  ahead = runs ? at.getTime() - Date.now() : 0
}

/** Lets the clock follow the system again. */
export function followSystem(): void {
  standing = undefined
  ahead = 0
}

/** The time in a text such as `2026-01-05T09:00Z` or `2026-01-05`, which is midnight in UTC; undefined for other texts. */
export function timeIn(text: string): Date | undefined {
  try {
    const instant = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00Z` : text
    return new Date(Temporal.Instant.from(instant).epochMilliseconds)
  } catch {
    return undefined
  }
}

/** The time after a duration such as `P3D` or `PT90M`, in UTC; undefined if the text is no duration, or one that is not positive. */
export function timeAfter(at: Date, duration: string): Date | undefined {
  try {
    const start = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO('UTC')
    const end = new Date(start.add(Temporal.Duration.from(duration)).epochMilliseconds)
    return end > at ? end : undefined
  } catch {
    return undefined
  }
}
