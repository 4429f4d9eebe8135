/** Positions: rows with an order of their own within another row, counted from 1 without gaps. */
import type { Row, Transaction } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import type { Draft } from '#kernel/declaration.ts'
import { differs } from '#kernel/resource.ts'

/**
 * A step after a write that puts a row where its position says, or last if it says none, and counts the others anew. Two statements,
 * or none where the position stays.
 * @param table the table of the rows, with a column `position` that is empty only until this step
 * @param within the column that points to the row whose parts they are, and that row's table
 */
export const placed =
  (table: TableName, within: string, owner: TableName) =>
  async (tx: Transaction, draft: Draft<Row>): Promise<void> => {
    const { row, before } = draft
    if (before && !differs(draft, 'position')) return
    await tx.one(sql`select id from ${name(owner)} where id = ${row[within]}${forUpdate(tx.engine)}`)
    // A row that moves down comes after the one that is there, any other one before it.
    const rank = before && row.position > before.position ? 2 : 0
    await tx.run(sql`
      update ${name(table)} set position = counted.place from (
        select id as counted_id, row_number() over (
          order by case when position is null then 1 else 0 end, position, case when id = ${row.id} then ${rank} + 0 else 1 end, id
        ) as place from ${name(table)} where ${name(within)} = ${row[within]}
      ) counted where id = counted_id and position is distinct from place`)
  }
