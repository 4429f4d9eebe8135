/** Removes rows, with the cleanup that declarations define for references to them. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, name, type Sql, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import type { Entry, Model, Reference, Removal, RemovalStep, Resource } from '#kernel/declaration.ts'
import { touched } from './commit.ts'
import { amend, forget, rewriteWhere } from './history.ts'

/** Declares a cleanup step that runs when rows of some tables are removed, besides the references of resources. */
export const whenRemoved = (tables: TableName | readonly TableName[], step: RemovalStep): Removal => ({
  tables: typeof tables === 'string' ? [tables] : tables,
  step,
})

/**
 * Removes rows of a resource: releases references to them, deletes their history and the rows, and runs the cleanup steps of
 * modules. The number of statements does not depend on the number of rows.
 * @param entry the user and the time of the removal
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

/** Applies `whenGone` to all references to rows, before the rows are deleted. */
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
      // Nobody changed these rows, so they get no history entry; their history refers to the successor too.
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

/** The condition on referencing rows that are removed too; undefined if none are. */
const removing = ({ whenGone }: Reference): Sql | undefined =>
  whenGone === 'remove' ? sql`1 = 1` : typeof whenGone === 'object' ? whenGone.remove : undefined

/** Runs the cleanup steps for deleted rows. */
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
