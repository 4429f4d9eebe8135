/** Removes rows, with the cleanup that declarations define for references to them. */
import type { Database, Reader, Row, Transaction } from '#db/database.ts'
import { among, cascades, forUpdate } from '#db/dialect.ts'
import { breathing, deleteInSlices, paced } from '#db/slices.ts'
import { and, join, name, negated, or, type Sql, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import { type CacheTopic, invalidate } from '#kernel/cache.ts'
import type { Context, Entry, Model, Reference, Removal, RemovalStep, Resource } from '#kernel/declaration.ts'
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
  await removeReleased(tx, model, resource, ids, entry)
}

/** Removes rows that nothing refers to any more, with their history, and runs the cleanup steps of modules. */
export async function removeReleased(
  tx: Transaction,
  model: Model,
  resource: Resource,
  ids: readonly number[],
  entry: Entry,
): Promise<void> {
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
  const successor = successorOf(model, table)
  for (const reference of model.references.get(table) ?? []) {
    const { by, column } = reference
    const resource = model.of(by)
    const where = among(tx.engine, name(column), ids)
    const condition = conditionOf(reference)
    if (condition) {
      const rows = await tx.all<Row & { id: number }>(
        sql`select id from ${name(resource.table)} where ${and([where, condition])} order by id`,
      )
      const gone = rows.map(({ id }) => id)
      await removeRows(tx, model, resource, gone, entry)
      if (gone.length > 0) await touched(tx, resource)
    }
    const otherwise = otherwiseOf(reference)
    if (!otherwise) continue
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

/** The id of the row that takes the place of removed ones of a table. */
const successorOf = (model: Model, table: TableName): Sql | undefined =>
  model.resources.find((one) => one.table === table && one.successor)?.successor

/** What becomes of referencing rows that are not removed; undefined if all are. */
const otherwiseOf = ({ whenGone }: Reference): 'successor' | 'empty' | undefined => {
  const otherwise = typeof whenGone === 'object' ? whenGone.otherwise : whenGone
  return otherwise === 'remove' ? undefined : otherwise
}

/** The condition on referencing rows that are removed too; undefined if none are. */
const conditionOf = ({ whenGone }: Reference): Sql | undefined =>
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

/** How a job removes rows little by little. */
export interface Removing {
  readonly db: Database
  readonly model: Model
  readonly signal: AbortSignal
  /** Runs one transaction. */
  step<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** The user and the time of a removal. */
  entry(): Entry
  /** Removes rows of some resources in another way than `removeRows`, by the name of the resource. */
  readonly otherwise?: Readonly<Record<string, (tx: Transaction, ids: readonly number[]) => Promise<void>>>
  /** Called after each transaction with the resource and the number of rows that it removed. */
  removed?(tx: Transaction, resource: Resource, count: number): Promise<void>
}

/**
 * Removes the rows of a resource that satisfy a condition, and before them all that are removed with them, in transactions so
 * short that others hardly wait for them. It can be continued after any of them.
 * @throws Error when the process ends
 */
export async function removeGradually(removing: Removing, resource: Resource, where: Sql): Promise<void> {
  const { db, model, otherwise, entry } = removing
  const remove = otherwise?.[resource.name]
  const pace = paced()
  for (;;) {
    const ids = await nextRows(db, model, resource, where, pace.size)
    if (ids.length === 0) return
    for (const { resource: by, condition } of dependants(db, model, resource, ids))
      if (by.table !== resource.table) await removeGradually(removing, by, condition)
    await shortly(removing, (tx) =>
      pace.timed(async () => {
        const rest = await stillAmong(tx, resource, ids, where)
        if (remove) await remove(tx, rest)
        else await removeRows(tx, model, resource, rest, entry())
        await touched(tx, resource)
        await removing.removed?.(tx, resource, rest.length)
      }),
    )
  }
}

/**
 * Removes what the database would delete with rows of a resource, in short transactions: so that the statement that deletes the
 * rows themselves has little to do.
 * @param topics caches of what is removed
 * @throws Error when the process ends
 */
export async function removeCascades(
  removing: Removing,
  { table }: Resource,
  ids: readonly number[],
  topics: readonly CacheTopic[],
): Promise<void> {
  const { db } = removing
  for (const { by, column } of await db.all<{ by: string; column: string }>(cascades(db.engine, table)))
    await deleteInSlices(db, by, among(db.engine, name(column), ids), (work) =>
      shortly(removing, async (tx) => {
        const count = await work(tx)
        await invalidate(tx, ...topics)
        return count
      }),
    )
}

/** Rows of a table of which as many are read, or changed, at once as hold nobody up. */
const FEW = 5000

/**
 * Whether so many rows may refer to a row of a resource, or to those removed with it, that looking for them, and changing them,
 * takes long.
 */
export async function isLarge(db: Reader, model: Model, { table }: Resource): Promise<boolean> {
  const tables = [...referring(model, table)]
  const last = tables.map((one) => sql`(select max(id) from ${name(one)}) as ${name(one)}`)
  const row = last.length > 0 ? await db.one(sql`select ${join(last)}`) : undefined
  return Object.values(row ?? {}).some((id) => Number(id) > FEW)
}

/** The tables whose rows may refer to a row of a table, or to those removed with it. */
function referring(model: Model, table: TableName, found = new Set<TableName>()): Set<TableName> {
  for (const reference of model.references.get(table) ?? []) {
    const { table: by } = model.of(reference.by)
    if (found.has(by)) continue
    found.add(by)
    if (conditionOf(reference)) referring(model, by, found)
  }
  return found
}

/** Hides a row from everybody; a job removes it. */
export async function hide(
  tx: Transaction,
  { name: resource, table }: Resource,
  id: number,
  { viewer, now }: Context,
): Promise<void> {
  await tx.run(sql`insert into removals (of_table, removed, resource, actor, created_at)
    values (${table}, ${id}, ${resource}, ${viewer.id}, ${now.toISOString()}) on conflict do nothing`)
  await invalidate(tx, 'removals')
}

/**
 * Applies `whenGone` to all references to rows, in transactions so short that others hardly wait for them.
 * @throws Error when the process ends
 */
export async function releaseGradually(removing: Removing, { table }: Resource, ids: readonly number[]): Promise<void> {
  const { db, model, entry } = removing
  const successor = successorOf(model, table)
  for (const reference of model.references.get(table) ?? []) {
    const resource = model.of(reference.by)
    const column = name(reference.column)
    const where = among(db.engine, column, ids)
    const condition = conditionOf(reference)
    if (condition) {
      if (resource.gradual) {
        const rows = await db.all<{ id: number }>(sql`select id from ${name(resource.table)} where ${and([where, condition])}`)
        const gone = rows.map(({ id }) => id)
        if (gone.length > 0) await releaseGradually(removing, resource, gone)
      }
      await removeGradually(removing, resource, and([where, condition]))
    }
    const otherwise = otherwiseOf(reference)
    if (!otherwise) continue
    const set = otherwise === 'successor' ? sql`${column} = (${successor})` : sql`${column} = null`
    const changed = (tx: Transaction, of: TableName, those: Sql) =>
      tx.run(sql`update ${name(of)} set ${set} where ${and([those, where])}`)
    if (otherwise === 'successor' && resource.journal) {
      const journal = resource.journal
      await inTurn(removing, journal, 'journal_id', where, (tx, those) => changed(tx, journal, those))
    }
    await inTurn(removing, resource.table, 'id', where, async (tx, those) => {
      if (otherwise === 'empty' && resource.journal)
        await rewriteWhere(tx, resource, { set, where: and([those, where]) }, { ...entry(), announced: false })
      else await changed(tx, resource.table, those)
      await touched(tx, resource)
    })
  }
}

/**
 * Does something to all rows of a table that satisfy a condition, some at a time. It reads the table from its beginning to its end,
 * as not every column that refers to others has an index.
 * @param key the primary key
 */
async function inTurn(
  removing: Removing,
  table: TableName,
  key: string,
  where: Sql,
  work: (tx: Transaction, those: Sql) => Promise<unknown>,
): Promise<void> {
  const { db } = removing
  const [from, id] = [name(table), name(key)]
  const pace = paced()
  const breathe = breathing()
  for (let at = 0; ; ) {
    const some = sql`select ${id} as id from ${from} where ${id} > ${at} order by ${id} limit ${FEW}`
    const end = (await db.one<{ id: number | null }>(sql`select max(id) as id from (${some}) few`))?.id ?? null
    if (end === null) return
    const most = pace.size
    const rows = await db.all<{ id: number }>(
      sql`select ${id} as id from ${from} where ${and([sql`${id} > ${at} and ${id} <= ${end}`, where])} order by ${id} limit ${most}`,
    )
    const ids = rows.map((row) => row.id)
    if (ids.length > 0) await shortly(removing, (tx) => pace.timed(() => work(tx, among(db.engine, id, ids))))
    at = ids.length === most ? (ids.at(-1) as number) : end
    await breathe()
  }
}

/** Runs one of the short transactions of a removal. */
async function shortly<T>({ signal, step }: Removing, work: (tx: Transaction) => Promise<T>): Promise<T> {
  if (signal.aborted) throw new Error('The process ends.')
  return step(work)
}

/** The rows that are removed with rows of a resource: by resource, and under a condition on its columns. */
export const dependants = (
  { engine }: Pick<Reader, 'engine'>,
  model: Model,
  { table }: Resource,
  ids: readonly number[],
): { resource: Resource; condition: Sql }[] =>
  (model.references.get(table) ?? []).flatMap((reference) => {
    const condition = conditionOf(reference)
    if (!condition) return []
    return [{ resource: model.of(reference.by), condition: and([among(engine, name(reference.column), ids), condition]) }]
  })

/** Those of some rows that still satisfy a condition, as others may have changed since; locked until the end of the transaction. */
async function stillAmong(tx: Transaction, resource: Resource, ids: readonly number[], where: Sql): Promise<number[]> {
  const rows = await tx.all<{ id: number }>(
    sql`select id from ${name(resource.table)} where ${and([among(tx.engine, name('id'), ids), where])} order by id desc${forUpdate(tx.engine)}`,
  )
  return rows.map(({ id }) => id)
}

/**
 * Some of the rows that satisfy a condition; those that others of them point to are last. It looks at some rows only, and walks
 * from them to those that point to them.
 */
async function nextRows(db: Reader, model: Model, resource: Resource, where: Sql, most: number): Promise<number[]> {
  const table = name(resource.table)
  const own = (model.references.get(resource.table) ?? []).filter(({ by }) => model.of(by).table === resource.table)
  const idsOf = async (query: Sql) => (await db.all<{ id: number }>(sql`${query} limit ${most}`)).map(({ id }) => id)
  let ids = await idsOf(sql`select id from ${table} where ${where} order by id desc`)
  if (own.length === 0) return ids
  for (const passed = new Set<number>(); ids.some((id) => !passed.has(id)); ) {
    const pointing = own.map(
      ({ column }) => sql`exists (select 1 from ${table} where ${name(`${resource.table}.${column}`)} = o.id and (${where}))`,
    )
    const isAmong = (column: Sql) => among(db.engine, column, ids)
    const leaves = await idsOf(
      sql`select o.id from ${table} o where ${and([isAmong(sql`o.id`), negated(or(pointing))])} order by o.id desc`,
    )
    if (leaves.length > 0) return leaves
    for (const id of ids) passed.add(id)
    ids = await idsOf(
      sql`select id from ${table} where ${and([or(own.map(({ column }) => isAmong(name(column)))), where])} order by id desc`,
    )
  }
  return []
}
