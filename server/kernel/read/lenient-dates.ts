/**
 * Lenient parsing of dates in parameters of lists, in the formats of people and other programs. Ambiguous dates are rejected,
 * such as 3/4/2026, while 3.4.2026 is the third of April wherever dates have dots.
 */
import { isDate } from '#kernel/kinds.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

/** Maximum length of a date. */
const LONGEST = 60

/** The number of a month by its English name, abbreviated to three letters or more. */
function monthNamed(text: string): number | undefined {
  const word = text.toLowerCase().replace(/\.$/, '')
  const at = MONTHS.indexOf(word.slice(0, 3))
  return at >= 0 && NAMES[at]?.startsWith(word.replace(/^sept$/, 'sep')) ? at + 1 : undefined
}

function dayOf(year: string, month: number | undefined, day: string): string | undefined {
  const text = `${year}-${String(month ?? 0).padStart(2, '0')}-${day.padStart(2, '0')}`
  return isDate(text) ? text : undefined
}

/** Formats of dates, with the possible dates of each. */
const ways: readonly (readonly [RegExp, (...parts: string[]) => (string | undefined)[]])[] = [
  // 2026-11-01, 2026-11-1, 2026/11/01, 2026.11.1
  [/^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/, (year, _, month, day) => [dayOf(year, Number(month), day)]],
  // 20261101
  [/^(\d{4})(\d{2})(\d{2})$/, (year, month, day) => [dayOf(year, Number(month), day)]],
  // 1.11.2026, 01. 11. 2026
  [/^(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})$/, (day, month, year) => [dayOf(year, Number(month), day)]],
  // 25/12/2026, 12-25-2026
  [
    /^(\d{1,2})([-/])(\d{1,2})\2(\d{4})$/,
    (one, _, other, year) => [dayOf(year, Number(other), one), dayOf(year, Number(one), other)],
  ],
  // 1 November 2026, 1. Nov 2026, 1st of November, 2026, 1-Nov-2026
  [
    /^(\d{1,2})(?:st|nd|rd|th|\.)?[ -](?:of )?([a-z]{3,9}\.?),?[ -](\d{4})$/i,
    (day, month, year) => [dayOf(year, monthNamed(month), day)],
  ],
  // November 1, 2026, Nov. 1st 2026
  [/^([a-z]{3,9}\.?) (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$/i, (month, day, year) => [dayOf(year, monthNamed(month), day)]],
  // 2026 Nov 1, 2026-Nov-01
  [/^(\d{4})[ -]([a-z]{3,9}\.?)[ -](\d{1,2})$/i, (year, month, day) => [dayOf(year, monthNamed(month), day)]],
]

const WEEKDAY = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? /i

/** A day and a time of day; a time without a zone is UTC, like a day without a time. */
const MOMENT = /^(.{6,40}?)[T ] ?(\d{2}|\d(?=:)):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)? ?(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?$/i

/** Parses a date without a time; undefined for an invalid or ambiguous one. */
function plainDay(text: string): string | undefined {
  const bare = text.replace(WEEKDAY, '')
  for (const [way, read] of ways) {
    const parts = way.exec(bare)
    if (!parts) continue
    const days = new Set(read(...parts.slice(1)).filter((day) => day !== undefined))
    return days.size === 1 ? [...days][0] : undefined
  }
  return undefined
}

/** Normalises spaces; empty for an overlong text. */
const tidy = (text: string): string => (text.length > LONGEST ? '' : text.trim().replace(/\s+/g, ' '))

function momentIn(text: string): { day: string; instant: string } | undefined {
  const whole = plainDay(text)
  if (whole) return { day: whole, instant: `${whole}T00:00:00.000Z` }
  const [, date, hour, minute, second = '00', fraction = '0', zone = 'z'] = MOMENT.exec(text) ?? []
  const day = date === undefined ? undefined : plainDay(date.replace(/,$/, ''))
  if (day === undefined) return undefined
  const [, offset, minutes = '00'] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? []
  const time = `${hour?.padStart(2, '0')}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`
  const parsed = new Date(`${day}T${time}${offset ? `${offset}:${minutes}` : 'Z'}`)
  return Number.isNaN(parsed.getTime()) ? undefined : { day, instant: parsed.toISOString() }
}

/** Parses a date to YYYY-MM-DD; of a timestamp, its written date. Undefined for other texts. */
export const readDay = (text: string): string | undefined => momentIn(tidy(text))?.day

/** Parses a timestamp to UTC; of a date, its start. Undefined for other texts. */
export const readInstant = (text: string): string | undefined => momentIn(tidy(text))?.instant
