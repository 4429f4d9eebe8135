/** Widgets of grids: read with their grid, checked together, and written with it. */
import type { Engine, Row, Transaction } from '#db/database.ts'
import { among, forUpdate, objectsOf, updateEach } from '#db/dialect.ts'
import { and, join, name, type Sql, sql } from '#db/sql.ts'
import { ref } from '#kernel/bodies.ts'
import type { Body, Kind, Payload } from '#kernel/declaration.ts'
import { conflict, type Violation, violation } from '#kernel/errors.ts'
import { FormatError, integer, markdown, object, text } from '#kernel/kinds.ts'
import { isId } from '#kernel/read/operators.ts'
import { type Language, type Message, said } from '#text/messages.ts'
import { defaultOptions, type Layout, textOptions } from './pages.ts'

const lines = { startRow: 'start_row', endRow: 'end_row', startColumn: 'start_column', endColumn: 'end_column' } as const

type Lines = Record<(typeof lines)[keyof typeof lines], number>

/** A widget as it is stored. The query in its options is in `query_id`: `queryId` of the options only marks its place. */
export interface Widget extends Lines {
  readonly id: number | null
  readonly identifier: string
  readonly options: Payload
  readonly query_id: number | null
}

/** A widget as a client sends it. */
export type Sent = Partial<Omit<Widget, 'query_id'>>

/** The most widgets of a grid. */
const MOST = 500

const members: Readonly<Record<string, Kind>> = {
  ...{ id: integer, identifier: text, options: object },
  ...Object.fromEntries(Object.keys(lines).map((line) => [line, integer])),
}

const columnOf = (member: string): string => (Object.hasOwn(lines, member) ? lines[member as keyof typeof lines] : member)

function read(value: unknown): Sent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FormatError(said`an array of widgets`)
  const sent = value as Payload
  return Object.fromEntries(
    Object.entries(members)
      .filter(([member]) => (sent[member] ?? null) !== null)
      .map(([member, kind]) => [columnOf(member), kind.parse(sent[member])]),
  )
}

export const widgetsKind: Kind = {
  type: '[]GridWidget',
  json: { type: 'array', items: ref('GridWidget') },
  render: (widgets: readonly Body[]) => widgets,
  parse: (value) => {
    if (!Array.isArray(value) || value.length > MOST) throw new FormatError(said`an array of at most ${MOST} widgets`)
    return value.map(read)
  },
  strategy: 'list',
  ofNothing: [],
}

const columns = ['identifier', ...Object.values(lines), 'query_id'] as const

/** The widgets of a grid, as an expression of the grid: sorted by id. */
export const widgetsIn = (engine: Engine, table: string): Sql =>
  objectsOf(engine, ['id', ...columns], ['options'], 'grid_widgets', sql`grid_widgets.grid_id = ${name(`${table}.id`)}`)

/** The widgets of a row of grids, stored or proposed. */
export const widgetsOf = ({ computed_widgets: widgets }: Row): readonly Widget[] =>
  typeof widgets === 'string' ? JSON.parse(widgets) : (widgets ?? [])

/** The ids of queries in the options of widgets that clients have sent. */
export const queriesSent = (sent: readonly Sent[]): number[] =>
  sent.flatMap(({ options }) => (isId(String(options?.queryId)) ? [Number(options?.queryId)] : []))

/** The ids of the queries of widgets. */
export const queriesOf = (widgets: readonly Widget[]): number[] => widgets.flatMap(({ query_id }) => query_id ?? [])

/** What places the references of a rendered text. */
type Placing = (text: { readonly html: string }) => object

/** Widgets as they are answered: a query that the viewer does not see is none. */
export const represented = (widgets: readonly Widget[], seen: ReadonlySet<number>, placing: Placing): readonly Body[] =>
  widgets.map((widget) => ({
    _type: 'GridWidget',
    id: widget.id,
    identifier: widget.identifier,
    ...Object.fromEntries(Object.entries(lines).map(([line, column]) => [line, widget[column]])),
    options: shownOptions(widget, seen, placing),
  }))

