/** The filter operators of APIv3: which there are, what values they take, and what they mean in SQL. */
import type { Engine } from '#db/database.ts'
import { among, amongTexts, folded, lower } from '#db/dialect.ts'
import { hasWords, wordsOf } from '#db/search.ts'
import { and, or, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Context, FilterUse, Strategy } from '#kernel/declaration.ts'
import { isDate } from '#kernel/kinds.ts'
import { type Message, said, type Text } from '#text/messages.ts'
import { readDay, readInstant } from './lenient-dates.ts'

/** The operators of each strategy, the default first. */
export const operatorsOf: Record<Strategy, readonly string[]> = {
  list: ['=', '!'],
  list_all: ['=', '!', '*'],
  list_optional: ['=', '!', '*', '!*'],
  integer: ['=', '!', '>=', '<=', '!*', '*'],
  date: ['t', '<t+', '>t+', 't+', 'w', '>t-', '<t-', 't-', '=d', '<>d', '!*'],
  datetime_past: ['>t-', '<t-', 't-', 't', 'w', '=d', '<>d'],
  text: ['~', '!~'],
  string: ['~', '=', '!', '!~'],
  search: ['**'],
  boolean: ['=', '!'],
}

/** What people read in place of an operator. */
export const operatorNames: Readonly<Record<string, Text>> = {
  '=': said`is (OR)`,
  '&=': said`is (AND)`,
  '!': said`is not`,
  '*': said`is not empty`,
  '!*': said`is empty`,
  '>=': '>=',
  '<=': '<=',
  '~': said`contains`,
  '!~': said`doesn't contain`,
  '**': said`search`,
  o: said`open`,
  c: said`closed`,
  l: said`locked`,
  t: said`today`,
  w: said`this week`,
  't+': said`in`,
  '<t+': said`in less than`,
  '>t+': said`in more than`,
  't-': said`days ago`,
  '>t-': said`less than days ago`,
  '<t-': said`more than days ago`,
  '=d': said`on`,
  '<>d': said`between`,
  ow: said`by hand`,
}

/** The operators that negate another one: rows satisfy them that do not satisfy it, those without a value among them. */
const negations: Readonly<Record<string, string>> = { '!': '=', '!~': '~', '!*': '*' }

/** A use as its filter is asked for it: positively. Of yes and no, "no" is a negated "yes". */
export function positive(strategy: Strategy, use: FilterUse): { use: FilterUse; isNegated: boolean } {
  const operator = negations[use.operator] ?? use.operator
  const isNegated = operator !== use.operator
  if (strategy !== 'boolean') return { use: { ...use, operator }, isNegated }
  return { use: { ...use, operator, values: ['t'] }, isNegated: (use.values[0] === 't') === isNegated }
}

/** Operators that ask for no value. */
const valueless = new Set(['*', '!*', 't', 'w', 'o', 'c', 'l', 'ow'])

export const takesValues = (operator: string) => !valueless.has(operator)

/** Operators whose values are dates. */
const ofDates = new Set(['=d', '<>d'])

/** A use of a filter with its dates as everything else here reads them; what is no date stays as it was sent. */
export function understood(strategy: Strategy, use: FilterUse): FilterUse {
  const read = strategy === 'date' ? readDay : strategy === 'datetime_past' ? readInstant : undefined
  if (!read || !ofDates.has(use.operator)) return use
  const { values } = use
  return { ...use, values: values.map((value) => (value.trim() === '' ? '' : (read(value) ?? value))) }
}

/** Why the values do not fit the operator, in words that follow the filter's label; undefined when they do. */
export function misfit(strategy: Strategy, operator: string, values: readonly string[]): Message | undefined {
  if (!takesValues(operator)) return undefined
  const filled = values.filter((value) => value.trim() !== '')
  if (operator === '<>d') {
    const isPoint = strategy === 'date' ? isDate : isInstant
    if (values.length !== 2 || filled.some((value) => !isPoint(value))) return said`needs two dates, either of which may be blank`
    return undefined
  }
  if (filled.length === 0) return said`values can't be blank`
  if (operator === '=d') {
    return filled.length === 1 && (strategy === 'date' ? isDate : isInstant)(filled[0] as string)
      ? undefined
      : said`needs one date`
  }
  if (/t[+-]$/.test(operator)) return filled.every((value) => /^\d{1,5}$/.test(value)) ? undefined : said`needs a number of days`
  if (strategy === 'integer') {
    return filled.every((value) => /^-?\d+(\.\d+)?$/.test(value) && Math.abs(Number(value)) < 2 ** 31)
      ? undefined
      : said`needs numbers as values`
  }
  if (strategy === 'boolean') {
    return filled.length === 1 && /^[tf]$/.test(filled[0] as string) ? undefined : said`needs one value, t or f`
  }
  return undefined
}

const isInstant = (text: string) => {
  const instant = readInstant(text)
  return instant !== undefined && Date.parse(instant) > Date.parse(FIRST_DAY) && Date.parse(instant) < Date.parse(LAST_DAY)
}

/** Whether a text is an id a row could have. */
export const isId = (text: string) => /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31

/** The condition that a positive operator puts on a column of ids. `-1` stands for "none". */
export function onIds(engine: Engine, operator: string, values: readonly string[], column: Sql): Sql {
  const ids = values.filter(isId).map(Number)
  const chosen = values.includes('-1') ? or([among(engine, column, ids), sql`${column} is null`]) : among(engine, column, ids)
  switch (operator) {
    case '=':
      return chosen
    case '*':
      return sql`${column} is not null`
    default:
      throw new Error(`No operator ${operator} on ids`)
  }
}

