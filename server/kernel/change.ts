/** Writing: payload → draft → facts → derive → check → commit. A form is a write that stops before it commits. */
import { ConstraintError, type Database, type Engine, type Row, type Transaction } from '#db/database.ts'
import { assignments, insert, merged } from '#db/dialect.ts'
import { name, sql, TRUE } from '#db/sql.ts'
import { inside } from './context.ts'
import type { Body, Context, Draft, Link, Payload, Property, Resource } from './declaration.ts'
import { type Parsed, readPayload, revised, toErrors } from './draft.ts'
import { type ApiError, combined, conflict, forbidden, notFound, readOnly, type Violation, violation } from './errors.ts'
import { publish } from './events.ts'
import { entryOf, record } from './history.ts'
import { folded, split } from './model.ts'
import { enrich, needsOf, visibleIds, visibleRow } from './page.ts'
import { removed } from './removal.ts'
import { shownValue } from './represent.ts'
import { differs, hrefOf, isAutomatic, isLock } from './resource.ts'
import { NOTHING } from './rules.ts'
import { allows, isOpen, lacksProof, payloadOf, ruleOf, schemaOf } from './schema.ts'
import { prepare } from './viewer.ts'
import { changed, type Topic } from './world.ts'

export interface Prepared {
  readonly draft: Draft
  readonly facts: any
  readonly violations: readonly Violation[]
  /** Asked within the transaction before anything is written; throws an ApiError where the write is no longer to be made. */
  readonly confirm?: (tx: Transaction) => Promise<void>
}

/** A visible row, which may have to satisfy `where` besides, or 404. */
export async function findRow(context: Context, resource: Resource, id: number | undefined, where = TRUE): Promise<Row> {
  const row = id === undefined ? undefined : await visibleRow(context, resource, id, where)
  if (!row) throw notFound(resource.missing)
  return row
}

/**
 * Brings a payload to the point where it could be committed.
 * @param before the stored row; undefined for a new one
 * @param given columns that the client has no say in
 * @param asking whether it is only for a form
 * @throws ApiError 403 without the right, 409 for a stale lock version; everything else is among the violations
 */
export async function prepareWrite(
  context: Context,
  resource: Resource,
  before: Row | undefined,
  payload: Payload,
  given: Row = {},
  { asking = false } = {},
): Promise<Prepared> {
  await prepare(context.db, context.viewer, needsOf(resource, context.model))
  const { may } = resource
  const rule = (asking ? may?.form : undefined) ?? (before ? may?.update : may?.create)
  if (before && !allows(resource, rule, { before } as Draft, context)) throw forbidden()
  if (!before && !rule?.anywhere(context.viewer)) throw forbidden()

  const parsed = await readPayload(resource, payload, context, before, given)
  if (before && resource.lock && statedLock(payload) !== before[resource.lock]) throw conflict()
  const start = before ?? resource.defaults?.(context) ?? {}
  const { [resource.lock ?? '']: _, id: __, ...values } = writableValues(resource, parsed.values)
  const proposed: Draft = {
    row: { ...start, ...values, ...given },
    before,
    given: parsed.given,
    many: parsed.many,
    meta: parsed.meta,
    loose: parsed.shown,
  }
  const { visible, dangling } = await withoutHidden(resource, proposed, parsed, context)
  let draft = visible
  const facts = await resource.facts?.(draft as never, context)
  for (const step of resource.derive ?? []) draft = revised(draft, step(draft as never, facts, context) as Row)
  draft = activated(resource, draft, context)
  if (!before && !allows(resource, rule, draft, context)) throw forbidden()

  const refused = await unwritable(resource, draft, parsed, facts, context, given)
  const judged = malformed(resource, draft, facts, context)
  for (const check of resource.check ?? []) judged.push(...check(draft as never, facts, context))
  // What cannot be written need not be understood, nor what the row turns out not to have.
  const isRead = ({ attribute }: Violation) => draft.given.has(attribute) || !parsed.given.has(attribute)
  const unread = parsed.violations.filter((one) => isRead(one) && !refused.some(({ attribute }) => attribute === one.attribute))
  // Of what is not there, or is nothing that could be, nothing else is to be said, whichever of its names it was given by.
  const nothings = [...unread, ...dangling]
  const placeOf = (attribute: string) => resource.property.get(attribute)?.column ?? attribute
  const places = new Set(nothings.map(({ attribute }) => placeOf(attribute)))
  const others = [...refused, ...judged].filter(({ attribute }) => !places.has(placeOf(attribute)))
  return { draft, facts, violations: distinct([...nothings, ...others]) }
}

