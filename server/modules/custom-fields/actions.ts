/** Custom actions: changes of a work package that are made together, offered where their conditions hold. */
import { ConstraintError, type Row, type Transaction } from '#db/database.ts'
import { among, insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { prepareWrite } from '#kernel/change.ts'
import type { Context } from '#kernel/context.ts'
import { idLinked, toErrors } from '#kernel/draft.ts'
import { combined, violation } from '#kernel/errors.ts'
import { guarded, operation, rowAt, saved } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/page.ts'
import { extend, resource } from '#kernel/resource.ts'
import { everyone, inAnyProject, inProject } from '#kernel/rules.ts'
import { allRows, changed } from '#kernel/world.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'

const conditionNames = ['status', 'type', 'project', 'role'] as const
type Conditions = Partial<Record<(typeof conditionNames)[number], readonly number[]>>

/** What a change is written as that depends on who executes it, and when. */
const CURRENT_USER = '/api/v3/users/me'
const TODAY = 'today'

const edits = inAnyProject('edit_work_packages')
const self = ({ id }: { id: number }) => `/api/v3/custom_actions/${id}`

export const CustomAction = resource('CustomAction', 'custom_actions', (p) => ({
  path: 'custom_actions',
  title: 'name',
  held: 'all',
  order: { column: 'position' },
  visible: everyone,
  guard: edits,
  guards: { show: edits },
  properties: { name: p.text(), description: p.text() },
  actions: {
    executeImmediately: {
      href: (row) => `${self(row)}/execute`,
      method: 'post',
      title: ({ name }) => `Execute ${name}`,
    },
  },
  operations: ['show'],
}))

/** The roles that the viewer has in projects; asked only where an action depends on them. */
async function rolesIn(projects: readonly number[], { db, viewer }: Context): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const rows = await db.all<{ project_id: number; role_id: number }>(sql`
    select project_id, role_id from effective_roles
    where user_id = ${viewer.id} and ${among(db.engine, sql`project_id`, [...new Set(projects)])}`)
  return new Map([...Map.groupBy(rows, (row) => row.project_id)].map(([id, own]) => [id, new Set(own.map((row) => row.role_id))]))
}

/** The ids of the actions that are offered for each work package: to those who may execute them, who are all that may read them. */
async function offered(
  rows: readonly Tables['work_packages'][],
  context: Context,
): Promise<ReadonlyMap<number, readonly number[]>> {
  const actions = [...(await allRows(context.db, context.snapshot, 'custom_actions', 'position')).values()]
  const conditionsOf = (action: Row) => action['conditions'] as Conditions
  if (actions.length === 0) return new Map()
  const asksForRoles = actions.some((action) => (conditionsOf(action).role ?? []).length > 0)
  const roles = asksForRoles
    ? await rolesIn(
        rows.map((row) => row.project_id),
        context,
      )
    : undefined
  const mayEdit = inProject('edit_work_packages')
  const suits = (row: Tables['work_packages'], action: Row): boolean => {
    const { status, type, project, role } = conditionsOf(action)
    const own = roles?.get(row.project_id)
    const isOf = (wanted: readonly number[] | undefined, id: number) => !wanted?.length || wanted.includes(id)
    return (
      mayEdit.holds(context.viewer, row) &&
      isOf(status, row.status_id) &&
      isOf(type, row.type_id) &&
      isOf(project, row.project_id) &&
      (!role?.length || role.some((id) => own?.has(id)))
    )
  }
  return new Map(rows.map((row) => [row.id, actions.filter((action) => suits(row, action)).map((action) => action['id'])]))
}

extend('WorkPackage', 'work_packages', {
  properties: (p) => ({
    customActions: p.links('CustomAction', {
      inSchema: false,
      writable: false,
      ignored: true,
      embed: true,
      load: offered,
    }),
  }),
})

/** The changes of an action for whoever executes it now. */
function changesFor({ changes }: Row, { today, viewer }: Context): Record<string, unknown> {
  const { _links: links = {}, ...values } = changes as Record<string, unknown> & { _links?: Record<string, { href?: unknown }> }
  const dated = Object.entries(values).map(([own, value]) => [own, value === TODAY ? today : value])
  const linked = Object.entries(links).map(([own, link]) => [
    own,
    link?.href === CURRENT_USER ? { href: `/api/v3/users/${viewer.id}` } : link,
  ])
  return { ...Object.fromEntries(dated), _links: Object.fromEntries(linked) }
}

operation({
  method: 'POST',
  path: '/custom_actions/:id/execute',
  summary: 'Execute a custom action on a work package',
  tag: 'CustomAction',
  guard: edits,
  answers: { status: 200, of: 'WorkPackage', as: 'single' },
  run: async (ask) => {
    const { context, body, params } = ask
    await guarded(CustomAction, context)
    const action = await rowAt(params['id'] as string, CustomAction, context)
    const { lockVersion } = body
    const row = await workPackageIn(body, context)
    const faults = [
      ...(row ? [] : [violation('workPackage', 'is not set to one of the allowed values')]),
      ...(lockVersion === undefined || lockVersion === null ? [violation('lockVersion', "can't be blank")] : []),
    ]
    if (!row || faults.length > 0) throw combined(toErrors(WorkPackage, faults))
    return saved(ask, WorkPackage, await prepareWrite(context, WorkPackage, row, { ...changesFor(action, context), lockVersion }))
  },
})

/** The work package that a body links to, if the viewer sees it. */
async function workPackageIn(body: Record<string, unknown>, context: Context): Promise<Row | undefined> {
  const links = body['_links'] as { workPackage?: unknown } | null | undefined
  const id = await idLinked(WorkPackage, links?.workPackage, context)
  return id === undefined ? undefined : visibleRow(context, WorkPackage, id)
}

/** What a new action is to be. */
export interface ActionPlan {
  readonly name: string
  readonly description?: string
  readonly conditions?: Conditions
  /** A payload as a client would write it; `today` stands for the day of the execution, `/api/v3/users/me` for who executes it. */
  readonly changes: Readonly<Record<string, unknown>>
}

/**
 * Defines a custom action.
 * @returns its id
 * @throws Error with a sentence for the operator when the plan cannot be carried out
 */
export async function makeAction(
  tx: Transaction,
  { name, description = '', conditions = {}, changes }: ActionPlan,
): Promise<number> {
  if (name.trim() === '' || [...name].length > 255) throw new Error('A custom action needs a name of at most 255 characters.')
  for (const [own, ids] of Object.entries(conditions)) {
    if (!(conditionNames as readonly string[]).includes(own)) throw new Error(`"${own}" is none of ${conditionNames.join(', ')}.`)
    if (!Array.isArray(ids) || !ids.every(Number.isInteger)) throw new Error(`The condition ${own} has to be a list of ids.`)
  }
  if (Object.keys(changes).length === 0) throw new Error('A custom action has to change something.')
  const now = new Date().toISOString()
  const last = await tx.one<{ position: number }>(sql`select coalesce(max(position), 0) as position from custom_actions`)
  const values = { name, description, position: (last?.position ?? 0) + 1, conditions, changes, created_at: now, updated_at: now }
  const row = await tx.one<{ id: number }>(insert('custom_actions', values)).catch((cause: unknown) => {
    if (!(cause instanceof ConstraintError) || cause.kind !== 'unique') throw cause
    throw new Error(`There is a custom action "${name}" already.`, { cause })
  })
  await changed(tx, 'custom_actions')
  return (row as { id: number }).id
}
