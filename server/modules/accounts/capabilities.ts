/** Capabilities: the actions that a principal may perform in a project or globally. The database computes them from grants. */
import type { Row } from '#db/database.ts'
import { among, amongTexts } from '#db/dialect.ts'
import { and, FALSE, or, raw, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, either, having, inProject, lacking, unconfined } from '#kernel/access/rules.ts'
import type { Body, Context, Filter, FilterUse, Model, Operation, Query, Queryable } from '#kernel/declaration.ts'
import { invalidQuery, notFound } from '#kernel/errors.ts'
import { operation } from '#kernel/operation.ts'
import { filtersOf, withMe } from '#kernel/read/judge.ts'
import { computed } from '#kernel/read/list.ts'
import { relatedRows } from '#kernel/read/load.ts'
import { hrefOf } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { actionHref, isAction } from './actions.ts'
import { madeKinds, seen } from './visibility.ts'

interface Capability {
  readonly action: string
  /** null: global. */
  readonly project_id: number | null
  readonly principal_id: number
}

/** The pairs of action and permission, as rows. They are constants, so they are safe in the SQL text. */
const pairsIn = ({ apiActions }: Model): Sql =>
  raw(apiActions.flatMap(({ id, permissions }) => permissions.map((permission) => `('${id}', '${permission}')`)).join(', '))

const somebody = both(having('type', ...madeKinds, 'AnonymousUser'), seen)
const somewhere = either(both(unconfined, lacking('project_id')), inProject('view_project'))

/** A query for the capabilities that the viewer may see; `where` is about `action`, `project_id` and `principal_id`. */
async function capabilities(context: Context, where: Sql): Promise<Sql> {
  const [seenHolders, seenPlaces] = await rights(context, somebody, somewhere)
  return sql`
    with pairs (action, permission) as (values ${pairsIn(context.model)}),
    held as (
      select pairs.action, g.project_id, g.user_id as principal_id from grants g join pairs on pairs.permission = g.permission
      union
      select pairs.action, null, g.user_id from global_grants g join pairs on pairs.permission = g.permission
    )
    select held.action, held.project_id, held.principal_id from held
    where ${and([where, seenPlaces.where('held')])}
      and held.principal_id in (select principals.id from principals where ${seenHolders.where('principals')})`
}

const idOf = ({ action, project_id, principal_id }: Capability): string =>
  `${action}/${project_id === null ? 'g' : `w${project_id}`}-${principal_id}`

const GLOBAL = '/api/v3/capabilities/context/global'

/** Representations of capabilities. */
async function represented(found: readonly Capability[], context: Context): Promise<Body[]> {
  const [project, principal] = [context.model.of('Project'), context.model.of('Principal')]
  const projectIds = found.map((one) => one.project_id).filter((id) => id !== null)
  const projects = await relatedRows(context, project, projectIds)
  const principals = await relatedRows(
    context,
    principal,
    found.map((one) => one.principal_id),
  )
  return found.map((one) => {
    const id = idOf(one)
    const place = one.project_id === null ? undefined : projects.get(one.project_id)
    const holder = principals.get(one.principal_id) as Row
    return {
      _type: 'Capability',
      id,
      _links: {
        self: { href: `/api/v3/capabilities/${id}` },
        action: { href: actionHref(one.action) },
        context: place ? { href: hrefOf(project, place), title: project.titleOf(place) } : { href: GLOBAL, title: said`Global` },
        principal: { href: hrefOf(principal, holder), title: principal.titleOf(holder) },
      },
    }
  })
}

const filter = (format: RegExp, where: (values: readonly string[], context: Context) => Sql): Filter => ({
  strategy: 'list',
  allowed: (values) => values.every((value) => format.test(value)),
  where: (use, context) => where(use.values, context),
})

/** The condition on contexts: `g` for global, `w5` for a project; `p5` is its older spelling. */
const inContext = (values: readonly string[], { engine }: Context): Sql =>
  or([
    values.includes('g') ? sql`held.project_id is null` : FALSE,
    among(
      engine,
      sql`held.project_id`,
      values.filter((value) => value !== 'g').map((value) => Number(value.slice(1))),
    ),
  ])

const ID = /^([a-z_]+\/[a-z_]+)\/(g|[wp]\d{1,9})-(\d{1,9})$/

