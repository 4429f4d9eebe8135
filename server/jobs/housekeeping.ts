/**
 * Housekeeping: abandoned jobs are kept for some time only, as their payloads may be confidential, and the statistics of SQLite
 * follow the sizes of its tables.
 */
import { amongTexts, staleStatistics } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { job } from '#kernel/module.ts'
import { isOwn } from './queue.ts'

const DAY = 86_400_000
const KEPT_DAYS = 30

/** Refreshes statistics of tables that have grown or shrunk much, in a transaction for each. */
export const refreshStatistics = job('statistics.refresh', {
  every: 3600,
  run: async ({ db, step, signal }) => {
    for (const statement of await staleStatistics(db)) {
      if (signal.aborted) return
      await step((tx) => tx.script(statement))
    }
  },
})

/** Removes old abandoned jobs, and the rows of removed schedules. */
export const forgetJobs = job('jobs.forget', {
  every: 3600,
  run:
    async ({ model, now }) =>
    async (tx) => {
      const last = new Date(now.getTime() - KEPT_DAYS * DAY).toISOString()
      await tx.run(sql`delete from jobs where due_at is null and created_at < ${last}`)
      const own = model.jobs.filter(({ every, pending }) => every !== undefined || pending).map(({ name }) => name)
      await tx.run(
        sql`delete from jobs where ${isOwn} and leased_until is null and not (${amongTexts(tx.engine, raw('name'), own)})`,
      )
    },
})
