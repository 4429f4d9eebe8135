/** Checks that follow from declarations: properties that the viewer may not write, missing values, values out of range. */
import type { Row } from '#db/database.ts'
import { folded } from '#db/dialect.ts'
import { name, sql, TRUE } from '#db/sql.ts'
import type { Context, Draft, Property, Resource } from '#kernel/declaration.ts'
import { forbidden, readOnly, type Violation, violation } from '#kernel/errors.ts'
import { load } from '#kernel/read/load.ts'
import { shownValue } from '#kernel/read/represent.ts'
import { differs, isAutomatic, isLock, isRequired, requirementOf } from '#kernel/resource.ts'
import { Message, said } from '#text/messages.ts'
import type { Parsed } from './payload.ts'
import { isOpen, lacksProof } from './schema.ts'

/** Throws 403, with the reason, for a row that can be neither changed nor deleted as it stands. */
export function refuseFrozen({ frozen }: Resource, row: Row): void {
  const reason = frozen?.(row)
  if (reason !== undefined) throw forbidden(reason)
}

/** Violations for texts that other rows have, as `unique` says: a statement for each text that changes. */
export async function taken({ properties, table }: Resource, draft: Draft, { db, engine }: Context): Promise<Violation[]> {
  const violations: Violation[] = []
  for (const { name: own, column, options } of properties) {
    const { unique } = options
    if (!unique || !column || !differs(draft, column)) continue
    const [text, place] = [draft.row[column], unique === true ? true : draft.row[unique]]
    if (typeof text !== 'string' || place === null || place === undefined) continue
    const within = unique === true ? TRUE : sql`${name(unique)} = ${place}`
    const other = await db.one(sql`
      select id from ${name(table)} where ${within} and id <> ${draft.before?.id ?? 0}
        and ${folded(engine, name(column as string))} = ${folded(engine, sql`${text}`)}`)
    if (other !== undefined) violations.push(violation(own, said`has already been taken`))
  }
  return violations
}

/** Violations for changed properties that the viewer may not write. */
export async function unwritable(
  resource: Resource,
  draft: Draft,
  parsed: Parsed,
  facts: unknown,
  context: Context,
  forced: Row,
): Promise<Violation[]> {
  const violations: Violation[] = []
  const compared = Object.keys(parsed.virtual)
  const page = compared.length > 0 && draft.before ? await load(context, resource, [draft.before]) : undefined
  for (const property of resource.properties) {
    const isForced = property.column !== undefined && property.column in forced
    if (isForced && differs(draft, property.column) && lacksProof(resource, property, draft, facts, context)) {
      violations.push(unproven(property.name, context))
    }
    if (!draft.given.has(property.name)) continue
    const isUnproven = isOpen(resource, property, draft, facts, context)
    if (isUnproven && !lacksProof(resource, property, draft, facts, context)) continue
    const { readOnly: refusal } = property.options
    if (isUnproven) {
      if (isChanged(property, draft, parsed, null)) violations.push(unproven(property.name, context))
    } else if (refusal instanceof Message) violations.push({ ...readOnly(property.name), message: refusal, complete: true })
    else if (isChanged(property, draft, parsed, page && draft.before ? shownValue(property, draft.before, page) : null)) {
      violations.push(readOnly(property.name))
    }
  }
  return violations
}

/** The violation for a missing proof of identity, with a remedy if the viewer can confirm it. */
const unproven = (attribute: string, { proof }: Context): Violation => ({
  ...readOnly(attribute),
  message:
    proof === 'stale'
      ? said`requires a fresh proof of identity: confirm at /confirm first`
      : said`affects who can sign in, so a token alone cannot change it: add your currentPassword, or sign in to change it`,
})

/** Whether the payload changes a property; derived changes do not count. */
function isChanged({ name: own, column, many, to }: Property, { before }: Draft, parsed: Parsed, current: unknown): boolean {
  if (many && !column) return true
  if (own in parsed.virtual) return JSON.stringify(parsed.virtual[own] ?? null) !== JSON.stringify(current)
  // A malformed value differs from any stored one.
  if (!to && parsed.violations.some(({ attribute }) => attribute === own)) return true
  if (column === undefined || !(column in parsed.values)) return false
  return differs({ row: parsed.values, before }, column)
}

const NOT_ALLOWED = said`is not set to one of the allowed values`

/** Violations of declared constraints: missing, too long, out of range, none of the allowed texts. */
export function malformed(resource: Resource, draft: Draft, facts: unknown, context: Context): Violation[] {
  const violations: Violation[] = []
  for (const property of resource.properties) {
    const { column, name: own, options, kind } = property
    if (options.active && !options.active(draft, context)) continue
    const { blank = said`can't be blank`, derived, lenient } = requirementOf(property)
    const value = property.many ? (draft.many[own] ?? (draft.before ? undefined : [])) : column ? draft.row[column] : undefined
    const isBlank =
      value === null ||
      value === undefined ||
      (typeof value === 'string' && value.trim() === '') ||
      (property.to !== undefined && Array.isArray(value) && value.length === 0)
    if (isAutomatic(own)) continue
    const isFilledIn = derived && !draft.before
    if (
      isRequired(property, draft, facts, context) &&
      !isFilledIn &&
      !isLock(resource, property) &&
      (column || property.many) &&
      isBlank
    ) {
      const isLeft = (property.many || lenient) && draft.before && !draft.given.has(own)
      if (!isLeft || lenient?.(draft)) violations.push(violation(own, blank))
      continue
    }
    if (isBlank && column && kind.type === 'Boolean' && !property.packed && draft.given.has(own))
      violations.push(violation(own, said`can't be blank`))
    if (isBlank || !column) continue
    const { max, min, fault, allowed } = options
    const wrong = draft.given.has(own) ? fault?.(value) : undefined
    if (wrong) violations.push(violation(own, wrong))
    const texts = allowed && 'texts' in allowed && differs(draft, column) ? allowed.texts(draft, facts, context) : undefined
    if (texts && !texts.includes(value)) violations.push(violation(own, NOT_ALLOWED))
    if (typeof value === 'string' && max !== undefined && [...value].length > max) {
      violations.push(violation(own, said`is too long (maximum is ${max} characters)`))
    }
    if (typeof value === 'number' && !property.to && kind.type !== 'Boolean') {
      if (min !== undefined && value < min) violations.push(violation(own, said`must be greater than or equal to ${min}`))
      if (max !== undefined && value > max) violations.push(violation(own, said`must be less than or equal to ${max}`))
    }
  }
  return violations
}
