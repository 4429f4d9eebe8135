/** Work, remaining work and percent complete depend on each other. Pure functions of stored and given values. */
import { type Violation, violation } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'

export interface Progress {
  /** Hours of work. */
  work: number | null
  /** Hours of work left. */
  remaining: number | null
  /** Percent complete, 0 to 100. */
  percent: number | null
}

type Field = keyof Progress

const round = (hours: number) => Math.round(hours * 100) / 100
const clamp = (value: number, from: number, to: number) => Math.min(Math.max(value, from), to)
const isHours = (value: number | null) => value === null || value >= 0
const isPercent = (value: number | null) => value === null || (value >= 0 && value <= 100)

/** Percent complete from work: 0 only without any progress, 100 only when no work remains. */
export function percentOf(work: number, remaining: number): number {
  const share = ((work - remaining) / work) * 100
  if (share <= 0) return 0
  if (share >= 100) return 100
  return clamp(Math.round(share), 1, 99)
}

/**
 * Derives the fields that the payload leaves open, in work-based mode.
 * @param before the stored values; all null for a new work package
 * @param wanted the stored values, overridden by the payload
 * @param given the fields in the payload
 * @param closes whether this change closes it, where closing sets 100 %
 */
export function deriveFromWork(before: Progress, wanted: Progress, given: ReadonlySet<Field>, closes = false): Progress {
  let { work, remaining, percent } = wanted
  const changed = (field: Field, value: number | null) => value !== before[field]
  if (!isHours(work) || !isHours(remaining) || !isPercent(percent)) return wanted
  const isTooMuch = work !== null && remaining !== null && remaining > work
  if (isTooMuch && (before.work === null || given.has('remaining')) && !given.has('percent')) return wanted

  const isFixed = closes && !given.has('percent')
  if (isFixed) percent = 100

  const remainingEmptied = given.has('remaining') && remaining === null
  const mayDeriveWork =
    !given.has('work') &&
    (changed('remaining', remaining) || changed('percent', percent)) &&
    !(remaining === null && percent === null) &&
    percent !== 100 &&
    (work === null || (given.has('remaining') && given.has('percent')) || remainingEmptied)
  if (mayDeriveWork) {
    if (remaining === null) work = remainingEmptied ? null : work
    else if (percent === null) work = remaining
    else work = round(remaining / (1 - percent / 100))
  }

  const nothingGiven = given.size === 0
  const mayDeriveRemaining =
    !given.has('remaining') &&
    (changed('work', work) || changed('percent', percent) || (nothingGiven && percent === 100 && remaining !== 0)) &&
    !(work === null && percent === null) &&
    !(before.work === null && work === null && remaining !== null)
  if (mayDeriveRemaining) {
    if (work !== null && remaining === null && percent === null) remaining = work
    else if (changed('work', work) && work !== null && remaining !== null && !given.has('percent') && !isFixed) {
      remaining = clamp(round(remaining + (work - (before.work ?? 0))), 0, work)
    } else if (work === null || percent === null) remaining = null
    else remaining = clamp(round(work * (1 - percent / 100)), 0, work)
  }

  const mayDerivePercent = !given.has('percent') && !isFixed && (changed('work', work) || changed('remaining', remaining))
  if (mayDerivePercent && work !== null) percent = work < 0.005 || remaining === null ? null : percentOf(work, remaining)
  return { work: work === null ? null : round(work), remaining: remaining === null ? null : round(remaining), percent }
}

/** Derives remaining work, in status-based mode. */
export function deriveFromStatus(wanted: Progress, statusPercent: number): Progress {
  const { work } = wanted
  return { work, percent: statusPercent, remaining: work === null ? null : round(work * (1 - statusPercent / 100)) }
}

/** Violations of completed values, reported for given or changed fields. */
export function progressViolations(
  { work, remaining, percent }: Progress,
  before: Progress,
  given: ReadonlySet<Field>,
): Violation[] {
  const violations: Violation[] = []
  if (!isHours(work)) violations.push(violation('estimatedTime', said`must be greater than or equal to 0`))
  if (!isHours(remaining)) violations.push(violation('remainingTime', said`must be greater than or equal to 0`))
  if (!isPercent(percent)) violations.push(violation('percentageDone', said`must be between 0 and 100`))
  if (violations.length > 0) return violations
  if (percent === 100) {
    if (work !== null && remaining !== 0) violations.push(violation('remainingTime', said`must be 0h when % Complete is 100%`))
    if (work === null && remaining !== null)
      violations.push(violation('remainingTime', said`must be empty when Work is empty and % Complete is 100%`))
    return violations
  }
  if (work !== null && remaining !== null && remaining > work) {
    if (given.has('work') || work !== before.work)
      violations.push(violation('estimatedTime', said`cannot be lower than Remaining work`))
    if (given.has('remaining') || remaining !== before.remaining)
      violations.push(violation('remainingTime', said`cannot be higher than Work`))
    return violations
  }
  if (work === null && remaining !== null && percent !== null)
    violations.push(violation('estimatedTime', said`is required when Remaining work and % Complete are set`))
  if (work !== null && remaining === null && percent !== null)
    violations.push(violation('remainingTime', said`is required when Work and % Complete are set`))
  if (work !== null && work < 0.005 && percent !== null)
    violations.push(violation('percentageDone', said`cannot be set when Work is zero`))
  else if (work !== null && work >= 0.005 && remaining !== null) {
    if (percent === null) violations.push(violation('percentageDone', said`is required when Work and Remaining work are set`))
    else if (percentOf(work, remaining) !== percent && Math.abs(work * (1 - percent / 100) - remaining) >= 0.01) {
      violations.push(violation('percentageDone', said`does not match Work and Remaining work`))
    }
  }
  return violations
}
