/** Reading the rows of a query on PostgreSQL some at once, in an open transaction. */
import type { Reader, SnapshotReader } from './database.ts'
import { name, raw, sql } from './sql.ts'

let cursors = 0

/** A reader in a transaction that has the rows of a query in batches. */
export const inBatches = (reader: Reader): SnapshotReader => ({
  ...reader,
  async *batches(query, size) {
    // Of its own, as the text of a prepared statement has the same columns each time.
    const cursor = name(`batches_${++cursors}`)
    await reader.all(sql`declare ${cursor} no scroll cursor for ${query}`)
    const fetched = () => reader.all(sql`fetch ${raw(String(size))} from ${cursor}`)
    for (let rows = await fetched(); rows.length > 0; rows = await fetched()) yield rows
    await reader.all(sql`close ${cursor}`)
  },
})
