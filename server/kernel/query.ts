/** From a query string to what is asked for: page, order, filters, groups, sums, selection. Refuses what is not understood. */
import { inflateSync, unzipSync } from 'node:zlib'
import { and, type Sql } from '#db/sql.ts'
import type { Context, Filter, FilterUse, Property, Query, Queryable, Resource, Scope, Sort } from './declaration.ts'
import { ApiError, badRequest, combined, invalidQuery } from './errors.ts'
import { orderBy, stored } from './expressions.ts'
import { shapeFault } from './json.ts'

import { condition, isId, misfit, operatorsOf, takesValues, understood } from './operators.ts'
import { needsOf, visibleIds } from './page.ts'
import { humanize, snakeCase } from './resource.ts'
import { contained } from './search.ts'
import { prepare } from './viewer.ts'

/** Query parameters packed into `eprops` (base64 of compressed JSON) take the place of the others. */
export function unpackParams(params: URLSearchParams): URLSearchParams {
  const packed = params.get('eprops')
  if (packed === null) return params
  let text: string
  try {
    const bytes = Buffer.from(packed.replaceAll(' ', '+'), 'base64')
    const limit = { maxOutputLength: 1_000_000 }
    text = (bytes[0] === 0x1f ? unzipSync(bytes, limit) : inflateSync(bytes, limit)).toString('utf8')
  } catch {
    throw badRequest('eprops is not base64 of zlib or gzip compressed data.')
  }
  const fault = shapeFault(text)
  if (fault !== undefined) throw badRequest(`eprops does not hold valid JSON: ${fault}.`)
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch {
    throw badRequest('eprops does not hold valid JSON.')
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw badRequest('eprops does not hold a JSON object.')
  const unpacked = new URLSearchParams(params)
  unpacked.delete('eprops')
  for (const [key, value] of Object.entries(values)) {
    unpacked.set(key, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return unpacked
}

/** The page number: anything that is not a positive number is the first. */
const readOffset = (text: string | null): number => {
  const offset = Number.parseInt(text ?? '', 10)
  return offset > 0 ? Math.min(offset, 1_000_000_000) : 1
}

/** Elements per page: the default where none is given, the maximum for -1 and for too many; 0 asks for totals only. */
function readPageSize(text: string | null, context: Context): number {
  const { apiv3_max_page_size: maximum, per_page_options: options } = context.settings
  const size = Number.parseInt(text ?? '', 10)
  if (Number.isNaN(size)) return Math.min(...options, maximum)
  return size < 0 || size > maximum ? maximum : size
}

/** A JSON parameter. Throws InvalidQuery with the parser's words. */
function readJson(text: string, parameter: string): unknown {
  const fault = shapeFault(text)
  if (fault !== undefined) throw invalidQuery(`The parameter ${parameter} is not valid JSON: ${fault}`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidQuery(`The parameter ${parameter} is not valid JSON: ${(error as Error).message}`)
  }
}

/** The filters of a `filters` parameter, unchecked. A name given twice counts once, with what was said last. */
export function readFilters(text: string): FilterUse[] {
  const list = readJson(text, 'filters')
  if (!Array.isArray(list))
    throw invalidQuery('The parameter filters is not a JSON array of objects such as [{"id":{"operator":"=","values":["1"]}}].')
  const uses = new Map<string, FilterUse>()
  for (const entry of list) {
    const [own, use] = Object.entries((entry ?? {}) as Record<string, any>)[0] ?? []
    if (own === undefined || typeof use !== 'object' || use === null || typeof use.operator !== 'string') {
      throw invalidQuery('The parameter filters holds an entry that is not of the form {"name":{"operator":"=","values":[…]}}.')
    }
    const values = use.values === null || use.values === undefined ? [] : Array.isArray(use.values) ? use.values : [use.values]
    uses.set(own, { name: own, operator: use.operator, values: values.filter((v: unknown) => v !== null).map(textOf) })
  }
  return [...uses.values()]
}

/** A value as text; what is no text, number or boolean fits no filter. */
const textOf = (value: unknown): string =>
  typeof value === 'object' ? '\u0000' : value === true ? 't' : value === false ? 'f' : String(value)

/** A filter as the engine runs it: declared for a property, or by itself. */
export interface Known extends Filter {
  readonly key: string
}

const known = new WeakMap<Queryable, Map<string, Known>>()

/** All filters of a resource under every name they answer to. */
export function filtersOf(resource: Queryable): ReadonlyMap<string, Known> {
  let all = known.get(resource)
  if (all) return all
  all = new Map()
  const add = (key: string, filter: Filter) => {
    const { to } = filter
    const allowed = filter.allowed ?? (to && ((values: readonly string[], context: Context) => areVisible(to, values, context)))
    const entry = { ...filter, ...(allowed && { allowed }), key, label: filter.label ?? humanize(key) }
    for (const one of [key, ...(filter.names ?? [])]) {
      for (const spelling of [
        one,
        snakeCase(one),
        `${one}Id`,
        `${snakeCase(one)}_id`,
        one.replace(/Id$/, ''),
        snakeCase(one).replace(/_id$/, ''),
      ]) {
        if (!all?.has(spelling)) all?.set(spelling, entry)
      }
    }
  }
  for (const [key, filter] of Object.entries(resource.filters ?? {})) add(key, filter)
  for (const property of resource.properties) {
    if (property.options.filter && !resource.filters?.[property.name]) add(property.name, propertyFilter(resource, property))
  }
  known.set(resource, all)
  return all
}

/** The filter that a property's declaration gives. */
function propertyFilter(resource: Queryable, property: Property): Filter {
  const { filter, filterNames, read, indexed } = property.options
  const strategy = typeof filter === 'string' ? filter : property.kind.strategy
  // An id can only be one of a row that the viewer sees.
  const target = property.to ?? (property.name === 'id' ? resource.name : undefined)
  return {
    names: [...(filterNames ?? []), ...(property.column ? [property.column] : [])],
    label: property.label,
    strategy,
    ...(target && { to: target }),
    where: async (use, context, table) => {
      const values = target ? withMe(use.values, context) : use.values
      const found =
        indexed && use.operator === '~'
          ? await contained(context, resource, property.column as string, use.values[0] ?? '')
          : condition(strategy, { ...use, values }, stored(property, context, table), context)
      return read ? and([read.where(context, table), found]) : found
    },
  }
}

/** `me` as the viewer's own id. */
export const withMe = (values: readonly string[], context: Context): readonly string[] =>
  values.includes('me') ? values.map((value) => (value === 'me' ? String(context.viewer.id) : value)) : values

/** Whether all values are ids of rows that the viewer may see; what does not exist and what is hidden are the same. */
export async function areVisible(target: string, values: readonly string[], context: Context): Promise<boolean> {
  const resource = context.model.of(target)
  if (values.includes('me') && !(context.viewer.signedIn && resource.table === 'principals')) return false
  const ids = withMe(values, context).filter((value) => value !== '-1' && value.trim() !== '')
  if (!ids.every(isId)) return false
  const visible = await visibleIds(context, resource, ids.map(Number))
  return ids.every((id) => visible.has(Number(id)))
}

/** Whether a list can be filtered by this where it is asked for. */
export const isAvailable = async ({ available }: Filter, context: Context): Promise<boolean> =>
  available === undefined || available(context)

/** What is wrong with one use of a filter, or the condition it makes. */
async function judge(given: FilterUse, resource: Queryable, context: Context): Promise<Sql | string> {
  const filter = filtersOf(resource).get(given.name)
  if (!filter || !(await isAvailable(filter, context))) return `${given.name} filter does not exist.`
  const use = understood(filter.strategy, given)
  const operators = filter.operators ?? operatorsOf[filter.strategy]
  if (!operators.includes(use.operator)) {
    return `${filter.label} filter: the operator "${use.operator}" is not one of ${operators.map((o) => `"${o}"`).join(', ')}.`
  }
  const wrong = misfit(filter.strategy, use.operator, use.values)
  if (wrong) return `${filter.label} filter ${wrong}.`
  if (use.values.some((value) => value.includes('\u0000') || !value.isWellFormed()))
    return `${filter.label} filter has invalid values.`
  if (takesValues(use.operator) && filter.allowed && !(await filter.allowed(use.values, context))) {
    return `${filter.label} filter has invalid values.`
  }
  const found = await filter.where(use, context, resource.table)
  const read = filter.of === undefined ? undefined : resource.property.get(filter.of)?.options.read
  return read ? and([read.where(context, resource.table), found]) : found
}

/** What is wrong with filters, in sentences. */
export async function faultsOf(uses: readonly FilterUse[], resource: Resource, context: Context): Promise<string[]> {
  const faults: string[] = []
  for (const use of uses) {
    const result = await judge(use, resource, context)
    if (typeof result === 'string') faults.push(result)
  }
  return faults
}

/** The conditions of all filters. Throws InvalidQuery for one bad filter, MultipleErrors for several. */
export async function conditionsOf(uses: readonly FilterUse[], resource: Queryable, context: Context): Promise<Sql[]> {
  if (uses.length > MOST_FILTERS) throw invalidQuery(`There are more than ${MOST_FILTERS} filters.`)
  const judged: (Sql | string)[] = []
  for (const use of uses) judged.push(await judge(use, resource, context))
  const errors = judged.filter((result) => typeof result === 'string')
  if (errors.length > 0) throw combined(errors.map((message) => invalidQuery(message)))
  return judged as Sql[]
}
const MOST_FILTERS = 100

const camelCase = (text: string) => text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** A property by its name in the API or in the database, with or without what says that it is an id. */
export const propertyNamed = ({ property, properties }: Queryable, wanted: string): Property | undefined =>
  property.get(wanted) ??
  property.get(camelCase(wanted)) ??
  property.get(camelCase(wanted).replace(/Id$/, '')) ??
  properties.find(({ column }) => column !== undefined && (column === wanted || column === `${wanted}_id`))

/** The expression a name sorts by, if it can be sorted by; where the viewer may not read the value, there is none. */
export function sortExpression(
  resource: Queryable,
  wanted: string,
  scope: Scope,
): Pick<Sort, 'expression' | 'nullable' | 'emptyFirst'> | undefined {
  const key = [wanted, camelCase(wanted)].find((one) => Object.hasOwn(resource.sorts ?? {}, one))
  const own = key === undefined ? undefined : resource.sorts?.[key]
  if (own) {
    const expression =
      typeof own === 'function'
        ? own(scope, resource.table)
        : orderBy(resource.property.get(own.of) as Property, scope, resource.table, own.by)
    return expression && { expression, nullable: true }
  }
  const property = propertyNamed(resource, wanted)
  if (!property?.options.sort) return undefined
  const { sort, required, read, emptyFirst } = property.options
  const isFilled = sort === true && required === true && !read && !property.to
  return { expression: orderBy(property, scope, resource.table), nullable: !isFilled, emptyFirst }
}

/** The sort criteria of a `sortBy` parameter; only the first three count. */
export function readSorts(text: string, resource: Queryable, scope: Scope): Sort[] {
  const list = readJson(text, 'sortBy')
  if (!Array.isArray(list)) throw invalidQuery('The parameter sortBy is not a JSON array of pairs such as [["id","asc"]].')
  return list.slice(0, 3).map((entry) => {
    const [own, direction] = (Array.isArray(entry) ? entry : String(entry).split(':')).map(String)
    const found = sortExpression(resource, own ?? '', scope)
    if (!found) throw invalidQuery(`Sorting by "${own}" is not supported.`)
    return { name: own as string, descending: direction === 'desc', ...found }
  })
}

/** The property that a `groupBy` parameter names. */
export function readGroup(text: string | null, resource: Queryable): Property | undefined {
  if (!text) return undefined
  const property = propertyNamed(resource, text)
  if (!property?.options.group) throw invalidQuery(`Grouping by "${text}" is not supported.`)
  return property
}

/** The names of a `select` parameter: `total,elements/id,self`, quotes and brackets aside. */
export function readSelect(text: string | null): string[] | undefined {
  if (text === null) return undefined
  return text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^["']|["']$/g, '')
        .trim(),
    )
    .filter(Boolean)
}

/**
 * What the query string asks of a resource.
 * @param byDefault filters used when the client names none
 * @throws ApiError 400 InvalidQuery, or 422 MultipleErrors for several invalid filters
 */
export async function parseQuery(
  declared: Queryable,
  context: Context,
  { byDefault = [] as readonly FilterUse[] } = {},
): Promise<Query> {
  const resource = declared
  const { params } = context
  const filterText = params.get('filters') ?? params.get('filter')
  const given = filterText === null ? byDefault : readFilters(filterText)
  const known = filtersOf(resource)
  const filters = given.map((use) => understood(known.get(use.name)?.strategy ?? 'text', use))
  await prepare(context.db, context.viewer, needsOf(resource, context.model))
  return {
    offset: readOffset(params.get('offset')),
    pageSize: readPageSize(params.get('pageSize'), context),
    filters,
    conditions: await conditionsOf(filters, resource, context),
    sorts: params.get('sortBy') ? readSorts(params.get('sortBy') as string, resource, context) : [],
    group: readGroup(params.get('groupBy') ?? params.get('group_by') ?? params.get('g'), resource),
    showSums: params.get('showSums') === 'true',
    select: readSelect(params.get('select')),
  }
}

/** `filters` as a parameter of a link. */
export const writeFilters = (uses: readonly FilterUse[]): string =>
  JSON.stringify(uses.map(({ name: own, operator, values }) => ({ [own]: { operator, values } })))

/** Throws 400 InvalidSignal unless every name can be selected. */
export function checkSelect(select: readonly string[], supported: ReadonlySet<string>): void {
  const wrong = select.filter((one) => !supported.has(one))
  if (wrong.length === 0) return
  throw new ApiError(
    'InvalidSignal',
    `The select parameter names unsupported properties: ${wrong.join(', ')}. Supported are: ${[...supported].sort().join(', ')}.`,
  )
}
