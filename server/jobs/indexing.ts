/**
 * Indexes written texts for the search: see db/search.ts. Writers do not pay for the row of a job: triggers enqueue pending
 * texts, and that is the queue.
 */
import type { Database } from '#db/database.ts'
import { hasPending, indexPending, mergeIndexes } from '#db/search.ts'
import { paced } from '#db/slices.ts'
import { job } from '#kernel/module.ts'

/** Transactions per run of the job: under load, texts are pending for longer. */
const TURNS = 20

/** Indexes texts in transactions of some milliseconds, as writers may have to wait for them. */
async function indexSome(db: Database, long: boolean): Promise<void> {
  const pace = paced(long ? 1 : 50)
  const timed: Database = Object.create(db, {
    transaction: {
      value: ((work, options) => db.transaction((tx) => pace.timed(() => work(tx)), options)) as Database['transaction'],
    },
  })
  for (let turn = 0; turn < TURNS; turn++) {
    const most = pace.size
    if ((await indexPending(timed, most, { long })) < most) return
  }
}

export const indexTexts = job('texts.index', {
  // Merging takes longer than indexing.
  lane: 'search',
  pending: hasPending,
  run: async ({ db, step, signal }) => {
    for (;;) {
      await indexSome(db, false)
      await indexSome(db, true)
      if (signal.aborted || !(await step(mergeIndexes))) return
    }
  },
})
