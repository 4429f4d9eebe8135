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

/** A computation, and the steps that wait for it. */
interface Step {
  /** The number of steps that have to run before it. */
  waiting: number
  readonly readers: Step[]
  /** Of which work package. */
  readonly of: () => Node
}

/** A work package in the network, with its two steps. */
interface Node {
  readonly stored: Tied
  readonly children: Node[]
  readonly follows: Follows[]
  /** The parent, if its bound is also that of its children. */
  above: Node | undefined
  /** Computes the bound. */
  readonly binding: Step
  /** Computes the dates. */
  readonly settling: Step
}

/** The parts of a work package that say what it depends on. */
export type Tied = Pick<Planned, 'id' | 'parent_id' | 'schedule_manually' | 'fixed'>

/**
 * Walks the steps of a network in an order in which they can run: predecessors before successors, children before their parents.
 * Steps in a cycle, and those that depend on them, do not occur. Without a step it yields now and then, so that a caller can pause.
 */
function* walk(all: readonly Tied[], follows: readonly Follows[]): Generator<Step | undefined> {
  const nodes = new Map<number, Node>()
  const nodeOf = (id: number | null) => (id === null ? undefined : nodes.get(id))
  for (const stored of all) {
    const step = (): Step => ({ waiting: 0, readers: [], of: () => node })
    const node: Node = { stored, children: [], follows: [], above: undefined, binding: step(), settling: step() }
    nodes.set(stored.id, node)
    yield
  }
  for (const node of nodes.values()) {
    const parent = nodeOf(node.stored.parent_id)
    parent?.children.push(node)
    if (parent && !parent.stored.schedule_manually) node.above = parent
  }
  for (const edge of follows) nodeOf(edge.from_id)?.follows.push(edge)
  yield

  const reads = (step: Step, other: Step | undefined) => {
    if (!other) return
    other.readers.push(step)
    step.waiting++
  }
  for (const { stored, children, follows: own, above, binding, settling } of nodes.values()) {
    reads(binding, above?.binding)
    for (const { to_id } of own) reads(binding, nodeOf(to_id)?.settling)
    if (!stored.fixed) {
      for (const child of children) reads(settling, child.settling)
      if (children.length === 0 && !stored.schedule_manually) reads(settling, binding)
    }
    yield
  }

  const steps = [...nodes.values()].flatMap(({ binding, settling }) => [binding, settling])
  const ready = steps.filter(({ waiting }) => waiting === 0)
  for (const step of ready) {
    yield step
    for (const reader of step.readers) {
      reader.waiting--
      if (reader.waiting === 0) ready.push(reader)
    }
  }
}

/**
 * Schedules work packages. Returns those that change. Parents and predecessors outside `all` are ignored. Work packages in a cycle
 * do not change.
 */
export function schedule(
  all: readonly Planned[],
  follows: readonly Follows[],
  calendar: Calendar,
): ReadonlyMap<number, Schedule> {
  const results = new Map(all.map((one) => [one.id, one]))
  const bounds = new Map<number, Bound>()
  const changed = new Map<number, Schedule>()
  for (const step of walk(all, follows)) {
    if (!step) continue
    const { stored, binding, children, follows: own, above } = step.of()
    const { id, fixed } = stored
    if (step === binding) {
      const bound = (above && bounds.get(above.stored.id)) ?? unbound
      bounds.set(
        id,
        own.reduce((so, { to_id, lag }) => following(so, results.get(to_id), lag, calendar), bound),
      )
    } else if (!fixed) {
      const before = results.get(id) as Planned
      const below = children.map((child) => results.get(child.stored.id) as Planned)
      const after = settled(before, below, bounds.get(id) ?? unbound, calendar)
      results.set(id, after)
      if (scheduled.some((column) => after[column] !== before[column])) changed.set(id, after)
    }
  }
  return changed
}

/**
 * The order in which work packages can be settled one after the other, without those in a cycle.
 * @param breathe is awaited between steps
 */
export async function settlingOrder(
  all: readonly Tied[],
  follows: readonly Follows[],
  breathe: () => Promise<void> = async () => {},
): Promise<number[]> {
  const order: number[] = []
  let count = 0
  for (const step of walk(all, follows)) {
    const node = step?.of()
    if (node && step === node.settling && !node.stored.fixed) order.push(node.stored.id)
    if (++count % PAUSE_EVERY === 0) await breathe()
  }
  return order
}
const PAUSE_EVERY = 500
