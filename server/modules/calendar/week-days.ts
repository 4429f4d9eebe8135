/** Days of the week, and which of them are working days. */
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
import { said } from '#text/messages.ts'

const WEEK = [1, 2, 3, 4, 5, 6, 7]
/** A Monday, as a base for the names of week days. */
const MONDAY = Date.UTC(2024, 0, 1)

/** The name of a week day in the viewer's language; Monday is 1. */
export function weekdayName(day: number, context: Pick<Context, 'viewer' | 'settings' | 'language'>): string {
  const { viewer, settings, language } = context
  // These names are known in many more languages than there are catalogues.
  const own = viewer.signedIn ? viewer.row.language || settings.default_language : language
  return namesIn(own)[day - 1] as string
}

const named = new Map<string, readonly string[]>()

/** The names of the week days; in English for an unknown language. */
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

/** The week day in a path, or 404. */
function dayFrom(text: string): number {
  if (!/^[1-7]$/.test(text)) throw notFound()
  return Number(text)
}

/** The value of `working` in a payload. Throws unless it is a boolean. */
function workingFrom({ working }: Payload): boolean {
  if (typeof working === 'boolean') return working
  throw working === undefined || working === null
    ? new ApiError('PropertyConstraintViolation', said`Working can't be blank.`, { details: { attribute: 'working' } })
    : new ApiError('PropertyFormatError', said`Invalid format for property 'working': expected a boolean.`, {
        details: { attribute: 'working' },
      })
}

/** The values of `working` in a collection of week days, by day. */
function changesFrom({ _embedded: embedded }: Payload, context: Context): ReadonlyMap<number, boolean> {
  const elements = (embedded as { elements?: unknown } | undefined)?.elements
  if (!Array.isArray(elements)) throw badRequest(said`_embedded.elements must be a list of week days.`)
  return new Map(
    elements.map((element) => {
      const self = typeof element === 'object' && element !== null ? (sentLink(element, 'self') as Partial<Link>) : undefined
      const address = readAddress(asText(self?.href), context)
      if (address?.path !== 'days/week') throw badRequest(said`each week day must be named by its link self.`)
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
    // Serialises changes of settings, so that concurrent changes of different days do not undo each other.
    await invalidate(tx, 'settings')
    const stored = await tx.one<{ value: readonly number[] }>(sql`select value from settings where name = 'working_days'`)
    const former = stored?.value ?? context.settings.working_days
    const days = WEEK.filter((day) => changes.get(day) ?? former.includes(day))
    if (days.length === 0)
      throw new ApiError('PropertyConstraintViolation', said`At least one day of the week must be a working day.`, {
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
  run: async ({ context, params }) => ok(weekDay(dayFrom(params.day), context)),
})

const updateWeekDay = operation({
  ...one,
  method: 'PATCH',
  summary: 'Update a week day',
  takes: 'WeekDayWrite',
  description: 'Work packages are rescheduled. At least one working day has to remain. For administrators.',
  guard: admin,
  run: async (ask) => {
    const day = dayFrom(ask.params.day)
    return ok(weekDay(day, await change(ask, new Map([[day, workingFrom(ask.body)]]))))
  },
})

export const operations: readonly Operation[] = [listWeekDays, updateWeekDays, viewWeekDay, updateWeekDay]
