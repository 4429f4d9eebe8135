/** Finds, locks and reads the part of the network of work packages that a change can affect. */
import type { Engine, Reader, Transaction } from '#db/database.ts'
import { among, forUpdate, onward } from '#db/dialect.ts'
import { paced } from '#db/slices.ts'
import { join, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { chainAbove, type Totals } from './hierarchy.ts'
import { type Bound, type Follows, following, type Planned, settlingOrder, type Tied, unbound } from './scheduling.ts'
import type { Calendar } from './working-days.ts'

/** A work package with its dates and totals. */
type Found = Planned & Totals

/** Work packages that a change may affect, and those that their dates depend on. */
export interface Network {
  /** The rows that may change, locked, by id. */
  readonly rows: ReadonlyMap<number, Found>
  /** These rows, and others that do not change: predecessors, and other children of their parents. */
  readonly planned: readonly Planned[]
  readonly follows: readonly Follows[]
}

/** Aggregated dates of the children of a parent that a change does not affect. */
interface Siblings {
  readonly parent_id: number
  readonly first_start: string | null
  readonly first_due: string | null
  readonly last_start: string | null
  readonly last_due: string | null
  readonly first_below: string | null
  readonly last_below: string | null
  readonly ignoring: number
}

const columns = sql`id, parent_id, start_date, due_date, duration, schedule_manually, ignore_non_working_days,
  derived_start_date, derived_due_date, derived_estimated_hours, derived_remaining_hours, derived_done_ratio`

/**
 * The part of a recursive query that walks from work packages to those that a change of them can affect: upwards all ancestors;
 * from those that may move, their automatic successors, and down to their automatic descendants, which follow their ancestors'
 * predecessors. A parent reached from below spans its children; it affects its successors only if it is scheduled by its children.
 * @param from the work packages that may move, and others
 * @param hops how far it walks; to the end if undefined
 */
function reached(engine: Engine, [moving, still]: readonly [readonly number[], readonly number[]], hops?: number): Sql {
  // Without a limit, the column stays the same so that each work package is visited once.
  const next = hops === undefined ? sql`a.depth` : sql`a.depth + 1`
  const near = hops === undefined ? TRUE : sql`a.depth < ${hops}`
  const start = (ids: readonly number[], moves: string) =>
    sql`select id, ${raw(moves)}, 0 from work_packages where ${among(engine, sql`id`, ids)}`
  return sql`with recursive reached (id, moves, depth) as (
      ${onlyThose([moving.length > 0 && start(moving, '1'), still.length > 0 && start(still, '0')])}
      union
      ${onward(engine, 'reached', [
        (r) =>
          sql`select w.parent_id, 0, ${next} from ${r} a cross join work_packages w where w.id = a.id and w.parent_id is not null and ${near}`,
        (r) =>
          sql`select w.id, 1, ${next} from ${r} a cross join work_packages w
          where w.parent_id = a.id and a.moves = 1 and not w.schedule_manually and ${near}`,
        (r) =>
          sql`select s.id, 1, ${next} from ${r} a cross join work_packages w cross join relations f cross join work_packages s
          where w.id = a.id and (a.moves = 1 or not w.schedule_manually) and f.to_id = a.id and f.relation_type = 'follows'
          and s.id = f.from_id and not s.schedule_manually and ${near}`,
      ])}
    )`
}

const onlyThose = (queries: readonly (Sql | false)[]): Sql =>
  join(
    queries.filter((one) => one !== false),
    ' union ',
  )

/** The ids that a change of these work packages can affect, up to about a number, the nearest first. */
async function reachedFrom(tx: Transaction, origins: readonly number[], most: number): Promise<Set<number>> {
  if (origins.length === 0) return new Set()
  // Each may occur twice.
  const rows = await tx.all<{ id: number }>(
    sql`${reached(tx.engine, [origins, []])} select id from reached limit ${2 * most + 2}`,
  )
  return new Set(rows.map((row) => row.id))
}

/**
 * Locks and reads the work packages that a change of `origins` can affect, and the ancestors of `below`. Concurrent writers of
 * these rows wait. Of more than `most` it takes some that are near, and `isWhole` is false.
 */
export async function networkOf(
  tx: Transaction,
  origins: readonly number[],
  below: readonly number[],
  most: number,
): Promise<Network & { readonly isWhole: boolean }> {
  const above = new Set<number>()
  for (const one of below) if (!above.has(one)) for (const id of await chainAbove(tx, one)) above.add(id)
  let ids = await reachedFrom(tx, origins, most)
  for (;;) {
    if (ids.size > most) {
      const near = await nearest(tx, origins, [...ids])
      return { ...(await networkWithin(tx, near, [...above])), isWhole: false }
    }
    const network = await networkWithin(tx, [...ids, ...above])
    // While this transaction waited for a lock, another one may have extended the network.
    const again = await reachedFrom(tx, origins, most)
    if (again.isSubsetOf(ids)) return { ...network, isWhole: true }
    ids = again
  }
}

/**
 * Of the beginning of a network, the origins and some that are probably settled for good: what they are known to depend on is
 * settled before. What follows from the rest of the network is not known yet, and may change them once more.
 */
async function nearest(tx: Transaction, origins: readonly number[], ids: readonly number[]): Promise<number[]> {
  const { tied, follows } = await tiesOf(tx, ids)
  const start = new Set(origins)
  const parents = [...new Set(tied.map((one) => one.parent_id))].filter((id) => id !== null && !start.has(id)) as number[]
  // Parents wait for children that are not known yet: for one that waits for itself, and is never settled.
  const unknown = parents.map((id) => ({ id: -id, parent_id: id, schedule_manually: false }))
  const itself = parents.map((id) => ({ from_id: -id, to_id: -id, lag: 0 }))
  const order = await settlingOrder([...tied, ...unknown], [...follows, ...itself])
  return [...start, ...order.filter((id) => !start.has(id)).slice(0, NEAREST)]
}
/** Work packages that are settled at once in a large network. */
const NEAREST = 50

/** What work packages depend on, as far as it is among them. */
async function tiesOf(db: Reader, ids: readonly number[]): Promise<{ tied: Tied[]; follows: Follows[] }> {
  const among_ = (column: Sql) => among(db.engine, column, ids)
  const tied = await db.all<Tied>(sql`select id, parent_id, schedule_manually from work_packages where ${among_(sql`id`)}`)
  const follows = await db.all<Follows>(
    sql`select from_id, to_id, lag from relations where relation_type = 'follows' and ${among_(sql`from_id`)}`,
  )
  return { tied, follows }
}

/**
 * Locks and reads work packages, and reads what their dates depend on.
 * @param others work packages whose totals may change, but not their dates
 */
export async function networkWithin(tx: Transaction, some: readonly number[], others: readonly number[] = []): Promise<Network> {
  const { engine } = tx
  const ids = new Set(some)
  const locked = await tx.all<Found>(sql`
    select ${columns} from work_packages where ${among(engine, sql`id`, [...new Set([...ids, ...others])])}
    order by id${forUpdate(engine)}`)
  const rows = new Map(locked.map((row) => [row.id, row]))
  const planned = new Map<number, Planned>()
  for (const row of locked) planned.set(row.id, ids.has(row.id) ? row : { ...row, fixed: true })
  // Ancestors give their bound to work packages, as long as they are scheduled automatically.
  if (locked.some(({ parent_id: parent }) => parent !== null && !ids.has(parent)))
    for (const row of await ancestorsOf(tx, [...ids])) if (!planned.has(row.id)) planned.set(row.id, { ...row, fixed: true })
  const bound = [...planned.keys()]
  const follows = await tx.all<Follows & { start_date: string | null; due_date: string | null }>(sql`
    select f.from_id, f.to_id, f.lag, p.start_date, p.due_date from relations f join work_packages p on p.id = f.to_id
    where f.relation_type = 'follows' and ${among(engine, sql`f.from_id`, bound)}`)
  const children = await tx.all<Siblings>(sql`
    select parent_id, min(start_date) as first_start, min(due_date) as first_due, max(start_date) as last_start, max(due_date) as last_due,
      min(derived_start_date) as first_below, max(derived_due_date) as last_below,
      max(case when ignore_non_working_days then 1 else 0 end) as ignoring
    from work_packages where ${among(engine, sql`parent_id`, some)} and not (${among(engine, sql`id`, bound)})
    group by parent_id`)
  for (const { to_id, start_date, due_date } of follows) {
    if (!planned.has(to_id)) planned.set(to_id, fixed(to_id, null, start_date, due_date))
  }
  // One placeholder child represents all other children of a parent.
  for (const row of children) {
    const first = [row.first_start, row.first_due, row.first_below].filter((day) => day !== null).sort()[0] ?? null
    const last =
      [row.last_start, row.last_due, row.last_below]
        .filter((day) => day !== null)
        .sort()
        .at(-1) ?? null
    planned.set(-row.parent_id, fixed(-row.parent_id, row.parent_id, first, last, row.ignoring > 0))
  }
  return { rows, planned: [...planned.values()], follows }
}

/** The ancestors of work packages. */
const ancestorsOf = (tx: Transaction, ids: readonly number[]): Promise<Found[]> =>
  tx.all<Found>(sql`
    with recursive up (id) as (
      select parent_id from work_packages where ${among(tx.engine, sql`id`, ids)} and parent_id is not null
      union
      select w.parent_id from up cross join work_packages w where w.id = up.id and w.parent_id is not null
    ) select ${columns} from work_packages where id in (select id from up)`)

/** All that a change can affect, in the order in which it is settled. */
export interface Plan {
  /** The work packages, and whether they may move, or only span their children. */
  readonly found: ReadonlyMap<number, boolean>
  /** Their parents. */
  readonly parents: ReadonlyMap<number, number | null>
  /** Those among them that are not in a cycle. */
  readonly order: readonly number[]
}

/**
 * Walks through all that a change of `origins` can affect, in short statements.
 * @param breathe is awaited where the event loop can have a turn
 */
export async function planOf(db: Reader, origins: readonly number[], breathe: () => Promise<void>): Promise<Plan> {
  const found = new Map<number, boolean>(origins.map((id) => [id, true]))
  const open = new Map(found)
  const hops = paced(1, MOST_HOPS)
  while (open.size > 0) {
    const some = [...open.entries().take(PART)]
    for (const [id] of some) open.delete(id)
    const far = hops.size
    const rows = await hops.timed(() => onwardFrom(db, some, far))
    for (const { id, moves, depth } of rows) {
      const isMoving = moves === 1
      const known = found.get(id)
      if (known === true || known === isMoving) continue
      found.set(id, isMoving)
      if (depth === far) open.set(id, isMoving)
      else open.delete(id)
    }
    await breathe()
  }
  const tied: Tied[] = []
  const follows: Follows[] = []
  const ids = [...found.keys()]
  for (let i = 0; i < ids.length; i += PART) {
    const part = await tiesOf(db, ids.slice(i, i + PART))
    tied.push(...part.tied)
    follows.push(...part.follows)
    await breathe()
  }
  const parents = new Map(tied.map((one) => [one.id, one.parent_id]))
  return { found, parents, order: await settlingOrder(tied, follows, breathe) }
}
/** Work packages that a statement starts from. */
const PART = 200
const MOST_HOPS = 64

/** What a change can affect within some steps, with the steps to each. */
const onwardFrom = (db: Reader, from: Iterable<readonly [number, boolean]>, hops: number) => {
  const { true: moving = [], false: still = [] } = Object.groupBy(from, ([, moves]) => String(moves) as 'true' | 'false')
  const ids = (some: readonly (readonly [number, boolean])[]) => some.map(([id]) => id)
  return db.all<{ id: number; moves: number; depth: number }>(
    sql`${reached(db.engine, [ids(moving), ids(still)], hops)} select id, moves, min(depth) as depth from reached group by id, moves`,
  )
}

/** A work package that depends on another one: as its successor or its parent, or as its child, by the parent's predecessors. */
export interface Dependent {
  readonly id: number
  /** The parent, for a child. */
  readonly under: number | null
}

/**
 * The work packages that depend on those of a network directly, as far as a change of these affects them.
 * @param found whether each may move; the others only span their children
 */
export const dependentsOf = (db: Reader, { rows }: Pick<Network, 'rows'>, found: Plan['found']): Promise<Dependent[]> => {
  const ids = [...rows.keys()]
  const moving = ids.filter((id) => found.get(id))
  const leading = ids.filter((id) => found.get(id) || rows.get(id)?.schedule_manually === false)
  return db.all<Dependent>(sql`
    select parent_id as id, null as under from work_packages where ${among(db.engine, sql`id`, ids)} and parent_id is not null
    union
    select id, parent_id from work_packages where ${among(db.engine, sql`parent_id`, moving)} and not schedule_manually
    union
    select s.id, null from relations f cross join work_packages s
    where ${among(db.engine, sql`f.to_id`, leading)} and f.relation_type = 'follows' and s.id = f.from_id and not s.schedule_manually`)
}

const fixed = (
  id: number,
  parent_id: number | null,
  start_date: string | null,
  due_date: string | null,
  ignore_non_working_days = false,
): Planned => ({
  id,
  parent_id,
  start_date,
  due_date,
  duration: null,
  schedule_manually: true,
  ignore_non_working_days,
  derived_start_date: null,
  derived_due_date: null,
  fixed: true,
})

/**
 * The bound of a work package's predecessors, and of those of the given parent and its ancestors, up to the first that is
 * scheduled manually. One statement.
 */
export async function boundOf(db: Reader, id: number | null, parent: number | null, calendar: Calendar): Promise<Bound> {
  const rows = await db.all<{ lag: number | null; start_date: string | null; due_date: string | null }>(sql`
    with recursive up (id) as (
      select id from work_packages where id = ${parent} and not schedule_manually
      union
      select p.id from up cross join work_packages w cross join work_packages p
      where w.id = up.id and p.id = w.parent_id and not p.schedule_manually
    )
    select f.lag, p.start_date, p.due_date from relations f join work_packages p on p.id = f.to_id
    where f.relation_type = 'follows' and (f.from_id = ${id} or f.from_id in (select id from up))`)
  return rows.reduce((bound, row) => following(bound, row, row.lag, calendar), unbound)
}

/** The successors of these work packages, excluding themselves. */
export async function successorsOf(tx: Transaction, ids: readonly number[]): Promise<number[]> {
  const follow = (condition: Sql) =>
    sql`select distinct from_id as id from relations where relation_type = 'follows' and ${condition}`
  const rows = await tx.all<{ id: number }>(
    sql`${follow(among(tx.engine, name('to_id'), ids))} and not (${among(tx.engine, name('from_id'), ids)})`,
  )
  return rows.map((row) => row.id)
}
