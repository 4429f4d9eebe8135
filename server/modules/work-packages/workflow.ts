/** Which status may follow which: rows of type, role, from and to, held in process. */
import type { Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Context } from '#kernel/context.ts'
import { permissionTopics } from '#kernel/viewer.ts'

interface Transition {
  role_id: number
  old_status_id: number
  new_status_id: number
  author: boolean
  assignee: boolean
}

/** All transitions by type. */
const transitionsOf = (context: Context): Promise<ReadonlyMap<number, readonly Transition[]>> =>
  context.snapshot.remember('workflows', ['workflows', 'roles', 'types', 'statuses'], async () =>
    Map.groupBy(await context.db.all<Transition & { type_id: number }>(sql`select * from workflows`), (row) => row.type_id),
  )

/** The viewer's roles in a project, remembered until permissions change. */
const rolesIn = (context: Context, project: number): Promise<ReadonlySet<number>> =>
  context.snapshot.remember(`roles ${context.viewer.id} ${project}`, permissionTopics, async () => {
    const rows = await context.db.all<{ role_id: number }>(
      sql`select role_id from effective_roles where user_id = ${context.viewer.id} and project_id = ${project}`,
    )
    return new Set(rows.map((row) => row.role_id))
  })

/** The viewer's roles on one work package, by sharing. */
const rolesOn = (context: Context, workPackage: number): Promise<ReadonlySet<number>> =>
  context.snapshot.remember(`roles ${context.viewer.id} on ${workPackage}`, permissionTopics, async () => {
    const rows = await context.db.all<{ role_id: number }>(sql`
      select r.role_id from memberships m join membership_roles r on r.membership_id = m.id
      where m.principal_id = ${context.viewer.id} and m.entity_type = 'WorkPackage' and m.entity_id = ${workPackage}`)
    return new Set(rows.map((row) => row.role_id))
  })

/** Statuses that a type's workflow knows at all. */
export async function statusesOfType(context: Context, type: number): Promise<ReadonlySet<number>> {
  const transitions = (await transitionsOf(context)).get(type) ?? []
  return new Set(transitions.flatMap((t) => [t.old_status_id, t.new_status_id]))
}

interface States {
  readonly statuses: ReadonlyMap<number, Row>
  readonly versions: ReadonlyMap<number, Row>
}

/** Closed on a closed version: a work package stays so until it is on another version. */
export const isSealed = (row: Row, { statuses, versions }: States): boolean =>
  Boolean(statuses.get(row['status_id'])?.['is_closed']) && versions.get(row['version_id'])?.['status'] === 'closed'

/**
 * The ids of the statuses that the viewer may give a work package, its stored one included; what an open
 * one blocks is not to be closed.
 * @param row the draft; @param before what is stored, whose status is the origin and whose assignee counts as well
 */
export async function reachableStatuses(
  context: Context,
  row: Row,
  before: Row | undefined,
  states: States & { readonly isBlocked: boolean },
): Promise<ReadonlySet<number>> {
  const origin = (before ?? row)['status_id'] as number
  const reachable = new Set([origin])
  if (!row['type_id'] || !row['project_id'] || (before && isSealed({ ...row, status_id: origin }, states))) return reachable
  const roles = await rolesIn(context, (before ?? row)['project_id'])
  const shared = before?.['id'] ? await rolesOn(context, before['id']) : new Set<number>()
  const { id } = context.viewer
  const isAuthor = !before || before['author_id'] === id
  const isAssignee = row['assigned_to_id'] === id || (before !== undefined && before['assigned_to_id'] === id)
  const applies = (t: Transition) => {
    if (isAuthor && isAssignee) return true
    if (isAuthor || isAssignee) return t.author === isAuthor || t.assignee === isAssignee
    return !t.author && !t.assignee
  }
  for (const t of (await transitionsOf(context)).get(row['type_id']) ?? []) {
    if (t.old_status_id !== origin || !applies(t)) continue
    if (states.isBlocked && states.statuses.get(t.new_status_id)?.['is_closed']) continue
    if (roles.has(t.role_id) || shared.has(t.role_id)) reachable.add(t.new_status_id)
  }
  return reachable
}
