/** Seeded random numbers. */

/** Draws from a stream of numbers between 0 and 1. */
export interface Chance {
  (): number
  below(most: number): number
  of<T>(list: readonly T[]): T
  /** True with a probability of one in this number. */
  oneIn(times: number): boolean
}

/** Numbers from a seed (mulberry32). */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (most: number) => Math.floor(next() * most)
  return Object.assign(next, {
    below,
    of: <T>(list: readonly T[]) => list[below(list.length)]!,
    oneIn: (times: number) => next() < 1 / times,
  })
}
