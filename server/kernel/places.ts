/** Work of which only so much may run at a time: in this process or, where several serve together, in all of them. */

/** A kind of work. */
export interface Limited {
  readonly name: string
  /** How much of it runs at a time. */
  readonly atOnce: number
  /** How much of it may wait for that. */
  readonly mostWaiting: number
}

/**
 * Takes a place for work, possibly after waiting.
 * @returns the function that gives the place back; undefined if too many are waiting
 */
export type TakePlace = (kind: Limited) => Promise<(() => void) | undefined>

/** The places of one process, none taken. */
export function createPlaces(): TakePlace {
  const known = new Map<string, { running: number; readonly waiting: (() => void)[] }>()
  return async ({ name, atOnce, mostWaiting }) => {
    const room = known.getOrInsertComputed(name, () => ({ running: 0, waiting: [] }))
    const { waiting } = room
    if (room.running < atOnce) room.running++
    else {
      if (waiting.length >= mostWaiting) return undefined
      // Whoever leaves passes the place on.
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
    return () => {
      const next = waiting.shift()
      if (next) next()
      else room.running--
    }
  }
}

/** Takes a place among those of this process, or those that it shares. */
export let takePlace: TakePlace = createPlaces()

/** From now on, this process takes its places elsewhere, as in the process that all others share. */
export function sharePlaces(take: TakePlace): void {
  takePlace = take
}
