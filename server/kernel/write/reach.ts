/**
 * Effects of a write beyond its own row: splits the affected rows by the viewer's permissions. All cascades use it, and skip or
 * reject the rest; docs/effects.md lists the decision for each effect.
 */
import type { Transaction } from '#db/database.ts'
import { and, name, negated, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import type { Context, Resource, Rule } from '#kernel/declaration.ts'

/** The ids of rows that an effect would change, split by whether the viewer may do so. */
export interface Reach {
  readonly within: readonly number[]
  readonly beyond: readonly number[]
}

/**
 * Splits the rows that an effect would change. One statement.
 * @param rule the rule for the effect on a row; includes `visible` if the effect requires visibility
 * @param where the condition on the rows, without an alias for their table
 */
export async function reach(tx: Transaction, context: Context, { table }: Resource, rule: Rule, where: Sql): Promise<Reach> {
  const [right] = await rights({ db: tx, viewer: context.viewer }, rule)
  const own = name(table)
  return parted(
    await tx.all(sql`
      select ${own}.id as id, case when ${right.where(table)} then 1 else 0 end as allowed
      from ${own} where ${where} order by id`),
  )
}

/**
 * Whether the viewer may do to all rows what an effect would. One statement, which reads no more than the first row beyond reach.
 * @param rule the rule for the effect on a row; includes `visible` if the effect requires visibility
 * @param where the condition on the rows, without an alias for their table
 */
export async function reachesAll(
  tx: Transaction,
  context: Context,
  { table }: Resource,
  rule: Rule,
  where: Sql,
): Promise<boolean> {
  const [right] = await rights({ db: tx, viewer: context.viewer }, rule)
  const beyond = await tx.one(sql`select 1 as one from ${name(table)} where ${and([where, negated(right.where(table))])} limit 1`)
  return beyond === undefined
}

/**
 * Splits the descendants of a row by `parent_id`. It stops at each row beyond reach, whose descendants stay with it, so that an
 * effect does not reach through hidden rows. One statement.
 * @param rule the rule for the effect on a row
 */
export async function reachBelow(tx: Transaction, context: Context, resource: Resource, rule: Rule, id: number): Promise<Reach> {
  return parted(await tx.all(sql`${await below(tx, context, resource, rule, id)} select id, allowed from down order by id`))
}

/**
 * Whether a row has more descendants than a number, among those of `reachBelow`. One statement, which reads no more than these.
 * @param rule the rule for the effect on a row
 */
export async function hasMoreBelow(
  tx: Transaction,
  context: Context,
  resource: Resource,
  rule: Rule,
  id: number,
  few: number,
): Promise<boolean> {
  const rows = await tx.all(sql`${await below(tx, context, resource, rule, id)} select id from down limit ${few + 1}`)
  return rows.length > few
}

/** A query of the ids of the descendants that the viewer may do it to: the `within` of `reachBelow`. */
export const allowedBelow = async (tx: Transaction, context: Context, resource: Resource, rule: Rule, id: number): Promise<Sql> =>
  sql`${await below(tx, context, resource, rule, id)} select id from down where allowed = 1`

/** The beginning of a query over `down`, the descendants of a row. */
async function below(tx: Transaction, context: Context, { table }: Resource, rule: Rule, id: number): Promise<Sql> {
  const [right] = await rights({ db: tx, viewer: context.viewer }, rule)
  const allowed = sql`case when ${right.where('w')} then 1 else 0 end`
  return sql`with recursive down (id, allowed) as (
      select w.id, ${allowed} from ${name(table)} w where w.parent_id = ${id}
      union
      select w.id, ${allowed} from down cross join ${name(table)} w where w.parent_id = down.id and down.allowed = 1
    )`
}

function parted(rows: readonly { id: number; allowed: number }[]): Reach {
  const of = (allowed: number) => rows.filter((row) => row.allowed === allowed).map(({ id }) => id)
  return { within: of(1), beyond: of(0) }
}
