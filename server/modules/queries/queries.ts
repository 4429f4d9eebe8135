/** Saved queries: which work packages are listed, and how they are shown. */

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
import { single } from '#kernel/read/single.ts'
import { differs, hrefOf, resource } from '#kernel/resource.ts'
import { isWritable } from '#kernel/write/schema.ts'
import { filterSchemas, schemasAt } from './filter-schemas.ts'
import { filtersKind, loadFilters, readUses, type Shown } from './filters.ts'
import { keepOrder, orderKind, readOrder } from './order.ts'
import { listedColumns, QueryColumn, QueryGroupBy, QuerySortBy } from './parts.ts'
import { columnsOf, evaluate, highlightedOf, listing, overridden, parametersOf, placeOf, readIds } from './results.ts'
import { edit, list, managePublic, remove, reorder, save, share, view } from './rights.ts'
import { displays, highlightable, highlightingModes, labelsKind, timestampsKind, zoomLevels } from './values.ts'

type Query = Tables['queries']

interface Facts {
  /** What is wrong with the filters given, in sentences. */
  readonly faults: readonly string[]
  /** Whether the viewer may keep it where it is proposed to be. */
  readonly mayMove: boolean
}

const openOnly: FilterUse[] = [{ name: 'status', operator: 'o', values: [] }]
const NOW = '["PT0S"]'
const DEFAULT_ORDER = '["id-desc"]'
const MOST_ORDERS = 3

/** What of a query a request can have different for once, for the description of the API. */
export const parameters = ['filters', 'offset', 'pageSize', 'sortBy', 'groupBy', 'showSums', 'timestamps']

/** A query of which nothing was said. */
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

/** The lists that were chosen, as they are kept. */
function chosen({ many }: Draft<Query>): Partial<Query> {
  const { columns, sortBy, highlightedAttributes } = many
  return {
    ...(columns && { columns: JSON.stringify(columns) }),
    ...(sortBy && { sort_by: JSON.stringify(sortBy.slice(0, MOST_ORDERS)) }),
    ...(highlightedAttributes && { highlighted_attributes: JSON.stringify(highlightedAttributes) }),
  }
}

/** What was emptied is as it is by default. */
function emptied({ row }: Draft<Query>, _: Facts, context: Context): Partial<Query> {
  const values: Row = row
  const { highlighting_mode, timestamps, timeline_zoom_level, timeline_labels } = defaults(context)
  const usual: Row = { filters: '[]', highlighting_mode, timestamps, timeline_zoom_level, timeline_labels }
  return Object.fromEntries(Object.entries(usual).filter(([column]) => values[column] === null))
}

/** Grouping ends hierarchies, unless both were asked for. */
function hierarchies({ row, given }: Draft<Query>): Partial<Query> {
  return given.has('groupBy') && row.group_by && !given.has('showHierarchies') ? { show_hierarchies: false } : {}
}

const isNone = (list: readonly string[], value: string | null | undefined) =>
  value !== null && value !== undefined && !list.includes(value)

function check(draft: Draft<Query>, { faults, mayMove }: Facts): Violation[] {
  const { row, before } = draft
  const isMoved = before && differs(draft, 'project_id')
  if (isMoved && !mayMove) throw forbidden()
  const violations = faults.map((fault) => violation('filters', fault, { complete: true }))
  const notAllowed = (attribute: string) => violations.push(violation(attribute, 'is not set to one of the allowed values'))
  const isGrouped = row.group_by && (row.group_by as unknown) !== NOTHING
  if (isGrouped && row.show_hierarchies) violations.push(violation('showHierarchies', 'and grouping exclude each other'))
  if (isNone(zoomLevels, row.timeline_zoom_level)) notAllowed('timelineZoomLevel')
  if (isNone(highlightingModes, row.highlighting_mode)) notAllowed('highlightingMode')
  if (isNone(displays, row.display_representation)) notAllowed('displayRepresentation')
  if (readIds(row.highlighted_attributes).some((id) => !highlightable.includes(id))) notAllowed('highlightedAttributes')
  return violations
}

/** An order that cannot be read is none. */
function checkOrder({ virtual }: Draft<Query>): Violation[] {
  const order = virtual?.orderedWorkPackages ?? {}
  return readOrder(order) ? [] : [violation('orderedWorkPackages', 'is not an object of positions by id')]
}

const shown = (row: Query, { loaded }: Loaded): Shown | undefined => loaded.filters.get(row)
const each = (read: (row: Row, context: Context) => readonly string[]) => async (rows: readonly Row[], context: Context) =>
  new Map(rows.map((row) => [row.id as number, read(row, context) as never as number[]]))
const all = (part: Declared, context: Context) => [...(context.model.of(part).rows?.values() ?? [])]

