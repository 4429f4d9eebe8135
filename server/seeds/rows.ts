/** Many rows at once: how seeds are written. */
import type { Transaction } from '#db/database.ts'
import { join, name, type Sql, sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'

/** Rows to be written; all have the columns of the first. */
type Rows<T extends TableName> = readonly Partial<Tables[T]>[]

function insertion<T extends TableName>(table: T, rows: Rows<T>): Sql {
  const columns = Object.keys(rows[0]!) as (keyof Tables[T] & string)[]
  const lines = rows.map((row) => sql`(${join(columns.map((column) => row[column]))})`)
  return sql`insert into ${name(table)} (${join(columns.map(name))}) values ${join(lines)}`
}

/** Inserts rows in one statement. */
export async function insertRows<T extends TableName>(tx: Transaction, table: T, rows: Rows<T>): Promise<void> {
  if (rows.length > 0) await tx.run(insertion(table, rows))
}

/** Inserts rows in one statement; gives their ids, in the order of the rows. */
export async function insertForIds<T extends TableName>(tx: Transaction, table: T, rows: Rows<T>): Promise<number[]> {
  if (rows.length === 0) return []
  const inserted = await tx.all<{ id: number }>(sql`${insertion(table, rows)} returning id`)
  // Ids are given row by row, but the order in which they are returned is promised by neither engine.
  return inserted.map(({ id }) => id).sort((a, b) => a - b)
}