/** Without what was given for properties that the row turns out not to have, and with what a new row has of the others. */
function activated(resource: Resource, draft: Draft, context: Context): Draft {
  const row: Row = {}
  const given = new Set(draft.given)
  const many: Record<string, readonly number[]> = { ...draft.many }
  for (const { name: own, column, options, many: isMany } of resource.properties) {
    if (!options.active) continue
    if (!options.active(draft as never, context)) {
      given.delete(own)
      delete many[own]
      row[column as string] = draft.before?.[column as string] ?? null
    } else if (!draft.before && !given.has(own) && options.initial !== undefined) {
      row[column as string] = options.initial
      if (isMany) many[own] = options.initial as readonly number[]
    }
  }
  const whole = { ...draft.row, ...row }
  for (const { column, options } of [...resource.properties, ...(resource.unseen ?? [])]) {
    if (options.follows) row[column as string] = options.follows(whole as never)
  }
  return { ...revised(draft, row), given, many }
}

/** The lock version that a payload states, as a number or its digits; anything else is none. */
function statedLock({ lockVersion }: Payload): number {
  return typeof lockVersion === 'number' || typeof lockVersion === 'string' ? Number(lockVersion) : Number.NaN
}

/** What nobody ever writes is no part of a proposal, not even as nothing: its column keeps what it holds. */
function writableValues({ properties }: Resource, values: Row): Row {
  const isFixed = (column: string) =>
    properties.some((p) => p.column === column) && properties.every((p) => p.column !== column || p.options.writable === false)
  return Object.fromEntries(Object.entries(values).filter(([column]) => !isFixed(column)))
}

/** One violation of a kind per property: the first says enough. */
const distinct = (violations: readonly Violation[]): Violation[] =>
  [...new Map(violations.toReversed().map((v) => [`${v.attribute} ${v.message}`, v])).values()].toReversed()

/**
 * Links given that point to nothing, or to nothing the viewer may see: the two are not told apart. In the draft they point to
 * nothing from here on, so that nothing can be learned of what is hidden by naming it.
 */
async function withoutHidden(
  resource: Resource,
  draft: Draft,
  { links }: Parsed,
  context: Context,
): Promise<{ visible: Draft; dangling: readonly Violation[] }> {
  const violations: Violation[] = []
  const row: Row = {}
  const many = { ...draft.many }
  const dangling: Record<string, readonly string[]> = Object.create(null)
  for (const property of resource.properties) {
    if (!property.to || !draft.given.has(property.name)) continue
    if (property.options.active && !property.options.active(draft as never, context)) continue
    const column = property.column as string
    const place = column ?? property.name
    // One link may have two names.
    if (place in dangling) continue
    // Even what is stored counts only for those who are told of it: others would learn that they guessed right.
    const { open } = property.options
    const known: unknown[] = open && column ? [draft.before?.[column] ?? []].flat() : []
    const sent = (links[property.name] ?? []).filter(({ id }) => !known.includes(id))
    if (sent.length === 0) continue
    const target = context.model.of(property.options.target?.(draft.row) ?? property.to)
    const ids = sent.map(({ id }) => id)
    // What can be chosen where it belongs is not known as long as that is not there.
    const isPlaced = row[resource.belongsTo as string] !== NOTHING
    const eligible = isPlaced ? await property.options.eligible?.(draft as never, context) : undefined
    const seen = await visibleIds(context, target, ids, eligible)
    const missing = sent.filter(({ id }) => !seen.has(id))
    if (missing.length === 0) continue
    const isChoice = target.rows !== undefined || property.kept !== undefined
    violations.push(violation(property.name, isChoice ? 'is not set to one of the allowed values' : 'does not exist'))
    dangling[place] = missing.map(({ href }) => href)
    if (property.many) many[property.name] = (many[property.name] ?? []).filter((id) => known.includes(id) || seen.has(id))
    else row[column] = NOTHING
  }
  return { visible: { ...revised(draft, row), many, dangling }, dangling: violations }
}

