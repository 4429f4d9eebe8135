/** What else changes when a work package is saved or removed: descendants that move along, parents that follow. */
import type { Row, Transaction } from '#db/database.ts'
import { among, assignments, forUpdate } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Context } from '#kernel/context.ts'
import { conflict } from '#kernel/errors.ts'
import { forget } from '#kernel/history.ts'
import { type Draft, differs, resourceNamed } from '#kernel/resource.ts'
import { changed } from '#kernel/world.ts'
import { discardOf } from '#modules/files/loose.ts'
import { calendarOf, type Facts } from './facts.ts'
import { chainAbove, descendantIds, type RollUp, rollUp } from './hierarchy.ts'

/** Columns that a parent takes something from. */
const gatheredColumns = [
  'parent_id',
  'start_date',
  'due_date',
  'estimated_hours',
  'remaining_hours',
  'done_ratio',
  'status_id',
  'schedule_manually',
  'ignore_non_working_days',
]

/** After a work package is written. */
export async function afterSave(tx: Transaction, draft: Draft, facts: Facts, context: Context): Promise<void> {
  const { row, before } = draft
  if (before && differs(draft, 'project_id')) await moveAlong(tx, row, facts, context.now.toISOString())
  if (!gatheredColumns.some((column) => differs(draft, column))) return
  const options = await rollUpOptions(context)
  const former = before?.['parent_id'] ?? null
  const parent = row['parent_id'] ?? null
  if (parent !== former && parent !== null) await adopt(tx, parent, row['id'])
  if (facts.children > 0) await rollUp(tx, row['id'], options)
  else if (parent !== null) await rollUp(tx, parent, options)
  if (former !== null && former !== parent) await rollUp(tx, former, options)
}

/** How parents gather from their children, by the settings in force. */
export const rollUpOptions = async (context: Context): Promise<RollUp> => ({
  calendar: await calendarOf(context),
  mode: context.settings.total_percent_complete_mode,
  now: context.now.toISOString(),
})

/** A parent is scheduled by its children from the first one on. Throws 409 where another write has made a circle of it. */
async function adopt(tx: Transaction, parent: number, child: number): Promise<void> {
  await tx.one(sql`select id from work_packages where id = ${parent}${forUpdate(tx.engine)}`)
  if ((await chainAbove(tx, parent)).includes(child)) throw conflict()
  await tx.run(sql`
    update work_packages set schedule_manually = false
    where id = ${parent} and schedule_manually and (select count(*) from work_packages where parent_id = ${parent}) = 1`)
}

/** Descendants go where their ancestor goes; what is booked on all of them goes too. */
async function moveAlong(tx: Transaction, row: Row, facts: Facts, now: string): Promise<void> {
  const { id, project_id: project } = row
  const below = await descendantIds(tx, id)
  for (const one of await tx.all(sql`select * from work_packages where ${among(tx.engine, sql`id`, below)}`)) {
    const category = facts.categories.get(one['category_id'])?.['name']
    const same = [...facts.categories.values()].find((c) => c['project_id'] === project && c['name'] === category)
    const values = {
      project_id: project,
      category_id: same?.['id'] ?? null,
      version_id: facts.projectVersions.has(one['version_id']) ? one['version_id'] : null,
      lock_version: one['lock_version'] + 1,
      updated_at: now,
    }
    await tx.run(sql`update work_packages set ${assignments(values)} where id = ${one['id']}`)
  }
  const moved = [id, ...below]
  await tx.run(
    sql`update time_entries set project_id = ${project} where entity_type = 'WorkPackage' and ${among(tx.engine, sql`entity_id`, moved)}`,
  )
  const shares = await tx.run(
    sql`update memberships set project_id = ${project} where entity_type = 'WorkPackage' and ${among(tx.engine, sql`entity_id`, moved)}`,
  )
  if (shares > 0) await changed(tx, 'memberships')
}

/** Removes a work package with everything below it and booked on it; the parent above is recomputed. */
export async function cascade(tx: Transaction, row: Row, context: Context): Promise<boolean> {
  const all = [row['id'] as number, ...(await descendantIds(tx, row['id']))]
  const booked = sql`entity_type = 'WorkPackage' and ${among(tx.engine, sql`entity_id`, all)}`
  await tx.run(sql`delete from time_entries where ${booked}`)
  if ((await tx.run(sql`delete from memberships where ${booked}`)) > 0) await changed(tx, 'memberships')
  await forget(tx, resourceNamed('WorkPackage'), (column) => among(tx.engine, column, all))
  // Children point to their parents: the pointers go first.
  await tx.run(sql`update work_packages set parent_id = null where ${among(tx.engine, sql`id`, all)}`)
  await tx.run(sql`delete from work_packages where ${among(tx.engine, sql`id`, all)}`)
  // After the rows: an upload that came first has made us wait.
  await discardOf(tx, 'WorkPackage', among(tx.engine, sql`container_id`, all), context.now)
  if (row['parent_id'] !== null) await rollUp(tx, row['parent_id'], await rollUpOptions(context))
  return false
}
