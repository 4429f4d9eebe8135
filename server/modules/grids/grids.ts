/** Grids: widgets in rows and columns on a page, such as a user's own page, or an overview or a board of a project. */
import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, or, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, signedIn } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { object } from '#kernel/kinds.ts'
import { visibleIds } from '#kernel/read/load.ts'
import { ofRow } from '#kernel/read/represent.ts'
import { resource } from '#kernel/resource.ts'
import { entryOf } from '#kernel/write/history.ts'
import { reach } from '#kernel/write/reach.ts'
import { removeRows } from '#kernel/write/removal.ts'
import { remove as removeQuery, view as viewQuery } from '#modules/queries/rights.ts'
import { said } from '#text/messages.ts'
import { copyWidgets, moveOptions } from './copies.ts'
import { manage, pages, remove, rulesOfWidgets, upload, view } from './pages.ts'
import { addressOf, isPage, openScopes, type Place, placeAt, standingAt } from './scopes.ts'
import {
  keepWidgets,
  misplaced,
  offered,
  proposed,
  queriesOf,
  queriesSent,
  represented,
  type Sent,
  startingWidgets,
  type Widget,
  widgetsIn,
  widgetsKind,
  widgetsOf,
} from './widgets.ts'

/** Columns that are read with a grid and stored elsewhere: the address of its page, and its widgets. */
interface Computed {
  readonly computed_scope: string | null
  readonly computed_widgets: string | readonly Widget[] | readonly Sent[] | null
}

type Grid = Tables['grids'] & Computed

interface Facts {
  /** The place of the grid, if the viewer may write there. */
  readonly place: (Place & { readonly user_id: number | null }) | undefined
  /** Whether that place has its only grid already. */
  readonly isTaken: boolean
  /** The widgets that the viewer may add there. */
  readonly may: ReadonlySet<string>
  /** The widgets that the grid has. */
  readonly stored: readonly Widget[] | undefined
  /** The widgets as they are proposed, if they are, and their faults. */
  readonly proposal: { readonly widgets: readonly Widget[]; readonly faults: readonly Violation[] } | undefined
}

/** The place of a draft: where it is stored, or where its scope leads, if the viewer may write there. */
async function placeOf({ row, before }: Draft<Grid>, context: Context): Promise<Facts['place']> {
  if (before) return before
  const asked = row.computed_scope ? await placeAt(row.computed_scope, context) : undefined
  if (!asked) return undefined
  const place = { ...asked, user_id: pages[asked.page]?.permissions ? null : context.viewer.id }
  const [right] = await rights(context, manage)
  return right.holds(place) ? place : undefined
}

async function lookUp(draft: Draft<Grid>, context: Context): Promise<Facts> {
  const { row, before, given } = draft
  const place = await placeOf(draft, context)
  const stored = before && widgetsOf(before)
  // What cannot be read leaves the widgets as they are.
  const isSent = given.has('widgets') && row.computed_widgets !== before?.computed_widgets
  const sent = isSent ? (row.computed_widgets as readonly Sent[] | null) : null
  const named = [...queriesSent(sent ?? []), ...queriesOf(stored ?? [])]
  const seen = sent ? await visibleIds(context, context.model.of('Query'), named) : new Set<number>()
  const may = await addableAt(place, context)
  const isTaken =
    place !== undefined &&
    !before &&
    !pages[place.page]?.hasMany &&
    (await context.db.one(
      sql`select id from grids where ${and([
        standingAt(place, 'grids'),
        ...(place.user_id === null ? [] : [sql`user_id = ${place.user_id}`]),
      ])}`,
    )) !== undefined
  return { place, isTaken, may, stored, proposal: sent ? proposed(sent, stored, { may, seen }) : undefined }
}

/** The identifiers of the widgets that the viewer may add at a place; at none, those of all pages. */
async function addableAt(place: Facts['place'], context: Context): Promise<ReadonlySet<string>> {
  const rules = rulesOfWidgets(place?.page)
  const asked = await rights(context, ...rules.map(([, rule]) => rule))
  return new Set(rules.flatMap(([identifier], i) => ((place ? asked[i]?.holds(place) : asked[i]?.anywhere) ? [identifier] : [])))
}

/** What a grid is made of: its place, its size and its widgets, as its page starts with them unless they are given. */
function made({ row, before, given }: Draft<Grid>, { place, may, proposal }: Facts, { language }: Context): Partial<Grid> {
  const options = row.options ?? {}
  if (before) return { options, computed_widgets: proposal?.widgets ?? before.computed_widgets }
  const layout = place && pages[place.page]?.layout
  const row_count = given.has('rowCount') ? row.row_count : layout?.rows
  const column_count = given.has('columnCount') ? row.column_count : layout?.columns
  const widgets = proposal?.widgets ?? (layout ? startingWidgets(layout, may, row_count ?? 0, column_count ?? 0, language) : [])
  const size = { ...(row_count !== undefined && { row_count }), ...(column_count !== undefined && { column_count }) }
  return { ...place, options, ...size, computed_widgets: widgets }
}

