/** The queue's own housekeeping: jobs that were given up are kept for some time only, as what they are about may be confidential. */
import { amongTexts } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { job } from '#kernel/module.ts'
import { isOwn } from './queue.ts'

const DAY = 86_400_000
const KEPT_DAYS = 30

/** Removes jobs that were given up and that nobody has looked after, and the rows of schedules that are no more. */
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
