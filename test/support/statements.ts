/** Prerequisites for counting statements. */
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'

/** Commits something, so that nothing is remembered that holds until the next commit, and each request asks what there is. */
export const forgetReads = (db: Database): Promise<unknown> =>
  db.transaction((tx) => tx.run(sql`update revisions set value = value where name = 'all'`))

const LATER = '2999-01-01T00:00:00.000Z'

/**
 * Prevents further records of the use of existing tokens and sessions. These are written once a minute, by any request at that
 * time: on a busy machine by one whose statements are counted.
 */
export const stopUsageRecords = (db: Database): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.run(sql`update tokens set last_used_at = ${LATER}`)
    await tx.run(sql`update sessions set last_seen_at = ${LATER}`)
    await invalidate(tx, 'tokens', 'sessions')
  })
