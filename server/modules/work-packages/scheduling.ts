/** Automatic scheduling: pure, over work packages, their relations and a calendar. */
import { addDays } from '#kernel/read/operators.ts'
import { calendarFor, type Dates } from './dates.ts'
import { type Calendar, dueDate, durationBetween, soonestWorkingDay, startDate } from './working-days.ts'

/** The scheduled values of a work package. */
export interface Schedule extends Dates {
  schedule_manually: boolean
  ignore_non_working_days: boolean
  derived_start_date: string | null
  derived_due_date: string | null
}

export interface Planned extends Schedule {
  id: number
  parent_id: number | null
  /** Does not change, and is only read as a predecessor or a child. */
  fixed?: boolean
}

/** `from` follows `to` after `lag` working days. */
export interface Follows {
  from_id: number
  to_id: number
  lag: number | null
}

/** The columns that scheduling writes. */
export const scheduled = [
  'start_date',
  'due_date',
  'duration',
  'schedule_manually',
  'ignore_non_working_days',
  'derived_start_date',
  'derived_due_date',
] as const satisfies readonly (keyof Schedule)[]

/** The first day after a predecessor that ends on `base`, with `lag` working days between; it may be a non-working day. */
export function dayAfter(base: string, lag: number | null, calendar: Calendar): string {
  if (!lag) return addDays(base, 1)
  return lag > 0 ? addDays(dueDate(addDays(base, 1), lag, calendar), 1) : startDate(base, -lag, calendar)
}

/** The bound of predecessors: whether there are any, and the first day after all of them, if they have dates. */
export interface Bound {
  readonly follows: boolean
  readonly earliest: string | null
}

export const unbound: Bound = { follows: false, earliest: null }

const later = (a: string | null, b: string | null): string | null => (a === null || (b !== null && b > a) ? b : a)
const earlier = (a: string | null, b: string | null): string | null => (a === null || (b !== null && b < a) ? b : a)

/** A bound, extended by a predecessor. */
export function following(
  bound: Bound,
  predecessor: Pick<Dates, 'start_date' | 'due_date'> | undefined,
  lag: number | null,
  calendar: Calendar,
): Bound {
  const base = predecessor?.due_date ?? predecessor?.start_date
  return { follows: true, earliest: base ? later(bound.earliest, dayAfter(base, lag, calendar)) : bound.earliest }
}

/** Dates moved to the first working day from `earliest` on, with the same duration. */
export function beginning<D extends Dates>(dates: D, earliest: string, own: Calendar): Dates {
  const start = soonestWorkingDay(earliest, own)
  const { duration, due_date: former } = dates
  const due = duration !== null ? dueDate(start, Math.max(duration, 1), own) : later(former, former && start)
  return { start_date: start, due_date: due, duration: due ? durationBetween(start, due, own) : null }
}

/** The new state of a work package, from its rescheduled children and its bound. */
function settled(one: Planned, below: readonly Planned[], bound: Bound, calendar: Calendar): Planned {
  let first: string | null = null
  let last: string | null = null
  for (const child of below) {
    for (const day of [child.start_date, child.due_date, child.derived_start_date, child.derived_due_date]) {
      first = earlier(first, day)
      last = later(last, day)
    }
  }
  const derived = { ...one, derived_start_date: first, derived_due_date: last }
  if (one.schedule_manually) return derived
  if (below.length > 0) {
    const ignoring = below.some((child) => child.ignore_non_working_days)
    const duration = first && last ? durationBetween(first, last, calendarFor(ignoring, calendar)) : null
    return { ...derived, start_date: first, due_date: last, duration, ignore_non_working_days: ignoring }
  }
  if (!bound.follows) return { ...derived, schedule_manually: true }
  if (bound.earliest === null) return derived
  return { ...derived, ...beginning(one, bound.earliest, calendarFor(one.ignore_non_working_days, calendar)) }
}

/**
 * Schedules work packages: predecessors before successors, children before their parents. Returns those that change.
 * Parents and predecessors outside `all` are ignored. Work packages in a cycle do not change.
 */
export function schedule(
  all: readonly Planned[],
  follows: readonly Follows[],
  calendar: Calendar,
): ReadonlyMap<number, Schedule> {
  const count = all.length
  const place = new Map(all.map((one, i) => [one.id, i]))
  const placeOf = (id: number | null) => (id === null ? undefined : place.get(id))
  const children: number[][] = all.map(() => [])
  const edges: Follows[][] = all.map(() => [])
  for (const [i, { parent_id }] of all.entries()) {
    const parent = placeOf(parent_id)
    if (parent !== undefined) (children[parent] as number[]).push(i)
  }
  for (const edge of follows) {
    const from = placeOf(edge.from_id)
    if (from !== undefined) (edges[from] as Follows[]).push(edge)
  }

  // Two steps per work package: step i computes its bound, step count + i its dates. Each waits for the steps it reads.
  const readers: number[][] = Array.from({ length: 2 * count }, () => [])
  const waiting = new Int32Array(2 * count)
  const reads = (step: number, other: number) => {
    ;(readers[other] as number[]).push(step)
    waiting[step] = (waiting[step] as number) + 1
  }
  const climbs = (i: number): number | undefined => {
    const parent = placeOf((all[i] as Planned).parent_id)
    return parent !== undefined && !(all[parent] as Planned).schedule_manually ? parent : undefined
  }
  for (const [i, one] of all.entries()) {
    const parent = climbs(i)
    if (parent !== undefined) reads(i, parent)
    for (const { to_id } of edges[i] as Follows[]) {
      const to = placeOf(to_id)
      if (to !== undefined) reads(i, count + to)
    }
    if (one.fixed) continue
    const below = children[i] as number[]
    for (const child of below) reads(count + i, count + child)
    if (below.length === 0 && !one.schedule_manually) reads(count + i, i)
  }

  const bounds: Bound[] = all.map(() => unbound)
  const results = [...all]
  const ready: number[] = []
  for (let step = 0; step < 2 * count; step++) if (waiting[step] === 0) ready.push(step)
  for (const step of ready) {
    if (step < count) {
      const parent = climbs(step)
      let bound = parent === undefined ? unbound : (bounds[parent] as Bound)
      for (const { to_id, lag } of edges[step] as Follows[]) {
        const to = placeOf(to_id)
        bound = following(bound, to === undefined ? undefined : results[to], lag, calendar)
      }
      bounds[step] = bound
    } else {
      const i = step - count
      const one = all[i] as Planned
      const below = (children[i] as number[]).map((child) => results[child] as Planned)
      if (!one.fixed) results[i] = settled(one, below, bounds[i] as Bound, calendar)
    }
    for (const reader of readers[step] as number[]) {
      waiting[reader] = (waiting[reader] as number) - 1
      if (waiting[reader] === 0) ready.push(reader)
    }
  }
  return new Map(
    results
      .filter((one, i) => scheduled.some((column) => one[column] !== (all[i] as Planned)[column]))
      .map((one) => [one.id, one]),
  )
}
