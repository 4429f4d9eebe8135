/**
 * Settles what follows from a change: dates, scheduling modes and totals of other work packages. As many as hold nobody up are
 * settled in the transaction of the change, and of more than these the nearest; a job settles the others, in short transactions.
 */
import type { Row, Transaction } from '#db/database.ts'
import { breathing, paced } from '#db/slices.ts'
import { enqueue, PERSISTENT } from '#jobs/queue.ts'
import { createCache } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { Context } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { entryOf } from '#kernel/write/history.ts'
import { calendarOf } from './facts.ts'
import { chainAbove, type Totals, totalsAbove } from './hierarchy.ts'
import { type Dependent, dependentsOf, type Network, networkOf, networkWithin, type Plan, planOf } from './network.ts'
import { type Cause, type Reason, type Rewrite, rewrite } from './rewrite.ts'
import { schedule, scheduled } from './scheduling.ts'

/** A change with side effects. */
export interface Change {
  /** Work packages whose dates, scheduling mode, parent or predecessors changed. */
  readonly origins: readonly number[]
  /** The work package recorded as the cause; none if it was removed with its project. */
  readonly because: number | undefined
  /** Origins that become automatically scheduled. */
  readonly automatic?: readonly number[]
  /** Work packages whose own work or that of their descendants changed. */
  readonly work?: readonly number[]
}

/**
 * Work packages that the transaction of a change settles, by default: they take a few dozen milliseconds, in which SQLite does
 * nothing else.
 */
const AT_ONCE = 300

/**
 * The one place that derives dates, scheduling modes and totals from a change: successors and descendants move, parents span
 * their children and sum them up, and a work package without its last predecessor becomes manually scheduled.
 * @param most how many work packages it settles itself; of more, a job settles those that are not near
 */
export async function settle(tx: Transaction, change: Change, context: Context, most = AT_ONCE): Promise<void> {
  const { origins, work = [], because } = change
  const { isWhole, ...network } = await networkOf(tx, origins, work, most)
  const totals = new Map<number, Totals>()
  for (const from of work) await totalsAbove(tx, from, context.settings.total_percent_complete_mode, totals)
  await write(tx, network, change, totals, context)
  if (isWhole) return
  const payload = {
    origins: [...origins],
    because: because ?? null,
    actor: context.viewer.id,
    announced: entryOf(context).announced === true,
  }
  await enqueue(tx, settleRest, { payload }, context.now)
}

/** Writes the dates and totals of a network that change. */
async function write(
  tx: Transaction,
  network: Network,
  { origins, automatic: chosen = [], because }: Change,
  totals: ReadonlyMap<number, Totals>,
  context: Context,
): Promise<void> {
  const { rows, planned, follows } = network
  const values = new Map<number, Row>()
  if (origins.length > 0) {
    const automatic = new Set(chosen)
    const asChanged = planned.map((one) => (automatic.has(one.id) ? { ...one, schedule_manually: false } : one))
    for (const [id, one] of schedule(asChanged, follows, await calendarOf(context))) values.set(id, picked(one, scheduled))
    for (const id of automatic)
      values.getOrInsertComputed(id, () => picked({ ...rows.get(id), schedule_manually: false }, scheduled))
  }
  for (const [id, own] of totals) {
    const row: Row | undefined = rows.get(id)
    if (row && Object.entries(own).some(([column, value]) => row[column] !== value)) {
      values.set(id, { ...values.get(id), ...own })
    }
  }
  if (values.size === 0) return
  const reason = await reasons(tx, network, because)
  const rewrites: Rewrite[] = [...values].map(([id, own]) => ({ id, values: own, cause: reason(id) }))
  await rewrite(tx, context.model, rewrites, entryOf(context))
}

const picked = (row: Row, columns: readonly string[]): Row => Object.fromEntries(columns.map((column) => [column, row[column]]))

