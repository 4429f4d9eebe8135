/** Side effects of creating, updating and deleting a project, in the transaction of the write. */
import type { Transaction } from '#db/database.ts'
import { among, insert, inserted, takeTurns } from '#db/dialect.ts'
import { join, raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both } from '#kernel/access/rules.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { publish } from '#kernel/write/outbox.ts'
import { reach } from '#kernel/write/reach.ts'
import type { Facts } from './facts.ts'
import { keepFormer } from './identifiers.ts'
import { archive, view } from './rights.ts'
import { releaseShared } from './sharing.ts'

type Project = Tables['projects']

/** Gives a new project the default modules and types, and its creator as a member. */
export async function initialise(
  tx: Transaction,
  { row, before }: Draft<Project>,
  { creatorRole }: Facts,
  context: Context,
): Promise<void> {
  if (before) return
  const modules = [...new Set(context.settings.default_projects_modules)]
  if (modules.length > 0) {
    const rows = join(modules.map((module) => sql`(${row.id}, ${module})`))
    await tx.run(sql`insert into enabled_modules (project_id, name) values ${rows}`)
  }
  await tx.run(sql`
    insert into project_types (project_id, type_id)
    select p.id, t.id from projects p cross join types t where p.id = ${row.id} and t.is_default`)
  if (creatorRole !== undefined) await addCreator(tx, row.id, creatorRole, context)
}

/** Makes the viewer a member of a project, with the role that creators get. */
async function addCreator(tx: Transaction, projectId: number, role: number, { viewer, now }: Context): Promise<void> {
  const at = now.toISOString()
  const membership_id = await inserted(tx, 'memberships', {
    principal_id: viewer.id,
    project_id: projectId,
    created_at: at,
    updated_at: at,
  })
  await tx.one(insert('membership_roles', { membership_id, role_id: role }))
  await invalidate(tx, 'memberships')
}

/** The lock of those who change the tree of projects. */
const PLACES = 7248

/** Waits for concurrent changes of the tree of projects, and keeps others waiting until the end of the transaction. */
export const serialisePlaces = (tx: Transaction): Promise<void> => takeTurns(tx, PLACES)

/** Rejects a circle that concurrent moves close together, and changes of projects whose deletion has begun meanwhile. */
export async function keepTree(tx: Transaction, { row, before }: Draft<Project>): Promise<void> {
  if (row.parent_id !== (before?.parent_id ?? null)) await serialisePlaces(tx)
  const up = await tx.all<{ id: number; deleting: boolean; is_circle: boolean }>(sql`
    with recursive up (id, parent_id, deleting, is_circle) as (
      select id, parent_id, deleting, parent_id = id from projects where id = ${row.id}
      union select p.id, p.parent_id, p.deleting, p.parent_id = ${row.id} from projects p join up on p.id = up.parent_id
    ) select id, deleting, is_circle from up`)
  if (up.some(({ deleting, is_circle }) => deleting || is_circle)) throw conflict()
}

/** Keeps former identifiers, archives subprojects, and releases versions and sprints that are no longer shared. */
export async function settle(tx: Transaction, draft: Draft<Project>, _: Facts, context: Context): Promise<void> {
  const { row, before } = draft
  if (!before) return
  if (differs(draft, 'identifier')) await keepFormer(tx, row.id, before.identifier, row.identifier)
  if (differs(draft, 'parent_id')) {
    const moved = await subtree(tx, row.id)
    const isOf = (column: string) => among(tx.engine, raw(column), moved)
    for (const shared of ['versions', 'sprints'] as const)
      await releaseShared(tx, shared, sql`(${isOf('v.project_id')} or ${isOf('w.project_id')})`, context)
  }
  if (differs(draft, 'active') && !row.active) await archiveBelow(tx, row.id, context)
}

/** Archives the active descendants of a project. Throws 409 if the viewer may not: a subproject was added after the check. */
async function archiveBelow(tx: Transaction, project: number, context: Context): Promise<void> {
  const below = (await subtree(tx, project)).filter((id) => id !== project)
  const active = sql`projects.active and ${among(tx.engine, raw('projects.id'), below)}`
  const { within, beyond } = await reach(tx, context, context.model.of('Project'), both(view, archive), active)
  if (beyond.length > 0) throw conflict()
  for (const id of within) {
    await tx.run(sql`update projects set active = false, updated_at = ${context.now.toISOString()} where id = ${id}`)
    await publish(tx, context, 'projects.updated', id, ['active'])
  }
}

/** The ids of a project and its descendants. */
export async function subtree(tx: Pick<Transaction, 'all'>, id: number): Promise<number[]> {
  const rows = await tx.all<{ id: number }>(sql`
    with recursive down (id) as (
      select id from projects where id = ${id} union select p.id from projects p join down on p.parent_id = down.id
    ) select id from down`)
  return rows.map((row) => row.id)
}
