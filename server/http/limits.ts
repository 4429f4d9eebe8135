/** Limits on the time and the size of requests. */

const SECOND = 1_000
const KIB = 1024
const MIB = 1024 * KIB

/** Time limits in milliseconds; tests shorten them. */
export interface TimeLimits {
  /** For the head of a request, from the start of the connection or from the first byte. */
  readonly head: number
  /** For the next chunk of a body. */
  readonly pause: number
  /** For a body that is read into memory: JSON, texts, forms. */
  readonly body: number
  /** For a whole request, the largest upload included. */
  readonly request: number
  /** For the rest of a body after its response. */
  readonly rest: number
  /** For the next request on a connection. */
  readonly idle: number
}

export const usualTimes: TimeLimits = {
  head: 20 * SECOND,
  pause: 20 * SECOND,
  body: 60 * SECOND,
  request: 3_600 * SECOND,
  rest: 10 * SECOND,
  idle: 72 * SECOND,
}

/** The minimum rate of a body in bytes per second, after the first pause. Every real connection is faster. */
export const SLOWEST = KIB

export const LARGEST_JSON = 2 * MIB
export const LARGEST_TEXT = 2 * MIB
export const LARGEST_FORM = 16 * KIB
