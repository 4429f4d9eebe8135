/** How long and how large what clients send may be. */

const SECOND = 1_000
const KIB = 1024
const MIB = 1024 * KIB

/** Limits of time, in milliseconds, that tests shorten. */
export interface TimeLimits {
  /** For the head of a request, from the moment at which its connection is there or its first byte has come. */
  readonly head: number
  /** For the next piece of a body, whatever its size. */
  readonly pause: number
  /** For a body that is taken into memory: JSON, texts, forms. */
  readonly body: number
  /** For a whole request, the largest upload included. */
  readonly request: number
  /** For the rest of a body that was answered before its end. */
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

/** After the first pause, a body that goes on has to have come at this many bytes a second: less is no line that anybody has. */
export const SLOWEST = KIB

export const LARGEST_JSON = 2 * MIB
export const LARGEST_TEXT = 2 * MIB
export const LARGEST_FORM = 16 * KIB
