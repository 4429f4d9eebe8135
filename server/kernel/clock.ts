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

/** The milliseconds by which the clock is ahead of the system's. */
export const aheadOfSystem = (): number => (standing === undefined ? ahead : standing - Date.now())

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
