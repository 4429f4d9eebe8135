/** What becomes of what refers to removed rows otherwise than by a foreign key: each module says it of what it keeps. */
import type { Transaction } from '#db/database.ts'
import type { TableName } from '#db/tables.ts'
import type { Entry } from './history.ts'

/**
 * Lets go of rows that are gone already, in the transaction that removed them. `entry` tells who removed them and when, for the
 * history of what is rewritten.
 */
type Step = (tx: Transaction, ids: readonly number[], entry: Entry) => Promise<unknown>

const steps = new Map<TableName, Step[]>()

/** Declares what is done when rows of a table are removed. */
export function whenRemoved(table: TableName, step: Step): void {
  steps.getOrInsertComputed(table, () => []).push(step)
}

/** Lets everybody let go of rows that have just been removed. Whoever removes rows past `change.ts` calls it. */
export async function removed(tx: Transaction, table: TableName, ids: readonly number[], entry: Entry): Promise<void> {
  if (ids.length === 0) return
  for (const step of steps.get(table) ?? []) await step(tx, ids, { ...entry, announced: false })
}