/** Properties given a new value that the viewer may not write. */
async function unwritable(
  resource: Resource,
  draft: Draft,
  parsed: Parsed,
  facts: unknown,
  context: Context,
  forced: Row,
): Promise<Violation[]> {
  const violations: Violation[] = []
  const compared = Object.keys(parsed.shown)
  const page = compared.length > 0 && draft.before ? await enrich(context, resource, [draft.before]) : undefined
  for (const property of resource.properties) {
    const isForced = property.column !== undefined && property.column in forced
    if (isForced && differs(draft, property.column as string) && lacksProof(resource, property, draft, facts, context)) {
      violations.push(unproven(property.name, context))
    }
    if (!draft.given.has(property.name)) continue
    const isUnproven = isOpen(resource, property, draft, facts, context)
    if (isUnproven && !lacksProof(resource, property, draft, facts, context)) continue
    const { refusal } = property.options
    if (isUnproven) {
      if (isChanged(property, draft, parsed, null)) violations.push(unproven(property.name, context))
    } else if (refusal) violations.push({ ...readOnly(property.name), message: refusal, complete: true })
    else if (isChanged(property, draft, parsed, page && draft.before ? shownValue(property, draft.before, page) : null)) {
      violations.push(readOnly(property.name))
    }
  }
  return violations
}

/** What is said where a proof of the person is missing, by whether it can be given. */
const unproven = (attribute: string, { proof }: Context): Violation => ({
  ...readOnly(attribute),
  message:
    proof === 'stale'
      ? 'requires a fresh proof of identity: confirm at /confirm first'
      : 'affects who can sign in, so a token alone cannot change it: add your currentPassword, or sign in to change it',
})

/** Whether what was sent is not what is stored; what else becomes of it is not the sender's doing. */
function isChanged({ name: own, column, many, to }: Property, { before }: Draft, parsed: Parsed, current: unknown): boolean {
  if (many && !column) return true
  if (own in parsed.shown) return JSON.stringify(parsed.shown[own] ?? null) !== JSON.stringify(current)
  // What could not be read is no value that is stored.
  if (!to && parsed.violations.some(({ attribute }) => attribute === own)) return true
  if (column === undefined || !(column in parsed.values)) return false
  return differs({ row: parsed.values, before } as Draft, column)
}

/** What the declarations themselves forbid: missing, too long, out of range. */
function malformed(resource: Resource, draft: Draft, facts: unknown, context: Context): Violation[] {
  const violations: Violation[] = []
  for (const property of resource.properties) {
    const { column, name: own, options, kind } = property
    if (options.active && !options.active(draft as never, context)) continue
    const required =
      typeof options.required === 'function' ? options.required(draft as never, facts as never, context) : options.required
    const value = property.many ? (draft.many[own] ?? (draft.before ? undefined : [])) : column ? draft.row[column] : undefined
    const isBlank =
      value === null ||
      value === undefined ||
      (typeof value === 'string' && value.trim() === '') ||
      (Array.isArray(value) && value.length === 0)
    if (isAutomatic(own)) continue
    const isFilledIn = options.derived && !draft.before
    if (required && !isFilledIn && !isLock(resource, property) && (column || property.many) && isBlank) {
      const isLeft = (property.many || options.lenient) && draft.before && !draft.given.has(own)
      if (!isLeft || options.lenient?.(draft as never)) violations.push(violation(own, options.blank ?? "can't be blank"))
      continue
    }
    if (isBlank && column && kind.type === 'Boolean' && !property.kept && draft.given.has(own))
      violations.push(violation(own, "can't be blank"))
    if (isBlank || !column) continue
    const { max, min, fault } = options
    const wrong = draft.given.has(own) ? fault?.(value) : undefined
    if (wrong) violations.push(violation(own, wrong))
    if (typeof value === 'string' && max !== undefined && [...value].length > max) {
      violations.push(violation(own, `is too long (maximum is ${max} characters)`))
    }
    if (typeof value === 'number' && !property.to && kind.type !== 'Boolean') {
      if (min !== undefined && value < min) violations.push(violation(own, `must be greater than or equal to ${min}`))
      if (max !== undefined && value > max) violations.push(violation(own, `must be less than or equal to ${max}`))
    }
  }
  return violations
}

