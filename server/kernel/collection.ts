/** Collections: the envelope around rows, with its pages, groups, sums and selection. */
import type { Row } from '#db/database.ts'
import { ordered } from '#db/dialect.ts'
import { and, join, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import {
  bare,
  compare,
  comparing,
  element,
  isHistoric,
  listStanding,
  type Source,
  standing,
  stateOf,
  wholePage,
} from './baseline.ts'
import type {
  Body,
  Context,
  FilterUse,
  IndexOptions,
  Link,
  Model,
  Moment,
  Page,
  Property,
  Query,
  Queryable,
  Resource,
} from './declaration.ts'
import { forbidden } from './errors.ts'
import { orderBy, sumOf, toldValue } from './expressions.ts'
import { written } from './json.ts'

import { enrich, idIn, linksOf, list, reachableIds, relatedRows, targetOf, visibleWhere } from './page.ts'
import { checkSelect, parseQuery, propertyNamed, sortExpression, writeFilters } from './query.ts'
import { isNamed, represent } from './represent.ts'
import { hrefOf } from './resource.ts'
import { prepare } from './viewer.ts'

/**
 * Answers a collection of a resource.
 * @throws ApiError 403 when the viewer may not list them at all, 400 or 422 for a query that is not understood
 */
export async function index(context: Context, resource: Resource, options: IndexOptions = {}): Promise<Body> {
  if (resource.guard) {
    await prepare(context.db, context.viewer, resource.guard.needs)
    if (!resource.guard.anywhere(context.viewer)) throw forbidden()
  }
  const parsed = await parseQuery(resource, context, options.byDefault ? { byDefault: options.byDefault } : {})
  const query = options.instead?.(parsed) ?? parsed
  if (query.select) checkSelect(query.select, selectable(resource, context.model))
  const paginated = options.paginated ?? resource.paginated ?? true
  const within = options.within ?? TRUE
  const moments = await resource.moments?.(context)
  const past = moments && {
    moments,
    within,
    source: await standing(context, resource, moments, { within, conditions: query.conditions }),
  }
  const source = async (): Promise<Source> =>
    past?.source ?? { head: NOTHING, resource, where: and([await visibleWhere(context, resource), within, ...query.conditions]) }
  const table = past?.source.resource ?? resource
  const own = past ? query.sorts.map((sort) => ({ ...sort, ...sortExpression(table, sort.name, context) })) : query.sorts
  const sorts = sortsOf({ ...query, sorts: own }, table, context)
  const asked = paginated ? { ...query, sorts } : { ...query, sorts, offset: 1, pageSize: UNPAGINATED }
  const { elements, total, page } = past
    ? await comparedPage(context, resource, asked, past)
    : await presentPage(context, resource, asked, options)
  const body: Body = { _type: options.type ?? 'Collection', total, count: elements.length }
  if (paginated) Object.assign(body, { pageSize: query.pageSize, offset: query.offset })
  if (query.group) body['groups'] = await groups(context, await source(), query, options)
  if (query.showSums) body['totalSums'] = await totalSums(context, await source())
  body['_embedded'] = { elements, ...(page.rows.length > 0 && !query.select && (await options.embedded?.(page))) }
  body['_links'] = {
    ...pageLinks(options.path ?? context.path, context, query, total, paginated, options.params?.(query) ?? {}),
    ...options.links?.(page, query),
  }
  return query.select ? picked(body, query.select) : body
}
const UNPAGINATED = 100_000
const NOTHING = raw('')

/** The order of a list: its groups first. */
const sortsOf = (query: Query, resource: Resource, context: Context): Query['sorts'] => [
  ...groupSorts(query, resource, context),
  ...query.sorts,
]

/**
 * The order of groups, which the rows of a list follow: clients draw the headers while walking the rows. It is that of the grouped
 * property, in the direction of the first criterion on it or else in its own; groups that share a place are told apart by what
 * they hold.
 */
function groupSorts({ group, sorts }: Query, resource: Resource, context: Context): Query['sorts'] {
  if (!group) return []
  const asked = sorts.find((sort) => propertyNamed(resource, sort.name)?.name === group.name)
  const { descending = false, emptyFirst } = group.options
  const place = { expression: groupOrder(group, resource, context), descending: asked?.descending ?? descending, emptyFirst }
  const value = { expression: toldValue(group, context, resource.table), descending: false }
  return [place, value].map((criterion) => ({ name: group.name, nullable: true, ...criterion }))
}

/** A page of elements, and what a collection says of itself by. */
interface Elements {
  readonly elements: readonly Body[]
  readonly total: number
  readonly page: Page
}

async function presentPage(
  context: Context,
  resource: Resource,
  query: Query,
  { within = TRUE, full = false }: IndexOptions,
): Promise<Elements> {
  const { rows, total } = await list(context, resource, query, within)
  const page = full ? await fullPage(context, resource, rows) : await enrich(context, resource, rows)
  return { elements: rows.map((row) => represent(resource, row, page, { embed: full })), total, page }
}

async function comparedPage(
  context: Context,
  resource: Resource,
  query: Query,
  { source, moments, within }: { source: Source; moments: readonly Moment[]; within: Sql },
): Promise<Elements> {
  const { ids, total } = await listStanding(context, source, query)
  const comparison = await compare(context, resource, ids, moments, { asked: { within, conditions: query.conditions } })
  return { elements: ids.map((id) => element(comparison, resource, id)), total, page: wholePage(comparison, context) }
}

/**
 * Answers a collection of what is no table's rows.
 * @param queryable its filters and sorts
 * @param names what an element may hold, for `select`
 * @param list the elements of the page asked for, and how many there are in all
 * @param byDefault filters in force when the client names none
 * @param paginated whether there are pages; otherwise `list` gives everything
 */
export async function computed(
  context: Context,
  queryable: Queryable,
  names: readonly string[],
  list: (query: Query) => Promise<{ elements: readonly Body[]; total: number }>,
  { byDefault = [] as readonly FilterUse[], paginated = true } = {},
): Promise<Body> {
  const query = await parseQuery(queryable, context, { byDefault })
  if (query.select) checkSelect(query.select, selection(names))
  const { elements, total } = await list(query)
  const { pageSize, offset } = query
  const body: Body = {
    _type: 'Collection',
    total,
    count: elements.length,
    ...(paginated && { pageSize, offset }),
    _embedded: { elements },
    _links: pageLinks(context.path, context, query, total, paginated, {}),
  }
  return query.select ? picked(body, query.select) : body
}

/** The links from page to page; each repeats the parameters in force. */
export function pageLinks(
  path: string,
  context: Context,
  query: Pick<Query, 'filters' | 'offset' | 'pageSize' | 'select'>,
  total: number,
  paginated: boolean,
  further: Record<string, string>,
): Record<string, Link> {
  if (!paginated) return { self: { href: path } }
  const { offset, pageSize, filters } = query
  const base: Record<string, string> = { filters: writeFilters(filters), ...further }
  for (const repeated of ['sortBy', 'groupBy', 'select']) {
    const value = context.params.get(repeated)
    if (value !== null && !(repeated in base)) base[repeated] = value
  }
  const at = (page: number | string, size: number | string) =>
    `${path}?${new URLSearchParams({ ...base, offset: String(page), pageSize: String(size) })}`
  return {
    self: { href: at(offset, pageSize) },
    jumpTo: { href: at('{offset}', pageSize), templated: true },
    changeSize: { href: at(offset, '{size}'), templated: true },
    ...(offset > 1 && { previousByOffset: { href: at(offset - 1, pageSize) } }),
    ...(pageSize > 0 && offset * pageSize < total && { nextByOffset: { href: at(offset + 1, pageSize) } }),
  }
}

/** Groups are ordered as the property sorts. */
const groupOrder = (group: Property, resource: Resource, context: Context): Sql => orderBy(group, context, resource.table)

const sumsOf = (resource: Resource) => resource.properties.filter((p) => p.options.sum)

/** The aggregate expressions of all summable properties. */
function sumSelection(context: Context, resource: Resource): Sql {
  return join(sumsOf(resource).map((p) => sql`${sumOf(p, context, resource.table)} as ${name(p.column as string)}`))
}

const renderSums = (resource: Resource, row: Row): Body =>
  Object.fromEntries(
    sumsOf(resource).map((p) => [p.name, row[p.column as string] === null ? null : p.kind.render(row[p.column as string])]),
  )

async function totalSums(context: Context, { head, resource, where }: Source): Promise<Body> {
  const row = await context.db.one(
    sql`${head}select ${sumSelection(context, resource)} from ${name(resource.table)} where ${where}`,
  )
  return renderSums(resource, row as Row)
}

/** The groups of the whole result, not only of the page. */
async function groups(
  context: Context,
  { head, resource, where }: Source,
  query: Query,
  { groupLinks }: IndexOptions,
): Promise<Body[]> {
  const group = query.group as Property
  const told = toldValue(group, context, resource.table)
  // All rows of a group are in the same place, but the engines do not know. The value is the first column.
  const [place, value] = groupSorts(query, resource, context).map(({ expression, descending, nullable, emptyFirst }, i) =>
    ordered(context.engine, i === 0 ? sql`min(${expression})` : raw('1'), descending, nullable, emptyFirst),
  )
  const sums = query.showSums ? sql`, ${sumSelection(context, resource)}` : raw('')
  const rows = await context.db.all(
    sql`${head}select ${told} as value, count(*) as count${sums} from ${name(resource.table)} where ${where} group by 1 order by ${place}, ${value}`,
  )
  const target = group.to ? context.model.of(group.to) : undefined
  const idsOf = ({ value }: Row): number[] => (typeof value === 'string' && group.many ? JSON.parse(value) : [value ?? []].flat())
  const related = target ? await relatedRows(context, target, rows.flatMap(idsOf)) : undefined
  return rows.map((row) => {
    const linked = target
      ? idsOf(row)
          .map((id) => related?.get(id))
          .filter((one) => isNamed(group, target, one, context.viewer))
      : []
    const titles = target && linked.length > 0 ? linked.map((one) => target.titleOf(one)).join(', ') : null
    return {
      value: row['value'] === null || target ? titles : inWords(group, row['value']),
      count: row['count'],
      ...(query.showSums && { sums: renderSums(resource, row) }),
      _links: {
        valueLink: target ? linked.map((one) => ({ href: hrefOf(target, one) })) : [],
        ...groupLinks?.(group),
      },
    }
  })
}

/** What the rows of a group have in common, as people read it. */
const inWords = ({ name: own, kind }: Property, value: unknown): string =>
  `${kind.render(value)}${own === 'percentageDone' ? '%' : ''}`

const signals = new WeakMap<Resource, ReadonlySet<string>>()

/** What `select` may name. */
function selectable(resource: Resource, model: Model): ReadonlySet<string> {
  let all = signals.get(resource)
  if (!all) {
    const kinds = resource.variant ? model.resources.filter((r) => r.table === resource.table) : [resource]
    const names = kinds.flatMap((kind) => [...kind.properties.map((p) => p.name), ...Object.keys(kind.actions ?? {})])
    all = selection(['update', 'updateImmediately', 'delete', ...names])
    signals.set(resource, all)
  }
  return all
}

/** Everything that may be selected where these are the members of elements. */
const selection = (names: readonly string[]): ReadonlySet<string> =>
  new Set([
    ...['*', 'total', 'count', 'pageSize', 'offset', 'self', '_type', 'elements'],
    ...['*', 'self', '_type', ...names].map((one) => `elements/${one}`),
  ])

/** Only what was selected; links and elements keep their places. */
function picked(body: Body, select: readonly string[]): Body {
  const choose = (from: Body, names: ReadonlySet<string>): Body => {
    if (names.has('*')) return from
    const links = (from['_links'] ?? {}) as Body
    const chosen: Body = {}
    const chosenLinks: Body = {}
    for (const one of names) {
      if (one in from) chosen[one] = from[one]
      else if (one in links) chosenLinks[one] = links[one]
    }
    if (Object.keys(chosenLinks).length > 0) chosen['_links'] = chosenLinks
    return chosen
  }
  const own = new Set(select.filter((one) => !one.startsWith('elements')))
  const ofElements = new Set(
    select.filter((one) => one.startsWith('elements')).map((one) => one.slice('elements/'.length) || '*'),
  )
  const { _embedded, ...rest } = body
  const result = choose(rest, own)
  if (ofElements.size > 0 || own.has('*')) {
    const elements = (_embedded as { elements: Body[] }).elements
    result['_embedded'] = { elements: ofElements.size > 0 ? elements.map((element) => choose(element, ofElements)) : elements }
  }
  return result
}

/** Rows as elements of a plain collection. */
export async function represented(context: Context, resource: Resource, rows: readonly Row[]): Promise<Body[]> {
  const page = await enrich(context, resource, rows)
  return rows.map((row) => represent(resource, row, page))
}

/** A row by itself, with what it links to embedded. */
export async function single(context: Context, resource: Resource, row: Row): Promise<Body> {
  return represent(resource, row, await fullPage(context, resource, [row]), { embed: true })
}

/** A visible row by itself, compared with what it was; what it only embeds is told as it is. */
export async function compared(context: Context, resource: Resource, row: Row, moments: readonly Moment[]): Promise<Body> {
  const id = row['id'] as number
  const comparison = await compare(context, resource, [id], moments, { embed: true })
  const state = stateOf(comparison, id)
  const body = state
    ? represent(resource, state.rows.get(id) as Row, await filled(state.page), { readOnly: isHistoric(comparison), embed: true })
    : bare(resource, id)
  return comparing(comparison, resource, id, body)
}

/** A page of rows with all that they embed. */
const fullPage = async (context: Context, resource: Resource, rows: readonly Row[]): Promise<Page> =>
  filled(await enrich(context, resource, rows, { embed: true }))

/** The same page with what its rows embed; that is told as it is now, whenever the rows were like this. */
async function filled(page: Page): Promise<Page> {
  const { context, resource, rows } = page
  const extra = new Map<string, ReadonlyMap<number, object>>()
  for (const [name, load] of Object.entries(resource.embeds ?? {}))
    extra.set(name, await load(rows as never, context.present ?? context))
  return { ...page, extra, embedded: await embeddable(page) }
}

/** What the rows of a page link to and would lead the viewer to, represented, by resource and id. */
async function embeddable(page: Page): Promise<ReadonlyMap<string, ReadonlyMap<number, object>>> {
  const wanted = new Map<string, Set<number>>()
  for (const property of linksOf(page.resource)) {
    if (!property.options.embed) continue
    for (const row of page.rows) {
      const ids = wanted.getOrInsertComputed(targetOf(property, row), () => new Set())
      for (const id of property.many ? (page.many.get(property.name)?.get(row['id']) ?? []) : [idIn(property, row)]) ids.add(id)
    }
  }
  const bodies = new Map<string, ReadonlyMap<number, object>>()
  for (const [target, ids] of wanted) bodies.set(target, await bodiesOf(page, page.context.model.of(target), [...ids]))
  return bodies
}

/**
 * The representations of rows that a page points to and that answer the viewer at their own addresses. Of resources held in process
 * they are text, which stays the same for a viewer until anything that is held changes.
 */
async function bodiesOf(
  { context: asked, related }: Page,
  target: Resource,
  ids: readonly number[],
): Promise<ReadonlyMap<number, object>> {
  const context = target.journal ? asked : (asked.present ?? asked)
  // Null stands for what does not answer.
  const known = target.held
    ? await context.snapshot.remember(
        `bodies ${context.viewer.key} ${target.name}`,
        ['all'],
        () => new Map<number, object | null>(),
      )
    : new Map<number, object | null>()
  const bodies = new Map<number, object>()
  const missing = new Map<number, Row>()
  for (const id of ids) {
    const body = known.get(id)
    const row = related.get(target.name)?.get(id)
    if (body) bodies.set(id, body)
    else if (row && body === undefined) missing.set(id, row)
  }
  if (missing.size === 0) return bodies
  if (known.size > MOST_BODIES) known.clear()
  const reached = await reachableIds(asked.present ?? asked, target, missing)
  const rows = [...missing.values()].filter((row) => reached.has(row['id']))
  const page = await enrich(context, target, rows)
  for (const row of rows)
    bodies.set(row['id'], target.held ? written(represent(target, row, page)) : represent(target, row, page))
  // Whether others answer hangs on what is not held.
  const isLasting = (row: Row) => !target.addressable || target.addressable.holds?.(context.viewer, row) === true
  for (const [id, row] of missing) if (target.held && isLasting(row)) known.set(id, bodies.get(id) ?? null)
  return bodies
}
const MOST_BODIES = 500
