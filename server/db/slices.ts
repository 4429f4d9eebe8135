/** Writing much without holding others up: in short transactions, between which they have their turn. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Transaction } from './database.ts'
import { name, type Sql, sql } from './sql.ts'

/** Longer than a writer that was kept waiting takes to ask again. */
const SHORTEST_PAUSE_MS = 20

/**
 * Does work on many things, some at a time, each time in a transaction; after each others may write for as long as it took.
 * What was done stays done where a later one fails.
 * @returns the sum of what the transactions gave
 */
export async function inSlices<T>(
  db: Database,
  things: readonly T[],
  size: number,
  work: (tx: Transaction, slice: readonly T[]) => Promise<number>,
): Promise<number> {
  let sum = 0
  for (let start = 0; start < things.length; start += size) {
    const began = performance.now()
    sum += await db.transaction((tx) => work(tx, things.slice(start, start + size)))
    if (start + size < things.length) await sleep(Math.max(SHORTEST_PAUSE_MS, performance.now() - began))
  }
  return sum
}

/** Rows that are deleted in one transaction. */
const AT_ONCE = 500

/**
 * Deletes the rows of a table that satisfy a condition, some at a time.
 * @param key the column that tells them apart
 * @returns how many there were
 */
export async function deleteInSlices(db: Database, table: string, where: Sql, key = 'id'): Promise<number> {
  const some = sql`select ${name(key)} from ${name(table)} where ${where} limit ${AT_ONCE}`
  let sum = 0
  // Where there is nothing to delete nothing is written.
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
