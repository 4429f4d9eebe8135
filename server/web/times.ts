/** Timestamps as pages show them. */

/** A timestamp to the minute, such as "2026-03-01 10:15 UTC". */
export const minuteOf = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`

/** The date of a timestamp. */
export const dayOf = (at: string): string => at.slice(0, 10)