const unreadable: readonly Violation['identifier'][] = ['PropertyFormatError', 'ResourceTypeMismatch']

/**
 * The form of a write: what would be saved, what may be chosen, what is wrong.
 * @throws ApiError 422 for what could not be read: there is no form of it
 */
export async function form(
  context: Context,
  resource: Resource,
  prepared: Prepared,
  address: string,
  commit: Link,
): Promise<Body> {
  const { facts, violations } = prepared
  const unread = violations.filter(({ identifier }) => unreadable.includes(identifier))
  if (unread.length > 0) throw combined(toErrors(resource, unread))
  const draft = withoutNothing(prepared.draft)
  const errors = Map.groupBy(toErrors(resource, violations), (error) => String(error.details?.['attribute']))
  const mayCommit = allows(resource, ruleOf(resource, draft), draft, context)
  return {
    _type: 'Form',
    _embedded: {
      payload: await payloadOf(resource, draft, facts, context),
      schema: await schemaOf(resource, draft, facts, context, { form: true }),
      validationErrors: Object.fromEntries([...errors].map(([attribute, list]) => [attribute, combined(list).body])),
    },
    _links: {
      self: { href: address, method: 'post' },
      validate: { href: address, method: 'post' },
      ...(violations.length === 0 && mayCommit && { commit }),
      ...resource.formLinks?.(draft as never, context),
    },
  }
}

/** A draft in which what is not there is not pointed to: nothing follows from it. */
const withoutNothing = (draft: Draft): Draft =>
  revised(
    draft,
    Object.fromEntries(
      Object.keys(draft.dangling ?? {})
        .filter((key) => draft.row[key] === NOTHING)
        .map((key) => [key, null]),
    ),
  )

const isColumn = (key: string) => !key.startsWith('computed_')

/**
 * Saves what was prepared, in one transaction.
 * @returns the id of the row
 * @throws ApiError 422 for violations, 409 when another write came first
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

/** A transaction in which constraints of the database are answered like our own. */
async function writing<T>(db: Database, resource: Resource, work: (tx: Transaction) => Promise<T>): Promise<T> {
  try {
    return await db.transaction(work)
  } catch (error) {
    if (error instanceof ConstraintError) throw constraintViolation(resource, error)
    throw error
  }
}

/** A unique index that two writes raced for. */
function constraintViolation(resource: Resource, error: ConstraintError): ApiError {
  if (error.kind === 'foreign') return conflict('A referenced resource was removed in the meantime.')
  // Of several columns the last one is what must be unique within the others.
  const place = ({ column }: Property) =>
    column ? error.message.search(new RegExp(`(\\b|_)${column}\\b(?!.*\\b${column}\\b)`)) : -1
  const property = resource.properties
    .filter((p) => !isAutomatic(p.name) && place(p) >= 0)
    .toSorted((a, b) => place(b) - place(a))[0]
  return combined(toErrors(resource, [violation(property?.name ?? 'base', 'has already been taken')]))
}

