/** Commits a prepared write: the row, its dependents, its history and its event, in one transaction. */
import { ConstraintError, type Database, type Engine, type Row, TakenIdError, type Transaction } from '#db/database.ts'
import { assignments, inserted, merged } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import { type CacheTopic, invalidate } from '#kernel/cache.ts'
import { inside } from '#kernel/context.ts'
import type { Context, Draft, Property, Resource } from '#kernel/declaration.ts'
import { type ApiError, combined, conflict, violation } from '#kernel/errors.ts'
import { pack, unpacked } from '#kernel/model.ts'
import { differs, isAutomatic } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { entryOf, record } from './history.ts'
import { publish } from './outbox.ts'
import { revised, toErrors } from './payload.ts'
import type { Prepared } from './prepare.ts'

/** Whether a member of a row is one of its table, and not computed. */
const isColumn = ({ computedColumns = {} }: Resource, key: string): boolean =>
  !key.startsWith('computed_') && !Object.hasOwn(computedColumns, key)

/**
 * Commits a prepared write in one transaction.
 * @returns the id of the row
 * @throws ApiError 422 for violations, 409 after a concurrent write
 */
export async function commit(
  db: Database,
  context: Context,
  resource: Resource,
  { draft, facts, violations, confirm }: Prepared,
): Promise<number> {
  if (violations.length > 0) throw combined(toErrors(resource, violations))
  return writing(db, resource, async (tx) => {
    await confirm?.(tx)
    return save(tx, context, resource, draft, facts)
  })
}

/** A transaction that translates constraint violations of the database to API errors. */
export async function writing<T>(db: Database, resource: Resource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  try {
    return await db.transaction(work)
  } catch (error) {
    if (error instanceof ConstraintError && !(error instanceof TakenIdError)) throw constraintViolation(resource, error)
    throw error
  }
}

/** The API error for a constraint violation by concurrent writes. */
function constraintViolation(resource: Resource, error: ConstraintError): ApiError {
  if (error.kind === 'foreign') return conflict(said`A referenced resource was removed in the meantime.`)
  // Of several columns, the last one has to be unique within the others.
  const place = ({ column }: Property) =>
    column ? error.message.search(new RegExp(`(\\b|_)${column}\\b(?!.*\\b${column}\\b)`)) : -1
  const property = resource.properties
    .filter((p) => !isAutomatic(p.name) && place(p) >= 0)
    .toSorted((a, b) => place(b) - place(a))[0]
  return combined(toErrors(resource, [violation(property?.name ?? 'base', said`has already been taken`)]))
}

/** Writes a draft inside a transaction: the row, its dependents, the event. Returns the row's id. */
export async function save(tx: Transaction, context: Context, resource: Resource, draft: Draft, facts: unknown): Promise<number> {
  const inner = inside(context, tx)
  const now = context.now.toISOString()
  const { row, before } = draft
  const id = before
    ? await update(tx, resource, { row: { ...row, ...(await kept(tx, resource, draft, before.id, inner)) }, before }, now)
    : await create(tx, resource, draft, inner)
  const saved = revised(draft, { id })
  for (const property of resource.properties) {
    const ids = draft.many[property.name]
    if (ids && property.options.store) await property.options.store(tx, saved, ids, inner)
  }
  const columns = Object.keys(draft.row).filter((key) => differs(draft, key))
  const entry = entryOf(context)
  if (!draft.before || columns.some((key) => isColumn(resource, key)))
    await record(tx, resource, [id], { ...entry, isFirst: !draft.before })
  for (const step of resource.after ?? []) await step(tx, saved, facts, inner)
  await touched(tx, resource)
  await publish(tx, context, `${resource.table}.${draft.before ? 'updated' : 'created'}`, id, columns, entry.announced)
  return id
}

export async function create(tx: Transaction, resource: Resource, draft: Draft, context: Context): Promise<number> {
  if (resource.create) return resource.create(tx, draft.row, context)
  const now = context.now.toISOString()
  const { id: _, ...packed } = pack(resource, draft.row)
  const values: Row = Object.fromEntries(Object.entries(packed).filter(([key]) => isColumn(resource, key)))
  const stamps = resource.property.has('createdAt') ? { created_at: values.created_at ?? now, updated_at: now } : {}
  // What is stored in another form depends on the id.
  const later = new Set(keepable(resource, draft).map(({ column }) => column))
  const known = Object.fromEntries(Object.entries(values).filter(([column]) => !later.has(column)))
  const id = await inserted(tx, resource.table, { ...known, ...stamps })
  if (later.size > 0) {
    const rest = await kept(tx, resource, draft, id, context)
    await tx.run(sql`update ${name(resource.table)} set ${assignments(rest)} where id = ${id}`)
  }
  return id
}

/** The changed properties whose texts are stored in another form. */
const keepable = ({ properties }: Resource, draft: Pick<Draft, 'row' | 'before'>): readonly Property[] =>
  properties.filter(({ column, options }) => {
    return options.stored && column && typeof draft.row[column] === 'string' && differs(draft, column)
  })

/** The columns of those properties, as they are stored. */
async function kept(tx: Transaction, resource: Resource, draft: Draft, id: number, context: Context): Promise<Row> {
  const row: Row = {}
  for (const { column, options } of keepable(resource, draft)) {
    const place = { table: resource.table, column: column as string, id }
    row[place.column] = await options.stored?.(tx, place, draft.row[place.column], context)
  }
  return row
}

export async function update(
  tx: Transaction,
  resource: Resource,
  draft: { readonly row: Row; readonly before: Row },
  now: string,
): Promise<number> {
  const { row, before } = draft
  const { id } = before
  const values = together(
    tx.engine,
    resource,
    Object.fromEntries(Object.entries(row).filter(([key]) => isColumn(resource, key) && differs(draft, key))),
  )
  const lock = resource.lock
  if (Object.keys(values).length > 0) {
    if (resource.property.has('updatedAt')) values.updated_at = now
    if (lock) values[lock] = before[lock] + 1
    const isSame = lock ? sql` and ${name(lock)} = ${before[lock]}` : sql``
    const count = await tx.run(sql`update ${name(resource.table)} set ${assignments(values)} where id = ${id}${isSame}`)
    if (count === 0) throw conflict()
  }
  return id
}

/** Merges changes of packed values into their shared column, so that concurrent changes of other values are kept. */
function together(engine: Engine, resource: Resource, values: Row): Row {
  const { own, shared } = unpacked(resource, values)
  for (const [column, changes] of Object.entries(shared)) own[column] = merged(engine, column, changes)
  return own
}

/** The topics that a write of a row changes. */
export const topicsOf = ({ cached, table, topics = [] }: Pick<Resource, 'cached' | 'table' | 'topics'>): readonly CacheTopic[] =>
  cached ? [table as CacheTopic, ...topics] : topics

/** Invalidates the caches of this table in all processes. */
export async function touched(tx: Transaction, resource: Resource): Promise<void> {
  const topics = topicsOf(resource)
  if (topics.length > 0) await invalidate(tx, ...topics)
}