function shownOptions({ identifier, options, query_id }: Widget, seen: ReadonlySet<number>, placing: Placing): Body {
  const shown: Body = { ...options }
  if ('queryId' in options) shown.queryId = query_id !== null && seen.has(query_id) ? query_id : null
  for (const own of textOptions(identifier))
    if (own in options) shown[own] = placing(markdown.render(options[own]) as { html: string })
  return shown
}

/** A widget that can be added, as forms offer it. */
export const offered = (identifier: string, language: Language): Body => ({
  _type: 'GridWidget',
  identifier,
  options: shownOptions(
    { identifier, options: defaultOptions(identifier, language), query_id: null } as Widget,
    new Set(),
    (text) => text,
  ),
})

/** The widgets that a new grid starts with: those that may be added and have room. */
export const startingWidgets = (
  { widgets }: Layout,
  may: ReadonlySet<string>,
  rows: number,
  columns: number,
  language: Language,
): Widget[] =>
  widgets
    .filter(([own, , endRow, , endColumn]) => may.has(own) && endRow <= rows + 1 && endColumn <= columns + 1)
    .map(([identifier, start_row, end_row, start_column, end_column]) => ({
      ...{ id: null, identifier, start_row, end_row, start_column, end_column },
      ...{ options: defaultOptions(identifier, language), query_id: null },
    }))

/** What clients may say in widgets: which to add, and which queries they see. */
export interface Bounds {
  readonly may: ReadonlySet<string>
  readonly seen: ReadonlySet<number>
}

const fault = (element: number, message: Message, identifier?: Violation['identifier']): Violation =>
  violation('widgets', message, { element, ...(identifier && { identifier, complete: true }) })

const NOT_ALLOWED = said`is not set to one of the allowed values`

/**
 * The widgets that a client proposes: those with an id change stored ones and keep what is not given; the others are new.
 * @param stored the widgets that the grid has; undefined for a new grid, in which all widgets are new
 */
export function proposed(
  sent: readonly Sent[],
  stored: readonly Widget[] | undefined,
  { may, seen }: Bounds,
): { widgets: Widget[]; faults: Violation[] } {
  const faults: Violation[] = []
  const byId = new Map(stored?.map((widget) => [widget.id, widget]))
  const widgets = sent.map((one, at): Widget => {
    const { options, ...given } = one
    const known = one.id === undefined ? undefined : byId.get(one.id)
    if (stored && one.id !== undefined && !known) faults.push(fault(at, said`does not have the widget ${one.id ?? ''}`))
    // Each widget can be named once.
    if (known) byId.delete(known.id)
    const none = { identifier: '', start_row: 0, end_row: 0, start_column: 0, end_column: 0, options: {}, query_id: null }
    const widget = { ...none, ...known, ...given, id: known?.id ?? null }
    if (known?.identifier !== widget.identifier && !may.has(widget.identifier)) faults.push(fault(at, NOT_ALLOWED))
    if (!known && Object.values(lines).some((line) => given[line] === undefined))
      faults.push(fault(at, said`needs ${Object.keys(lines).join(', ')}`))
    if (!options) return widget
    const kept = keptOptions(widget, options, seen)
    for (const { message, identifier } of kept.faults) faults.push(fault(at, message, identifier))
    return { ...widget, options: kept.options, query_id: kept.query_id }
  })
  return { widgets, faults }
}

