/** Moments in words, as pages tell them. */

/** A moment to the minute, such as "2026-03-01 10:15 UTC". */
export const minuteOf = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`

/** Its day. */
export const dayOf = (at: string): string => at.slice(0, 10)