/** The cause for each work package, by its relation to the changed one. */
async function reasons(
  tx: Transaction,
  { planned, follows }: Network,
  because: number | undefined,
): Promise<(id: number) => Cause | undefined> {
  if (because === undefined) return () => undefined
  const parents = new Map(planned.map((one) => [one.id, one.parent_id]))
  const isBelow = (id: number): boolean => {
    const passed = new Set<number>()
    for (let at = parents.get(id); at && !passed.has(at); at = parents.get(at)) {
      if (at === because) return true
      passed.add(at)
    }
    return false
  }
  const [, ...aboveIt] = await chainAbove(tx, because)
  const isAboveIt = new Set(aboveIt)
  const successors = new Set(follows.filter((edge) => edge.to_id === because).map((edge) => edge.from_id))
  const typeFor = (id: number): Reason => {
    if (successors.has(id)) return 'work_package_predecessor_changed_times'
    if (isAboveIt.has(id)) return 'work_package_children_changed_times'
    return isBelow(id) ? 'work_package_parent_changed_times' : 'work_package_related_changed_times'
  }
  // For the changed work package itself, the effects are part of the change.
  return (id) => (id === because ? undefined : { type: typeFor(id), work_package_id: because })
}

/** What is left of a change for the job. */
interface Rest {
  readonly origins: readonly number[]
  readonly because: number | null
  readonly actor: number
  readonly announced: boolean
}

/**
 * Settles what a change has left: in the order of dependencies, from what is stored then. Whatever has been settled already does
 * not change again, so that another process starts from the beginning, and changes by others meanwhile are taken into account.
 */
export const settleRest = job<Rest>('work_packages.settle', {
  attempts: PERSISTENT,
  lane: 'scheduling',
  about: ({ because, origins }) => ({ because, origins: origins.length }),
  run: async (services) => {
    const { db, payload, step, signal, now } = services
    const { origins, actor, announced } = payload
    const because = payload.because ?? undefined
    const own = await contextOfActor({ ...services, cache: createCache() }, actor, now)
    const context: Context = { ...own, params: new URLSearchParams(announced ? {} : { notify: 'false' }) }
    for (let some = origins; some.length > 0; ) {
      const plan = await planOf(db, some, breathing())
      const turns = new Turns(plan)
      const pace = paced(50)
      const late = new Set<number>()
      for (let ids = turns.next(pace.size); ids.length > 0; ids = turns.next(pace.size)) {
        if (signal.aborted) throw new Error('The process ends.')
        const dependent = await step((tx) => pace.timed(() => settlePart(tx, plan, ids, because, context)))
        for (const one of dependent) if (turns.isLate(one)) late.add(one.id)
      }
      // Others have made these depend on what was settled before, and settled them by older dates.
      some = [...late]
    }
  },
})

/** Settles some of a plan. Returns what depends on them. */
async function settlePart(
  tx: Transaction,
  { found }: Plan,
  ids: readonly number[],
  because: number | undefined,
  context: Context,
): Promise<Dependent[]> {
  const network = await networkWithin(tx, ids)
  await write(tx, network, { origins: ids, because }, new Map(), { ...inside(context, tx), now: currentTime() })
  return (await dependentsOf(tx, network, found)).filter(({ id }) => !network.rows.has(id))
}

/** The work packages of a plan in their order, some at a time. */
class Turns {
  readonly #plan: Plan
  readonly #positions: ReadonlyMap<number, number>
  #done = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.#positions = new Map(plan.order.map((id, position) => [id, position]))
  }

  /** The next ones; none at the end. */
  next(count: number): readonly number[] {
    this.#done += count
    return this.#plan.order.slice(this.#done - count, this.#done)
  }

  /** Whether one that depends on the last ones comes neither after them nor has ever: it depends on them since the plan was made. */
  isLate({ id, under }: Dependent): boolean {
    const { found, parents } = this.#plan
    if (!found.has(id)) return true
    // Children are settled before their parents, and after the predecessors of these. Work packages in a cycle never are.
    return under === null ? (this.#positions.get(id) ?? this.#done) < this.#done : parents.get(id) !== under
  }
}
