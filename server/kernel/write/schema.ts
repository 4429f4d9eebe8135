/** Schemas: what a client may write, of which type, and with which values to choose from. Read off the declaration. */
import type { Row } from '#db/database.ts'
import { rightOf } from '#kernel/access/rights.ts'
import type { Body, Context, Draft, Link, Property, Resource, Rule } from '#kernel/declaration.ts'
import { pack } from '#kernel/model.ts'
import { load, loadRules, reachableIds } from '#kernel/read/load.ts'
import { isShown, linkOf, linksToMany, represent, shownValue } from '#kernel/read/represent.ts'
import { hrefOf, isAmongLinks, isLock, isRequired } from '#kernel/resource.ts'
import { english, type Text } from '#text/messages.ts'

/** Whether a rule lets a draft pass: judged on what is stored, on a new row, or, as long as that belongs nowhere, anywhere. */
export function allows(resource: Resource, rule: Rule | undefined, draft: Draft, context: Context): boolean {
  if (!rule) return false
  const right = rightOf(context.viewer, context.engine, rule)
  if (draft.before) return right.holds(draft.before)
  const { belongsTo } = resource
  const isNowhere = belongsTo !== undefined && (draft.row[belongsTo] ?? null) === null
  return isNowhere ? right.anywhere : right.holds(draft.row)
}

/** Whether a proof of the person is missing that changing a property takes. */
export const lacksProof = (resource: Resource, { options }: Property, draft: Draft, facts: unknown, context: Context): boolean =>
  options.proof !== undefined &&
  context.proof !== 'fresh' &&
  options.proof(draft, facts, context) &&
  !resource.proven?.(draft, facts, context)

/** Whether a client may write a property of this draft. */
export const isWritable = (resource: Resource, property: Property, draft: Draft, facts: unknown, context: Context): boolean =>
  isOpen(resource, property, draft, facts, context) && !lacksProof(resource, property, draft, facts, context)

/** Whether a client may write a property of this draft, whatever it shows of the person behind it. */
export function isOpen(resource: Resource, property: Property, draft: Draft, facts: unknown, context: Context): boolean {
  const { writable = property.column !== undefined || property.many, readOnly, may, active } = property.options
  if (active && !active(draft, context)) return false
  if (writable === false || readOnly !== undefined || property.name === 'id') return false
  if (typeof writable === 'function' && !writable(draft, facts, context)) return false
  const own = may && 'create' in may ? (draft.before ? may.update : may.create) : may
  return allows(resource, own ?? (isLock(resource, property) ? resource.may?.update : ruleOf(resource, draft)), draft, context)
}

/** The rule for properties that name none, and for committing a form. */
export const ruleOf = ({ may }: Resource, { before }: Draft): Rule | undefined =>
  before ? (may?.edit ?? may?.update) : may?.create

const resolved = <T>(
  option: T | ((...args: [Draft, unknown, Context]) => T) | undefined,
  fallback: T,
  args: [Draft, unknown, Context],
): T => (typeof option === 'function' ? (option as (...given: typeof args) => T)(...args) : (option ?? fallback))

const typeName = (property: Property): string => {
  const name = property.options.schemaType ?? property.to ?? property.kind.type
  return property.many ? `[]${name}` : name
}

/** The entry of one property. Allowed values are told in forms, and where they are but an address. */
async function entryOf(
  resource: Resource,
  property: Property,
  draft: Draft,
  facts: unknown,
  context: Context,
  form: boolean,
): Promise<Body> {
  const { options, label, to } = property
  const args: [Draft, unknown, Context] = [draft, facts, context]
  const entry: Body = {
    type: typeName(property),
    name: label,
    required: isRequired(property, ...args),
    hasDefault: options.hasDefault ?? false,
    writable: isWritable(resource, property, draft, facts, context),
    options: {},
    ...options.about,
  }
  if (options.min !== undefined && property.kind.type === 'String') entry.minLength = options.min
  if (options.max !== undefined && property.kind.type === 'String') entry.maxLength = options.max
  if (options.section) entry.attributeGroup = options.section
  if (isAmongLinks(property)) Object.assign(entry, { location: '_links', _links: {} })
  if (!form || !options.allowed) return entry

  const { allowed } = options
  if ('href' in allowed) {
    const href = allowed.href(draft, context)
    if (href !== null) entry._links = { allowedValues: { href } }
  } else if ('texts' in allowed) {
    entry._embedded = { allowedValues: allowed.texts(draft, facts, context) }
  } else if ('hrefs' in allowed) {
    entry._links = { allowedValues: (await allowed.hrefs(draft, facts, context)).map((href) => ({ href })) }
  } else if ('objects' in allowed) {
    entry._embedded = { allowedValues: allowed.objects(draft, facts, context) }
  } else {
    const target = context.model.of(to as string)
    const rows = await allowed.rows(draft, facts, context)
    const page = await load(context, target, rows)
    const reached = await reachableIds(context, target, new Map(rows.map((row) => [row.id, row])))
    entry._links = { allowedValues: rows.map((row): Link => ({ href: hrefOf(target, row), title: target.titleOf(row) })) }
    entry._embedded = {
      allowedValues: rows.filter((row) => reached.has(row.id)).map((row) => represent(target, row, page)),
    }
  }
  return entry
}