/** Writes a draft inside a transaction: the row, what hangs on it, the event. Gives the row's id. */
export async function save(tx: Transaction, context: Context, resource: Resource, draft: Draft, facts: unknown): Promise<number> {
  const inner = inside(context, tx)
  const now = context.now.toISOString()
  const id = draft.before ? await update(tx, resource, draft, now) : await create(tx, resource, draft, inner)
  const saved = revised(draft, { id })
  for (const property of resource.properties) {
    const ids = draft.many[property.name]
    if (ids && property.options.store) await property.options.store(tx, saved as never, ids, inner)
  }
  const columns = Object.keys(draft.row).filter((key) => differs(draft, key))
  if (!draft.before || columns.some(isColumn)) await record(tx, resource, [id], { ...entryOf(context), isFirst: !draft.before })
  for (const step of resource.after ?? []) await step(tx, saved as never, facts as never, inner)
  await touched(tx, resource)
  await publish(tx, context, `${resource.table}.${draft.before ? 'updated' : 'created'}`, id, columns)
  return id
}

async function create(tx: Transaction, resource: Resource, draft: Draft, context: Context): Promise<number> {
  if (resource.create) return resource.create(tx, draft.row as never, context)
  const now = context.now.toISOString()
  const { id: _, ...values } = folded(resource, draft.row)
  const stamps = resource.property.has('createdAt') ? { created_at: values.created_at ?? now, updated_at: now } : {}
  const row = (await tx.one<{ id: number }>(insert(resource.table, { ...values, ...stamps }))) as { id: number }
  return row.id
}

async function update(tx: Transaction, resource: Resource, draft: Draft, now: string): Promise<number> {
  const { id } = draft.before
  const values = together(
    tx.engine,
    resource,
    Object.fromEntries(Object.entries(draft.row).filter(([key]) => isColumn(key) && differs(draft, key))),
  )
  const lock = resource.lock
  if (Object.keys(values).length > 0) {
    if (resource.property.has('updatedAt')) values['updated_at'] = now
    if (lock) values[lock] = draft.before[lock] + 1
    const isSame = lock ? sql` and ${name(lock)} = ${draft.before[lock]}` : sql``
    const count = await tx.run(sql`update ${name(resource.table)} set ${assignments(values)} where id = ${id}${isSame}`)
    if (count === 0) throw conflict()
  }
  return id
}

/** Changes of values that share a column, as one change of that column: what others change of it meanwhile stays. */
function together(engine: Engine, resource: Resource, values: Row): Row {
  const { own, shared } = split(resource, values)
  for (const [column, changes] of Object.entries(shared)) own[column] = merged(engine, column, changes)
  return own
}

/** Tells the processes that hold rows of this table that they changed. */
async function touched(tx: Transaction, resource: Resource): Promise<void> {
  const topics = [...(resource.held ? [resource.table as Topic] : []), ...(resource.topics ?? [])]
  if (topics.length > 0) await changed(tx, ...topics)
}

/**
 * Removes a row.
 * @throws ApiError 403 without the right, 422 when something speaks against it, 409 when something was tied to it meanwhile
 */
export async function remove(db: Database, context: Context, resource: Resource, row: Row): Promise<void> {
  await prepare(context.db, context.viewer, needsOf(resource, context.model))
  if (!allows(resource, resource.may?.delete, { before: row } as Draft, context)) throw forbidden()
  const violations = (await resource.removable?.(row as never, context)) ?? []
  if (violations.length > 0) throw combined(toErrors(resource, violations))
  await writing(db, resource, async (tx) => {
    const isDone = await resource.remove?.(tx, row as never, inside(context, tx))
    if (isDone !== false) {
      await tx.run(sql`delete from ${name(resource.table)} where id = ${row['id']}`)
      await removed(tx, context.model, resource.table, [row['id']], entryOf(context))
    }
    await touched(tx, resource)
    await publish(tx, context, `${resource.table}.deleted`, row['id'], [])
  })
}

/** Where a form is sent to be committed. */
export const commitLink = (resource: Resource, draft: Draft, collection: string): Link =>
  draft.before ? { href: hrefOf(resource, draft.before), method: 'patch' } : { href: collection, method: 'post' }
