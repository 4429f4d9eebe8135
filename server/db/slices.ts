/** Bulk writes in short transactions, between which other writers get their turn. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Database, Transaction } from './database.ts'
import { deleteSome } from './dialect.ts'
import { name, type Sql, sql } from './sql.ts'

/** Longer than the retry interval of a waiting writer. */
const SHORTEST_PAUSE_MS = 20

/** It may have waited for others, rather than others for it. */
const LONGEST_PAUSE_MS = 50

/** The time that a slice may take: on SQLite nothing else happens meanwhile. */
const SLICE_MS = 15

/** Fewer take hardly less time, however slow the machine. */
const FEWEST = 10

/** The size of slices, as measured by those before. */
export interface Pace {
  readonly size: number
  /** Runs the work of one slice, and adapts the size to the time that it takes. */
  timed<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Sizes slices so that each takes about as long as others may be kept waiting.
 * @param first the size of the first one
 * @param most the largest size
 */
export function paced(first = 25, most = 500): Pace {
  let size = first
  const least = Math.min(first, FEWEST)
  return {
    get size() {
      return size
    },
    async timed(work) {
      const began = performance.now()
      const result = await work()
      const ratio = SLICE_MS / Math.max(performance.now() - began, 1)
      size = Math.round(Math.min(most, Math.max(least, size * Math.min(2, Math.max(0.25, ratio)))))
      return result
    },
  }
}

/**
 * Gives the event loop a turn, if the last one was long ago: for computations over many things.
 * @returns a function that is called, and awaited, between any two of them
 */
export function breathing(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < SLICE_MS / 2) return
    await nextTurn()
    last = performance.now()
  }
}

/**
 * Processes many things in slices, with a transaction for each; after each, other writers get as much time as it took.
 * Committed slices stay committed if a later one fails.
 * @param progress is told how many things are done
 * @returns the sum of the transactions' results
 */
export async function inSlices<T>(
  db: Database,
  things: readonly T[],
  size: number,
  work: (tx: Transaction, slice: readonly T[]) => Promise<number>,
  progress: (done: number, total: number) => void = () => {},
): Promise<number> {
  let sum = 0
  const run = resting((work) => db.transaction(work))
  for (let start = 0; start < things.length; start += size) {
    sum += await run((tx) => work(tx, things.slice(start, start + size)))
    progress(Math.min(start + size, things.length), things.length)
  }
  return sum
}

/**
 * Deletes the rows of a table that match a condition, in slices.
 * @param run runs a transaction, such as a step of a job
 * @returns the number of deleted rows
 */
export async function deleteInSlices(
  db: Database,
  table: string,
  where: Sql,
  run: (work: (tx: Transaction) => Promise<number>) => Promise<number> = resting((work) => db.transaction(work)),
): Promise<number> {
  const pace = paced(100)
  let sum = 0
  // Without rows to delete, no transaction starts.
  while (await db.one(sql`select 1 as one from ${name(table)} where ${where} limit 1`))
    sum += await run((tx) => pace.timed(() => tx.run(deleteSome(tx.engine, table, where, pace.size))))
  return sum
}

/** Runs one of several transactions. */
type Run = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>

/** Has each further transaction of a row of them wait: others get as much time as the last one took. */
export function resting(run: Run): Run {
  let pause = 0
  return async (work) => {
    if (pause > 0) await sleep(pause)
    const began = performance.now()
    const result = await run(work)
    pause = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, performance.now() - began))
    return result
  }
}
