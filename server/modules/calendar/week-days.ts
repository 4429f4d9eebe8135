/** The days of the week, and on which of them the instance works. */
import { sql } from '#db/sql.ts'
import { admin } from '#kernel/access/rules.ts'
import { invalidate } from '#kernel/cache.ts'
import type { ApiRequest, Body, Context, Link, Operation, Payload } from '#kernel/declaration.ts'
import { ApiError, badRequest, notFound } from '#kernel/errors.ts'
import { asText } from '#kernel/kinds.ts'
import { ok, operation } from '#kernel/operation.ts'
import { collection } from '#kernel/read/represent.ts'
import { publish } from '#kernel/write/outbox.ts'
import { readAddress, sentLink } from '#kernel/write/payload.ts'
import { recount } from '#modules/time/durations.ts'

const WEEK = [1, 2, 3, 4, 5, 6, 7]
/** A Monday: the days of the week are named after it and those that follow. */
const MONDAY = Date.UTC(2024, 0, 1)

/** What a day of the week is called in the viewer's language; Monday is 1. */
export function weekdayName(day: number, { viewer, settings }: Pick<Context, 'viewer' | 'settings'>): string {
  return namesIn(viewer.row.language || settings.default_language)[day - 1] as string
}

const named = new Map<string, readonly string[]>()

/** The names of all days of the week; in English where the language is not known. */
function namesIn(language: string): readonly string[] {
  const known = isKnown(language) ? language : 'en'
  return named.getOrInsertComputed(known, () => {
    const { format } = new Intl.DateTimeFormat(known, { weekday: 'long', timeZone: 'UTC' })
    return WEEK.map((day) => format(MONDAY + (day - 1) * 86_400_000))
  })
}

function isKnown(language: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(language).length > 0
  } catch {
    return false
  }
}

/** The link to a day of the week. */
export const weekDayLink = (day: number, context: Context): Link => ({
  href: `/api/v3/days/week/${day}`,
  title: weekdayName(day, context),
})

const weekDay = (day: number, context: Context): Body => ({
  _type: 'WeekDay',
  day,
  name: weekdayName(day, context),
  working: context.settings.working_days.includes(day),
  _links: { self: weekDayLink(day, context) },
})

const week = (context: Context): Body =>
  collection(
    '/api/v3/days/week',
    WEEK.map((day) => weekDay(day, context)),
  )

/** The day that a path names, or 404. */
function dayFrom(text: string): number {
  if (!/^[1-7]$/.test(text)) throw notFound()
  return Number(text)
}

/** What a payload says of a day. Throws unless it is that it is one of work, or that it is none. */
function workingFrom({ working }: Payload): boolean {
  if (typeof working === 'boolean') return working
  throw working === undefined || working === null
    ? new ApiError('PropertyConstraintViolation', "Working can't be blank.", { details: { attribute: 'working' } })
    : new ApiError('PropertyFormatError', "Invalid format for property 'working': expected a boolean.", {
        details: { attribute: 'working' },
      })
}

/** The days that a collection names by their links, and what it says of each of them. */
function changesFrom({ _embedded: embedded }: Payload, context: Context): ReadonlyMap<number, boolean> {
  const elements = (embedded as { elements?: unknown } | undefined)?.elements
  if (!Array.isArray(elements)) throw badRequest('_embedded.elements must be a list of week days.')
  return new Map(
    elements.map((element) => {
      const self = typeof element === 'object' && element !== null ? (sentLink(element, 'self') as Partial<Link>) : undefined
      const address = readAddress(asText(self?.href), context)
      if (address?.path !== 'days/week') throw badRequest('each week day must be named by its link self.')
      return [dayFrom(address.text), workingFrom(element)]
    }),
  )
}

/**
 * Makes days of the week working or non-working ones.
 * @throws ApiError 422 when no working day would be left
 */
async function change({ context, db }: ApiRequest, changes: ReadonlyMap<number, boolean>): Promise<Context> {
  await db.transaction(async (tx) => {
    // Others who change settings wait from here on: of two who change different days neither undoes what the other did.
    await invalidate(tx, 'settings')
    const stored = await tx.one<{ value: readonly number[] }>(sql`select value from settings where name = 'working_days'`)
    const former = stored?.value ?? context.settings.working_days
    const days = WEEK.filter((day) => changes.get(day) ?? former.includes(day))
    if (days.length === 0)
      throw new ApiError('PropertyConstraintViolation', 'At least one day of the week must be a working day.', {
        details: { attribute: 'base' },
      })
    await tx.run(sql`insert into settings (name, value) values ('working_days', ${JSON.stringify(days)})
      on conflict (name) do update set value = excluded.value`)
    if (days.join() !== former.join()) await recount(tx, context, days)
    await publish(tx, context, 'settings.updated', 0, ['working_days'])
  })
  return context.renewed()
}

const tag = 'WeekDay'
const one = { path: '/days/week/:day', tag, answers: { status: 200, of: tag, as: 'single' } } as const
const all = { path: '/days/week', tag, answers: { status: 200, of: tag, as: 'collection' } } as const

const listWeekDays = operation({
  ...all,
  method: 'GET',
  summary: 'List the days of the week',
  description: 'Lists the seven days of the week, Monday first, and which of them are working days.',
  run: async ({ context }) => ok(week(context)),
})

const updateWeekDays = operation({
  ...all,
  method: 'PATCH',
  summary: 'Update the week days',
  takes: 'WeekDaysWrite',
  description:
    'Takes a collection of week days, each identified by its link `self`; other days do not change. Work packages are rescheduled. At least one working day has to remain. For administrators.',
  guard: admin,
  run: async (ask) => ok(week(await change(ask, changesFrom(ask.body, ask.context)))),
})

const viewWeekDay = operation({
  ...one,
  method: 'GET',
  summary: 'View a day of the week',
  description: 'Returns one day of the week: Monday is 1, Sunday is 7.',
  run: async ({ context, params }) => ok(weekDay(dayFrom(params.day as string), context)),
})

const updateWeekDay = operation({
  ...one,
  method: 'PATCH',
  summary: 'Update a week day',
  takes: 'WeekDayWrite',
  description: 'Work packages are rescheduled. At least one working day has to remain. For administrators.',
  guard: admin,
  run: async (ask) => {
    const day = dayFrom(ask.params.day as string)
    return ok(weekDay(day, await change(ask, new Map([[day, workingFrom(ask.body)]]))))
  },
})

export const operations: readonly Operation[] = [listWeekDays, updateWeekDays, viewWeekDay, updateWeekDay]
