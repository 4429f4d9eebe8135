/** Saved queries: filters and display options of lists of work packages. */

import type { Row } from '#db/database.ts'
import { folded } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, NOTHING } from '#kernel/access/rules.ts'
import type { Body, Context, Declared, Draft, FilterUse, Link, Loaded } from '#kernel/declaration.ts'
import { forbidden, type Violation, violation } from '#kernel/errors.ts'
import { faultsOf } from '#kernel/read/judge.ts'
import { condition } from '#kernel/read/operators.ts'
import { represent } from '#kernel/read/represent.ts'
import { fullPage } from '#kernel/read/single.ts'
import { differs, hrefOf, resource } from '#kernel/resource.ts'
import { isWritable } from '#kernel/write/schema.ts'
import { type Message, said } from '#text/messages.ts'
import { changeQuery, copyOrders } from './copies.ts'
import { filterSchemas, schemasAt } from './filter-schemas.ts'
import { filtersKind, loadFilters, readUses, type Shown } from './filters.ts'
import { keepOrder, orderKind, readOrder } from './order.ts'
import { listedColumns, QueryColumn, QueryGroupBy, QuerySortBy } from './parts.ts'
import { columnsOf, evaluate, highlightedOf, listing, overridden, parametersOf, placeOf, readIds } from './results.ts'
import { edit, list, managePublic, remove, reorder, save, share, view } from './rights.ts'
import { displays, highlightable, highlightingModes, labelsKind, timestampsKind, zoomLevels } from './values.ts'

type Query = Tables['queries']

interface Facts {
  /** Faults of the filters in the payload, in sentences. */
  readonly faults: readonly Message[]
  /** Whether the viewer may keep it where it is proposed to be. */
  readonly mayMove: boolean
}

const openOnly: FilterUse[] = [{ name: 'status', operator: 'o', values: [] }]
const NOW = '["PT0S"]'
const DEFAULT_ORDER = '["id-desc"]'
const MOST_ORDERS = 3

/** Query parameters that override parts of a query, for the OpenAPI document. */
export const parameters = ['filters', 'offset', 'pageSize', 'sortBy', 'groupBy', 'showSums', 'timestamps']

/** Default values of a query. */
const defaults = ({ settings, viewer }: Context): Partial<Query> => ({
  user_id: viewer.signedIn ? viewer.id : (null as never),
  public: false,
  starred: false,
  sums: false,
  show_hierarchies: true,
  include_subprojects: settings.display_subprojects_work_packages,
  filters: JSON.stringify(openOnly),
  sort_by: DEFAULT_ORDER,
  highlighting_mode: settings.work_package_list_default_highlighting_mode,
  timestamps: NOW,
  timeline_visible: false,
  timeline_zoom_level: 'auto',
  timeline_labels: '{}',
})

async function lookUp({ row, given }: Draft<Query>, context: Context): Promise<Facts> {
  const [edits, managesPublic] = await rights(context, edit, managePublic)
  const mayMove = edits.holds(row) && (!row.public || managesPublic.holds(row))
  if (!given.has('filters')) return { faults: [], mayMove }
  return { faults: await faultsOf(readUses(row), context.model.of('WorkPackage'), listing(row, context)), mayMove }
}

/** Columns for the lists in the payload. */
function chosen({ many }: Draft<Query>): Partial<Query> {
  const { columns, sortBy, highlightedAttributes } = many
  return {
    ...(columns && { columns: JSON.stringify(columns) }),
    ...(sortBy && { sort_by: JSON.stringify(sortBy.slice(0, MOST_ORDERS)) }),
    ...(highlightedAttributes && { highlighted_attributes: JSON.stringify(highlightedAttributes) }),
  }
}

/** Replaces null by the default value. */
function emptied({ row }: Draft<Query>, _: Facts, context: Context): Partial<Query> {
  const values: Row = row
  const { highlighting_mode, timestamps, timeline_zoom_level, timeline_labels } = defaults(context)
  const usual: Row = { filters: '[]', highlighting_mode, timestamps, timeline_zoom_level, timeline_labels }
  return Object.fromEntries(Object.entries(usual).filter(([column]) => values[column] === null))
}

/** Grouping disables hierarchies, unless the payload has both. */
function hierarchies({ row, given }: Draft<Query>): Partial<Query> {
  return given.has('groupBy') && row.group_by && !given.has('showHierarchies') ? { show_hierarchies: false } : {}
}

function check(draft: Draft<Query>, { faults, mayMove }: Facts): Violation[] {
  const { row, before } = draft
  const isMoved = before && differs(draft, 'project_id')
  if (isMoved && !mayMove) throw forbidden()
  const violations = faults.map((fault) => violation('filters', fault, { complete: true }))
  const isGrouped = row.group_by && (row.group_by as unknown) !== NOTHING
  if (isGrouped && row.show_hierarchies) violations.push(violation('showHierarchies', said`and grouping exclude each other`))
  if (readIds(row.highlighted_attributes).some((id) => !highlightable.includes(id)))
    violations.push(violation('highlightedAttributes', said`is not set to one of the allowed values`))
  return violations
}

