/** Working and non-working days, computed from week days and non-working days, so there is no table of them. */
import type { Row } from '#db/database.ts'
import { TRUE } from '#db/sql.ts'
import { allRows } from '#kernel/cache.ts'
import type { Body, Context, FilterUse, Link, Operation, Queryable } from '#kernel/declaration.ts'
import { invalidQuery } from '#kernel/errors.ts'
import { ok, operation } from '#kernel/operation.ts'
import { computed } from '#kernel/read/list.ts'
import { addDays } from '#kernel/read/operators.ts'
import { hrefOf } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { dateFrom, NonWorkingDay } from './non-working-days.ts'
import { weekDayLink, weekdayName } from './week-days.ts'

/** The non-working days of the instance, by date. */
const daysOff = ({ db, snapshot }: Context): Promise<ReadonlyMap<string, Row>> =>
  snapshot.remember('days off', ['non_working_days'], async () => {
    const rows = await allRows(db, snapshot, 'non_working_days', 'date')
    return new Map([...rows.values()].map((row) => [row.date, row]))
  })

const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay() || 7

function day(date: string, off: ReadonlyMap<string, Row>, context: Context): Body {
  const weekday = weekdayOf(date)
  const holiday = off.get(date)
  const reasons: Link[] = []
  if (!context.settings.working_days.includes(weekday)) reasons.push(weekDayLink(weekday, context))
  if (holiday) reasons.push({ href: hrefOf(NonWorkingDay, holiday), title: holiday.name })
  const title = weekdayName(weekday, context)
  return {
    _type: 'Day',
    date,
    name: title,
    working: reasons.length === 0,
    _links: {
      self: { href: `/api/v3/days/${date}`, title },
      ...(reasons.length > 0 && { nonWorkingReasons: reasons }),
      weekday: weekDayLink(weekday, context),
    },
  }
}

/** Filters on computed days: `list` evaluates them. */
export const dayList: Queryable = {
  table: 'non_working_days',
  properties: [],
  property: new Map(),
  filters: {
    date: { strategy: 'date', operators: ['=d', '<>d'], where: () => TRUE },
    working: { strategy: 'boolean', where: () => TRUE },
  },
}

const MOST_DAYS = 10_000

/** The first and the last day of a filter; by default, of this and the next month. An open end is a year away. */
function spanOf(use: FilterUse | undefined, today: string): readonly [first: string, last: string] {
  if (!use) {
    const month = Temporal.PlainDate.from(today).with({ day: 1 })
    return [month.toString(), month.add({ months: 2 }).subtract({ days: 1 }).toString()]
  }
  const [from = '', to = from] = use.values.map((value) => value.trim())
  return [from || addDays(to || today, -365), to || addDays(from || today, 365)]
}

function list(filters: readonly FilterUse[], off: ReadonlyMap<string, Row>, context: Context): Body[] {
  const [first, last] = spanOf(
    filters.find((use) => use.name === 'date'),
    context.today,
  )
  if (addDays(first, MOST_DAYS) <= last) throw invalidQuery(said`Date filter asks for more than ${MOST_DAYS} days.`)
  const working = filters.find((use) => use.name === 'working')
  const isWanted = working && (working.operator === '=') === (working.values[0] === 't')
  const days: Body[] = []
  for (let date = first; date <= last; date = addDays(date, 1)) {
    const one = day(date, off, context)
    if (isWanted === undefined || one.working === isWanted) days.push(one)
    // There is no day after the maximum date.
    if (date === last) break
  }
  return days
}

const listDays = operation({
  method: 'GET',
  path: '/days',
  summary: 'List days',
  description:
    'Lists days, and whether they are working days: those of this and the next month, unless the filter `date` is given. 10,000 days at most.',
  tag: 'Day',
  answers: { status: 200, of: 'Day', as: 'collection' },
  query: ['filters', 'select'],
  run: async ({ context }) => {
    const off = await daysOff(context)
    const listed = async ({ filters }: { filters: readonly FilterUse[] }) => {
      const elements = list(filters, off, context)
      return { elements, total: elements.length }
    }
    const members = ['date', 'name', 'working', 'weekday', 'nonWorkingReasons']
    return ok(await computed(context, dayList, members, listed, { paginated: false }))
  },
})

const viewDay = operation({
  method: 'GET',
  path: '/days/:date',
  summary: 'View a day',
  description: 'Returns one day by its date, and whether it is a working day.',
  tag: 'Day',
  answers: { status: 200, of: 'Day', as: 'single' },
  run: async ({ context, params }) => ok(day(dateFrom(params.date), await daysOff(context), context)),
})

export const operations: readonly Operation[] = [listDays, viewDay]
