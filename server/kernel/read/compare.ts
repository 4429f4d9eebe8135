/**
 * Baseline comparison: loads rows at several timestamps and represents them as of the last.
 *
 * Visibility at a moment follows today's permissions, applied to the former row and its former project. A row that is not visible
 * at a moment did not exist then; one that is visible then but not now is a bare stub.
 */

import { readAsOf, withRows } from '#db/as-of.ts'
import type { Row } from '#db/database.ts'
import { and, join, lengthy, name, type Sql, sql } from '#db/sql.ts'
import { rightOf } from '#kernel/access/rights.ts'
import type { Body, Context, Link, Loaded, Moment, Property, Query, Resource } from '#kernel/declaration.ts'
import { presentVersions, versionsAt } from '#kernel/read/versions.ts'
import { hrefOf } from '#kernel/resource.ts'
import { load, loadRules, orderOf, seenWhere, visibleIds, visibleRows } from './load.ts'
import { isShown, linkOf, represent, shownValue } from './represent.ts'

/** The source of a list's rows: the head of the statement, the table, and its condition. */
export interface Source {
  readonly head: Sql
  readonly resource: Resource
  readonly where: Sql
}

/** The conditions of a list, without paging. */
export interface Asked {
  readonly within: Sql
  readonly conditions: readonly Sql[]
}

/** The rows of a page at one of the moments. */
interface State {
  readonly moment: Moment
  readonly context: Context
  readonly page: Loaded
  readonly rows: ReadonlyMap<number, Row>
  /** The ids of rows that matched the list's conditions; undefined outside lists. */
  readonly matching: ReadonlySet<number> | undefined
}

/** Rows at all requested moments. */
export interface Comparison {
  readonly states: readonly State[]
  /** The ids of rows that the viewer sees now. */
  readonly seen: ReadonlySet<number>
}

/** An address with timestamps. */
export const withTimestamps = (href: string, timestamps: readonly string[]): string =>
  `${href}${href.includes('?') ? '&' : '?'}${new URLSearchParams({ timestamps: timestamps.join(',') })}`

/** The context with the resource's rows as of a moment. */
function contextAt(context: Context, resource: Resource, { at }: Moment): Context {
  if (at === undefined) return context
  return { ...context, db: readAsOf(context.db, resource.table, versionsAt(resource, at)), live: context }
}

/** The condition for the visibility of a row as of a moment. */
const seenAt = (context: Context, resource: Resource, { at }: Moment, table: string): Sql =>
  seenWhere(context, resource, table, at !== undefined)

/**
 * The rows of a list as a table `standing`: all rows that match the conditions at any moment, each in its latest visible state.
 * So every row is ordered, grouped and summed up by the state that represents it.
 */
export async function latestStates(
  context: Context,
  resource: Resource,
  moments: readonly Moment[],
  { within, conditions }: Asked,
): Promise<Source> {
  await loadRules(context, resource)
  const table = name(resource.table)
  const matching = moments.map((moment) => {
    const where = and([seenAt(context, resource, moment, resource.table), within, ...conditions])
    const ids = sql`select ${table}.id as id from ${table} where ${where}`
    return moment.at === undefined
      ? ids
      : sql`select m.id from (${withRows(ids, resource.table, versionsAt(resource, moment.at))}) m`
  })
  const rowsAt = ({ at }: Moment) => (at === undefined ? presentVersions(resource) : versionsAt(resource, at))
  const states = moments.toReversed().map((moment, i, latestFirst) => {
    // Excludes rows that are visible at a later moment, nearly all, before they are read.
    const later = latestFirst
      .slice(0, i)
      .map(
        (one) => sql`not exists (select 1 from (${rowsAt(one)}) l where l.id = m.id and ${seenAt(context, resource, one, 'l')})`,
      )
    const ids = sql`select m.id from matching m where ${and(later)}`
    return sql`select v.* from (${rowsAt(moment)}) v where ${and([sql`v.id in (${ids})`, seenAt(context, resource, moment, 'v')])}`
  })
  return {
    head: sql`with matching (id) as materialized (${join(matching, ' union all ')}), standing as (${join(states, ' union all ')}) `,
    resource: { ...resource, table: 'standing' as never },
    where: seenNow(context, resource),
  }
}

/** The condition that a row of `standing` is visible now. */
const seenNow = (context: Context, resource: Resource): Sql =>
  sql`standing.id in (select n.id from ${name(resource.table)} n where ${rightOf(context.viewer, context.engine, resource.visible).where('n')})`

/** The ids of a page of `standing`, stubs last, and the total. */
export async function listLatest(
  context: Context,
  { head, resource, where }: Source,
  { offset, pageSize, sorts }: Pick<Query, 'offset' | 'pageSize' | 'sorts'>,
): Promise<{ ids: number[]; total: number }> {
  const { db } = context
  const order = sql`case when ${where} then 0 else 1 end, ${orderOf(context, resource, sorts)}`
  const rows =
    pageSize === 0
      ? []
      : await db.all<{ id: number; total: number }>(
          lengthy(
            sql`${head}select standing.id as id, count(*) over () as total from standing order by ${order} limit ${pageSize} offset ${(offset - 1) * pageSize}`,
          ),
        )
  const ids = rows.map(({ id }) => id)
  if (rows[0]) return { ids, total: rows[0].total }
  const counted = await db.one<{ n: number }>(lengthy(sql`${head}select count(distinct id) as n from matching`))
  return { ids, total: counted?.n ?? 0 }
}

