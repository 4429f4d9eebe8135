/** Groups and sums of a list. */
import type { Row } from '#db/database.ts'
import { ordered } from '#db/dialect.ts'
import { join, name, raw, type Sql, sql } from '#db/sql.ts'
import { sharedRows } from '#kernel/cache.ts'
import type { Body, Context, IndexOptions, Property, Query, Resource } from '#kernel/declaration.ts'
import { hrefOf } from '#kernel/resource.ts'
import { inLanguage } from '#text/messages.ts'
import type { Source } from './compare.ts'
import { orderBy, sumOf, toldValue } from './expressions.ts'
import { relatedRows } from './load.ts'
import { propertyNamed } from './query.ts'
import { isNamed } from './represent.ts'

/**
 * The order of groups, which is also the primary order of rows: clients draw group headers while they iterate over rows. It is
 * the order of the grouped property, in the direction of the first sort criterion on it or its own; the value separates groups of
 * equal rank.
 */
export function groupSorts({ group, sorts }: Query, resource: Resource, context: Context): Query['sorts'] {
  if (!group) return []
  const asked = sorts.find((sort) => propertyNamed(resource, sort.name)?.name === group.name)
  const { descending = false, emptyFirst } = group.options
  const place = { expression: groupOrder(group, resource, context), descending: asked?.descending ?? descending, emptyFirst }
  const value = { expression: toldValue(group, context, resource.table), descending: false }
  return [place, value].map((criterion) => ({ name: group.name, nullable: true, ...criterion }))
}

/** The sort expression of the grouped property. */
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
export async function totalSums(context: Context, { head, resource, where }: Source): Promise<Body> {
  if (sumsOf(resource).length === 0) return {}
  const query = sql`${head}select ${sumSelection(context, resource)} from ${name(resource.table)} where ${where}`
  return renderSums(resource, (await sharedRows(context, query))[0] as Row)
}

/** The groups over all pages. */
export async function groups(
  context: Context,
  { head, resource, where }: Source,
  query: Query,
  { groupLinks }: IndexOptions,
): Promise<Body[]> {
  const group = query.group as Property
  const told = toldValue(group, context, resource.table)
  // All rows of a group have the same rank, but the engines do not know that. The value is the first column.
  const [place, value] = groupSorts(query, resource, context).map(({ expression, descending, nullable, emptyFirst }, i) =>
    ordered(context.engine, i === 0 ? sql`min(${expression})` : raw('1'), descending, nullable, emptyFirst),
  )
  const sums = query.showSums ? sql`, ${sumSelection(context, resource)}` : raw('')
  const rows = await sharedRows(
    context,
    sql`${head}select ${told} as value, count(*) as count${sums} from ${name(resource.table)} where ${where} group by 1 order by ${place}, ${value}`,
  )
  const target = group.to ? context.model.of(group.to) : undefined
  const idsOf = ({ value }: Row): number[] => (typeof value === 'string' && group.many ? JSON.parse(value) : [value ?? []].flat())
  const related = target ? await relatedRows(context, target, rows.flatMap(idsOf)) : undefined
  return rows.map((row) => {
    const linked = target
      ? idsOf(row)
          .map((id) => related?.get(id))
          .filter((one) => isNamed(group, target, one, { context }))
      : []
    const titles =
      target && linked.length > 0 ? linked.map((one) => inLanguage(target.titleOf(one), context.language)).join(', ') : null
    return {
      value: row.value === null || target ? titles : inWords(group, row.value),
      count: row.count,
      ...(query.showSums && { sums: renderSums(resource, row) }),
      _links: {
        valueLink: target ? linked.map((one) => ({ href: hrefOf(target, one) })) : [],
        ...groupLinks?.(group),
      },
    }
  })
}

/** The display text of a group's value. */
const inWords = ({ name: own, kind }: Property, value: unknown): string =>
  `${kind.render(value)}${own === 'percentageDone' ? '%' : ''}`
