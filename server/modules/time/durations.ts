/** Durations after a change of working days: work packages keep their dates, and their durations change. */
import type { Transaction } from '#db/database.ts'
import { type Sql, sql, TRUE } from '#db/sql.ts'
import type { Context } from '#kernel/declaration.ts'
import { entryOf, rewrite } from '#kernel/write/history.ts'
import { durationBetween } from '#modules/work-packages/working-days.ts'

interface Planned {
  id: number
  start_date: string
  due_date: string
  duration: number | null
}

/** Rows per batch. */
const BATCH = 5000

const cause = { type: 'working_days_changed' }

/**
 * Recomputes durations with the non-working days that the transaction sees; the history records the cause.
 * @param dates the only dates that changed: other work packages keep their durations
 */
export async function recount(
  tx: Transaction,
  context: Context,
  weekdays: readonly number[],
  dates?: readonly string[],
): Promise<void> {
  const workPackages = context.model.of('WorkPackage')
  const days = await tx.all<{ date: string }>(sql`select date from non_working_days`)
  const calendar = { weekdays, daysOff: new Set(days.map((day) => day.date)) }
  for (const affected of dates?.map((date) => sql`start_date <= ${date} and due_date >= ${date}`) ?? [TRUE]) {
    let last = 0
    for (;;) {
      const batch = await read(tx, affected, last)
      const counted = batch.map((one) => ({ ...one, now: Math.max(1, durationBetween(one.start_date, one.due_date, calendar)) }))
      const changed = counted.filter((one) => one.now !== one.duration)
      const rewrites = changed.map((one) => ({ id: one.id, values: { duration: one.now }, cause }))
      await rewrite(tx, workPackages, rewrites, entryOf(context))
      const end = batch.at(-1)
      if (end === undefined || batch.length < BATCH) break
      last = end.id
    }
  }
}

const read = (tx: Transaction, affected: Sql, last: number): Promise<Planned[]> =>
  tx.all<Planned>(sql`
    select id, start_date, due_date, duration from work_packages
    where id > ${last} and start_date is not null and due_date is not null and not ignore_non_working_days and ${affected}
    order by id limit ${BATCH}`)
