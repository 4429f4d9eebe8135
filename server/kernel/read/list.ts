import { and, raw, type Sql, TRUE } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { everyone } from '#kernel/access/rules.ts'
import type {
  Body,
  Context,
  FilterUse,
  IndexOptions,
  Link,
  Loaded,
  Moment,
  Query,
  Queryable,
  Resource,
} from '#kernel/declaration.ts'
import { forbidden } from '#kernel/errors.ts'
import type { Written } from '#kernel/json.ts'
import { compare, element, latestStates, listLatest, type Source, wholePage } from './compare.ts'
import { groupSorts, groups, totalSums } from './groups.ts'
import { elementsOf } from './kept.ts'
import { load, visibleWhere } from './load.ts'
import { list } from './page.ts'
import { writeFilters } from './parse.ts'
import { checkSelect, parseQuery, sortExpression } from './query.ts'
import { represent } from './represent.ts'
import { picked, selectable, selection } from './select.ts'
import { fullPage } from './single.ts'

/**
 * The collection of a resource.
 * @throws ApiError 403 if the viewer may not list it, 400 or 422 for an invalid query
 */
export async function index(context: Context, resource: Resource, options: IndexOptions = {}): Promise<Body> {
  const [guard] = await rights(context, resource.guards?.all ?? everyone)
  if (!guard.anywhere) throw forbidden()
  const parsed = await parseQuery(resource, context, options.byDefault ? { byDefault: options.byDefault } : {})
  const query = options.instead?.(parsed) ?? parsed
  if (query.select) checkSelect(query.select, selectable(resource, context.model))
  const paginated = options.paginated ?? resource.paginated ?? true
  const within = options.within ?? TRUE
  const moments = await resource.moments?.(context)
  const past = moments && {
    moments,
    within,
    source: await latestStates(context, resource, moments, { within, conditions: query.conditions }),
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
  if (query.group) body.groups = await groups(context, await source(), query, options)
  if (query.showSums) body.totalSums = await totalSums(context, await source())
  body._embedded = { elements, ...(page.rows.length > 0 && !query.select && (await options.embedded?.(page))) }
  body._links = {
    ...pageLinks(options.path ?? context.path, context, query, total, paginated, options.params?.(query) ?? {}),
    ...(await options.links?.(page, query)),
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

/** A page of elements, and the data for the other parts of the collection. */
interface Elements {
  readonly elements: readonly (Body | Written)[]
  readonly total: number
  readonly page: Loaded
}

async function presentPage(
  context: Context,
  resource: Resource,
  query: Query,
  { within = TRUE, full = false, asBodies = false }: IndexOptions,
): Promise<Elements> {
  const { rows, total } = await list(context, resource, query, within)
  const page = full ? await fullPage(context, resource, rows) : await load(context, resource, rows)
  const elements =
    full || asBodies || query.select ? rows.map((row) => represent(resource, row, page, { embed: full })) : elementsOf(page)
  return { elements, total, page }
}

async function comparedPage(
  context: Context,
  resource: Resource,
  query: Query,
  { source, moments, within }: { source: Source; moments: readonly Moment[]; within: Sql },
): Promise<Elements> {
  const { ids, total } = await listLatest(context, source, query)
  const comparison = await compare(context, resource, ids, moments, { asked: { within, conditions: query.conditions } })
  return { elements: ids.map((id) => element(comparison, resource, id)), total, page: wholePage(comparison, context) }
}

/**
 * A collection of computed elements, which are not rows of a table.
 * @param queryable its filters and sorts
 * @param names the members of elements, for `select`
 * @param list returns the elements of the requested page, and the total
 * @param byDefault filters without a `filters` parameter
 * @param paginated whether there are pages; otherwise `list` returns everything
 */
export async function computed(
  context: Context,
  queryable: Queryable,
  names: readonly string[],
  list: (query: Query) => Promise<{ elements: readonly Body[]; total: number }>,
  { byDefault = [], paginated = true }: { byDefault?: readonly FilterUse[]; paginated?: boolean } = {},
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

/** Links between pages; each repeats the effective parameters. */
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