/** The properties that a draft's schema speaks of. */
function propertiesIn(resource: Resource, draft: Draft, facts: unknown, context: Context): Property[] {
  const isMentioned = ({ inSchema }: Property['options']) =>
    typeof inSchema === 'object' ? allows(resource, inSchema, draft, context) : resolved(inSchema, true, [draft, facts, context])
  return resource.properties.filter(({ options }) => isMentioned(options) && (!options.active || options.active(draft, context)))
}

/** A heading of a form, and the properties below it. */
export interface Section {
  readonly name: Text
  readonly attributes: readonly string[]
}

/** The sections of a draft's form, in the order of their first properties. @param also names what is named all the same. */
export function sectionsOf(
  resource: Resource,
  draft: Draft,
  facts: unknown,
  context: Context,
  also: readonly string[] = [],
): Section[] {
  const there = new Set(propertiesIn(resource, draft, facts, context))
  const named = resource.properties.filter((one) => one.options.section && (there.has(one) || also.includes(one.name)))
  const sections = Map.groupBy(named, ({ options }) => english(options.section as Text))
  return [...sections.values()].map((own) => ({ name: own[0]?.options.section as Text, attributes: own.map((one) => one.name) }))
}

/**
 * The schema of a draft for the viewer.
 * @param form whether it stands in a form, where allowed values are given in full and there is no self link
 */
export async function schemaOf(
  resource: Resource,
  draft: Draft,
  facts: unknown,
  context: Context,
  { form = false, self }: { form?: boolean; self?: string } = {},
): Promise<Body> {
  await loadRules(context, resource)
  const body: Body = { _type: 'Schema', _dependencies: [] }
  for (const property of propertiesIn(resource, draft, facts, context)) {
    body[property.name] = await entryOf(resource, property, draft, facts, context, form)
  }
  for (const property of resource.meta ?? []) {
    if (property.options.inSchema === false) continue
    body[property.name] = { ...(await entryOf(resource, property, draft, facts, context, form)), location: '_meta' }
  }
  Object.assign(body, await resource.schema?.(draft, facts, context, form))
  body._links = { ...(body._links as Body | undefined), ...(self && { self: { href: self } }) }
  return body
}

/** The payload of a form: what the viewer may write of the draft, as it would be shown. */
export async function payloadOf(resource: Resource, draft: Draft, facts: unknown, context: Context): Promise<Body> {
  const row: Row = { ...pack(resource, draft.row) }
  const page = await load(context, resource, [row], { chosen: draft.many })
  const payload: Body = Object.create(null)
  const links: Body = {}
  for (const property of resource.properties) {
    const { name, kind, options } = property
    if (isLock(resource, property) ? !draft.before : !isWritable(resource, property, draft, facts, context)) continue
    if (kind.type === 'Password' || !isShown(property, row, page, draft)) continue
    const isListed = options.listedAt !== undefined
    if (isListed && !draft.many[name]) continue
    if (isAmongLinks(property)) {
      const link = isListed ? linksToMany(property, row, page) : linkOf(property, row, page)
      if (link !== undefined) links[name] = repeating(property, link, draft)
      continue
    }
    const value = shownValue(property, row, page)
    if (value !== null || options.nullable !== false) payload[name] = value
  }
  const meta = metaOf(resource, draft)
  return { ...payload, ...(Object.keys(meta).length > 0 && { _meta: meta }), _links: links }
}

/** A link of a payload; one that leads nowhere as it was sent, so that it is not lost to who sends the payload back. */
function repeating({ name, column, many }: Property, link: Link | Link[], { dangling }: Draft): Link | Link[] {
  const sent = dangling?.[column ?? name]?.map((href): Link => ({ href }))
  if (!sent) return link
  return many ? [link, sent].flat() : (sent[0] ?? link)
}

/** What a write says of itself, as a form tells it. */
function metaOf({ meta = [] }: Resource, draft: Draft): Body {
  const body: Body = { ...draft.meta }
  for (const { name, kind, options } of meta) {
    const value = draft.meta[name] ?? null
    if (value !== null) body[name] = kind.render(value)
    else if (name in draft.meta || options.inSchema !== false) body[name] = kind.ofNothing ?? null
  }
  return body
}
