/** Counting days of work: pure arithmetic over a calendar of working weekdays and days off. */
import { addDays } from '#kernel/operators.ts'

export interface Calendar {
  /** Working weekdays, Monday = 1 … Sunday = 7; never empty. */
  readonly weekdays: readonly number[]
  /** Dates on which nobody works, `YYYY-MM-DD`. */
  readonly daysOff: ReadonlySet<string>
}

/** A calendar on which every day is worked: for whoever ignores non-working days. */
export const everyDay: Calendar = { weekdays: [1, 2, 3, 4, 5, 6, 7], daysOff: new Set() }

/** How far a search goes before it gives up: years without a working day are a mistake in the calendar. */
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

/** Days of work from `start` to `due`, both included. */
export function durationBetween(start: string, due: string, calendar: Calendar): number {
  const days = Math.round((Date.parse(due) - Date.parse(start)) / 86_400_000) + 1
  if (days <= 0) return 0
  if (calendar === everyDay) return days
  // Whole weeks are counted, not walked; days off are taken out again.
  const weeks = Math.floor(days / 7)
  let count = weeks * calendar.weekdays.length
  for (let day = addDays(start, weeks * 7); day <= due; day = addDays(day, 1)) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7
    if (calendar.weekdays.includes(weekday)) count++
    if (day === '9999-12-31') break
  }
  for (const day of calendar.daysOff) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7
    if (day >= start && day <= due && calendar.weekdays.includes(weekday)) count--
  }
  return count
}

/** The last day of `duration` days of work that begin on `start`, or on the first working day after it. */
export const dueDate = (start: string, duration: number, calendar: Calendar): string => walk(start, duration, calendar, 1)

/** The first day of `duration` days of work that end on `due`, or on the last working day before it. */
export const startDate = (due: string, duration: number, calendar: Calendar): string => walk(due, duration, calendar, -1)

function walk(from: string, duration: number, calendar: Calendar, step: 1 | -1): string {
  let day = soonestWorkingDay(from, calendar, step)
  if (calendar === everyDay) return addDays(day, step * (duration - 1))
  // Whole weeks are leapt over as long as no day off can lie in them.
  const perWeek = calendar.weekdays.length
  let left = duration - 1
  if (calendar.daysOff.size === 0 && left > perWeek) {
    const weeks = Math.floor(left / perWeek)
    day = addDays(day, step * weeks * 7)
    left -= weeks * perWeek
  }
  for (let i = 0; left > 0 && i < MOST_STEPS; i++) {
    day = soonestWorkingDay(addDays(day, step), calendar, step)
    left--
    if (day === '9999-12-31' || day === '0000-01-01') break
  }
  return day
}
const MOST_STEPS = 4_000_000
