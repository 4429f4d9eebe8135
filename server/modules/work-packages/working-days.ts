/** Arithmetic of working days: pure, over a calendar of working week days and non-working days. */
import { addDays, FIRST_DAY, LAST_DAY } from '#kernel/read/operators.ts'

export interface Calendar {
  /** Working weekdays, Monday = 1 … Sunday = 7; never empty. */
  readonly weekdays: readonly number[]
  /** Dates on which nobody works, `YYYY-MM-DD`. */
  readonly daysOff: ReadonlySet<string>
}

/** A calendar of working days only, for work packages that ignore non-working days. */
export const everyDay: Calendar = { weekdays: [1, 2, 3, 4, 5, 6, 7], daysOff: new Set() }

/** Maximum search distance in days: years without a working day are a mistake in the calendar. */
const FARTHEST = 4000

export function isWorkingDay(day: string, { weekdays, daysOff }: Calendar): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7
  return weekdays.includes(weekday) && !daysOff.has(day)
}

/** The day itself, or the first working day after it (before it, with a `step` of -1). */
export function soonestWorkingDay(day: string, calendar: Calendar, step: 1 | -1 = 1): string {
  let found = day
  for (let i = 0; i < FARTHEST && !isWorkingDay(found, calendar); i++) found = addDays(found, step)
  return found
}

/** Working days from `start` to `due`, inclusive. */
export function durationBetween(start: string, due: string, calendar: Calendar): number {
  const days = Math.round((Date.parse(due) - Date.parse(start)) / 86_400_000) + 1
  if (days <= 0) return 0
  if (calendar === everyDay) return days
  // Whole weeks are computed without a loop; non-working days are subtracted afterwards.
  const weeks = Math.floor(days / 7)
  let count = weeks * calendar.weekdays.length
  for (let day = addDays(start, weeks * 7); day <= due; day = addDays(day, 1)) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7
    if (calendar.weekdays.includes(weekday)) count++
    if (isEndOfTime(day)) break
  }
  for (const day of calendar.daysOff) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7
    if (day >= start && day <= due && calendar.weekdays.includes(weekday)) count--
  }
  return count
}

/** The last of `duration` working days from `start`, or from the first working day after it. */
export const dueDate = (start: string, duration: number, calendar: Calendar): string => walk(start, duration, calendar, 1)

/** The first of `duration` working days until `due`, or until the last working day before it. */
export const startDate = (due: string, duration: number, calendar: Calendar): string => walk(due, duration, calendar, -1)

function walk(from: string, duration: number, calendar: Calendar, step: 1 | -1): string {
  let day = soonestWorkingDay(from, calendar, step)
  if (calendar === everyDay) return addDays(day, step * (duration - 1))
  let left = duration - 1
  while (left > 0 && !isEndOfTime(day)) {
    // Skips whole weeks; non-working days among them still count as left. The last week goes day by day.
    const weeks = Math.floor((left - 1) / calendar.weekdays.length)
    const next = weeks > 0 ? addDays(day, step * weeks * 7) : soonestWorkingDay(addDays(day, step), calendar, step)
    left -= weeks > 0 ? workingDaysAfter(day, next, calendar) : 1
    day = next
  }
  return day
}

/** Working days between two days in either order, excluding the first. */
const workingDaysAfter = (from: string, to: string, calendar: Calendar): number =>
  from < to ? durationBetween(addDays(from, 1), to, calendar) : durationBetween(to, addDays(from, -1), calendar)

const isEndOfTime = (day: string) => day === FIRST_DAY || day === LAST_DAY
