/** Custom actions: sets of changes to a work package, available where their conditions hold. */
import { ConstraintError, type Row, type Transaction } from '#db/database.ts'
import { forUpdate, inserted } from '#db/dialect.ts'
import { and, raw, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, either, having, inAnyProject, onWorkPackage, sharedAnywhere, within, withRole } from '#kernel/access/rules.ts'
import { heldIn, heldOn, rolesOf, sharedRolesOf } from '#kernel/access/sets.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'
import { allRows, invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Context, Operation, Rule } from '#kernel/declaration.ts'
import { combined, conflict, forbidden, notFound, violation } from '#kernel/errors.ts'
import { guarded, idFrom, operation, respondSaved } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { extension, resource } from '#kernel/resource.ts'
import { idLinked, sentLink, toErrors } from '#kernel/write/payload.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { whenRemoved } from '#kernel/write/removal.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { said } from '#text/messages.ts'

const conditionNames = ['status', 'type', 'project', 'role'] as const
type Conditions = Partial<Record<(typeof conditionNames)[number], readonly number[]>>

/** Placeholders in changes for the executing user and the current date. */
const CURRENT_USER = '/api/v3/users/me'
const TODAY = 'today'

const EDIT = 'edit_work_packages'
const mayEdit = onWorkPackage(EDIT)
/** Rule for editing any work package. */
const edits = either(inAnyProject(EDIT), sharedAnywhere(EDIT))

/** The actions available to the viewer: a project where the viewer may edit meets the conditions on project and role. */
export const offeredActions: NamedSet = {
  name: 'custom_actions',
  reads: [`project:${EDIT}`, `share:${EDIT}`],
  query: (viewer, engine) => {
    const ids = (of: string) =>
      engine === 'sqlite'
        ? sql`(select value from json_each(a.conditions, '$.${raw(of)}'))`
        : sql`(select v::integer from jsonb_array_elements_text(coalesce(a.conditions -> '${raw(of)}', '[]')) as x (v))`
    const fits = (of: string, condition: Sql) => sql`(not exists ${ids(of)} or ${condition})`
    const suits = (project: Sql, roles: Sql) =>
      and([
        fits('project', sql`${project} in ${ids('project')}`),
        fits('role', sql`exists (${roles} and r.role_id in ${ids('role')})`),
      ])
    const inProjects = sql`select 1 from roles_held r where r.project_id =`
    const onShared = sql`select 1 from ${sharedRolesOf(viewer, engine)} r where r.work_package_id = w.id`
    return sql`
    with roles_held as (select project_id, role_id from ${rolesOf(viewer, engine)} r)
    select a.id as id from custom_actions a
    where exists (
      select 1 from ${heldIn(viewer, engine, EDIT)} g where ${suits(sql`g.project_id`, sql`${inProjects} g.project_id`)})
    or exists (
      select 1 from ${heldOn(viewer, engine, EDIT)} s join work_packages w on w.id = s.work_package_id
      where (${suits(sql`w.project_id`, onShared)} or ${suits(sql`w.project_id`, sql`${inProjects} w.project_id`)}))`
  },
}

const self = ({ id }: { id: number }) => `/api/v3/custom_actions/${id}`

export const CustomAction = resource('CustomAction', 'custom_actions', {
  path: 'custom_actions',
  description: 'Several changes of a work package in one request.',
  glossary: {
    name: 'Name.',
    description: 'Description.',
    executeImmediately: 'Executes the action.',
  },
  example: { id: 1, name: 'Take it', description: 'Assigns it to me.' },
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  visible: within(offeredActions),
  guards: { all: edits, show: edits },
  properties: (p) => ({ name: p.text(), description: p.text() }),
  actions: {
    executeImmediately: {
      href: (row) => `${self(row)}/execute`,
      method: 'post',
      title: ({ name }) => said`Execute ${name}`,
    },
  },
  operations: ['show'],
})

/** Rule for work packages with an action: the viewer may edit them, and they meet every condition. */
function offeredFor(action: Row): Rule {
  const { status = [], type = [], project = [], role = [] } = action.conditions as Conditions
  const among = (of: string, ids: readonly number[]) => (ids.length > 0 ? [having(of, ...ids)] : [])
  return both(
    mayEdit,
    ...among('status_id', status),
    ...among('type_id', type),
    ...among('project_id', project),
    ...(role.length > 0 ? [either(...role.map(withRole))] : []),
  )
}

/** The ids of available actions for each work package. Former states of a row have none. */
async function offered(rows: readonly Row[], context: Context): Promise<ReadonlyMap<number, readonly number[]>> {
  if (context.live) return new Map()
  const actions = [...(await allRows(context.db, context.snapshot, 'custom_actions', 'position')).values()]
  const offers = await rights(context, ...actions.map(offeredFor))
  const holding = (row: Row) => actions.filter((_, i) => offers[i]?.holds(row)).map((action) => action.id)
  return new Map(rows.map((row) => [row.id, holding(row)]))
}

const workPackageExtension = extension('WorkPackage', 'work_packages', {
  properties: (p) => ({
    customActions: p.links('CustomAction', {
      inSchema: false,
      readOnly: 'ignore',
      embed: true,
      load: offered,
    }),
  }),
})

/** The changes of an action, for the viewer and the current date. */
function changesFor({ changes }: Row, { today, viewer }: Context): Record<string, unknown> {
  const { _links: links = {}, ...values } = changes as Record<string, unknown> & { _links?: Record<string, { href?: unknown }> }
  const dated = Object.entries(values).map(([own, value]) => [own, value === TODAY ? today : value])
  const linked = Object.entries(links).map(([own, link]) => [
    own,
    link?.href === CURRENT_USER ? { href: `/api/v3/users/${viewer.id}` } : link,
  ])
  return { ...Object.fromEntries(dated), _links: Object.fromEntries(linked) }
}

