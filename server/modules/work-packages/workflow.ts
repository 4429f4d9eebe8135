/** Workflows: transitions between statuses by type and role, cached in the process. */

import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { withRole } from '#kernel/access/rules.ts'
import { rowOf } from '#kernel/cache.ts'
import type { Context, Rule } from '#kernel/declaration.ts'

type WorkPackage = Tables['work_packages']
type Transition = Tables['workflows']

/** The workflow of a type. */
interface Workflow {
  /** The ids of all its statuses. */
  readonly statuses: ReadonlySet<number>
  /** Transitions by origin status. */
  readonly from: ReadonlyMap<number, readonly Transition[]>
  /** Rules for transitions, by role id. */
  readonly roles: ReadonlyMap<number, Rule>
}

const NONE: Workflow = { statuses: new Set(), from: new Map(), roles: new Map() }

function workflowOf(transitions: readonly Transition[]): Workflow {
  const roles = new Map([...new Set(transitions.map(({ role_id }) => role_id))].map((id) => [id, withRole(id)]))
  return {
    statuses: new Set(transitions.flatMap((t) => [t.old_status_id, t.new_status_id])),
    from: Map.groupBy(transitions, (t) => t.old_status_id),
    roles,
  }
}

/** The workflow of a type; empty without rows. */
async function workflowFor(context: Context, type: number): Promise<Workflow> {
  const workflows = await context.snapshot.remember('workflows', ['workflows', 'roles', 'types', 'statuses'], async () => {
    const rows = await context.db.all<Transition>(sql`select * from workflows`)
    return new Map([...Map.groupBy(rows, (row) => row.type_id)].map(([id, own]) => [id, workflowOf(own)]))
  })
  return workflows.get(type) ?? NONE
}

/** The ids of the statuses in a type's workflow. */
export const statusesOfType = async (context: Context, type: number): Promise<ReadonlySet<number>> =>
  (await workflowFor(context, type)).statuses

interface States {
  readonly statuses: ReadonlyMap<number, Tables['statuses']>
  readonly versions: ReadonlyMap<number, Tables['versions']>
}

/** A closed work package in a closed version cannot be reopened until it gets another version. */
export const isSealed = (row: Pick<WorkPackage, 'status_id' | 'version_id'>, { statuses, versions }: States): boolean =>
  Boolean(statuses.get(row.status_id)?.is_closed) && rowOf(versions, row.version_id)?.status === 'closed'

/**
 * The ids of the statuses that the viewer may give a work package, including its stored one; a work package blocked by an open
 * one cannot be closed.
 * @param row the draft; @param before the stored row, whose status is the origin and whose assignee counts as well
 */
export async function reachableStatuses(
  context: Context,
  row: WorkPackage,
  before: WorkPackage | undefined,
  states: States & { readonly isBlocked: boolean },
): Promise<ReadonlySet<number>> {
  const origin = (before ?? row).status_id
  const reachable = new Set([origin])
  if (!row.type_id || !row.project_id || (before && isSealed({ ...row, status_id: origin }, states))) return reachable
  const { from, roles } = await workflowFor(context, row.type_id)
  const { id } = context.viewer
  const judged = await rights(context, ...roles.values())
  const held = new Set([...roles.keys()].filter((_, i) => judged[i]?.holds(before ?? row)))
  const isAuthor = !before || before.author_id === id
  const isAssignee = row.assigned_to_id === id || (before !== undefined && before.assigned_to_id === id)
  const applies = (t: Transition) => {
    if (isAuthor && isAssignee) return true
    if (isAuthor || isAssignee) return t.author === isAuthor || t.assignee === isAssignee
    return !t.author && !t.assignee
  }
  for (const t of from.get(origin) ?? []) {
    if (!applies(t)) continue
    if (states.isBlocked && states.statuses.get(t.new_status_id)?.is_closed) continue
    if (held.has(t.role_id)) reachable.add(t.new_status_id)
  }
  return reachable
}
