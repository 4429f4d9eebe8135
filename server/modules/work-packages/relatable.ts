/** Work packages that cannot be related: they are related already, or the relation would close a cycle. */
import type { Engine } from '#db/database.ts'
import { onward } from '#db/dialect.ts'
import { join, name, type Sql, sql } from '#db/sql.ts'
import type { Context } from '#kernel/declaration.ts'
import { isMirrored, storedType } from './relation-types.ts'

/** Hierarchical types, besides the types of relations. */
export const family = ['parent', 'child', 'children']

/** Directions of a walk: after a step up only up, after a step down only down; a relation resets it. */
const [FREE, UP, DOWN] = [0, 1, 2]

interface Options {
  /** The id of a relation to ignore. */
  readonly except?: number
  /** The current parent, if relevant. */
  readonly parent?: number | null
}

/**
 * Work packages reachable from one by relations of a type in one direction, and by the hierarchy between them. The parent alone
 * does not connect siblings, so that they can follow each other.
 * @param forward from `from` to `to`; otherwise from `to` to `from`
 */
function walk(engine: Engine, id: number, type: string, forward: boolean, start: number | undefined, except: number): Sql {
  const [near, far] = forward ? [sql`r.from_id`, sql`r.to_id`] : [sql`r.to_id`, sql`r.from_id`]
  return sql`
    select id from (
      with recursive walk (id, way) as (
        select ${id} + 0, ${start ?? FREE} + 0
        union
        ${onward(engine, 'walk', [
          (found) =>
            sql`select w.parent_id, ${UP} + 0 from ${found} a cross join work_packages w
            where w.id = a.id and a.way <> ${DOWN} and w.parent_id is not null`,
          (found) =>
            sql`select w.id, ${DOWN} + 0 from ${found} a cross join work_packages w where w.parent_id = a.id and a.way <> ${UP}`,
          (found) =>
            sql`select ${far}, ${FREE} + 0 from ${found} a cross join relations r
            where ${near} = a.id and r.relation_type = ${type} and r.id <> ${except}`,
        ])}
      ) select id from walk
    ) walked`
}

/** Work packages with a relation of any type to one of `ids`. */
const tiedTo = (ids: Sql, except: number): Sql => sql`
  select to_id as id from relations where from_id in (${ids}) and id <> ${except}
  union select from_id from relations where to_id in (${ids}) and id <> ${except}`

/**
 * A query for the ids that cannot have a relation of a type to a work package, as seen from the latter: `follows` gives those it
 * cannot follow, `parent` those that cannot be its parent. It includes the work package itself. `related` is the part of the
 * query for existing relations.
 */
export function unrelatable(
  engine: Engine,
  id: number,
  type: string,
  { except = 0, parent }: Options = {},
): { query: Sql; related: Sql } {
  const itself = sql`select ${id} + 0 as id`
  const related = tiedTo(itself, except)
  const children = sql`select id from work_packages where parent_id = ${id}`
  const above =
    parent === undefined
      ? sql`select parent_id as id from work_packages where id = ${id} and parent_id is not null`
      : sql`select ${parent ?? id} + 0 as id`
  const union = (...parts: Sql[]) => ({ query: join(parts, ' union '), related })
  if (type === 'relates') return union(itself, above, children, related)
  if (family.includes(type)) {
    const way = type === 'parent' ? DOWN : UP
    const inLine = (forward: boolean) => walk(engine, id, 'follows', forward, way, except)
    const tied = type === 'parent' ? tiedTo(sql`select x.id from (${below(id)}) x`, except) : related
    return union(type === 'parent' ? above : children, tied, inLine(true), inLine(false))
  }
  // A relation to X closes a cycle if X reaches the work package: a backward walk finds all such X.
  return union(related, walk(engine, id, storedType(type), isMirrored(type), undefined, except))
}

/** The ids of a work package and its descendants. */
const below = (id: number): Sql => sql`
  with recursive down (id) as (
    select ${id} + 0
    union
    select w.id from down cross join work_packages w where w.parent_id = down.id
  ) select id from down`

/** The condition on work packages that can have a relation of a type to this one. */
export function relatable({ engine, settings }: Context, id: number, type: string, table: string): Sql {
  const column = (own: string) => name(`${table}.${own}`)
  const conditions = [sql`${column('id')} not in (select u.id from (${unrelatable(engine, id, type).query}) u)`]
  // Milestones have no children.
  const milestones = sql`select id from types where is_milestone`
  if (type === 'parent') conditions.push(sql`${column('type_id')} not in (${milestones})`)
  else if (family.includes(type))
    conditions.push(sql`not exists (select 1 from work_packages m where m.id = ${id} and m.type_id in (${milestones}))`)
  if (!settings.cross_project_work_package_relations)
    conditions.push(sql`${column('project_id')} = (select project_id from work_packages where id = ${id})`)
  return join(conditions, ' and ')
}