/** Rejects a malformed order. */
function checkOrder({ virtual }: Draft<Query>): Violation[] {
  const order = virtual?.orderedWorkPackages ?? {}
  return readOrder(order) ? [] : [violation('orderedWorkPackages', said`is not an object of positions by id`)]
}

const shown = (row: Query, { loaded }: Loaded): Shown | undefined => loaded.filters.get(row)
const each = (read: (row: Row, context: Context) => readonly string[]) => async (rows: readonly Row[], context: Context) =>
  new Map(rows.map((row) => [row.id as number, read(row, context) as never as number[]]))
const all = (part: Declared, context: Context) => [...(context.model.of(part).rows?.values() ?? [])]

/** The link `groupBy` of a query; an empty link without grouping. */
function grouping({ group_by }: Query, { context }: Loaded): Link {
  const group = group_by ? context.model.of(QueryGroupBy).rows?.get(group_by) : undefined
  return group ? { href: hrefOf(QueryGroupBy, group), title: group.name } : { href: null, title: null }
}

const self = ({ id }: Query) => `/api/v3/queries/${id}`
const isStored = ({ id }: Query) => Boolean(id)
const schemaAt = ({ project_id }: { project_id?: number | null }) =>
  project_id ? `/api/v3/projects/${project_id}/queries/schema` : '/api/v3/queries/schema'

/** Computed columns of a query; flags have the value of the database engine. */
interface Viewed {
  readonly has_view: unknown
}