const executeCustomAction = operation({
  method: 'POST',
  path: '/custom_actions/:id/execute',
  summary: 'Execute a custom action on a work package',
  description:
    'Applies all changes of the action and returns the updated work package. The server rejects it where the work package or the caller does not meet the conditions of the action, and where `lockVersion` is not current (409).',
  tag: 'CustomAction',
  guard: edits,
  answers: { status: 200, of: 'WorkPackage', as: 'single' },
  takes: 'CustomActionExecution',
  query: ['notify'],
  run: async (ask) => {
    const { context, body, params } = ask
    await guarded(context.model.of(CustomAction), context)
    const id = await idFrom(params.id, context.model.of(CustomAction), context)
    const action = (await allRows(context.db, context.snapshot, 'custom_actions', 'position')).get(id ?? 0)
    if (!action) throw notFound(CustomAction.missing)
    const { lockVersion } = body
    const row = await workPackageIn(body, context)
    const faults = [
      ...(row ? [] : [violation('workPackage', said`is not set to one of the allowed values`)]),
      ...(lockVersion === undefined || lockVersion === null ? [violation('lockVersion', said`can't be blank`)] : []),
    ]
    if (!row || faults.length > 0) throw combined(toErrors(context.model.of(WorkPackage), faults))
    const prepared = await prepareWrite(context, context.model.of(WorkPackage), row, {
      ...changesFor(action, context),
      lockVersion,
    })
    const [offer] = await rights(context, offeredFor(action))
    if (!offer.holds(row)) throw forbidden()
    // A concurrent write may come in between; the lock version does not guard an action without changes to the row.
    const confirm = async (tx: Transaction) => {
      const now = await tx.one(sql`select * from work_packages where id = ${row.id}${forUpdate(tx.engine)}`)
      if (now?.lock_version !== row.lock_version) throw conflict()
      if (!now || !offer.holds(now)) throw forbidden()
    }
    return respondSaved(ask, context.model.of(WorkPackage), { ...prepared, confirm })
  },
})

/** The work package that a body links to, if the viewer sees it. */
async function workPackageIn(body: Record<string, unknown>, context: Context): Promise<Row | undefined> {
  const id = await idLinked(context.model.of(WorkPackage), sentLink(body, 'workPackage'), context)
  return id === undefined ? undefined : visibleRow(context, context.model.of(WorkPackage), id)
}

/** The values and links that an action sets, by property. */
const settings = ({ _links = {}, ...values }: Row) => ({ ...values, ..._links })

/** Removes settings that match `isGone` from all actions. An action without settings changes nothing. */
async function letGo(tx: Transaction, isGone: (property: string, value: unknown) => boolean): Promise<void> {
  let count = 0
  for (const { id, changes } of await tx.all(sql`select id, changes from custom_actions order by id`)) {
    const gone = Object.entries(settings(changes)).filter(([property, value]) => isGone(property, value))
    if (gone.length === 0) continue
    const { _links, ...values } = changes
    const without = (some: object) =>
      Object.fromEntries(Object.entries(some).filter(([property]) => gone.every(([own]) => own !== property)))
    const left = { ...without(values), ...(_links && { _links: without(_links) }) }
    count += await tx.run(sql`update custom_actions set changes = ${left} where id = ${id}`)
  }
  if (count > 0) await invalidate(tx, 'custom_actions')
}

// An action that refers to a removed row could not be executed.
const releaseValues = [
  ...(['principals', 'versions', 'projects', 'work_packages', 'custom_options', 'custom_field_items'] as const),
  ...(['project_phases', 'budgets', 'sprints'] as const),
].map((table) =>
  whenRemoved(table, (tx, ids, _, model) => {
    const paths = model.resources.filter((one) => one.table === table).flatMap((one) => [one.path, ...(one.aliases ?? [])])
    const gone = new Set(paths.flatMap((path) => ids.map((id) => `/api/v3/${path}/${id}`)))
    const hrefOf = (link: unknown) => (link as { href?: string } | null)?.href ?? ''
    return letGo(tx, (_, value) => [value].flat().some((link) => gone.has(hrefOf(link))))
  }),
)
const releaseCustomFields = whenRemoved('custom_fields', (tx, ids) =>
  letGo(tx, (property) => ids.some((id) => property === `customField${id}`)),
)

/** The definition of a new action. */
export interface ActionPlan {
  readonly name: string
  readonly description?: string
  readonly conditions?: Conditions
  /** A payload as clients write it; `today` stands for the date of the execution, `/api/v3/users/me` for the executing user. */
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
    if (!conditionNames.some((one) => one === own))
      throw new Error(`The condition "${own}" is not one of ${conditionNames.join(', ')}.`)
    if (!Array.isArray(ids) || !ids.every(Number.isInteger)) throw new Error(`The condition ${own} must be a list of ids.`)
  }
  if (Object.keys(changes).length === 0) throw new Error('A custom action needs at least one change.')
  const now = currentTime().toISOString()
  const last = await tx.one<{ position: number }>(sql`select coalesce(max(position), 0) as position from custom_actions`)
  const values = { name, description, position: (last?.position ?? 0) + 1, conditions, changes, created_at: now, updated_at: now }
  const id = await inserted(tx, 'custom_actions', values).catch((cause: unknown) => {
    if (!(cause instanceof ConstraintError) || cause.kind !== 'unique') throw cause
    throw new Error(`A custom action "${name}" already exists.`, { cause })
  })
  await invalidate(tx, 'custom_actions')
  return id
}

export const operations: readonly Operation[] = [executeCustomAction]

export const extensions = [workPackageExtension]

export const removals = [...releaseValues, releaseCustomFields]
