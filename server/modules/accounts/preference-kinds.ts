/** Structured preferences: parsing, completion and validation. Pure. */
import type { Row } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
import type { Draft, Kind } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { asText, FormatError, isDate } from '#kernel/kinds.ts'
import { differs } from '#kernel/resource.ts'
import { type Message, said } from '#text/messages.ts'

type Principal = Tables['principals']

export const defaultDailyReminders = { enabled: true, times: ['08:00'] }
export const defaultImmediateReminders = { mentioned: true, personalReminder: true }
export const defaultPauseReminders = { enabled: false }
export const defaultWorkdays = [1, 2, 3, 4, 5]

const flag = { type: 'boolean' }
const object = (properties: Record<string, unknown>) => ({ type: 'object', properties })
const same = (value: unknown) => value

/** Parses the members of an object with a parser each; ignores unknown members. */
const readObject = (expected: Message, members: Record<string, (value: unknown) => unknown>) => (value: unknown) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FormatError(expected)
  const sent: Row = value
  const given = Object.entries(members).filter(([key]) => Object.hasOwn(sent, key))
  return Object.fromEntries(
    given.map(([key, read]) => {
      const found = read(sent[key])
      if (found === undefined) throw new FormatError(expected)
      return [key, found]
    }),
  )
}

const readFlag = (value: unknown) => (typeof value === 'boolean' ? value : undefined)
const readDay = (value: unknown) => (value === null || (typeof value === 'string' && isDate(value)) ? value : undefined)

/** Times of day in hours and minutes; seconds are dropped. */
function readTimes(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined
  const times = value.map((one) => /^([01]\d|2[0-3]):[0-5]\d(?=:00|$)/.exec(asText(one))?.[0])
  return times.every((one) => one !== undefined) ? [...new Set(times)] : undefined
}

function readWorkdays(value: unknown): unknown {
  if (Array.isArray(value) && value.length < 100 && value.every(Number.isInteger)) return value
  throw new FormatError(said`a list of days of the week, 1 to 7`)
}

const document = (type: string, json: Record<string, unknown>, parse: Kind['parse']): Kind => ({
  type,
  json,
  render: same,
  parse,
  strategy: 'text',
})

export const dailyReminders = document(
  'Object',
  object({ enabled: flag, times: { type: 'array', items: { type: 'string' }, examples: [['08:00']] } }),
  readObject(said`an object such as {"enabled":true,"times":["08:00"]}`, { enabled: readFlag, times: readTimes }),
)

export const immediateReminders = document(
  'Object',
  object({ mentioned: flag, personalReminder: flag }),
  readObject(said`an object such as {"mentioned":true,"personalReminder":true}`, {
    mentioned: readFlag,
    personalReminder: readFlag,
  }),
)

const day = { type: 'string', format: 'date' }
export const pauseReminders = document(
  'Object',
  object({ enabled: flag, firstDay: day, lastDay: day }),
  readObject(said`an object such as {"enabled":true,"firstDay":"2026-12-24","lastDay":"2026-12-31"}`, {
    enabled: readFlag,
    firstDay: readDay,
    lastDay: readDay,
  }),
)

export const workdays = document(
  '[]Integer',
  { type: 'array', items: { type: 'integer' }, examples: [[1, 2, 3, 4, 5]] },
  readWorkdays,
)

/** The period without reminders; a single day if only the first is given. */
function paused({ enabled = false, firstDay, lastDay }: Row): Row {
  const last = lastDay ?? firstDay
  return { enabled, ...(firstDay && { firstDay }), ...(last && { lastDay: last }) }
}

const membersOf = (document: unknown): Row => (typeof document === 'object' && document !== null ? document : {})

const documentColumns = ['daily_reminders', 'immediate_reminders', 'pause_reminders', 'workdays'] as const
type DocumentColumn = (typeof documentColumns)[number]

/** Columns with JSON documents, and functions that complete a payload to the whole document. */
const documents: Record<DocumentColumn, (given: unknown, stored: unknown) => unknown> = {
  daily_reminders: (given, stored) => ({ ...defaultDailyReminders, ...membersOf(stored), ...membersOf(given) }),
  immediate_reminders: (given, stored) => ({ ...defaultImmediateReminders, ...membersOf(stored), ...membersOf(given) }),
  pause_reminders: (given) => paused(membersOf(given)),
  workdays: same,
}

/** Completes documents with stored and default values, and serialises them as JSON. */
export function completed(draft: Draft<Principal>): Partial<Principal> {
  const { row, before } = draft
  const values: Partial<Principal> = {}
  for (const column of documentColumns) {
    if (differs(draft, column) && row[column] !== null)
      values[column] = JSON.stringify(documents[column](row[column], before?.[column]))
  }
  return values
}

/** Whether a time zone exists. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Z][\w+-]*(\/[A-Za-z][\w+-]*)*$/.test(name)) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

/** Violations of the payload. */
export function check(draft: Draft<Principal>): Violation[] {
  const { row } = draft
  const violations: Violation[] = []
  const given = (column: DocumentColumn) => {
    const text = row[column]
    return differs(draft, column) && typeof text === 'string' ? JSON.parse(text) : undefined
  }

  if (row.time_zone && differs(draft, 'time_zone') && !isTimeZone(row.time_zone))
    violations.push(violation('timeZone', said`is not set to one of the allowed values`))

  const daily = given('daily_reminders') as typeof defaultDailyReminders | undefined
  if (daily?.times.some((time) => !time.endsWith(':00')))
    violations.push(violation('dailyReminders', said`can only be sent at a full hour`))

  const pause = given('pause_reminders') as { enabled: boolean; firstDay?: string; lastDay?: string } | undefined
  if (pause?.enabled && !pause.firstDay) violations.push(violation('pauseReminders', said`can't be blank`))
  else if (pause?.firstDay && pause.lastDay && pause.lastDay < pause.firstDay)
    violations.push(violation('pauseReminders', said`is not a valid range of days`))

  const worked = given('workdays') as number[] | undefined
  if (worked?.some((one) => one < 1 || one > 7))
    violations.push(violation('workdays', said`is not set to one of the allowed values`))
  if (worked && new Set(worked).size < worked.length) violations.push(violation('workdays', said`must not hold a day twice`))
  return violations
}
