/** The history of rows: journal entries, each with the complete row after its change. */
import type { Engine, Reader, Row, Transaction } from '#db/database.ts'
import { among, insert, insertInTurn, updateEach } from '#db/dialect.ts'
import { join, name, type Sql, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import type { Context, Declared, Entry, Model, Resource } from '#kernel/declaration.ts'

/** The entry of the viewer at the time of the request. `notify=false` disables notifications. */
export const entryOf = ({ viewer, now, settings, params }: Context): Entry => ({
  actor: viewer.id,
  at: now.toISOString(),
  window: settings.journal_aggregation_time_minutes,
  announced: params.get('notify') !== 'false',
})

/**
 * Whether an entry extends the last one instead of following it: by the same user soon after or in the same change, with the same
 * cause and visibility, and not both with a comment.
 */
export function continues(last: Row, { actor, at, notes, internal = false, cause, window }: Entry): boolean {
  const isSoon = last.updated_at === at || (window > 0 && Date.parse(at) - Date.parse(last.updated_at) <= window * 60_000)
  return (
    isSoon &&
    last.user_id === actor &&
    last.internal === internal &&
    JSON.stringify(last.cause ?? null) === JSON.stringify(cause ?? null) &&
    !(last.notes && notes)
  )
}

/**
 * Records the current state of rows of a journaled resource, in the transaction that changed them: extends the last entry of
 * each, or adds a new one. The number of statements does not depend on the number of rows.
 */
export async function record(tx: Transaction, resource: Resource, ids: readonly number[], entry: Entry): Promise<void> {
  if (!resource.journal || ids.length === 0) return
  const { table } = resource
  const versions = name(resource.journal)
  const { actor, at, notes = null, internal = false, cause = null, announced = false } = entry
  const of = (column: Sql, some: readonly number[]) => among(tx.engine, column, some)
  const attached = (id: Sql) => attachedTo(tx.engine, resource, id)

  const growing = entry.isFirst ? [] : (await lastEntries(tx, resource, ids)).filter((last) => continues(last, entry))
  if (growing.length > 0) {
    const journals: number[] = growing.map((last) => last.id)
    await tx.send(sql`
      update journals set updated_at = ${at}, notes = coalesce(${notes}, notes), unannounced = (unannounced or ${announced}),
        attached = ${attached(sql`journals.resource_id`)}
      where ${of(sql`id`, journals)}`)
    await tx.send(sql`delete from ${versions} where ${of(sql`journal_id`, journals)}`)
  }
  const isGrowing = new Set(growing.map((last) => last.resource_id))
  const following = ids.filter((id) => !isGrowing.has(id))
  const kept = (entries: Sql, some: readonly number[]) => sql`
    insert into ${versions} select one.id, one.version, one.created_at, null, w.* from ${name(table)} w
    join ${entries} on one.resource_id = w.id where ${of(sql`w.id`, some)}`
  if (following.length > 0) {
    if (!entry.isFirst)
      await tx.send(sql`update ${versions} set valid_until = ${at} where ${of(sql`id`, following)} and valid_until is null`)
    const added = sql`
      insert into journals
        (resource, resource_id, version, user_id, notes, internal, cause, unannounced, created_at, updated_at, attached)
      select ${table}, w.id, coalesce((select max(j.version) from journals j where j.resource = ${table} and j.resource_id = w.id), 0) + 1,
        ${actor}, ${notes}, ${internal}, ${cause}, ${announced}, ${at}, ${at}, ${attached(sql`w.id`)}
      from ${name(table)} w where ${of(sql`w.id`, following)} order by w.id`
    const found = {
      returned: ['id', 'version', 'created_at', 'resource_id'],
      query: newest(table, of(sql`j.resource_id`, following)),
    }
    for (const statement of insertInTurn(tx.engine, added, found, kept(sql`one`, following))) await tx.send(statement)
  }
  if (growing.length > 0) {
    const some = [...isGrowing] as number[]
    await tx.send(kept(sql`(${newest(table, of(sql`j.resource_id`, some))}) one`, some))
  }
}

/** A query of the newest entries of some rows. */
const newest = (table: string, those: Sql): Sql => sql`
  select j.id, j.version, j.created_at, j.resource_id from journals j where j.resource = ${table} and ${those}
    and j.version = (select max(k.version) from journals k where k.resource = j.resource and k.resource_id = j.resource_id)`

/** A row that changes as a side effect. */
export interface Rewrite {
  readonly id: number
  /** Columns with their new values. */
  readonly values: Row
  readonly cause?: Entry['cause'] | undefined
  readonly announced?: boolean
}

/**
 * Writes rows without a draft, each with values of its own, and records them: for all side effects of a change.
 * A constant number of statements for each set of columns and each cause.
 * @param entry the user and the time; each row has its own cause and notification flag
 */
export async function rewrite(
  tx: Transaction,
  resource: Resource,
  rewrites: readonly Rewrite[],
  entry: Omit<Entry, 'cause' | 'announced' | 'isFirst'>,
): Promise<void> {
  for (const alike of Map.groupBy(rewrites, ({ values }) => Object.keys(values).join()).values()) {
    const columns = Object.keys((alike[0] as Rewrite).values)
    const rows = alike.map(({ id, values }) => ({ id, ...values }))
    await tx.send(updateEach(tx.engine, resource.table, columns, rows, join(stamps(resource, entry.at, true))))
  }
  for (const alike of Map.groupBy(rewrites, ({ cause, announced = false }) => JSON.stringify([cause, announced])).values()) {
    const { cause, announced = false } = alike[0] as Rewrite
    const ids = alike.map(({ id }) => id)
    await record(tx, resource, ids, { ...entry, announced, ...(cause && { cause }) })
  }
}

/**
 * The same for all rows that match a condition. Three to seven statements for any number of rows.
 * @param change the assignments and the condition; without assignments the rows are only recorded as changed now
 * @returns the ids of the rows
 */
export async function rewriteWhere(
  tx: Transaction,
  resource: Resource,
  { set, where }: { readonly set?: Sql; readonly where: Sql },
  entry: Entry,
): Promise<number[]> {
  const all = [...(set ? [set] : []), ...stamps(resource, entry.at, set !== undefined)]
  const rows = await tx.all<{ id: number }>(sql`update ${name(resource.table)} set ${join(all)} where ${where} returning id`)
  const ids = rows.map(({ id }) => id)
  await record(tx, resource, ids, entry)
  return ids
}

/** Assignments of every change: the lock version, if values change, and the update time. */
const stamps = ({ table, lock, property }: Resource, at: string, isOther: boolean): Sql[] => [
  ...(lock && isOther ? [sql`${name(lock)} = ${name(`${table}.${lock}`)} + 1`] : []),
  ...(property.has('updatedAt') ? [sql`updated_at = ${at}`] : []),
]

/**
 * Changes rows of a table and all their former states, without a history entry: for values that must disappear from the past too.
 * @returns the number of changed rows of the table
 */
export async function amend(
  tx: Transaction,
  model: Model,
  table: TableName,
  { set, where }: { set: Sql; where: Sql },
): Promise<number> {
  for (const { journal } of model.resources.filter((one) => one.table === table))
    if (journal) await tx.run(sql`update ${name(journal)} set ${set} where ${where}`)
  return tx.run(sql`update ${name(table)} set ${set} where ${where}`)
}

/** The attachments of a row, as its entries store them. */
const attachedTo = (engine: Engine, { attached }: Pick<Resource, 'attached'>, id: Sql): Sql => attached?.(engine, id) ?? sql`null`

/** First entries for rows that were not written through the API: each by its author at its creation time. */
export async function begin(tx: Transaction, resource: Pick<Resource, 'table' | 'journal' | 'attached'>): Promise<void> {
  const { journal, table } = resource
  const versions = name(journal as string)
  await tx.send(sql`
    insert into journals (resource, resource_id, version, user_id, created_at, updated_at, attached)
    select ${table}, w.id, 1, w.author_id, w.created_at, w.updated_at, ${attachedTo(tx.engine, resource, sql`w.id`)}
    from ${name(table)} w
    where not exists (select 1 from ${versions} v where v.id = w.id) order by w.id`)
  await tx.send(sql`
    insert into ${versions} select j.id, 1, j.created_at, null, w.* from ${name(table)} w
    join journals j on j.resource = ${table} and j.resource_id = w.id
    where not exists (select 1 from ${versions} v where v.id = w.id)`)
}

/** Inserts rows of a journaled resource with their first versions: for data without a request, such as the demo data. */
export async function insertWithHistory(tx: Transaction, resource: Declared, rows: readonly Row[]): Promise<void> {
  for (const row of rows) await tx.send(insert(resource.table, row))
  await begin(tx, resource)
}

/** The latest entry of each row. */
const lastEntries = (tx: Transaction, { journal, table }: Resource, ids: readonly number[]): Promise<Row[]> =>
  tx.all(sql`
    select j.id, j.resource_id, j.user_id, j.notes, j.internal, j.cause, j.updated_at
    from ${name(journal as string)} v join journals j on j.id = v.journal_id
    where ${among(tx.engine, sql`v.id`, ids)} and v.valid_until is null and j.resource = ${table}`)

/**
 * Deletes the history of rows that are being removed.
 * @param those the condition on their ids, given the column
 * @returns the ids of the deleted entries
 */
export async function forget(tx: Transaction, { journal, table }: Resource, those: (column: Sql) => Sql): Promise<number[]> {
  if (!journal) return []
  await tx.send(sql`delete from ${name(journal)} where ${those(sql`id`)}`)
  const entries = await tx.all<{ id: number }>(
    sql`delete from journals where resource = ${table} and ${those(sql`resource_id`)} returning id`,
  )
  return entries.map(({ id }) => id)
}

/** The states of a row before and after an entry; `attached` are its attachments. */
export interface Change {
  readonly before: Row | undefined
  readonly after: Row
}

/** The changes of entries, by entry id: one statement. */
export async function changesOf(
  db: Reader,
  { journal }: Pick<Declared, 'journal'>,
  entries: readonly Row[],
): Promise<ReadonlyMap<number, Change>> {
  if (!journal || entries.length === 0) return new Map()
  const ids: number[] = entries.map((entry) => entry.id)
  const rows = await db.all(sql`
    select v.*, k.attached from journals j
    join ${name(journal)} v on v.id = j.resource_id and v.version between j.version - 1 and j.version
    join journals k on k.id = v.journal_id
    where ${among(db.engine, sql`j.id`, ids)}`)
  const versions = new Map(rows.map((row) => [`${row.id} ${row.version}`, row]))
  const changes = new Map<number, Change>()
  for (const { id, resource_id, version } of entries) {
    const after = versions.get(`${resource_id} ${version}`)
    if (after) changes.set(id, { before: versions.get(`${resource_id} ${version - 1}`), after })
  }
  return changes
}