export const Query: Declared = resource<'queries', Facts, Viewed>('Query', 'queries', {
  path: 'queries',
  description: 'A saved list of work packages: filters, columns, order and groups. A single query embeds its results.',
  glossary: {
    name: 'Name.',
    filters: 'Filters that the work packages match.',
    includeSubprojects: 'Whether it includes subprojects.',
    sums: 'Whether the results have sums.',
    public: 'Whether it is visible to everybody who may see its project; without a project, to all users.',
    starred: 'Whether it is a favorite.',
    hidden: 'Whether no view shows it. Derived from its views; ignored in writes.',
    showHierarchies: 'Whether children are shown below their parents.',
    timelineVisible: 'Whether the Gantt chart is shown.',
    timelineZoomLevel: 'Zoom level of the Gantt chart: `auto`, `days`, `weeks`, `months`, `quarters`, `years`.',
    timelineLabels: 'Properties shown beside the bars.',
    timestamps: 'Timestamps for baseline comparison.',
    highlightingMode: 'Highlighting mode: `inline`, `none`, `status`, `type`, `priority`.',
    orderedWorkPackages: 'Positions by work package id. Write-only; the order has an address of its own for reading.',
    displayRepresentation: '`list` or `card`.',
    user: 'The owner.',
    project: 'The project; empty for a query over all projects.',
    columns: 'Columns of the list.',
    sortBy: 'Sort order.',
    groupBy: 'The property that results are grouped by.',
    highlightedAttributes: 'Properties highlighted with the mode `inline`.',
    results: 'The results.',
    star: 'Adds it to the favorites.',
    unstar: 'Removes it from the favorites.',
    updateOrderedWorkPackages: 'Changes the manual order.',
    icalUrl: 'Creates an iCalendar address for it.',
  },
  example: {
    id: 12,
    name: 'Open work',
    public: false,
    sums: false,
    hidden: false,
    timelineVisible: false,
    starred: true,
    timelineZoomLevel: 'auto',
    highlightingMode: 'none',
    displayRepresentation: 'list',
  },
  label: 'query',
  title: (row) => row.name ?? said`Default`,
  copied: { with: 'queries', by: 'project_id', change: changeQuery, also: copyOrders },
  visible: view,
  guards: { index: list, schema: list, form: list },
  may: { create: save, update: edit, delete: remove, form: list },
  paginated: false,
  order: { column: 'id' },
  computedColumns: { has_view: (_, t) => sql`exists (select 1 from views x where x.query_id = ${name(`${t}.id`)})` },
  pageLoaders: { filters: loadFilters },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({
      required: true,
      min: 1,
      max: 255,
      filter: true,
      sort: ({ engine }, t) => folded(engine, name(`${t}.name`)),
    }),
    createdAt: p.dateTime({ readOnly: true, filter: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, filter: true, sort: true }),
    filters: p.of(filtersKind, { column: 'filters', value: shown, inSchema: false }),
    includeSubprojects: p.boolean({ required: true, hasDefault: true, label: said`Include subprojects` }),
    sums: p.boolean({ hasDefault: true }),
    public: p.boolean({
      hasDefault: true,
      filter: true,
      may: { create: both(save, managePublic), update: both(edit, managePublic) },
    }),
    starred: p.boolean({ hasDefault: true, filter: true, label: said`Favorite` }),
    // Derived from the views. Clients send it, but it is ignored.
    hidden: p.boolean({ hasDefault: true, writable: true, value: (row) => !row.has_view }),
    showHierarchies: p.boolean({ hasDefault: true, label: said`Display mode` }),
    timelineVisible: p.boolean({ hasDefault: true }),
    timelineZoomLevel: p.text({ hasDefault: true, allowed: { texts: () => zoomLevels } }),
    timelineLabels: p.of(labelsKind, { hasDefault: true }),
    timestamps: p.of(timestampsKind, { hasDefault: true }),
    highlightingMode: p.text({ hasDefault: true, allowed: { texts: () => highlightingModes } }),
    // The whole order; it has an address of its own for reading.
    orderedWorkPackages: p.of(orderKind, { writable: true, when: () => false, value: () => null }),
    displayRepresentation: p.text({ allowed: { texts: () => displays } }),
    user: p.link('User', {
      // Nobody else can use a private query.
      whenGone: { remove: sql`not public`, otherwise: 'successor' },
      readOnly: true,
      alwaysNamed: true,
      embed: true,
    }),
    project: p.link('Project', {
      embed: true,
      filter: 'list_optional',
      allowed: { href: () => '/api/v3/queries/available_projects' },
    }),
    columns: p.links('QueryColumn', {
      embed: true,
      hasDefault: true,
      load: each(columnsOf),
      allowed: { rows: (_, __, context) => listedColumns(context) },
    }),
    sortBy: p.links('QuerySortBy', {
      embed: true,
      hasDefault: true,
      load: each((row) => readIds(row.sort_by)),
      allowed: { rows: (_, __, context) => all(context.model.of(QuerySortBy), context) },
    }),
    groupBy: p.link('QueryGroupBy', {
      column: 'group_by',
      embed: true,
      schemaType: '[]QueryGroupBy',
      link: grouping,
      allowed: { rows: (_, __, context) => all(context.model.of(QueryGroupBy), context) },
    }),
    highlightedAttributes: p.links('QueryColumn', {
      embed: true,
      hasDefault: true,
      load: each(highlightedOf),
      allowed: {
        rows: (_, __, context) => all(context.model.of(QueryColumn), context).filter(({ id }) => highlightable.includes(id)),
      },
    }),
  }),
  filters: {
    id: {
      strategy: 'list',
      to: 'Query',
      where: (use, context, table) => condition('list', use, name(`${table}.id`), context),
    },
  },
  actions: {
    results: { href: (row, page) => `${placeOf(row)}?${parametersOf(row, shown(row, page)?.uses ?? [], page.context)}` },
    schema: { href: schemaAt },
    delete: { href: self, method: 'delete', may: remove, when: isStored },
    star: { href: (row) => `${self(row)}/star`, method: 'patch', may: edit, when: (row) => isStored(row) && !row.starred },
    updateOrderedWorkPackages: {
      href: (row) => `${self(row)}/order`,
      method: 'put',
      may: reorder,
      when: isStored,
    },
    icalUrl: {
      href: (row) => `${self(row)}/ical_url`,
      method: 'post',
      may: share,
      when: (row, { context }) =>
        isStored(row) && context.settings.ical_enabled && context.proof !== 'stale' && context.until === undefined,
    },
    unstar: { href: (row) => `${self(row)}/unstar`, method: 'patch', may: edit, when: (row) => isStored(row) && row.starred },
  },
  defaults,
  facts: lookUp,
  derive: [chosen, emptied, hierarchies],
  check: [check, checkOrder],
  after: [async (tx, draft, _, context) => keepOrder(tx, draft.row.id, draft.virtual?.orderedWorkPackages, context)],
  schema: async (draft, facts, context, form) => {
    const project = draft.row.project_id && draft.row.project_id > 0 ? draft.row.project_id : undefined
    const query = context.model.of(Query)
    const filters = query.property.get('filters') as never
    return {
      filters: {
        type: filtersKind.type,
        name: said`Filters`,
        required: false,
        hasDefault: true,
        writable: isWritable(query, filters, draft, facts, context),
        options: {},
        _links: { allowedValuesSchemas: { href: schemasAt(project) } },
      },
      results: {
        type: 'WorkPackageCollection',
        name: said`Results`,
        required: false,
        hasDefault: false,
        readOnly: true,
        options: {},
      },
      ...(form && { _embedded: { filtersSchemas: await filterSchemas(project, context) } }),
    }
  },
  parameters,
  answer: (context, row) => answerOf(row, context, self(row)),
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** A query with its results, overridden by the parameters of the request; its address repeats them. */
export async function answerOf(row: Row, context: Context, address: string): Promise<Body> {
  const asked = await overridden(row, context)
  const results = await evaluate(asked, context)
  const resource = context.model.of(Query)
  const body = represent(resource, asked, await fullPage(context, resource, [asked]), { embed: true })
  const links = body._links as Record<string, Link>
  const parameters = String(context.params)
  return {
    ...body,
    _embedded: { ...(body._embedded as Body), results },
    _links: {
      ...links,
      self: { ...links.self, href: parameters ? `${address}?${parameters}` : address },
      results: (results._links as Record<string, Link>).self,
    },
  }
}

/** The default query, before anything is saved. */
export const defaultQuery = (context: Context, project?: number): Row => ({
  id: null,
  name: null,
  project_id: project ?? null,
  group_by: null,
  columns: null,
  highlighted_attributes: null,
  display_representation: null,
  created_at: null,
  updated_at: null,
  ...defaults(context),
})
