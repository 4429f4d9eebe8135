/** Finds, locks and reads the part of the network of work packages that a change can affect. */
import type { Reader, Transaction } from '#db/database.ts'
import { among, forUpdate, onward } from '#db/dialect.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { chainAbove, type Totals } from './hierarchy.ts'
import { type Bound, type Follows, following, type Planned, unbound } from './scheduling.ts'
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
 * The ids that a change of these work packages can affect: upwards all ancestors; from those that may move, their automatic
 * successors, and down to their automatic descendants, which follow their ancestors' predecessors. A parent reached from below
 * spans its children; it affects its successors only if it is scheduled by its children.
 */
async function reachedFrom(tx: Transaction, origins: readonly number[]): Promise<number[]> {
  const { engine } = tx
  const rows = await tx.all<{ id: number }>(sql`
    with recursive reached (id, moves) as (
      select id, 1 from work_packages where ${among(engine, sql`id`, origins)}
      union
      ${onward(engine, 'reached', [
        (r) => sql`select w.parent_id, 0 from ${r} a cross join work_packages w where w.id = a.id and w.parent_id is not null`,
        (r) =>
          sql`select w.id, 1 from ${r} a cross join work_packages w where w.parent_id = a.id and a.moves = 1 and not w.schedule_manually`,
        (r) =>
          sql`select s.id, 1 from ${r} a cross join work_packages w cross join relations f cross join work_packages s
          where w.id = a.id and (a.moves = 1 or not w.schedule_manually) and f.to_id = a.id and f.relation_type = 'follows'
          and s.id = f.from_id and not s.schedule_manually`,
      ])}
    ) select distinct id from reached order by id`)
  return rows.map((row) => row.id)
}

/**
 * Locks and reads the work packages that a change of `origins` can affect, and the ancestors of `below`. Concurrent writers of
 * these rows wait.
 */
export async function networkOf(tx: Transaction, origins: readonly number[], below: readonly number[]): Promise<Network> {
  const find = async () => {
    const found = new Set(await reachedFrom(tx, origins))
    for (const one of below) if (!found.has(one)) for (const id of await chainAbove(tx, one)) found.add(id)
    return [...found]
  }
  let ids = await find()
  let rows: Found[]
  for (;;) {
    rows = await tx.all<Found>(
      sql`select ${columns} from work_packages where ${among(tx.engine, sql`id`, ids)} order by id${forUpdate(tx.engine)}`,
    )
    // While this transaction waited for a lock, another one may have extended the network.
    const again = await find()
    const known = new Set(ids)
    if (again.every((id) => known.has(id))) break
    ids = again
  }
  const byId = new Map(rows.map((row) => [row.id, row]))
  const follows = await tx.all<Follows & { start_date: string | null; due_date: string | null }>(sql`
    select f.from_id, f.to_id, f.lag, p.start_date, p.due_date from relations f join work_packages p on p.id = f.to_id
    where f.relation_type = 'follows' and ${among(tx.engine, sql`f.from_id`, ids)}`)
  const others = await tx.all<Siblings>(sql`
    select parent_id, min(start_date) as first_start, min(due_date) as first_due, max(start_date) as last_start, max(due_date) as last_due,
      min(derived_start_date) as first_below, max(derived_due_date) as last_below,
      max(case when ignore_non_working_days then 1 else 0 end) as ignoring
    from work_packages where ${among(tx.engine, sql`parent_id`, ids)} and not (${among(tx.engine, sql`id`, ids)})
    group by parent_id`)
  const planned = new Map<number, Planned>(byId)
  for (const { to_id, start_date, due_date } of follows) {
    if (!planned.has(to_id)) planned.set(to_id, fixed(to_id, null, start_date, due_date))
  }
  // One placeholder child represents all other children of a parent.
  for (const row of others) {
    const first = [row.first_start, row.first_due, row.first_below].filter((day) => day !== null).sort()[0] ?? null
    const last =
      [row.last_start, row.last_due, row.last_below]
        .filter((day) => day !== null)
        .sort()
        .at(-1) ?? null
    planned.set(-row.parent_id, fixed(-row.parent_id, row.parent_id, first, last, row.ignoring > 0))
  }
  return { rows: byId, planned: [...planned.values()], follows }
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
