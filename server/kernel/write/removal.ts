/** What becomes of what refers to removed rows otherwise than by a foreign key: each module says it of what it keeps. */
import type { Transaction } from '#db/database.ts'
import type { TableName } from '#db/tables.ts'
import type { Entry, Model, Removal, RemovalStep } from '#kernel/declaration.ts'

/** Declares what is done when rows of some tables are removed. */
export const whenRemoved = (tables: TableName | readonly TableName[], step: RemovalStep): Removal => ({
  tables: typeof tables === 'string' ? [tables] : tables,
  step,
})

/** Lets everybody let go of rows that have just been removed. Whoever removes rows past `change.ts` calls it. */
export async function removed(
  tx: Transaction,
  model: Model,
  table: TableName,
  ids: readonly number[],
  entry: Entry,
): Promise<void> {
  if (ids.length === 0) return
  for (const step of model.removals.get(table) ?? []) await step(tx, ids, { ...entry, announced: false }, model)
}
