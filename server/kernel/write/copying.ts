/** Copies the rows of a project, as declarations say by `copied`. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { among, inserted } from '#db/dialect.ts'
import { and, name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import type { Context, Model, Property, Resource } from '#kernel/declaration.ts'
import { pack, unpack } from '#kernel/model.ts'
import { isAlwaysRequired } from '#kernel/resource.ts'
import { visibleWhere } from '../read/load.ts'
import { touched } from './commit.ts'
import { entryOf, record } from './history.ts'
import { publish } from './outbox.ts'

export interface CopyOptions {
  /** Whether members are notified of the copies. */
  readonly announced: boolean
  /** Asked after each row: whether to leave the rest to another transaction. */
  readonly until: () => boolean
  /** Inserts the attachments of copies, by their originals. */
  readonly attach?: ((tx: Transaction, pairs: ReadonlyMap<number, number>) => Promise<unknown>) | undefined
}

/** The ids of copies by those of the originals, by table. */
export type Copies = Map<TableName, Map<number, number>>

/** A copy in progress: from one project to another. */
export interface Copying {
  readonly from: number
  readonly to: number
  readonly copies: Copies
  /** The parts that the request asks for. */
  readonly parts: readonly string[]
}

/** The columns of links to one row, with the resources they lead to. */
const linksOf = (resource: Resource): (Property & { readonly to: string; readonly column: string })[] =>
  [...resource.properties, ...(resource.hiddenComputed ?? [])].filter(
    (one): one is Property & { to: string; column: string } => one.to !== undefined && one.column !== undefined,
  )

/** The column of the row that a row is copied with: the project, or a row of it. */
const ownerColumn = ({ copied, belongsTo }: Resource): string => copied?.by ?? (belongsTo as string)

/** The table of the row that a row is copied with. */
const ownerTable = (model: Model, resource: Resource): TableName =>
  model.of(linksOf(resource).find(({ column }) => column === ownerColumn(resource))?.to ?? 'Project').table

const copiedOf = new WeakMap<Model, readonly Resource[]>()

/** The resources that are copied, each after those that its rows refer to. */
export const copiedResources = (model: Model): readonly Resource[] => {
  const known = copiedOf.get(model) ?? sortCopied(model)
  copiedOf.set(model, known)
  return known
}

function sortCopied(model: Model): readonly Resource[] {
  const all = model.resources.filter(({ copied }) => copied)
  const ordered = new Set<Resource>()
  const visit = (one: Resource, path: readonly Resource[]) => {
    if (ordered.has(one) || path.includes(one)) return
    const targets = new Set(linksOf(one).map(({ to }) => model.of(to).table))
    for (const other of all) if (other !== one && targets.has(other.table)) visit(other, [...path, one])
    ordered.add(one)
  }
  for (const one of all) visit(one, [])
  return [...ordered]
}

/** The parts of a project that rows of a resource belong to, each with the condition on its rows. */
export const partsOf = ({ copied }: Resource): readonly (readonly [part: string, where: Sql])[] =>
  typeof copied?.with === 'string' ? [[copied.with, TRUE]] : Object.entries(copied?.with ?? {})

/** The condition on the originals: rows of the project, or of rows that have been copied, as far as the viewer sees them. */
async function originals(context: Context, resource: Resource, { from, copies }: Pick<Copying, 'from' | 'copies'>): Promise<Sql> {
  const column = name(`${resource.table}.${ownerColumn(resource)}`)
  const owner = ownerTable(context.model, resource)
  const owners = owner === 'projects' ? [from] : [...(copies.get(owner)?.keys() ?? [])]
  return and([among(context.engine, column, owners), await visibleWhere(context, resource)])
}

/** The condition on the rows of a project that a copy by the viewer would have, if it has all parts. */
export async function copiedWhere(context: Context, resource: Resource, from: number): Promise<Sql> {
  const column = name(`${resource.table}.${ownerColumn(resource)}`)
  const table = ownerTable(context.model, resource)
  const owner = copiedResources(context.model).find((one) => one.table === table)
  const visible = await visibleWhere(context, resource)
  if (!owner) return and([sql`${column} = ${from}`, visible])
  const owners = and([await copiedWhere(context, owner, from), or(partsOf(owner).map(([, where]) => where))])
  return and([sql`${column} in (select ${name(`${table}.id`)} from ${name(table)} where ${owners})`, visible])
}

/**
 * The numbers of rows of a resource that a copy by the viewer would have, by the part of the project that they belong to. Rows that
 * belong to the same part as those that they hang on are not counted beside them.
 */
