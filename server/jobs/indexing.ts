/**
 * Puts texts that were written into the indexes by which they are found: see db/search.ts. Writers do not pay for the row of a job:
 * triggers note what waits, and that is the queue.
 */
import { hasPending, indexPending } from '#db/search.ts'
import { job } from '#kernel/module.ts'

/** Texts that are taken in by one transaction, for which writers may have to wait. */
const AT_ONCE = 200
/** Transactions each time the job is run: where more is written than that, it stays waiting for longer. */
const TURNS = 10

export const indexTexts = job('texts.index', {
  pending: hasPending,
  run: async ({ db }) => {
    for (let turn = 0; turn < TURNS && (await indexPending(db, AT_ONCE)) === AT_ONCE; turn++);
    for (let turn = 0; turn < TURNS && (await indexPending(db, 1, { long: true })) === 1; turn++);
  },
})
