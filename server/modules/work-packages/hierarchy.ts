/** Hierarchy of work packages: ancestors, children and totals. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Context, Link } from '#kernel/declaration.ts'
import { seenWhere, visibleIds } from '#kernel/read/load.ts'
import { percentOf } from './progress.ts'

/** Maximum depth of nesting; a list shows each work package with all its ancestors. */
export const MOST_LEVELS = 100

/** A longer chain must be a cycle: concurrent writes that each keep to the limit come nowhere near. */
const DEEPEST = MOST_LEVELS * 10

/** The visible ancestors, parents and children of a page's work packages. */
export interface Relatives {
  /** A parent and its ancestors, root first, by the parent's id. */
  readonly above: ReadonlyMap<number, readonly Link[]>
  /** Visible parents by id. */
  readonly parents: ReadonlyMap<number, Link>
  /** Children by id of the parent. */
  readonly below: ReadonlyMap<number, readonly Link[]>
}

const NONE: Relatives = { above: new Map(), parents: new Map(), below: new Map() }

/**
 * Loads the relatives of a page of work packages, stored or drafts: one statement, another for former states, and none where
 * there are no relatives.
 */
export async function loadRelatives(rows: readonly Row[], context: Context): Promise<Relatives> {
  const resource = context.model.of('WorkPackage')
  const parentIds = [...new Set<number>(rows.map((row) => row.parent_id).filter(Boolean))]
  // Of a draft it is not known.
  const ids = rows.filter(({ id, is_parent }) => id && (is_parent === undefined || is_parent)).map(({ id }) => id)
  if (parentIds.length === 0 && ids.length === 0) return NONE
  const { engine } = context
  const found = await context.db.all<{ root: number; depth: number; id: number; subject: string }>(sql`
    with recursive up (root, id, depth) as (
      select id, id, 1 from work_packages where ${among(engine, sql`id`, parentIds)}
      union all
      select up.root, w.parent_id, up.depth + 1 from up cross join work_packages w
      where w.id = up.id and w.parent_id is not null and up.depth < ${DEEPEST}
    )
    select up.root as root, up.depth as depth, a.id as id, a.subject as subject
    from up cross join work_packages a where a.id = up.id and ${seenWhere(context, resource, 'a')}
    union all
    select c.parent_id, 0, c.id, c.subject from work_packages c
    where ${among(engine, sql`c.parent_id`, ids)} and ${seenWhere(context, resource, 'c')}
    order by depth desc, id`)
  // Former states do not disclose work packages that are hidden now.
  const { live } = context
  const seen = live && (await visibleIds(live, resource, [...new Set(found.map(({ id }) => id))]))
  const above = new Map<number, Link[]>()
  const parents = new Map<number, Link>()
  const below = new Map<number, Link[]>()
  for (const { root, depth, id, subject } of found) {
    if (seen && !seen.has(id)) continue
    const link = { href: `/api/v3/work_packages/${id}`, title: subject }
    ;(depth === 0 ? below : above).getOrInsertComputed(root, () => []).push(link)
    if (depth === 1) parents.set(id, link)
  }
  return { above, parents, below }
}

/** The number of levels below a work package. */
export async function heightOf(db: Pick<Transaction, 'all'>, id: number): Promise<number> {
  const rows = await db.all<{ height: number }>(sql`
    with recursive down (id, depth) as (
      select ${id} + 0, 0
      union all
      select w.id, down.depth + 1 from down cross join work_packages w where w.parent_id = down.id and down.depth < ${DEEPEST}
    ) select max(depth) as height from down`)
  return rows[0]?.height ?? 0
}

/** The ids of a work package and its ancestors. */
export async function chainAbove(db: Pick<Transaction, 'all'>, id: number): Promise<number[]> {
  const rows = await db.all<{ id: number }>(sql`
    with recursive up (id, depth) as (
      select ${id} + 0, 0
      union all
      select w.parent_id, up.depth + 1 from up cross join work_packages w
      where w.id = up.id and w.parent_id is not null and up.depth < ${DEEPEST}
    ) select id from up order by depth`)
  return rows.map((row) => row.id)
}

/** Totals of a parent: its own work and that of its descendants. */
export interface Totals {
  derived_estimated_hours: number | null
  derived_remaining_hours: number | null
  derived_done_ratio: number | null
}

export type TotalsMode = 'work_weighted_average' | 'simple_average'

/**
 * Computes the totals of a work package and its ancestors, bottom up, and stores them in `known`.
 * @param known totals computed in this transaction and not yet written
 */
export async function totalsAbove(tx: Transaction, from: number, mode: TotalsMode, known: Map<number, Totals>): Promise<void> {
  for (const id of await chainAbove(tx, from)) {
    const below = await sumBelow(tx, id)
    if (below) known.set(id, below.count === 0 ? none : await totalsOf(tx, id, below, mode, known))
  }
}

const none: Totals = { derived_estimated_hours: null, derived_remaining_hours: null, derived_done_ratio: null }

/** The work of a work package, and the sum over its descendants. */
async function sumBelow(tx: Transaction, id: number): Promise<Row | undefined> {
  return tx.one(sql`
    with recursive down (id) as (
      select id from work_packages where parent_id = ${id}
      union
      select w.id from down cross join work_packages w where w.parent_id = down.id
    )
    select own.estimated_hours, own.remaining_hours, own.done_ratio, below.count, below.work, below.remaining
    from work_packages own cross join (
      select count(*) as count,
        sum(case when s.excluded_from_totals then null else w.estimated_hours end) as work,
        sum(case when s.excluded_from_totals then null else w.remaining_hours end) as remaining
      from down cross join work_packages w cross join statuses s where w.id = down.id and s.id = w.status_id
    ) below
    where own.id = ${id}`)
}

const plus = (a: number | null, b: number | null): number | null =>
  a === null && b === null ? null : Math.round(((a ?? 0) + (b ?? 0)) * 100) / 100

async function totalsOf(
  tx: Transaction,
  id: number,
  own: Row,
  mode: TotalsMode,
  known: ReadonlyMap<number, Totals>,
): Promise<Totals> {
  const work = plus(own.estimated_hours, own.work)
  const remaining = plus(own.remaining_hours, own.remaining)
  const weighted = () => (work && remaining !== null ? percentOf(work, remaining) : null)
  return {
    derived_estimated_hours: work,
    derived_remaining_hours: remaining,
    derived_done_ratio: mode === 'simple_average' ? await simpleAverage(tx, id, own, known) : weighted(),
  }
}

/** The mean over the children (their derived percentage, else their own, else 0) and the parent's own, if it has one. */
async function simpleAverage(tx: Transaction, id: number, own: Row, known: ReadonlyMap<number, Totals>): Promise<number | null> {
  const children = await tx.all<{ id: number; derived: number | null; done: number | null }>(sql`
    select w.id, w.derived_done_ratio as derived, w.done_ratio as done from work_packages w join statuses s on s.id = w.status_id
    where w.parent_id = ${id} and not s.excluded_from_totals`)
  const percents = children.map((child) => {
    const totals = known.get(child.id)
    return (totals ? totals.derived_done_ratio : child.derived) ?? child.done ?? 0
  })
  if (own.done_ratio !== null) percents.push(own.done_ratio)
  return percents.length === 0 ? null : Math.round(percents.reduce((sum, percent) => sum + percent, 0) / percents.length)
}
