import type { Context, FilterUse, Property, Query, Queryable, Scope, Sort } from '#kernel/declaration.ts'
import { ApiError, invalidQuery } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'
import { orderBy } from './expressions.ts'
import { conditionsOf, filtersOf } from './judge.ts'
import { loadRules } from './load.ts'
import { understood } from './operators.ts'
import { readFilters, readJson, readOffset, readPageSize, readSelect } from './parse.ts'

const camelCase = (text: string) => text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** A property by its name in the API or in the database, with or without the suffix of ids. */
export const propertyNamed = ({ property, properties }: Queryable, wanted: string): Property | undefined =>
  property.get(wanted) ??
  property.get(camelCase(wanted)) ??
  property.get(camelCase(wanted).replace(/Id$/, '')) ??
  properties.find(({ column }) => column !== undefined && (column === wanted || column === `${wanted}_id`))

/** The sort expression of a name, if sortable; null for values that the viewer may not read. */
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
  if (!Array.isArray(list)) throw invalidQuery(said`The parameter sortBy is not a JSON array of pairs such as [["id","asc"]].`)
  return list.slice(0, 3).map((entry) => {
    const [own = '', direction] = (Array.isArray(entry) ? entry : String(entry).split(':')).map(String)
    const found = sortExpression(resource, own, scope)
    if (!found) throw invalidQuery(said`Sorting by "${own}" is not supported.`)
    return { name: own, descending: direction === 'desc', ...found }
  })
}

/** The property of a `groupBy` parameter. */
export function readGroup(text: string | null, resource: Queryable): Property | undefined {
  if (!text) return undefined
  const property = propertyNamed(resource, text)
  if (!property?.options.group) throw invalidQuery(said`Grouping by "${text}" is not supported.`)
  return property
}

/**
 * Parses the query string for a resource.
 * @param byDefault filters without a `filters` parameter
 * @throws ApiError 400 InvalidQuery, or 422 MultipleErrors for several invalid filters
 */
export async function parseQuery(
  declared: Queryable,
  context: Context,
  { byDefault = [] }: { byDefault?: readonly FilterUse[] } = {},
): Promise<Query> {
  const resource = declared
  const { params } = context
  const filterText = params.get('filters') ?? params.get('filter')
  const given = filterText === null ? byDefault : readFilters(filterText)
  const known = filtersOf(resource)
  const filters = given.map((use) => understood(known.get(use.name)?.strategy ?? 'text', use))
  await loadRules(context, resource)
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

/** Throws 400 InvalidSignal unless every name can be selected. */
export function checkSelect(select: readonly string[], supported: ReadonlySet<string>): void {
  const wrong = select.filter((one) => !supported.has(one))
  if (wrong.length === 0) return
  throw new ApiError(
    'InvalidSignal',
    said`The select parameter names unsupported properties: ${wrong.join(', ')}. Supported are: ${[...supported].sort().join(', ')}.`,
  )
}