function check({ row, before }: Draft<Grid>, { place, isTaken, proposal }: Facts): Violation[] {
  const violations = [...(proposal?.faults ?? [])]
  if (!before && row.computed_scope && !place) violations.push(violation('scope', said`is not set to one of the allowed values`))
  if (isTaken) violations.push(violation('scope', said`has already been taken`))
  // Of a widget that lacks lines, nothing can be said about its place.
  const isPlaced = violations.every(({ attribute }) => attribute !== 'widgets') && row.row_count > 0 && row.column_count > 0
  if (isPlaced) violations.push(...misplaced(widgetsOf(row), row.row_count, row.column_count))
  return violations
}

/** Writes the widgets, and removes the queries of those that are gone. */
async function storeWidgets(tx: Transaction, { row, before }: Draft<Grid>, { stored, proposal }: Facts, context: Context) {
  if (before && !proposal) return
  const gone = await keepWidgets(tx, row.id, stored ?? [], widgetsOf(row))
  if (before) await tx.run(sql`update grids set updated_at = ${context.now.toISOString()} where id = ${row.id}`)
  await removeQueries(tx, gone, context)
}

/** Removes those of these queries that the viewer may delete and that nothing shows any more: no view, and no other widget. */
async function removeQueries(tx: Transaction, ids: readonly number[], context: Context): Promise<void> {
  if (ids.length === 0) return
  const query = context.model.of('Query')
  const unused = and([
    among(tx.engine, sql`queries.id`, ids),
    sql`not exists (select 1 from views where views.query_id = queries.id)`,
    sql`not exists (select 1 from grid_widgets where grid_widgets.query_id = queries.id)`,
  ])
  const { within } = await reach(tx, context, query, both(viewQuery, removeQuery), unused)
  await removeRows(tx, context.model, query, within, entryOf(context))
}

const label = { rows: said`Number of rows`, columns: said`Number of columns` }

export const Grid = resource<'grids', Facts, Computed>('Grid', 'grids', {
  path: 'grids',
  description: 'Widgets in rows and columns on a page: the page of a user, or the overview or a board of a project.',
  glossary: {
    name: 'Name. Present if it has one.',
    rowCount: 'Number of rows.',
    columnCount: 'Number of columns.',
    options: 'Options of the page, kept as they are sent; of a board `type`, `attribute` and `filters`.',
    widgets:
      'The widgets, by id. A write replaces the list. The query of a removed widget is deleted with it, if nothing else shows it.',
    scope: 'The page: `/my/page`, `/projects/{identifier}` for an overview, `/projects/{identifier}/boards` for a board.',
    project: 'The project of the page, where it is one of a project.',
  },
  example: { name: 'Rigging', rowCount: 1, columnCount: 2, options: {}, scope: '/my/page' },
  title: (row) => row.name ?? row.computed_scope ?? '',
  untitled: true,
  places: ({ project_id }) => (project_id === null ? [] : [{ resource: 'Project', id: project_id }]),
  visible: view,
  refusal: 404,
  // The scope decides: see `check`.
  may: { create: signedIn, update: manage, delete: remove },
  attachments: {
    ...{ add: manage, uncontained: upload, reads: ['page', 'project_id', 'user_id'] },
    may: { create: signedIn, update: manage },
  },
  copied: {
    ...{ with: { overview: sql`page = 'overview'`, boards: sql`page = 'boards'` }, by: 'project_id', files: 'overview' },
    change: ({ options }, copying) => ({ options: moveOptions(options, copying) }),
    also: copyWidgets,
  },
  references: { user_id: { to: 'User', whenGone: 'remove' } },
  computedColumns: {
    computed_scope: (_, table) => addressOf(table),
    computed_widgets: ({ engine }, table) => widgetsIn(engine, table),
  },
  pageLoaders: {
    queries: (rows, context) =>
      visibleIds(
        context,
        context.model.of('Query'),
        rows.flatMap((row) => queriesOf(widgetsOf(row))),
      ),
  },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({ max: 255, nullable: false, sort: true }),
    rowCount: p.integer({ required: true, min: 1, max: 10_000, label: label.rows }),
    columnCount: p.integer({ required: true, min: 1, max: 10_000, label: label.columns }),
    options: p.of(object, { initial: {} }),
    widgets: p.of(widgetsKind, {
      column: 'computed_widgets',
      value: (row, page) => represented(widgetsOf(row), page.loaded.queries, (text) => ofRow(text, row, page)),
      required: true,
      allowed: { objects: (_, { may }, context) => [...may].map((one) => offered(one, context.language)) },
    }),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, sort: true }),
    scope: p.address({
      column: 'computed_scope',
      label: said`Page`,
      required: { blank: said`is not set to one of the allowed values` },
      writable: ({ before }) => !before,
      allowed: { hrefs: ({ before }, _, context) => (before ? [] : openScopes(context)) },
    }),
    project: p.link('Project', { readOnly: true, when: (row) => row.project_id !== null, whenGone: 'remove' }),
  }),
  filters: {
    scope: {
      names: ['page'],
      label: said`Page`,
      strategy: 'list',
      operators: ['='],
      allowed: (values) => values.every(isPage),
      where: async ({ values }, context, table) =>
        or(await Promise.all(values.map(async (value) => standingAt(await placeAt(value, context), table)))),
    },
  },
  defaults: () => ({ options: {} }),
  facts: lookUp,
  derive: [made],
  check: [check],
  after: [storeWidgets],
  remove: async (tx, row, context) => {
    const gone = await keepWidgets(tx, row.id, widgetsOf(row), [])
    await removeQueries(tx, gone, context)
    return true
  },
  schema: () => ({ _dependencies: undefined }),
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})
