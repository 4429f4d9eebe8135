/** Bulk writes in short transactions, between which other writers get their turn. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Transaction } from './database.ts'
import { name, type Sql, sql } from './sql.ts'

/** Longer than the retry interval of a waiting writer. */
const SHORTEST_PAUSE_MS = 20

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
  for (let start = 0; start < things.length; start += size) {
    const began = performance.now()
    sum += await db.transaction((tx) => work(tx, things.slice(start, start + size)))
    progress(Math.min(start + size, things.length), things.length)
    if (start + size < things.length) await sleep(Math.max(SHORTEST_PAUSE_MS, performance.now() - began))
  }
  return sum
}

/** Rows deleted per transaction. */
const AT_ONCE = 500

/**
 * Deletes the rows of a table that match a condition, in slices.
 * @param key the unique column
 * @returns the number of deleted rows
 */
export async function deleteInSlices(db: Database, table: string, where: Sql, key = 'id'): Promise<number> {
  const some = sql`select ${name(key)} from ${name(table)} where ${where} limit ${AT_ONCE}`
  let sum = 0
  // Without rows to delete, no transaction starts.
  while (await db.one(some)) {
    if (sum > 0) await sleep(SHORTEST_PAUSE_MS)
    const count = await db.transaction((tx) =>
      tx.run(sql`delete from ${name(table)} where ${name(key)} in (${some}) and ${where}`),
    )
    sum += count
    if (count < AT_ONCE) break
  }
  return sum
}