export async function countCopied(context: Context, resource: Resource, from: number): Promise<ReadonlyMap<string, number>> {
  const { model, db } = context
  const owner = copiedResources(model).find(({ table }) => table === ownerTable(model, resource))
  const counted = new Set(owner && partsOf(owner).map(([part]) => part))
  const where = await copiedWhere(context, resource, from)
  const counts = new Map<string, number>()
  for (const [part, which] of partsOf(resource)) {
    if (counted.has(part)) continue
    const own = and([which, where])
    const row = await db.one<{ n: number }>(sql`select count(*) as n from ${name(resource.table)} where ${own}`)
    counts.set(part, row?.n ?? 0)
  }
  return counts
}

/** The ids of the rows that satisfy a condition and remain to be copied, parents before their children. */
export async function remaining(context: Context, resource: Resource, copying: Copying, which: Sql): Promise<number[]> {
  const { model, db } = context
  const upward = linksOf(resource).find(({ to }) => model.of(to).table === resource.table)?.column
  const parent = upward ? name(`${resource.table}.${upward}`) : sql`null`
  const where = and([which, await originals(context, resource, copying)])
  const rows = await db.all<{ id: number; parent: number | null }>(
    sql`select id, ${parent} as parent from ${name(resource.table)} where ${where} order by id`,
  )
  const parents = new Map(rows.map((row) => [row.id, row.parent]))
  const done = copying.copies.get(resource.table)
  const ordered = new Set<number>()
  for (const { id } of rows) {
    const path: number[] = []
    for (let at: number | null = id; at !== null && parents.has(at) && !ordered.has(at) && !path.includes(at); ) {
      path.push(at)
      at = parents.get(at) ?? null
    }
    for (const one of path.reverse()) ordered.add(one)
  }
  return [...ordered].filter((id) => !done?.has(id))
}

/** The rows under these ids, with their packed values apart. */
export async function originalRows(db: Reader, resource: Resource, ids: readonly number[]): Promise<Row[]> {
  const rows = await db.all(sql`select * from ${name(resource.table)} where ${among(db.engine, sql`id`, ids)}`)
  const byId = new Map<number, Row>(unpack(resource, rows).map((row) => [row.id, row]))
  return ids.map((id) => byId.get(id)).filter((row) => row !== undefined)
}

/**
 * The values of a copy: links to what is copied lead to the copies, and those to what is not are empty.
 * @returns undefined where a link is required that leads to nothing in the copy
 */
function copyOf(context: Context, resource: Resource, original: Row, copying: Copying): Row | undefined {
  const { from, to, copies } = copying
  const { model, now, viewer } = context
  const own = new Set(copiedResources(model).map(({ table }) => table))
  const row: Row = { ...original }
  for (const { column, to: target, many, options } of linksOf(resource)) {
    const { table, belongsTo } = model.of(target)
    // What belongs to a project is of no use in another one.
    const isCopied = own.has(table) || belongsTo === 'project_id'
    const value = row[column]
    if (value === null || value === undefined) continue
    const moved = (id: number): number | null =>
      table === 'projects' ? (id === from ? to : id) : isCopied ? (copies.get(table)?.get(id) ?? null) : id
    row[column] = many
      ? [value]
          .flat()
          .map(moved)
          .filter((id) => id !== null)
      : moved(value)
    if (row[column] === null && (isAlwaysRequired(options) || column === ownerColumn(resource))) return undefined
  }
  const at = now.toISOString()
  if (resource.property.has('createdAt')) row.created_at = at
  if (resource.property.has('updatedAt')) row.updated_at = at
  if (resource.lock) row[resource.lock] = 0
  // The history begins with the copy, and so does the authorship; posts and the like stay their authors' own.
  if (resource.journal && resource.property.get('author')?.column) row.author_id = viewer.id
  Object.assign(row, resource.copied?.change?.(row, { context, ...copying }))
  delete row.id
  return pack(resource, row)
}

/**
 * Inserts copies of rows with their history and events, and keeps which is the copy of which.
 * @returns the copies by their originals; null where a row cannot be copied without what it refers to
 */
export async function copyRows(
  tx: Transaction,
  context: Context,
  resource: Resource,
  rows: readonly Row[],
  copying: Copying,
  { announced, until, attach }: CopyOptions,
): Promise<ReadonlyMap<number, number | null>> {
  const made = new Map<number, number | null>()
  const { table, journal, copied } = resource
  const own = copying.copies.getOrInsertComputed(table, () => new Map())
  for (const original of rows) {
    const row = copyOf(context, resource, original, copying)
    const id = row ? await inserted(tx, table, row as never) : null
    made.set(original.id, id)
    if (id !== null) own.set(original.id, id)
    if (until()) break
  }
  const ids = [...made.values()].filter((id) => id !== null)
  const pairs = new Map([...made].filter((pair): pair is [number, number] => pair[1] !== null))
  await attach?.(tx, pairs)
  await copied?.also?.(tx, pairs, { context, ...copying })
  if (journal) await record(tx, resource, ids, { ...entryOf(context), announced, isFirst: true })
  await touched(tx, resource)
  for (const id of ids) await publish(tx, context, `${table}.created`, id, [])
  return made
}
