/** Reading the rows of a query on PostgreSQL some at once, in an open transaction. */
import type { SnapshotReader, Transaction } from './database.ts'
import { raw, sql } from './sql.ts'

/** A reader in a transaction that has the rows of a query in batches. One query at a time, as they share the name of the cursor. */
export const inBatches = (tx: Transaction): SnapshotReader => ({
  engine: tx.engine,
  all: (query) => tx.all(query),
  one: (query) => tx.one(query),
  async *batches(query, size) {
    await tx.run(sql`declare batches no scroll cursor for ${query}`)
    const fetched = () => tx.all(raw(`fetch ${size} from batches`))
    for (let rows = await fetched(); rows.length > 0; rows = await fetched()) yield rows
    await tx.script('close batches')
  },
})
