import { and, negated, type Sql, TRUE } from '#db/sql.ts'
import { rightOf, rights } from '#kernel/access/rights.ts'
import type { Context, Filter, FilterUse, Property, Queryable, Resource } from '#kernel/declaration.ts'
import { combined, invalidQuery } from '#kernel/errors.ts'
import { labelOf, snakeCase } from '#kernel/resource.ts'
import { Message, said } from '#text/messages.ts'
import { stored } from './expressions.ts'
import { visibleIds } from './load.ts'
import { condition, isId, misfit, operatorsOf, positive, takesValues, understood } from './operators.ts'
import { matchesColumn } from './search.ts'

/** A filter as the engine runs it: declared for a property, or by itself. */
export interface Known extends Filter {
  readonly label: Message
  readonly key: string
}

export const known = new WeakMap<Queryable, Map<string, Known>>()
/** All filters of a resource under every name they answer to. */
export function filtersOf(resource: Queryable): ReadonlyMap<string, Known> {
  let all = known.get(resource)
  if (all) return all
  all = new Map()
  const add = (key: string, filter: Filter) => {
    const { to } = filter
    const allowed = filter.allowed ?? (to && ((values: readonly string[], context: Context) => areVisible(to, values, context)))
    const entry = { ...filter, ...(allowed && { allowed }), key, label: filter.label ?? labelOf(key) }
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
  const { filter, filterNames, indexed } = property.options
  const strategy = typeof filter === 'string' ? filter : property.kind.strategy
  // An id can only be one of a row that the viewer sees.
  const target = property.to ?? (property.name === 'id' ? resource.name : undefined)
  return {
    names: [...(filterNames ?? []), ...(property.column ? [property.column] : [])],
    label: property.label,
    strategy,
    ...(target && { to: target }),
    of: property.name,
    where: async (use, context, table) => {
      const values = target ? withMe(use.values, context) : use.values
      return indexed && use.operator === '~'
        ? matchesColumn(context, resource, property.column as string, use.values[0] ?? '')
        : condition(strategy, { ...use, values }, stored(property, context, table), context)
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
async function judge(given: FilterUse, resource: Queryable, context: Context): Promise<Sql | Message> {
  const filter = filtersOf(resource).get(given.name)
  if (!filter || !(await isAvailable(filter, context))) return said`${given.name} filter does not exist.`
  const use = understood(filter.strategy, given)
  const operators = filter.operators ?? operatorsOf[filter.strategy]
  if (!operators.includes(use.operator)) {
    return said`${filter.label} filter: the operator "${use.operator}" is not one of ${operators.map((o) => `"${o}"`)}.`
  }
  const wrong = misfit(filter.strategy, use.operator, use.values)
  if (wrong) return said`${filter.label} filter ${wrong}.`
  if (use.values.some((value) => value.includes('\u0000') || !value.isWellFormed()))
    return said`${filter.label} filter has invalid values.`
  if (takesValues(use.operator) && filter.allowed && !(await filter.allowed(use.values, context))) {
    return said`${filter.label} filter has invalid values.`
  }
  return conditionFor(filter, use, resource, context)
}

/** The condition that a use of a filter puts on rows: none is found, either way, of which the viewer may not know what it asks. */
async function conditionFor(filter: Known, given: FilterUse, resource: Queryable, context: Context): Promise<Sql> {
  const { viewer, engine } = context
  const { use, isNegated } = filter.ownNegation ? { use: given, isNegated: false } : positive(filter.strategy, given)
  const found = await filter.where(use, context, resource.table)
  const read = filter.of === undefined ? undefined : resource.property.get(filter.of)?.options.read
  const [known] = filter.known ? await rights(context, filter.known) : []
  return and([
    read ? rightOf(viewer, engine, read).where(resource.table) : TRUE,
    known?.where(resource.table) ?? TRUE,
    isNegated ? negated(found) : found,
  ])
}

/** What is wrong with filters, in sentences. */
export async function faultsOf(uses: readonly FilterUse[], resource: Resource, context: Context): Promise<Message[]> {
  const faults: Message[] = []
  for (const use of uses) {
    const result = await judge(use, resource, context)
    if (result instanceof Message) faults.push(result)
  }
  return faults
}

/** The conditions of all filters. Throws InvalidQuery for one bad filter, MultipleErrors for several. */
export async function conditionsOf(uses: readonly FilterUse[], resource: Queryable, context: Context): Promise<Sql[]> {
  if (uses.length > MOST_FILTERS) throw invalidQuery(said`There are more than ${MOST_FILTERS} filters.`)
  const judged: (Sql | Message)[] = []
  for (const use of uses) judged.push(await judge(use, resource, context))
  const errors = judged.filter((result) => result instanceof Message)
  if (errors.length > 0) throw combined(errors.map((message) => invalidQuery(message)))
  return judged as Sql[]
}

const MOST_FILTERS = 100
