/** `halyard reindex`: builds the indexes of texts anew. */
import type { Database } from '#db/database.ts'
import { indexPending, mergeIndexes, pendingCount, rebuildIndexes } from '#db/search.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showResult } from './output.ts'
import { withProgress } from './progress.ts'

const AT_ONCE = 200

/** Builds them anew; a server may run meanwhile, and finds as much as before. */
export async function reindex(invocation: Invocation): Promise<void> {
  const count = await withDatabase(invocation.config.databaseUrl, (db) =>
    withProgress(invocation, (progress) => indexAll(db, (done, total) => progress('texts', done, total))),
  )
  showResult(
    invocation,
    { texts: count },
    count === undefined ? 'Built the indexes anew.' : `Indexed the texts of ${count} rows.`,
  )
}

/** Indexes all texts; gives the number of rows, undefined where the database does it by itself. */
async function indexAll(db: Database, progress: (done: number, total: number) => void): Promise<number | undefined> {
  await rebuildIndexes(db)
  if (db.engine === 'postgres') return undefined
  const total = await pendingCount(db)
  let done = 0
  for (const long of [false, true]) {
    for (let some = 1; some > 0; ) {
      some = await indexPending(db, long ? 1 : AT_ONCE, { long })
      done += some
      progress(done, Math.max(done, total))
      await db.transaction(mergeIndexes)
    }
  }
  while (await db.transaction(mergeIndexes));
  return done
}
