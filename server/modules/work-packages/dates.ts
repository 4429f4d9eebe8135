/** Start date, due date and duration depend on each other; the payload decides which one is recomputed. */
import type { Violation } from '#kernel/errors.ts'
import { violation } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'
import { type Calendar, dueDate, durationBetween, everyDay, soonestWorkingDay, startDate } from './working-days.ts'

export interface Dates {
  start_date: string | null
  due_date: string | null
  /** Working days. */
  duration: number | null
}

type Field = keyof Dates
/** Order in which the fields are recomputed. */
const inOrder: readonly Field[] = ['duration', 'due_date', 'start_date']

/** The calendar for scheduling a work package. */
export const calendarFor = (ignoresNonWorkingDays: boolean, calendar: Calendar): Calendar =>
  ignoresNonWorkingDays ? everyDay : calendar

/** Computes a field from the two others; null if one of them is missing. */
function compute(field: Field, { start_date, due_date, duration }: Dates, calendar: Calendar): string | number | null {
  if (field === 'duration') return start_date && due_date ? durationBetween(start_date, due_date, calendar) : null
  if (duration === null) return null
  if (field === 'due_date') return start_date ? dueDate(start_date, duration, calendar) : null
  return due_date ? startDate(due_date, duration, calendar) : null
}

/**
 * Completes dates: both are moved to working days, then the missing or outdated one of the three is computed.
 * @param provided the fields in the payload, including null
 */
export function completeDates(dates: Dates, provided: ReadonlySet<Field>, calendar: Calendar): Dates {
  const moved: Dates = {
    start_date: dates.start_date && soonestWorkingDay(dates.start_date, calendar),
    due_date: dates.due_date && soonestWorkingDay(dates.due_date, calendar),
    duration: dates.duration,
  }
  const others = (field: Field) => inOrder.filter((other) => other !== field)
  const field =
    inOrder.find((one) => !provided.has(one) && others(one).every((other) => moved[other] !== null)) ??
    inOrder.find(
      (one) =>
        !provided.has(one) &&
        others(one).filter((other) => moved[other] !== null).length === 1 &&
        isOutdated(one, moved, provided),
    )
  if (!field) return moved
  if (field !== 'duration' && moved.duration !== null && moved.duration < 1) return moved
  return { ...moved, [field]: compute(field, moved, calendar) }
}

/** A field loses its value only if the payload clears one of the two others. */
const isOutdated = (field: Field, dates: Dates, provided: ReadonlySet<Field>): boolean =>
  inOrder.some((other) => other !== field && provided.has(other) && dates[other] === null)

/** The dates of a milestone: one day. */
export function asMilestone(dates: Dates): Dates {
  const day = dates.due_date ?? dates.start_date
  return { start_date: day, due_date: day, duration: 1 }
}

/** Violations of completed dates. */
export function dateViolations(
  dates: Dates,
  provided: ReadonlySet<Field>,
  calendar: Calendar,
  isMilestone: boolean,
): Violation[] {
  const { start_date, due_date, duration } = dates
  const violations: Violation[] = []
  if (start_date && due_date && due_date < start_date) {
    return [violation('dueDate', said`must be greater than or equal to the start date`)]
  }
  if (isMilestone) return []
  if (duration !== null && duration < 1) return [violation('duration', said`must be greater than 0`)]
  if (start_date && due_date && duration !== null) {
    const actual = durationBetween(start_date, due_date, calendar)
    if (duration > actual)
      violations.push(violation('duration', said`is larger than the interval between start date and finish date`))
    if (duration < actual)
      violations.push(violation('duration', said`is smaller than the interval between start date and finish date`))
  }
  const missing = inOrder.find(
    (field) => dates[field] === null && provided.has(field) && inOrder.every((other) => other === field || dates[other] !== null),
  )
  if (missing) violations.push(violation(apiNames[missing], said`cannot be empty as it follows from the other two`))
  return violations
}

const apiNames: Record<Field, string> = { start_date: 'startDate', due_date: 'dueDate', duration: 'duration' }
