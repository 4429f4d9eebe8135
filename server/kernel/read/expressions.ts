/**
 * Expressions for order, groups and sums of lists, which depend only on values that the viewer may see. A hidden value counts as
 * null, and so does a link to a hidden row. Only this file reads one row through another.
 */
import { and, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { rightOf } from '#kernel/access/rights.ts'
import type { Context, Property, Queryable, Rule, Scope } from '#kernel/declaration.ts'

/** The alias of a link's target in expressions. */
const TARGET = 'target'

/** The stored value of a property, without checking visibility. */
export const stored = ({ column, options: { select } }: Property, scope: Scope, table: string): Sql =>
  select ? select(scope, table) : name(`${table}.${column}`)

/** The condition that the viewer may see the row `target` of a link. */
const isTold = ({ to, options }: Property, scope: Scope): Sql => {
  const { visible, rows } = scope.model.of(to as string)
  const holds = (rule: Rule) => rightOf(scope.viewer, scope.engine, rule).where(TARGET)
  return and([options.alwaysNamed || rows ? TRUE : holds(visible), options.counts ? holds(options.counts) : TRUE])
}

/** An expression, or null where the viewer may not read the property. */
function ifReadable({ options: { read } }: Property, scope: Scope, table: string, expression: Sql): Sql {
  const readable = read ? rightOf(scope.viewer, scope.engine, read).where(table) : TRUE
  return readable === TRUE ? expression : sql`case when ${readable} then ${expression} end`
}

/** The visible rows `target` of a link to many. A single value counts as a list of one. */
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

/** An expression of a link's visible target; the minimum for a link to many. */
function ofTarget(property: Property, scope: Scope, table: string, expression: (target: string) => Sql): Sql {
  const said = expression(TARGET)
  if (property.many) return sql`(select min(${said}) from ${targets(property, scope, table)})`
  const { table: from } = scope.model.of(property.to as string)
  const told = and([sql`target.id = ${stored(property, scope, table)}`, isTold(property, scope)])
  return sql`(select ${said} from ${name(from)} ${raw(TARGET)} where ${told})`
}

/**
 * The visible value of a property; for links the ids of visible targets, several in their sort order. Rows with equal values form
 * a group.
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
 * The expression to order rows by a property.
 * @param by replaces the property's own expression: of a row of its table or, for a link, of the target
 */
export function orderBy(property: Property, scope: Scope, table: string, by = property.options.sort): Sql {
  if (typeof by !== 'function') return toldValue(property, scope, table)
  const expression = property.to ? ofTarget(property, scope, table, (target) => by(scope, target)) : by(scope, table)
  return ifReadable(property, scope, table, expression)
}

/** The aggregate of a property's sum. Throws if a custom aggregate could not exclude hidden values, which is a bug. */
export function sumOf(property: Property, context: Context, table: string): Sql {
  const { sum, read } = property.options
  if (typeof sum !== 'function') return sql`sum(${toldValue(property, context, table)})`
  if (read) throw new Error(`${property.name} has a sum of its own, which cannot tell what may be read.`)
  return sum(context, table)
}

/** The condition that a row's link has a visible target that matches `condition`. */
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
