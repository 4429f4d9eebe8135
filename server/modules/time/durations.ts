/**
 * Durations after a change of working days: work packages keep their dates, and their durations change. The first ones change in
 * the transaction that changes the days; of more, a job changes the others in short transactions.
 */
import type { Transaction } from '#db/database.ts'
import { paced } from '#db/slices.ts'
import { or, type Sql, sql, TRUE } from '#db/sql.ts'
import { enqueue, PERSISTENT } from '#jobs/queue.ts'
import { createCache } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { Context } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { entryOf, rewrite } from '#kernel/write/history.ts'
import { calendarOf } from '#modules/work-packages/facts.ts'
import { type Calendar, durationBetween } from '#modules/work-packages/working-days.ts'

interface Planned {
  id: number
  start_date: string
  due_date: string
  duration: number | null
}

/** Work packages that a request looks at. */
const AT_ONCE = 300

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
  const days = await tx.all<{ date: string }>(sql`select date from non_working_days`)
  const calendar = { weekdays, daysOff: new Set(days.map((day) => day.date)) }
  if ((await recountSome(tx, context, calendar, dates, 0, AT_ONCE)) === undefined) return
  await enqueue(tx, recountRest, { payload: { dates: dates ?? null, actor: context.viewer.id } }, context.now)
}

/** What is left of a change for the job. */
interface Rest {
  readonly dates: readonly string[] | null
  readonly actor: number
}

/**
 * Recomputes durations by the calendar as it is then, from the beginning: those that are right already do not change.
 */
export const recountRest = job<Rest>('work_packages.recount', {
  attempts: PERSISTENT,
  lane: 'scheduling',
  run: async (services) => {
    const { payload, step, signal, now } = services
    const context = await contextOfActor({ ...services, cache: createCache() }, payload.actor, now)
    const calendar = await calendarOf(context)
    const pace = paced(50, 1000)
    for (let last: number | undefined = 0; last !== undefined; ) {
      if (signal.aborted) throw new Error('The process ends.')
      const from: number = last
      last = await step((tx) =>
        pace.timed(() => {
          const within: Context = { ...inside(context, tx), now: currentTime() }
          return recountSome(tx, within, calendar, payload.dates ?? undefined, from, pace.size)
        }),
      )
    }
  },
})

/**
 * Recomputes the durations of some work packages.
 * @param last the id before the first of them
 * @returns the id of the last of them; undefined if there are no more
 */
async function recountSome(
  tx: Transaction,
  context: Context,
  calendar: Calendar,
  dates: readonly string[] | undefined,
  last: number,
  most: number,
): Promise<number | undefined> {
  const affected = dates ? or(dates.map((date) => sql`(start_date <= ${date} and due_date >= ${date})`)) : TRUE
  const some = await read(tx, affected, last, most)
  const counted = some.map((one) => ({ ...one, now: Math.max(1, durationBetween(one.start_date, one.due_date, calendar)) }))
  const rewrites = counted
    .filter((one) => one.now !== one.duration)
    .map((one) => ({ id: one.id, values: { duration: one.now }, cause }))
  await rewrite(tx, context.model.of('WorkPackage'), rewrites, entryOf(context))
  return some.length < most ? undefined : some.at(-1)?.id
}

const read = (tx: Transaction, affected: Sql, last: number, most: number): Promise<Planned[]> =>
  tx.all<Planned>(sql`
    select id, start_date, due_date, duration from work_packages
    where id > ${last} and start_date is not null and due_date is not null and not ignore_non_working_days and ${affected}
    order by id limit ${most}`)
