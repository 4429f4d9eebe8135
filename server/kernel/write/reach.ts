/**
 * Effects of a write beyond its own row: which of the rows that it would touch the actor may touch. Whatever cascades asks here,
 * and leaves or refuses the rest; docs/effects.md tells what is decided for each effect.
 */
import type { Transaction } from '#db/database.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import type { Context, Resource, Rule } from '#kernel/declaration.ts'

/** The ids of rows that an effect would touch, parted by whether the actor may do to them what it does. */
export interface Reach {
  readonly within: readonly number[]
  readonly beyond: readonly number[]
}

/**
 * Rows that an effect would touch. One statement.
 * @param rule who may do to such a row what the effect does; an effect on what has to be seen first asks `visible` as well
 * @param where the condition on the rows, whose table goes by its own name
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
 * The rows below one that an effect goes down to by `parent_id`. It stops at each row beyond reach: what is below that stays
 * with it, so that nobody reaches through what is hidden. One statement.
 * @param rule who may do to such a row what the effect does
 */
export async function reachBelow(tx: Transaction, context: Context, { table }: Resource, rule: Rule, id: number): Promise<Reach> {
  const [right] = await rights({ db: tx, viewer: context.viewer }, rule)
  const allowed = sql`case when ${right.where('w')} then 1 else 0 end`
  return parted(
    await tx.all(sql`
      with recursive down (id, allowed) as (
        select w.id, ${allowed} from ${name(table)} w where w.parent_id = ${id}
        union
        select w.id, ${allowed} from down cross join ${name(table)} w where w.parent_id = down.id and down.allowed = 1
      ) select id, allowed from down order by id`),
  )
}

function parted(rows: readonly { id: number; allowed: number }[]): Reach {
  const of = (allowed: number) => rows.filter((row) => row.allowed === allowed).map(({ id }) => id)
  return { within: of(1), beyond: of(0) }
}
