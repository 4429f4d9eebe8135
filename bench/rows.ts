/** Bulk inserts of rows. */
import type { Transaction } from '#db/database.ts'
import { updateEach } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'
import { insertForIds, insertRows } from '#server/seeds/rows.ts'

/** SQLite takes at most 32,766 parameters in a statement. */
const MOST_PARAMETERS = 30_000

/** Splits rows into as many statements as their parameters need. */
function* batches<T extends object>(rows: readonly T[]): Generator<readonly T[]> {
  const size = Math.floor(MOST_PARAMETERS / Object.keys(rows[0] ?? { a: 1 }).length)
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size)
}

/** Inserts rows; gives their ids in the order of the rows. */
export async function insertAll<T extends TableName>(
  tx: Transaction,
  table: T,
  rows: readonly Partial<Tables[T]>[],
): Promise<number[]> {
  const ids: number[] = []
  for (const batch of batches(rows)) for (const id of await insertForIds(tx, table, batch)) ids.push(id)
  return ids
}

/** Inserts rows of a table without ids. */
export async function insertAllPlain<T extends TableName>(
  tx: Transaction,
  table: T,
  rows: readonly Partial<Tables[T]>[],
): Promise<void> {
  for (const batch of batches(rows)) await insertRows(tx, table, batch)
}

/** Sets the parents of work packages, thousands in a statement. */
export async function setParents(tx: Transaction, children: readonly { id: number; parent_id: number }[]): Promise<void> {
  for (let i = 0; i < children.length; i += AT_ONCE)
    await tx.run(updateEach(tx.engine, 'work_packages', ['parent_id'], children.slice(i, i + AT_ONCE), sql`lock_version = 0`))
}
const AT_ONCE = 10_000
