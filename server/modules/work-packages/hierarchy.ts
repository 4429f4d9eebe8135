/** Parents and children: who is above and below, and what a parent takes from those below it. */
import type { Row, Transaction } from '#db/database.ts'
import { among, assignments, forUpdate } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Context } from '#kernel/context.ts'
import { needsOf } from '#kernel/page.ts'
import { type Link, resourceNamed } from '#kernel/resource.ts'
import { prepare } from '#kernel/viewer.ts'
import { calendarFor } from './dates.ts'
import { percentOf } from './progress.ts'
import { type Calendar, durationBetween } from './working-days.ts'

/** Work packages can be nested this deep; a list shows each with all above it. */
export const MOST_LEVELS = 100

/** A chain longer than this would be a circle: two writes at once that each kept to the limit come nowhere near. */
const DEEPEST = MOST_LEVELS * 10

/** What is above and below the work packages of a page, as far as the viewer sees it. */
export interface Relatives {
  /** From a parent's id to it and all above it, the root first. */
  readonly above: ReadonlyMap<number, readonly Link[]>
  /** By id: the parents that are seen. */
  readonly parents: ReadonlyMap<number, Link>
  /** From an id to what is directly below. */
  readonly below: ReadonlyMap<number, readonly Link[]>
}

/** The relatives of a page of work packages, stored or proposed: one statement. */
export async function loadRelatives(rows: readonly Row[], context: Context): Promise<Relatives> {
  const resource = resourceNamed('WorkPackage')
  await prepare(context.db, context.viewer, needsOf(resource))
  const idsIn = (column: string) => [...new Set(rows.map((row) => row[column]))].filter(Boolean) as number[]
  const { engine } = context
  const found = await context.db.all<{ root: number; depth: number; id: number; subject: string }>(sql`
    with recursive up (root, id, depth) as (
      select id, id, 1 from work_packages where ${among(engine, sql`id`, idsIn('parent_id'))}
      union all
      select up.root, w.parent_id, up.depth + 1 from up cross join work_packages w
      where w.id = up.id and w.parent_id is not null and up.depth < ${DEEPEST}
    )
    select up.root as root, up.depth as depth, a.id as id, a.subject as subject
    from up cross join work_packages a where a.id = up.id and ${resource.visible.where(context, 'a')}
    union all
    select c.parent_id, 0, c.id, c.subject from work_packages c
    where ${among(engine, sql`c.parent_id`, idsIn('id'))} and ${resource.visible.where(context, 'c')}
    order by depth desc, id`)
  const above = new Map<number, Link[]>()
  const parents = new Map<number, Link>()
  const below = new Map<number, Link[]>()
  for (const { root, depth, id, subject } of found) {
    const link = { href: `/api/v3/work_packages/${id}`, title: subject }
    ;(depth === 0 ? below : above).getOrInsertComputed(root, () => []).push(link)
    if (depth === 1) parents.set(id, link)
  }
  return { above, parents, below }
}

/** How many levels there are below a work package. */
export async function heightOf(db: Pick<Transaction, 'all'>, id: number): Promise<number> {
  const rows = await db.all<{ height: number }>(sql`
    with recursive down (id, depth) as (
      select ${id} + 0, 0
      union all
      select w.id, down.depth + 1 from down cross join work_packages w where w.parent_id = down.id and down.depth < ${DEEPEST}
    ) select max(depth) as height from down`)
  return rows[0]?.height ?? 0
}

/** All ids below a work package. */
export async function descendantIds(db: Pick<Transaction, 'all'>, id: number): Promise<number[]> {
  const rows = await db.all<{ id: number }>(sql`
    with recursive down (id) as (
      select id from work_packages where parent_id = ${id}
      union
      select w.id from down cross join work_packages w where w.parent_id = down.id
    ) select id from down`)
  return rows.map((row) => row.id)
}

/** The ids above a work package, itself included. */
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

export interface RollUp {
  readonly calendar: Calendar
  readonly mode: 'work_weighted_average' | 'simple_average'
  readonly now: string
}

/**
 * Recomputes what a work package and all above it take from those below: dates of automatically scheduled parents, and the
 * derived dates, work and progress. A parent that changes gets a new version.
 */
