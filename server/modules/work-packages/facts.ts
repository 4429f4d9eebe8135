/** Facts for a write of a work package: loaded once, before the pure derivations and checks. */

import type { Engine, Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { inProject, onWorkPackage, peopleFor } from '#kernel/access/rules.ts'
import { permissionTopics } from '#kernel/access/viewer.ts'
import { allRows, rowOf } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { holds } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { differs } from '#kernel/resource.ts'
import { projectTypes } from '#modules/projects/modules.ts'
import { sharedVersionIds } from '#modules/projects/sharing.ts'
import { chainAbove, heightOf } from './hierarchy.ts'
import { boundOf } from './network.ts'
import { unrelatable } from './relatable.ts'
import { type Bound, unbound } from './scheduling.ts'
import { reachableStatuses, statusesOfType } from './workflow.ts'
import type { Calendar } from './working-days.ts'

type WorkPackage = Tables['work_packages']

export interface Facts {
  readonly types: ReadonlyMap<number, Tables['types']>
  readonly statuses: ReadonlyMap<number, Tables['statuses']>
  readonly priorities: ReadonlyMap<number, Tables['priorities']>
  readonly versions: ReadonlyMap<number, Tables['versions']>
  readonly categories: ReadonlyMap<number, Tables['categories']>
  /** Types enabled in the project; all types without a project. */
  readonly projectTypes: readonly number[]
  /** Versions that work packages of the project can have. */
  readonly projectVersions: ReadonlySet<number>
  /** Statuses that the viewer may choose. */
  readonly reachable: ReadonlySet<number>
  /** Statuses in the type's workflow. */
  readonly ofType: ReadonlySet<number>
  /** The assignable principals among the given assignee and accountable. */
  readonly assignable: ReadonlySet<number>
  readonly parent: Row | undefined
  /** Whether the given parent is a descendant of the work package. */
  readonly parentIsBelow: boolean
  /** Number of levels from the root of the given parent to the lowest descendant of the work package. */
  readonly levels: number
  /** Whether the stored parent is hidden from the viewer. */
  readonly hidesParent: boolean
  /** Whether a relation between the given parent and the work package excludes it as parent. */
  readonly parentIsRelated: boolean
  readonly children: number
  /** The bound of its predecessors, and of those of automatically scheduled new ancestors. */
  readonly bound: Bound
  /** Whether an open work package blocks it. */
  readonly isBlocked: boolean
  readonly calendar: Calendar
  /** Whether the viewer may add work packages in the target project of a move. */
  readonly mayAddInTarget: boolean
}

/** The calendar of the instance, cached until it changes. */
export const calendarOf = (context: Context): Promise<Calendar> =>
  context.snapshot.remember('calendar', ['settings', 'non_working_days'], async () => {
    const days = await context.db.all<{ date: string }>(sql`select date from non_working_days`)
    return { weekdays: context.settings.working_days, daysOff: new Set(days.map((day) => day.date)) }
  })

/** A query for the ids of assignable principals in a project, or by a share of one work package. */
export const assignable = (engine: Engine, project: number, workPackage?: number): Sql =>
  peopleFor(onWorkPackage('work_package_assigned'), engine, { project_id: project, id: workPackage ?? null })

/** The assignable principals among the given ones and the category's default assignee. */
async function assignableOf(
  draft: Draft<WorkPackage>,
  category: Tables['categories'] | undefined,
  { db, engine, snapshot }: Context,
): Promise<ReadonlySet<number>> {
  const { row, before } = draft
  const columns = ['assigned_to_id', 'responsible_id'] as const
  const given = columns.filter((column) => differs(draft, column)).map((column) => row[column])
  const ids = [...given, before ? null : category?.assigned_to_id].filter((id) => typeof id === 'number')
  if (ids.length === 0 || !row.project_id) return new Set()
  const people = assignable(engine, row.project_id, before?.id)
  return snapshot.remember(`assignable ${row.project_id} ${before?.id} ${ids}`, permissionTopics, async () => {
    const found = await db.all<{ user_id: number }>(
      sql`select user_id from (${people}) a where ${among(engine, sql`user_id`, ids)}`,
    )
    return new Set(found.map((one) => one.user_id))
  })
}

/** Whether a relation excludes a work package as parent, ignoring the current parent. */
async function isRelatedParent(id: number, before: WorkPackage, { db, engine }: Context): Promise<boolean> {
  const { query } = unrelatable(engine, before.id, 'parent', { parent: null })
  return (await db.one(sql`select 1 as one from (${query}) x where x.id = ${id}`)) !== undefined
}

/** Whether an open work package blocks a stored one, and the number of its children. */
async function surroundings(id: number | undefined, { db }: Context): Promise<Pick<Facts, 'isBlocked' | 'children'>> {
  if (id === undefined) return { isBlocked: false, children: 0 }
  const found = await db.one<{ blockers: number; children: number }>(sql`
    select (
      select count(*) from relations r join work_packages b on b.id = r.from_id join statuses s on s.id = b.status_id
      where r.to_id = ${id} and r.relation_type = 'blocks' and not s.is_closed
    ) as blockers, (select count(*) from work_packages where parent_id = ${id}) as children`)
  return { isBlocked: (found?.blockers ?? 0) > 0, children: found?.children ?? 0 }
}

export async function lookUp(draft: Draft<WorkPackage>, context: Context): Promise<Facts> {
  const { row, before } = draft
  const { db, snapshot } = context
  const [types, statuses, priorities, versions, categories, calendar] = await Promise.all([
    allRows(db, snapshot, 'types', 'position'),
    allRows(db, snapshot, 'statuses', 'position'),
    allRows(db, snapshot, 'priorities', 'position'),
    allRows(db, snapshot, 'versions', 'name'),
    allRows(db, snapshot, 'categories', 'name'),
    calendarOf(context),
  ])
  const project = row.project_id
  const isNewParent = differs(draft, 'parent_id')
  const shown = async (id: number | null | undefined) =>
    id ? visibleRow(context, context.model.of('WorkPackage'), id) : undefined
  const parent = isNewParent ? await shown(row.parent_id) : undefined
  const above = parent ? await chainAbove(db, parent.id) : []
  const enabled = project ? ((await projectTypes(context)).get(project) ?? []) : [...types.keys()]
  const typeId = row.type_id ?? [...types.keys()].find((id) => enabled.includes(id))
  const statusId = before?.status_id ?? row.status_id ?? [...statuses.values()].find((status) => status.is_default)?.id
  const placed = { ...row, type_id: typeId, status_id: statusId }
  const { isBlocked, children } = await surroundings(before?.id, context)
  return {
    types,
    statuses,
    priorities,
    versions,
    categories,
    calendar,
    projectTypes: enabled,
    projectVersions: project ? await sharedVersionIds(context, project) : new Set(),
    reachable: await reachableStatuses(context, before ? row : placed, before, { statuses, versions, isBlocked }),
    ofType: typeId === undefined ? new Set() : await statusesOfType(context, typeId),
    assignable: await assignableOf(draft, rowOf(categories, row.category_id), context),
    parent,
    hidesParent: Boolean(isNewParent && before?.parent_id && !(await shown(before.parent_id))),
    parentIsBelow: Boolean(before && above.includes(before.id)),
    parentIsRelated: Boolean(before && parent && (await isRelatedParent(parent.id, before, context))),
    levels: above.length + 1 + (before && parent ? await heightOf(db, before.id) : 0),
    children,
    // Only automatic scheduling needs it, which a new parent may cause.
    bound:
      row.schedule_manually === false || (before && isNewParent)
        ? await boundOf(db, before?.id ?? null, row.parent_id ?? null, calendar)
        : unbound,
    isBlocked,
    mayAddInTarget: await holds(context, inProject('add_work_packages'), row),
  }
}