/** The condition that a positive operator puts on a column of texts. */
export function onTexts(engine: Engine, operator: string, values: readonly string[], column: Sql): Sql {
  switch (operator) {
    case '=':
      return amongTexts(engine, folded(engine, column), values.map(lower))
    case '~':
    case '**':
      return hasWords(engine, column, wordsOf(values[0] ?? ''))
    case '*':
      return sql`${column} is not null`
    default:
      throw new Error(`No operator ${operator} on texts`)
  }
}

function onNumbers(operator: string, values: readonly string[], column: Sql): Sql {
  // A bare parameter would take the column's type, and a whole number is not equal to half of one.
  const numbers = values.filter((value) => value.trim() !== '').map((value) => sql`cast(${Number(value)} as numeric)`)
  switch (operator) {
    case '=':
      return or(numbers.map((number) => sql`${column} = ${number}`))
    case '>=':
      return sql`${column} >= ${numbers[0]}`
    case '<=':
      return sql`${column} <= ${numbers[0]}`
    default:
      return sql`${column} is not null`
  }
}

/** The first and the last day there is: both engines know the years from 1 to 9999. */
export const FIRST_DAY = '0001-01-01'
export const LAST_DAY = '9999-12-31'
const FIRST_MS = Date.parse(FIRST_DAY)
const LAST_MS = Date.parse(LAST_DAY)

/** `YYYY-MM-DD` moved by whole days; kept between the first and the last day. */
export function addDays(day: string, count: number): string {
  const moved = Date.parse(`${day}T00:00:00Z`) + count * 86_400_000
  if (moved <= FIRST_MS) return FIRST_DAY
  return moved >= LAST_MS ? LAST_DAY : new Date(moved).toISOString().slice(0, 10)
}

/** The first and last day an operator means; undefined for an open end. */
function span(
  operator: string,
  values: readonly string[],
  today: string,
  weekStart: number,
): readonly [string | undefined, string | undefined] {
  const n = Number(values[0] ?? 0)
  switch (operator) {
    case 't':
      return [today, today]
    case 'w': {
      const weekday = new Date(`${today}T00:00:00Z`).getUTCDay()
      const start = addDays(today, -((weekday - (weekStart % 7) + 7) % 7))
      return [start, addDays(start, 7)]
    }
    case 't+':
      return [addDays(today, n), addDays(today, n)]
    case '<t+':
      return [today, addDays(today, n)]
    case '>t+':
      return [addDays(today, n), undefined]
    case 't-':
      return [addDays(today, -n), addDays(today, -n)]
    case '>t-':
      return [addDays(today, -n), today]
    case '<t-':
      return [undefined, addDays(today, -n)]
    case '=d':
      return [values[0], values[0]]
    default:
      return [values[0]?.trim() || undefined, values[1]?.trim() || undefined]
  }
}

/** The first and last day that a use of a filter by dates means; undefined for an open end. */
export const daysOf = ({ operator, values }: Pick<FilterUse, 'operator' | 'values'>, { today, settings }: Context) =>
  span(operator, values, today, settings.start_of_week ?? 1)

function between(column: Sql, from: string | undefined, to: string | undefined): Sql {
  return and([from === undefined ? TRUE : sql`${column} >= ${from}`, to === undefined ? TRUE : sql`${column} <= ${to}`])
}

function onDates(use: Pick<FilterUse, 'operator' | 'values'>, column: Sql, context: Context): Sql {
  if (use.operator === '*') return sql`${column} is not null`
  const [from, to] = daysOf(use, context)
  return between(column, from, to)
}

function onInstants(operator: string, values: readonly string[], column: Sql, context: Context): Sql {
  if (operator === '=d' || operator === '<>d') {
    const instant = (text: string | undefined) => (text?.trim() ? new Date(text).toISOString() : undefined)
    const from = instant(values[0])
    if (operator === '<>d') return between(column, from, instant(values[1]))
    const end = new Date(Date.parse(from as string) + 86_400_000).toISOString()
    return sql`${column} >= ${from} and ${column} < ${end}`
  }
  const [from, to] = daysOf({ operator, values }, context)
  const zone = context.timeZone
  const start = from && startOfDay(from, zone)
  const end = to && startOfDay(addDays(to, 1), zone)
  return and([start === undefined ? TRUE : sql`${column} >= ${start}`, end === undefined ? TRUE : sql`${column} < ${end}`])
}

/** The instant at which a day begins in a time zone, as UTC text. */
export const startOfDay = (day: string, zone: string): string =>
  zone === 'UTC'
    ? `${day}T00:00:00.000Z`
    : new Date(Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds).toISOString()

/** The condition of a positive operator of `strategy` on a column of that kind. */
export function condition(strategy: Strategy, use: Pick<FilterUse, 'operator' | 'values'>, column: Sql, context: Context): Sql {
  const { operator, values } = use
  switch (strategy) {
    case 'list':
    case 'list_all':
    case 'list_optional':
      return onIds(context.engine, operator, values, column)
    case 'integer':
      return onNumbers(operator, values, column)
    case 'date':
      return onDates(use, column, context)
    case 'datetime_past':
      return onInstants(operator, values, column, context)
    case 'boolean':
      return sql`${column} = true`
    default:
      return onTexts(context.engine, operator, values, column)
  }
}
