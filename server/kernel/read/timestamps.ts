/** Timestamps of baseline comparisons: absolute, relative, or a time on a past day. Pure. */

import { said } from '#text/messages.ts'
import { FIRST_DAY, LAST_DAY } from './operators.ts'

/** The time of the request; every other text refers to the history, even if it is the same moment. */
export const NOW = 'PT0S'

/** Maximum number of timestamps per request. */
export const MOST_TIMESTAMPS = 10

const POINT = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)(?:Z|([+\- ])(\d{2}):?(\d{2})?)?)?$/
const DURATION =
  /^[+-]?P(?=.)(?:-?(\d{1,5})Y)?(?:-?(\d{1,5})M)?(?:-?(\d{1,5})W)?(?:-?(\d{1,5})D)?(?:T(?=.)(?:-?(\d{1,5})H)?(?:-?(\d{1,5})M)?(?:-?(\d{1,5})(?:[.,]\d{1,9})?S)?)?$/
const SHORTCUT = /^([+-]?)(?=.)(\d{1,5}y)?(\d{1,5}m)?(\d{1,5}w)?(\d{1,5}d)?$/
const DAY_AGO =
  /^(oneDayAgo|lastWorkingDay|oneWeekAgo|oneMonthAgo)@([01]\d|2[0-3]):([0-5]\d)(?:([+\- ])([01]\d|2[0-3]):([0-5]\d)|Z)?$/

/** Normalises a timestamp; undefined for an invalid one. */
export function readTimestamp(text: string): string | undefined {
  const given = text.trim()
  if (given === 'now') return NOW
  const short = SHORTCUT.exec(given)
  if (short) return `P${short[1] === '-' ? '-' : ''}${given.replace(/^[+-]/, '').toUpperCase()}`
  // A plus sign that was not encoded arrives as a space.
  const told = given.replace(/ (?=\d{2}(:?\d{2})?$)/, '+')
  return DURATION.test(given) || DAY_AGO.test(given) || instantOf(told) !== undefined ? told : undefined
}

/** Normalises timestamps; undefined if one is invalid, and for none or too many. */
export function readTimestamps(texts: readonly unknown[]): string[] | undefined {
  if (texts.length === 0 || texts.length > MOST_TIMESTAMPS) return undefined
  const read = texts.map((text) => (typeof text === 'string' ? readTimestamp(text) : undefined))
  return read.every((text) => text !== undefined) ? read : undefined
}

/** The accepted formats, in words that follow "expected" or "is not". */
export const expectedTimestamps = said`one to ${MOST_TIMESTAMPS} of ISO 8601 dates, dates and times, durations, and days gone by such as oneDayAgo@08:00+00:00`

/** The instant of a date, or of a date and time; in UTC without a zone. */
function instantOf(text: string): string | undefined {
  const [, day, time = '00:00', sign, hours = '00', minutes = '00'] = POINT.exec(text) ?? []
  if (day === undefined) return undefined
  try {
    return kept(Temporal.Instant.from(`${day}T${time.replace(',', '.')}${sign ? `${sign}${hours}:${minutes}` : 'Z'}`))
  } catch {
    return undefined
  }
}

/** An instant in UTC with milliseconds, clamped to the supported range. */
function kept(instant: Temporal.Instant): string {
  const ms = Math.min(Math.max(instant.epochMilliseconds, Date.parse(FIRST_DAY)), Date.parse(LAST_DAY))
  return new Date(ms).toISOString()
}

const back = { oneDayAgo: { days: 1 }, oneWeekAgo: { weeks: 1 }, oneMonthAgo: { months: 1 } }
/** Maximum search distance in days for a past working day; the last day counts as one. */
const FARTHEST_WORKING_DAY = 30

/**
 * The instant, in UTC, of a normalised timestamp.
 * @param now the time of the request
 * @param isWorkingDay whether a date, `YYYY-MM-DD`, is a working day
 */
export function momentOf(timestamp: string, now: Date, isWorkingDay: (day: string) => boolean): string {
  const asked = Temporal.Instant.fromEpochMilliseconds(now.getTime())
  const ago = DURATION.exec(timestamp)
  if (ago) {
    const [years, months, weeks, days, hours, minutes, seconds] = ago.slice(1).map((amount) => Number(amount ?? 0))
    const duration = { years, months, weeks, days, hours, minutes, seconds }
    return kept(asked.toZonedDateTimeISO('UTC').subtract(duration).toInstant())
  }
  const [, keyword, hour, minute, sign = '+', hours = '00', minutes = '00'] = DAY_AGO.exec(timestamp) ?? []
  if (keyword === undefined) return instantOf(timestamp) as string
  const zone = `${sign}${hours}:${minutes}`
  const today = asked.toZonedDateTimeISO(zone).toPlainDate()
  const day =
    keyword === 'lastWorkingDay' ? lastWorkingDay(today, isWorkingDay) : today.subtract(back[keyword as keyof typeof back])
  return kept(Temporal.Instant.from(`${day}T${hour}:${minute}${zone}`))
}

function lastWorkingDay(today: Temporal.PlainDate, isWorkingDay: (day: string) => boolean): Temporal.PlainDate {
  for (let days = 1; days <= FARTHEST_WORKING_DAY; days++) {
    const day = today.subtract({ days })
    if (isWorkingDay(day.toString())) return day
  }
  return today.subtract({ days: 1 })
}
