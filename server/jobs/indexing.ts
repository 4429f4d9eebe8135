/**
 * Indexes written texts for the search: see db/search.ts. Writers do not pay for the row of a job: triggers enqueue pending
 * texts, and that is the queue.
 */
import { hasPending, indexPending } from '#db/search.ts'
import { job } from '#kernel/module.ts'

/** Texts per transaction, for which writers may have to wait. */
const AT_ONCE = 200
/** Transactions per run of the job: under load, texts are pending for longer. */
const TURNS = 10

export const indexTexts = job('texts.index', {
  pending: hasPending,
  run: async ({ db }) => {
    for (let turn = 0; turn < TURNS && (await indexPending(db, AT_ONCE)) === AT_ONCE; turn++);
    for (let turn = 0; turn < TURNS && (await indexPending(db, 1, { long: true })) === 1; turn++);
  },
})