/** Reads rows at all moments; a constant number of statements for each. */
export async function compare(
  context: Context,
  resource: Resource,
  ids: readonly number[],
  moments: readonly Moment[],
  { embed = false, asked }: { embed?: boolean; asked?: Asked } = {},
): Promise<Comparison> {
  await loadRules(context, resource)
  const seen = await visibleIds(context, resource, ids)
  const shown = ids.filter((id) => seen.has(id))
  const states: State[] = []
  for (const moment of moments) {
    const then = contextAt(context, resource, moment)
    const rows = await visibleRows(then, resource, shown)
    states.push({
      moment,
      context: then,
      page: await load(then, resource, rows, { embed }),
      rows: new Map(rows.map((row) => [row.id, row])),
      matching: asked && (await visibleIds(then, resource, shown, and([asked.within, ...asked.conditions]))),
    })
  }
  return { states, seen }
}

/** The state that represents a row: the latest visible one. */
export const stateAt = ({ states }: Comparison, id: number): State | undefined => states.findLast(({ rows }) => rows.has(id))

/** The visible states of rows at all moments, as a page: for the parts of a list besides its elements. */
export function wholePage({ states }: Comparison, context: Context): Loaded {
  const last = states.at(-1) as State
  return { ...last.page, context, rows: states.flatMap(({ page }) => page.rows) }
}

const textsOf = (states: readonly State[]): string[] => states.map(({ moment }) => moment.text)

const meta = ({ moment, rows, matching }: State, id: number): Body => ({
  exists: rows.has(id),
  timestamp: moment.text,
  ...(matching && { matchesFilters: matching.has(id) }),
})

/** A row as an element of a compared list. */
export function element(comparison: Comparison, resource: Resource, id: number): Body {
  const state = stateAt(comparison, id)
  if (!state) return stub(comparison, resource, id)
  const body = represent(resource, state.rows.get(id) as Row, state.page, { readOnly: isHistoric(comparison) })
  return comparing(comparison, resource, id, body)
}

/** Whether rows are represented as of the past. */
export const isHistoric = ({ states }: Comparison): boolean => states.at(-1)?.moment.at !== undefined

/** The stub of a row that is visible at no moment, or not any more. */
function stub({ states }: Comparison, resource: Resource, id: number): Body {
  const { _links, ...body } = bare(resource, id)
  return { ...body, _meta: meta(states.at(-1) as State, id), _links: repeating(_links as Record<string, Link>, textsOf(states)) }
}

/** A representation with nothing but the id and the link to itself. */
export const bare = (resource: Resource, id: number): Body => ({
  _type: resource.name,
  id,
  _links: { self: { href: hrefOf(resource, { id }) } },
})

/** Adds the state at each moment to a row's representation. */
export function comparing(comparison: Comparison, resource: Resource, id: number, body: Body): Body {
  const { states } = comparison
  const { _embedded: embedded, _links, ...own } = body
  const links = _links as Record<string, Link>
  return {
    ...own,
    _meta: meta(states.at(-1) as State, id),
    _embedded: {
      ...(embedded as Body),
      attributesByTimestamp: states.map((state) => changesAt(comparison, resource, id, state)),
    },
    _links: { ...links, ...repeating(links, textsOf(states)) },
  }
}

/** Links with the timestamps of the request. */
const repeating = (links: Readonly<Record<string, Link>>, timestamps: readonly string[]): Record<string, Link> =>
  Object.fromEntries(
    ['self', 'schema']
      .map((rel) => [rel, links[rel]] as const)
      .filter((entry): entry is [string, Link & { href: string }] => typeof entry[1]?.href === 'string')
      .map(([rel, link]) => [rel, { ...link, href: withTimestamps(link.href, timestamps) }]),
  )

/** The properties of a state that differ from the last state; all of them if the row does not exist in the last one. */
function changesAt({ states }: Comparison, resource: Resource, id: number, state: State): Body {
  const row = state.rows.get(id)
  if (!row) return { _meta: meta(state, id), _links: {} }
  const last = states.at(-1) as State
  const lastRow = last.rows.get(id)
  const values: Body = {}
  const links: Record<string, Link> = {}
  for (const property of resource.properties) {
    if (!property.options.compared || !isShown(property, row, state.page)) continue
    const value = told(property, row, state.page)
    const isThere = lastRow !== undefined && isShown(property, lastRow, last.page)
    if (isThere && isSame(property, value, told(property, lastRow, last.page))) continue
    if (property.to) links[property.name] = value as Link
    else values[property.name] = value
  }
  const schema = resource.actions?.schema?.href?.(row, state.page)
  const own = { self: { href: hrefOf(resource, row) }, ...(schema && { schema: { href: schema } }) }
  return { _meta: meta(state, id), ...values, _links: { ...repeating(own, [state.moment.text]), ...links } }
}

const told = (property: Property, row: Row, page: Loaded): unknown =>
  property.to ? linkOf(property, row, page) : shownValue(property, row, page)

/** Whether two represented values are equal; links are compared by address. */
const isSame = ({ to }: Property, one: unknown, other: unknown): boolean =>
  JSON.stringify(to ? addresses(one) : one) === JSON.stringify(to ? addresses(other) : other)

/** The addresses of one or several links. */
const addresses = (links: unknown): unknown[] => [links as Link | Link[]].flat().map(({ href }) => href)
