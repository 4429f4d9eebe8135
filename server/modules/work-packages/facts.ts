/** Everything that writing a work package has to look up: asked once, before the pure rules judge. */
import type { Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Context } from '#kernel/context.ts'
import { visibleRow } from '#kernel/page.ts'
import { type Draft, differs, resourceNamed } from '#kernel/resource.ts'
import { idSet, prepare } from '#kernel/viewer.ts'
import { allRows } from '#kernel/world.ts'
import { projectTypes } from '#modules/projects/modules.ts'
import { sharedVersionIds } from '#modules/projects/sharing.ts'
import { chainAbove } from './hierarchy.ts'
import { reachableStatuses, statusesOfType } from './workflow.ts'
import type { Calendar } from './working-days.ts'

export interface Facts {
  readonly types: ReadonlyMap<number, Row>
  readonly statuses: ReadonlyMap<number, Row>
  readonly priorities: ReadonlyMap<number, Row>
  readonly versions: ReadonlyMap<number, Row>
  readonly categories: ReadonlyMap<number, Row>
  /** Types enabled in the project; all of them while there is no project. */
  readonly projectTypes: readonly number[]
  /** Versions that work packages of the project can have. */
  readonly projectVersions: ReadonlySet<number>
  /** Statuses the viewer may choose. */
  readonly reachable: ReadonlySet<number>
  /** Statuses that the type's workflow knows. */
  readonly ofType: ReadonlySet<number>
  /** Of the principals given as assignee and accountable, those that can be. */
  readonly assignable: ReadonlySet<number>
  readonly parent: Row | undefined
  /** Whether the parent given lies below the work package. */
  readonly parentIsBelow: boolean
  readonly children: number
  readonly calendar: Calendar
  /** Whether the viewer may add work packages in the project they are moved to. */
  readonly mayAddInTarget: boolean
}

/** The calendar of the instance, remembered until it changes. */
export const calendarOf = (context: Context): Promise<Calendar> =>
  context.snapshot.remember('calendar', ['settings', 'non_working_days'], async () => {
    const days = await context.db.all<{ date: string }>(sql`select date from non_working_days`)
    return { weekdays: context.settings.working_days, daysOff: new Set(days.map((day) => day.date)) }
  })

/** Principals that can be made responsible for work in a project: `ids` if given, or all of them. */
export const assignableIn = (context: Context, project: number, ids?: readonly number[]) =>
  context.db.all<{ id: number }>(sql`
    select distinct user_id as id from grants where project_id = ${project} and permission = 'work_package_assigned'
    ${ids ? sql`and ${among(context.engine, sql`user_id`, ids)}` : sql``}`)

export async function lookUp(draft: Draft, context: Context): Promise<Facts> {
  const { row, before } = draft
  const { db, snapshot } = context
  const held = (table: 'types' | 'statuses' | 'priorities' | 'versions' | 'categories') =>
    allRows(db, snapshot, table, table === 'types' || table === 'statuses' || table === 'priorities' ? 'position' : 'name')
  const [types, statuses, priorities, versions, categories, calendar] = await Promise.all([
    held('types'),
    held('statuses'),
    held('priorities'),
    held('versions'),
    held('categories'),
    calendarOf(context),
  ])
  const project = row['project_id'] as number | null | undefined
  const people = ['assigned_to_id', 'responsible_id']
    .filter((column) => differs(draft, column) && row[column])
    .map((column) => row[column] as number)
  const isNewParent = differs(draft, 'parent_id') && row['parent_id']
  const parent = isNewParent ? await visibleRow(context, resourceNamed('WorkPackage'), row['parent_id']) : undefined
  const enabled = project ? ((await projectTypes(context)).get(project) ?? []) : [...types.keys()]
  const typeId = (row['type_id'] as number | undefined) ?? [...types.keys()].find((id) => enabled.includes(id))
  const statusId =
    before?.['status_id'] ?? row['status_id'] ?? [...statuses.values()].find((status) => status['is_default'])?.['id']
  const placed = { ...row, type_id: typeId, status_id: statusId }
  await prepare(db, context.viewer, ['project:add_work_packages'])
  return {
    types,
    statuses,
    priorities,
    versions,
    categories,
    calendar,
    projectTypes: enabled,
    projectVersions: project ? await sharedVersionIds(context, project) : new Set(),
    reachable: await reachableStatuses(context, before ? row : placed, before),
    ofType: typeId === undefined ? new Set() : await statusesOfType(context, typeId),
    assignable: new Set(people.length > 0 && project ? (await assignableIn(context, project, people)).map((one) => one.id) : []),
    parent,
    parentIsBelow: Boolean(before && parent && (await chainAbove(db, parent['id'])).includes(before['id'])),
    children: before
      ? ((await db.one<{ n: number }>(sql`select count(*) as n from work_packages where parent_id = ${before['id']}`))?.n ?? 0)
      : 0,
    mayAddInTarget: Boolean(project && idSet(context.viewer, 'project:add_work_packages').ids.has(project)),
  }
}