/** Options as they are stored, and the query among them. */
function keptOptions(
  { identifier, query_id: before }: Widget,
  sent: Payload,
  seen: ReadonlySet<number>,
): Pick<Widget, 'options' | 'query_id'> & { faults: Pick<Violation, 'message' | 'identifier'>[] } {
  const faults: Pick<Violation, 'message' | 'identifier'>[] = []
  const options: Payload = { ...sent }
  const misformed = (option: string, expected: Message) =>
    faults.push({
      message: said`Invalid format for the option '${option}' of a widget: expected ${expected}.`,
      identifier: 'PropertyFormatError',
    })
  for (const own of textOptions(identifier)) {
    if (!(own in options) || typeof options[own] === 'string') continue
    try {
      options[own] = options[own] === null ? null : markdown.parse(options[own])
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      misformed(own, error.expected)
    }
  }
  if (!('queryId' in options)) return { options, query_id: null, faults }
  const { queryId } = options
  options.queryId = null
  // A query that the viewer does not see was answered as none, and stays where that is sent back.
  if (queryId === null || queryId === '')
    return { options, query_id: before !== null && !seen.has(before) ? before : null, faults }
  const id = isId(String(queryId)) ? Number(queryId) : undefined
  if (id === undefined) misformed('queryId', said`the id of a query`)
  else if (!seen.has(id)) faults.push({ message: said`refers to the query ${id}, which does not exist` })
  return { options, query_id: id ?? null, faults }
}

const areApart = (one: Widget, other: Widget): boolean =>
  one.end_row <= other.start_row ||
  other.end_row <= one.start_row ||
  one.end_column <= other.start_column ||
  other.end_column <= one.start_column

/** Faults of the places of widgets, one for each widget that has them. @see official rules of grids: overlaps, outside, order of lines */
export function misplaced(widgets: readonly Widget[], rows: number, columns: number): Violation[] {
  const isWithin = (line: number, count: number) => line >= 1 && line <= count + 1
  return widgets.flatMap((widget, at) => {
    const { start_row, end_row, start_column, end_column } = widget
    const isInside =
      isWithin(start_row, rows) && isWithin(end_row, rows) && isWithin(start_column, columns) && isWithin(end_column, columns)
    const isForwards = start_row < end_row && start_column < end_column
    return [
      ...(widgets.some((other) => other !== widget && !areApart(widget, other)) ? [fault(at, said`overlap`)] : []),
      ...(isInside ? [] : [fault(at, said`is outside of the grid`)]),
      ...(isForwards ? [] : [fault(at, said`must end after the line where they start`)]),
    ]
  })
}

/**
 * Makes the widgets of a grid those that are proposed. Three to five statements for any number of widgets.
 * @returns the queries of the widgets that are gone
 * @throws ApiError 409 where one of them was removed in the meantime
 */
export async function keepWidgets(
  tx: Transaction,
  grid: number,
  stored: readonly Widget[],
  widgets: readonly Widget[],
): Promise<number[]> {
  const { engine } = tx
  await tx.one(sql`select id from grids where id = ${grid}${forUpdate(engine)}`)
  const kept = new Set(widgets.map(({ id }) => id))
  const gone = stored.filter(({ id }) => !kept.has(id))
  const ids = (list: readonly Widget[]) => list.flatMap(({ id }) => id ?? [])
  if (gone.length > 0)
    await tx.run(sql`delete from grid_widgets where ${and([sql`grid_id = ${grid}`, among(engine, sql`id`, ids(gone))])}`)
  const changed = widgets.filter(({ id }) => id !== null)
  const own = [...columns, 'options']
  if (changed.length > 0) {
    const update = updateEach(
      engine,
      'grid_widgets',
      own,
      changed.map((widget): Row => ({ ...widget })),
      sql`grid_id = ${grid}`,
    )
    if ((await tx.run(update)) < changed.length) throw conflict()
  }
  const added = widgets.filter(({ id }) => id === null)
  if (added.length > 0) {
    const rows = added.map((widget) => sql`(${grid}, ${join(own.map((column) => (widget as Row)[column]))})`)
    await tx.run(sql`insert into grid_widgets (grid_id, ${join(own.map(name))}) values ${join(rows)}`)
  }
  return queriesOf(gone)
}