/** The condition on the capability with an id; FALSE for a malformed id. */
function identified(id: string, context: Context): Sql {
  const [, action, place, principal] = ID.exec(id) ?? []
  if (!action || !place) return FALSE
  return and([sql`held.action = ${action}`, inContext([place], context), sql`held.principal_id = ${Number(principal)}`])
}

export const capabilityList: Queryable = {
  table: 'permissions',
  properties: [],
  property: new Map(),
  filters: {
    id: filter(ID, (ids, context) => or(ids.map((id) => identified(id, context)))),
    action: {
      ...filter(/^/, (values, { engine }) => amongTexts(engine, sql`held.action`, values)),
      allowed: (values, { model }) => values.every((value) => isAction(model, value)),
    },
    principal: filter(/^(me|\d{1,9})$/, (values, context) =>
      among(context.engine, sql`held.principal_id`, withMe(values, context).map(Number)),
    ),
    context: filter(/^(g|[wp]\d{1,9})$/, inContext),
  },
  sorts: { id: () => sql`held.action` },
}

const own: FilterUse = { name: 'principal', operator: '=', values: ['me'] }
const MOST_VALUES = 20

/** Throws InvalidQuery unless filters name principals, contexts or ids: all capabilities can be millions. */
function checkNarrow(uses: readonly FilterUse[]): void {
  const isNarrow = ({ name, operator, values }: FilterUse) =>
    filtersOf(capabilityList).get(name)?.key !== 'action' && operator === '=' && values.length <= MOST_VALUES
  if (uses.some(isNarrow)) return
  throw invalidQuery(
    said`Capabilities must be filtered by id, principal or context, with the operator "=" and at most ${MOST_VALUES} values.`,
  )
}

/** The capabilities of a page, and their total. */
async function listed(query: Query, context: Context): Promise<{ elements: Body[]; total: number }> {
  const { conditions, filters, sorts, offset, pageSize } = query
  checkNarrow(filters)
  const all = await capabilities(context, and(conditions))
  const direction = raw(sorts[0]?.descending ? 'desc' : 'asc')
  const [found, count] = await Promise.all([
    context.db.all<Capability>(sql`
      ${all} order by held.action ${direction}, coalesce(held.project_id, 0) ${direction}, held.principal_id ${direction}
      limit ${pageSize} offset ${(offset - 1) * pageSize}`),
    context.db.one<{ n: number }>(sql`select count(*) as n from (${all}) as found`),
  ])
  return { elements: await represented(found, context), total: count?.n ?? 0 }
}

const members = ['id', 'action', 'context', 'principal']

const listCapabilities = operation({
  method: 'GET',
  path: '/capabilities',
  summary: 'List capabilities, by default those of the viewer',
  description:
    'Lists actions that principals may perform, by context. All capabilities could be millions, so filters have to name principals, contexts or ids; without filters, the caller’s own are listed.',
  tag: 'Capability',
  answers: { status: 200, of: 'Capability', as: 'collection' },
  query: ['filters', 'sortBy', 'select', 'offset', 'pageSize'],
  run: async ({ context }) => ({
    body: await computed(context, capabilityList, members, (query) => listed(query, context), { byDefault: [own] }),
  }),
})

const viewGlobalContext = operation({
  method: 'GET',
  path: '/capabilities/context/global',
  summary: 'View the global context',
  description: 'Returns the global context, which capabilities outside projects have.',
  tag: 'Capability',
  answers: { status: 200, of: 'GlobalContext', as: 'single' },
  run: async () => ({
    body: { _type: 'CapabilityContext::Global', id: 'global', _links: { self: { href: GLOBAL, title: said`Global` } } },
  }),
})

const viewCapability = operation({
  method: 'GET',
  path: '/capabilities/*',
  summary: 'View a capability',
  description: 'Returns one capability by its id: action, context and principal.',
  tag: 'Capability',
  answers: { status: 200, of: 'Capability', as: 'single' },
  run: async ({ context, params }) => {
    const one = await capabilities(context, identified(params['*'], context))
    const [body] = await represented(await context.db.all<Capability>(sql`${one} limit 1`), context)
    if (!body) throw notFound()
    return { body }
  },
})

export const operations: readonly Operation[] = [listCapabilities, viewGlobalContext, viewCapability]
