/** The demo's work packages as a plan: the tree made flat, with the dates and totals that follow from it. */
import { dueDay, type WorkPackageSeed } from './demo.ts'

/** The schedule of a work package, in the days of `demo.ts` and in hours; null: unknown. */
interface Figures {
  start: number | null
  due: number | null
  work: number | null
  remaining: number | null
}

/** A work package of the plan. */
export interface Planned extends Figures {
  readonly seed: WorkPackageSeed
  /** Where in the plan its parent is; null: it has none. */
  readonly parent: number | null
  /** Working days; null without dates. */
  readonly duration: number | null
  /** Percent complete. */
  readonly done: number | null
  /** Totals of the work package and its descendants; null without children. */
  readonly totals: (Figures & { done: number | null }) | null
}

/** Weekends are Saturday and Sunday; both days are working days. */
function workingDays(start: number, due: number): number {
  const weeks = Math.floor(due / 7) - Math.floor(start / 7)
  const weekday = (day: number) => day - Math.floor(day / 7) * 7
  return weeks * 5 + weekday(due) - weekday(start) + 1
}

const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null)
const least = (values: readonly (number | null)[]) => (known(values).length > 0 ? Math.min(...known(values)) : null)
const greatest = (values: readonly (number | null)[]) => (known(values).length > 0 ? Math.max(...known(values)) : null)
const sum = (values: readonly (number | null)[]) => (known(values).length > 0 ? known(values).reduce((a, b) => a + b) : null)

/** Percent complete that follows from work and remaining work; null where there is no work. */
const progress = (work: number | null, remaining: number | null): number | null =>
  work && remaining !== null ? Math.round(((work - remaining) / work) * 100) : null

/** A project's work packages, each before its descendants. */
export function plan(seeds: readonly WorkPackageSeed[]): Planned[] {
  const planned: Planned[] = []
  const add = (seed: WorkPackageSeed, parent: number | null): void => {
    const index = planned.length
    const work = seed.estimated_hours ?? null
    const remaining = work === null ? null : Math.round(work * (100 - (seed.done_ratio ?? 0))) / 100
    const own = { work, remaining, done: progress(work, remaining) }
    const { start = null, duration = null } = seed
    const due = start === null || duration === null ? null : dueDay(start, duration)
    planned.push({ seed, parent, ...own, start, due, duration, totals: null })

    if (!seed.children) return
    for (const child of seed.children) add(child, index)
    const below = planned.slice(index + 1)
    const earliest = least(below.map((one) => one.start))
    const latest = greatest(below.map((one) => one.due))
    const totalWork = sum([work, ...below.map((one) => one.work)])
    const totalRemaining = sum([remaining, ...below.map((one) => one.remaining)])
    planned[index] = {
      seed,
      parent,
      ...own,
      start: earliest,
      due: latest,
      duration: earliest === null || latest === null ? null : workingDays(earliest, latest),
      totals: {
        start: earliest,
        due: latest,
        work: totalWork,
        remaining: totalRemaining,
        done: progress(totalWork, totalRemaining),
      },
    }
  }
  for (const seed of seeds) add(seed, null)
  return planned
}