/** What a query groups by; the link is there, and empty, where it is nothing. */
function grouping({ group_by }: Query, { context }: Loaded): Link {
  const group = group_by ? context.model.of(QueryGroupBy).rows?.get(group_by) : undefined
  return group ? { href: hrefOf(QueryGroupBy, group), title: group.name } : { href: null, title: null }
}

const self = ({ id }: Query) => `/api/v3/queries/${id}`
const isStored = ({ id }: Query) => Boolean(id)
const schemaAt = ({ project_id }: { project_id?: number | null }) =>
  project_id ? `/api/v3/projects/${project_id}/queries/schema` : '/api/v3/queries/schema'

/** The row of a query tells whether a view shows it, as the engine tells flags. */
interface Viewed {
  readonly has_view: unknown
}

export const Query: Declared = resource<'queries', Facts, Viewed>('Query', 'queries', {
  path: 'queries',
  description:
    'A list of work packages that was saved: filters, columns, order and groups. Answered by itself it embeds what it finds.',
  glossary: {
    name: 'What it is called.',
    filters: 'What has to hold for a work package to be in the list.',
    includeSubprojects: 'Whether it lists what lies in projects below as well.',
    sums: 'Whether the list tells sums.',
    public: 'Whether everybody sees it who sees its project, or all where it has none.',
    starred: 'Whether it is a favorite.',
    hidden: 'Whether no view shows it. It follows from the views there are; what is sent is ignored.',
    showHierarchies: 'Whether children are shown below their parents.',
    timelineVisible: 'Whether the list is shown over time.',
    timelineZoomLevel: 'How much time fits in: `auto`, `days`, `weeks`, `months`, `quarters`, `years`.',
    timelineLabels: 'Which properties stand beside the bars.',
    timestamps: 'The moments at which work packages are compared.',
    highlightingMode: 'What is coloured: `inline`, `none`, `status`, `type`, `priority`.',
    orderedWorkPackages: 'Positions by the ids of work packages. It can be sent, and is read at an address of its own.',
    displayRepresentation: '`list` or `card`.',
    user: 'Whose it is.',
    project: 'The project that it is of; none for all.',
    columns: 'The properties that are shown.',
    sortBy: 'The order.',
    groupBy: 'What it is grouped by.',
    highlightedAttributes: 'What is coloured where `highlightingMode` is `inline`.',
    results: 'What it finds.',
    star: 'Makes it a favorite.',
    unstar: 'Makes it no favorite any more.',
    updateOrderedWorkPackages: 'Changes the order by hand.',
    icalUrl: 'Makes an address at which calendar programs read it.',
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
  title: (row) => row.name ?? 'Default',
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
    includeSubprojects: p.boolean({ required: true, hasDefault: true, label: 'Include subprojects' }),
    sums: p.boolean({ hasDefault: true }),
    public: p.boolean({
      hasDefault: true,
      filter: true,
      may: { create: both(save, managePublic), update: both(edit, managePublic) },
    }),
    starred: p.boolean({ hasDefault: true, filter: true, label: 'Favorite' }),
    // It follows from the views there are. Clients send it along, and it is ignored.
    hidden: p.boolean({ hasDefault: true, writable: true, value: (row) => !row.has_view }),
    showHierarchies: p.boolean({ hasDefault: true, label: 'Display mode' }),
    timelineVisible: p.boolean({ hasDefault: true }),
    timelineZoomLevel: p.text({ hasDefault: true, allowed: { texts: () => zoomLevels } }),
    timelineLabels: p.of(labelsKind, { hasDefault: true }),
    timestamps: p.of(timestampsKind, { hasDefault: true }),
    highlightingMode: p.text({ hasDefault: true, allowed: { texts: () => highlightingModes } }),
    // The order as a whole; it is read at an address of its own.
    orderedWorkPackages: p.of(orderKind, { writable: true, when: () => false, value: () => null }),
    displayRepresentation: p.text({ allowed: { texts: () => displays } }),
    user: p.link('User', {
      // What somebody kept to oneself is of use to nobody else.
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
        name: 'Filters',
        required: false,
        hasDefault: true,
        writable: isWritable(query, filters, draft, facts, context),
        options: {},
        _links: { allowedValuesSchemas: { href: schemasAt(project) } },
      },
      results: {
        type: 'WorkPackageCollection',
        name: 'Results',
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

/** A query with what it finds, as the parameters of the request would have it; its address repeats them. */
export async function answerOf(row: Row, context: Context, address: string): Promise<Body> {
  const asked = await overridden(row, context)
  const results = await evaluate(asked, context)
  const body = await single(context, context.model.of(Query), asked)
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

/** The query that there is before anything is saved. */
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
