/** Removes rows with all that declarations say of what refers to them. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, name, type Sql, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import type { Entry, Model, Reference, Removal, RemovalStep, Resource } from '#kernel/declaration.ts'
import { touched } from './commit.ts'
import { amend, forget, rewriteWhere } from './history.ts'

/** Declares what is done when rows of some tables are removed, where no reference of a resource says it. */
export const whenRemoved = (tables: TableName | readonly TableName[], step: RemovalStep): Removal => ({
  tables: typeof tables === 'string' ? [tables] : tables,
  step,
})

/**
 * Removes rows of a resource: releases what refers to them, forgets their history, deletes them, and runs the steps that modules
 * declare. The number of statements does not depend on how many rows there are.
 * @param entry who removes them, and when
 */
export async function removeRows(
  tx: Transaction,
  model: Model,
  resource: Resource,
  ids: readonly number[],
  entry: Entry,
): Promise<void> {
  if (ids.length === 0) return
  await release(tx, model, resource.table, ids, entry)
  const these = (column: Sql) => among(tx.engine, column, ids)
  const entries = await forget(tx, resource, these)
  await tx.run(sql`delete from ${name(resource.table)} where ${these(sql`id`)}`)
  await removed(tx, model, resource.table, ids, entry)
  await removed(tx, model, 'journals', entries, entry)
}

/** Does with all rows that refer to these what their declarations say, before these are deleted. */
export async function release(
  tx: Transaction,
  model: Model,
  table: TableName,
  ids: readonly number[],
  entry: Entry,
): Promise<void> {
  const successor = model.resources.find((one) => one.table === table && one.successor)?.successor
  for (const reference of model.references.get(table) ?? []) {
    const { by, column, whenGone } = reference
    const resource = model.of(by)
    const where = among(tx.engine, name(column), ids)
    const condition = removing(reference)
    if (condition) {
      const rows = await tx.all<Row & { id: number }>(
        sql`select id from ${name(resource.table)} where ${and([where, condition])} order by id`,
      )
      const gone = rows.map(({ id }) => id)
      await removeRows(tx, model, resource, gone, entry)
      if (gone.length > 0) await touched(tx, resource)
    }
    if (whenGone === 'remove') continue
    const otherwise = typeof whenGone === 'object' ? whenGone.otherwise : whenGone
    if (otherwise === 'successor') {
      // Nobody did anything to these rows, so their history tells of nothing; it names the successor as well.
      const change = { set: sql`${name(column)} = (${successor})`, where }
      if ((await amend(tx, model, resource.table, change)) > 0) await touched(tx, resource)
    } else {
      const change = { set: sql`${name(column)} = null`, where }
      const count = resource.journal
        ? (await rewriteWhere(tx, resource, change, { ...entry, announced: false })).length
        : await tx.run(sql`update ${name(resource.table)} set ${change.set} where ${where}`)
      if (count > 0) await touched(tx, resource)
    }
  }
}

/** The condition on the rows that go with those they refer to; undefined where none does. */
const removing = ({ whenGone }: Reference): Sql | undefined =>
  whenGone === 'remove' ? sql`1 = 1` : typeof whenGone === 'object' ? whenGone.remove : undefined

/** Runs the steps declared for rows that have just been deleted. */
export async function removed(
  tx: Transaction,
  model: Model,
  table: TableName,
  ids: readonly number[],
  entry: Entry,
): Promise<void> {
  if (ids.length === 0) return
  for (const step of model.removals.get(table) ?? []) await step(tx, ids, { ...entry, announced: false }, model)
}