export async function rollUp(tx: Transaction, from: number, options: RollUp): Promise<void> {
  for (const id of await chainAbove(tx, from)) {
    // Whoever else changes something below waits here, and then counts what we have written.
    const row = await tx.one(sql`select * from work_packages where id = ${id}${forUpdate(tx.engine)}`)
    if (!row) return
    const below = await totalsBelow(tx, id)
    const values = below['count'] === 0 ? alone(row) : await gathered(tx, row, below, options)
    const changed = Object.fromEntries(Object.entries(values).filter(([column, value]) => row[column] !== value))
    if (Object.keys(changed).length === 0) continue
    const next = { ...changed, lock_version: row['lock_version'] + 1, updated_at: options.now }
    await tx.run(sql`update work_packages set ${assignments(next)} where id = ${id}`)
  }
}

const NOTHING_DERIVED = {
  derived_start_date: null,
  derived_due_date: null,
  derived_estimated_hours: null,
  derived_remaining_hours: null,
  derived_done_ratio: null,
}

/** Without children nothing is derived, and nothing is scheduled by them. */
const alone = (row: Row): Row => ({ ...NOTHING_DERIVED, ...(row['schedule_manually'] === false && { schedule_manually: true }) })

/** What all descendants come to. */
async function totalsBelow(tx: Transaction, id: number): Promise<Row> {
  return (await tx.one(sql`
    with recursive down (id) as (
      select id from work_packages where parent_id = ${id}
      union
      select w.id from down cross join work_packages w where w.parent_id = down.id
    )
    select count(*) as count,
      min(w.start_date) as first_start, min(w.due_date) as first_due, max(w.start_date) as last_start, max(w.due_date) as last_due,
      sum(case when s.excluded_from_totals then null else w.estimated_hours end) as work,
      sum(case when s.excluded_from_totals then null else w.remaining_hours end) as remaining,
      sum(case when w.parent_id = ${id} and w.ignore_non_working_days then 1 else 0 end) as ignoring
    from down cross join work_packages w cross join statuses s where w.id = down.id and s.id = w.status_id`)) as Row
}

const extreme = (values: (string | null)[], last: boolean): string | null => {
  const sorted = values.filter((value) => value !== null).sort()
  return (last ? sorted.at(-1) : sorted[0]) ?? null
}
const plus = (a: number | null, b: number | null): number | null =>
  a === null && b === null ? null : Math.round(((a ?? 0) + (b ?? 0)) * 100) / 100

async function gathered(tx: Transaction, row: Row, below: Row, { calendar, mode }: RollUp): Promise<Row> {
  const start = extreme([below['first_start'], below['first_due']], false)
  const due = extreme([below['last_start'], below['last_due']], true)
  const work = plus(row['estimated_hours'], below['work'])
  const remaining = plus(row['remaining_hours'], below['remaining'])
  const values: Row = {
    derived_start_date: start,
    derived_due_date: due,
    derived_estimated_hours: work,
    derived_remaining_hours: remaining,
    derived_done_ratio:
      mode === 'simple_average' ? await simpleAverage(tx, row) : work && remaining !== null ? percentOf(work, remaining) : null,
  }
  if (row['schedule_manually']) return values
  const ignoring = below['ignoring'] > 0
  const duration = start && due ? durationBetween(start, due, calendarFor(ignoring, calendar)) : null
  return { ...values, start_date: start, due_date: due, duration, ignore_non_working_days: ignoring }
}

/** The mean over the children (their derived percentage, else their own, else 0) and the parent's own, if it has one. */
async function simpleAverage(tx: Transaction, row: Row): Promise<number | null> {
  const children = await tx.all<{ percent: number }>(sql`
    select coalesce(w.derived_done_ratio, w.done_ratio, 0) as percent from work_packages w join statuses s on s.id = w.status_id
    where w.parent_id = ${row['id']} and not s.excluded_from_totals`)
  const all = [...children.map((child) => child.percent), ...(row['done_ratio'] === null ? [] : [row['done_ratio'] as number])]
  return all.length === 0 ? null : Math.round(all.reduce((sum, percent) => sum + percent, 0) / all.length)
}
