/**
 * What lists are ordered, grouped and summed by: expressions of nothing that the viewer could not be shown. A value that may not be
 * read counts as none, and so does a link to a row that the viewer is not told of. Only this file reads one row by way of another.
 */
import { and, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { rightOf } from '#kernel/access/rights.ts'
import type { Context, Property, Queryable, Scope } from '#kernel/declaration.ts'

/** What the rows that links point to are called in expressions. */
const TARGET = 'target'

/** What a property holds, as the database has it, whoever asks. */
export const stored = ({ column, options: { select } }: Property, scope: Scope, table: string): Sql =>
  select ? select(scope, table) : name(`${table}.${column}`)

/** The condition under which the viewer is told of the row `target` that a link points to. */
const isTold = ({ to, options }: Property, scope: Scope): Sql => {
  const { visible, rows } = scope.model.of(to as string)
  return options.alwaysNamed || rows ? TRUE : rightOf(scope.viewer, scope.engine, visible).where(TARGET)
}

/** An expression where the viewer may read the property, and nothing elsewhere. */
function ifReadable({ options: { read } }: Property, scope: Scope, table: string, expression: Sql): Sql {
  const readable = read ? rightOf(scope.viewer, scope.engine, read).where(table) : TRUE
  return readable === TRUE ? expression : sql`case when ${readable} then ${expression} end`
}

/** The rows `target` whose ids a link of several holds, as far as the viewer is told of them. A single value is a list of one. */
function targets(property: Property, scope: Scope, table: string): Sql {
  const list = stored(property, scope, table)
  const ids =
    scope.engine === 'sqlite'
      ? sql`(select value as id from json_each(${list}))`
      : sql`(select e.id::integer as id from (select ${list} as list) l cross join lateral
          jsonb_array_elements_text(case jsonb_typeof(l.list) when 'array' then l.list else jsonb_build_array(l.list) end) e (id)
          where l.list is not null)`
  const { table: from } = scope.model.of(property.to as string)
  return sql`${ids} e join ${name(from)} ${raw(TARGET)} on ${and([sql`target.id = e.id`, isTold(property, scope)])}`
}

/** What an expression says of the row that a link points to, of several the least, if the viewer is told of it. */
function ofTarget(property: Property, scope: Scope, table: string, expression: (target: string) => Sql): Sql {
  const said = expression(TARGET)
  if (property.many) return sql`(select min(${said}) from ${targets(property, scope, table)})`
  const { table: from } = scope.model.of(property.to as string)
  const told = and([sql`target.id = ${stored(property, scope, table)}`, isTold(property, scope)])
  return sql`(select ${said} from ${name(from)} ${raw(TARGET)} where ${told})`
}

/**
 * What a property holds, of links the ids of what the viewer is told of, several in the order in which rows are sorted by them. Rows
 * for which this is alike are a group.
 */
export function toldValue(property: Property, scope: Scope, table: string): Sql {
  if (!property.to || (!property.many && isTold(property, scope) === TRUE))
    return ifReadable(property, scope, table, stored(property, scope, table))
  if (!property.many)
    return ifReadable(
      property,
      scope,
      table,
      ofTarget(property, scope, table, (target) => name(`${target}.id`)),
    )
  const { sort } = property.options
  const place = typeof sort === 'function' ? sql`${sort(scope, TARGET)}, target.id` : sql`target.id`
  const found = targets(property, scope, table)
  const ids =
    scope.engine === 'sqlite'
      ? sql`(select nullif(json_group_array(id), '[]') from (select target.id as id from ${found} order by ${place}) told)`
      : sql`(select jsonb_agg(target.id order by ${place}) from ${found})`
  return ifReadable(property, scope, table, ids)
}

/**
 * What rows are ordered by, where a property is asked for.
 * @param by the expression in place of the property's own: of a row of its table or, for a link, of the row that it points to
 */
export function orderBy(property: Property, scope: Scope, table: string, by = property.options.sort): Sql {
  if (typeof by !== 'function') return toldValue(property, scope, table)
  const expression = property.to ? ofTarget(property, scope, table, (target) => by(scope, target)) : by(scope, table)
  return ifReadable(property, scope, table, expression)
}

/** The aggregate that sums a property up. Throws where its own one could not leave out what may not be read: a mistake of ours. */
export function sumOf(property: Property, context: Context, table: string): Sql {
  const { sum, read } = property.options
  if (typeof sum !== 'function') return sql`sum(${toldValue(property, context, table)})`
  if (read) throw new Error(`${property.name} has a sum of its own, which cannot tell what may be read.`)
  return sum(context, table)
}

/** The condition that a row's link leads to a row for which `condition` holds and which the viewer is told of. */
export function linked(scope: Scope, resource: Queryable, link: string, condition: (target: string) => Sql): Sql {
  const property = resource.property.get(link) as Property
  const { table: from } = scope.model.of(property.to as string)
  const told = and([isTold(property, scope), condition(TARGET)])
  const { table } = resource
  return ifReadable(
    property,
    scope,
    table,
    sql`${stored(property, scope, table)} in (select target.id from ${name(from)} ${raw(TARGET)} where ${told})`,
  )
}
