/** Writing: payload → draft → facts → derive → check → commit. A form is a write that stops before it commits. */
import type { Row, Transaction } from '#db/database.ts'
import { TRUE } from '#db/sql.ts'
import { rightOf } from '#kernel/access/rights.ts'
import { NOTHING } from '#kernel/access/rules.ts'
import type { Context, Draft, Payload, Resource } from '#kernel/declaration.ts'
import { type ApiError, conflict, forbidden, notFound, type Violation, violation } from '#kernel/errors.ts'
import { loadRules, visibleIds, visibleRow } from '#kernel/read/load.ts'
import { unchanged } from '#kernel/resource.ts'
import { english, said } from '#text/messages.ts'
import { malformed, refuseFrozen, taken, unwritable } from './checks.ts'
import { type Parsed, readPayload, revised } from './payload.ts'
import { allows } from './schema.ts'

export interface Prepared {
  readonly draft: Draft
  readonly facts: unknown
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

/** The error for a change of a visible row that the viewer may not make. */
export const refusalOf = ({ refusal, missing }: Resource): ApiError => (refusal === 404 ? notFound(missing) : forbidden())

/**
 * Brings a payload to the point where it could be committed.
 * @param before the stored row; undefined for a new one
 * @param given columns that the client has no say in
 * @param asking whether it is only for a form
 * @throws ApiError 403 without the right (or 404, see `refusal`) or for a frozen row, 409 for a stale lock version; everything else is
 *   among the violations
 */
export async function prepareWrite(
  context: Context,
  resource: Resource,
  before: Row | undefined,
  payload: Payload,
  given: Row = {},
  { asking = false } = {},
): Promise<Prepared> {
  await loadRules(context, resource)
  const { may } = resource
  const rule = (asking ? may?.form : undefined) ?? (before ? may?.update : may?.create)
  if (before && !allows(resource, rule, unchanged(before), context)) throw refusalOf(resource)
  if (before) refuseFrozen(resource, before)
  if (!before && !(rule && rightOf(context.viewer, context.engine, rule).anywhere)) throw forbidden()

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
    virtual: parsed.virtual,
  }
  const { visible, dangling } = await withoutHidden(resource, proposed, parsed, context)
  let draft = visible
  const facts = await resource.facts?.(draft, context)
  for (const step of resource.derive ?? []) draft = revised(draft, step(draft, facts, context))
  draft = activated(resource, draft, context)
  if (!before && !allows(resource, rule, draft, context)) throw forbidden()

  const refused = await unwritable(resource, draft, parsed, facts, context, given)
  const judged = [...malformed(resource, draft, facts, context), ...(await taken(resource, draft, context))]
  for (const check of resource.check ?? []) judged.push(...check(draft, facts, context))
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
    if (!options.active(draft, context)) {
      given.delete(own)
      delete many[own]
      row[column as string] = draft.before?.[column as string] ?? null
    } else if (!draft.before && !given.has(own) && options.initial !== undefined) {
      row[column as string] = options.initial
      if (isMany) many[own] = options.initial as readonly number[]
    }
  }
  const whole = { ...draft.row, ...row }
  for (const { column, options } of [...resource.properties, ...(resource.hiddenComputed ?? [])]) {
    if (options.follows) row[column as string] = options.follows(whole)
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
    properties.some((p) => p.column === column) &&
    properties.every((p) => p.column !== column || p.options.readOnly !== undefined)
  return Object.fromEntries(Object.entries(values).filter(([column]) => !isFixed(column)))
}

/** One violation of a kind per property, or per element of it: the first says enough. */
const distinct = (violations: readonly Violation[]): Violation[] =>
  [...new Map(violations.toReversed().map((v) => [`${v.attribute} ${v.element} ${english(v.message)}`, v])).values()].toReversed()

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
    if (property.options.active && !property.options.active(draft, context)) continue
    const column = property.column as string
    const place = column ?? property.name
    // One link may have two names.
    if (place in dangling) continue
    // Even what is stored counts only for those who are told of it: others would learn that they guessed right.
    const { alwaysNamed } = property.options
    const stored: unknown[] = column ? [draft.before?.[column] ?? []].flat() : []
    const known = alwaysNamed ? stored : []
    const sent = (links[property.name] ?? []).filter(({ id }) => !known.includes(id))
    if (sent.length === 0) continue
    const target = context.model.of(property.options.target?.(draft.row) ?? property.to)
    const ids = sent.map(({ id }) => id)
    // What can be chosen where it belongs is not known as long as that is not there.
    const isPlaced = row[resource.belongsTo as string] !== NOTHING
    const eligible = isPlaced ? await property.options.eligible?.(draft, context) : undefined
    const eligibleIds = await visibleIds(context, target, ids, eligible)
    // What is stored and visible can be sent back, even if it could not be chosen any more.
    const former = eligible ? ids.filter((id) => !eligibleIds.has(id) && stored.includes(id)) : []
    const seen = former.length === 0 ? eligibleIds : eligibleIds.union(await visibleIds(context, target, former))
    const missing = sent.filter(({ id }) => !seen.has(id))
    if (missing.length === 0) continue
    const isChoice = target.rows !== undefined || property.packed !== undefined
    violations.push(violation(property.name, isChoice ? said`is not set to one of the allowed values` : said`does not exist`))
    dangling[place] = missing.map(({ href }) => href)
    if (property.many) many[property.name] = (many[property.name] ?? []).filter((id) => known.includes(id) || seen.has(id))
    else row[column] = NOTHING
  }
  return { visible: { ...revised(draft, row), many, dangling }, dangling: violations }
}
