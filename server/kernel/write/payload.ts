/** From a payload to a draft: what a client wants a row to be. Refuses what has the wrong format; judges nothing else. */
import type { Row } from '#db/database.ts'
import { NOTHING } from '#kernel/access/rules.ts'
import type { Context, Declared, Draft, Payload, Property, Resource } from '#kernel/declaration.ts'
import { ApiError, badRequest, type Violation, violation } from '#kernel/errors.ts'
import { FormatError } from '#kernel/kinds.ts'
import { isId } from '#kernel/read/operators.ts'
import { UNDISCLOSED } from '#kernel/read/represent.ts'
import { isLock } from '#kernel/resource.ts'

export interface Parsed {
  /** Columns with what the payload gives them. */
  readonly values: Row
  readonly many: Record<string, readonly number[]>
  readonly given: ReadonlySet<string>
  /** The links that were sent, by property. */
  readonly links: Readonly<Record<string, readonly Named[]>>
  /** Values given for properties that have no column: they can only be compared with what is shown. */
  readonly virtual: Readonly<Record<string, unknown>>
  readonly meta: Readonly<Record<string, unknown>>
  readonly violations: readonly Violation[]
}

/** A link as it was sent, and the id that it names. */
interface Named {
  readonly id: number
  readonly href: string
}

/**
 * Reads a payload by a resource's declaration. Unknown members are ignored, and so are those that nobody decides: the id, the
 * lock version, which is compared elsewhere, and the properties of the columns `fixed`.
 * @param before what is stored: where two names stand for one column, what counts is the one that changes it
 * @throws ApiError 400 for `_links` that are no object
 */
export async function readPayload(
  resource: Resource,
  payload: Payload,
  context: Context,
  before?: Row,
  fixed: Row = {},
): Promise<Parsed> {
  const values: Row = Object.create(null)
  const links: Record<string, readonly Named[]> = Object.create(null)
  const virtual: Record<string, unknown> = Object.create(null)
  const many: Record<string, readonly number[]> = Object.create(null)
  const given = new Set<string>()
  const violations: Violation[] = []
  const put = (column: string, value: unknown) => {
    if (!(column in values) || value !== (before?.[column] ?? null)) values[column] = value
  }

  for (const property of resource.properties) {
    const { name, kind, column } = property
    if (property.options.readOnly === 'ignore' || name === 'id' || isLock(resource, property) || (column && column in fixed))
      continue
    if (property.to) {
      const link = sentLink(payload, name, takesList(property))
      // What is shown as a link to a list comes back as that link from who sends everything back: it names nothing.
      if (property.options.listedAt && !Array.isArray(link)) continue
      const read = await readLink(property, link, context)
      if (read === undefined) continue
      given.add(name)
      if ('message' in read) {
        violations.push(read)
        continue
      }
      links[name] = read
      const ids = [...new Set(read.map(({ id }) => id))]
      if (property.many) many[name] = ids
      if (column) put(column, property.many && ids.length > 0 ? ids : (ids[0] ?? null))
      continue
    }
    if (!Object.hasOwn(payload, name)) continue
    const value = payload[name]
    given.add(name)
    if (!column) {
      virtual[name] = value
      continue
    }
    try {
      put(column, value === null ? null : kind.parse(value, context))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      violations.push(misformed(name, error.expected, value))
    }
  }
  const meta = readMeta(resource, payload, context)
  return { values, many, given, links, virtual, meta: meta.values, violations: [...violations, ...meta.violations] }
}

/** What `_meta` says of the write itself. What is not known there is ignored. */
function readMeta(resource: Resource, payload: Payload, context: Context): { values: Row; violations: Violation[] } {
  const sent = membersOf(payload._meta)
  // All resources can have custom fields.
  const values: Row = sent.validateCustomFields === true ? { validateCustomFields: true } : {}
  const violations: Violation[] = []
  for (const { name, kind } of resource.meta ?? []) {
    if (!Object.hasOwn(sent, name)) continue
    try {
      values[name] = sent[name] === null ? null : kind.parse(sent[name], context)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      violations.push(misformed(name, error.expected, sent[name]))
    }
  }
  return { values, violations }
}

const isObject = (value: unknown): value is Payload => typeof value === 'object' && value !== null && !Array.isArray(value)
const membersOf = (value: unknown): Payload => (isObject(value) ? value : {})

/** Whether a link property is given by a list of links. Custom fields of one value take the first of a list. */
const takesList = ({ many, packed }: Property): boolean => many || packed !== undefined

/**
 * The link, or the list of links, that an object was sent with under a name: in its `_links` or, where these have none, at its
 * top, as some clients write it. A null says nothing, and neither does at the top what names nothing by an `href`.
 * @param isList whether an empty list says that there are none
 * @throws ApiError 400 for `_links` that are no object
 */
export function sentLink(body: Payload, name: string, isList = false): unknown {
  const links = body._links ?? {}
  if (!isObject(links)) throw badRequest('_links must be an object.')
  const link = Object.hasOwn(links, name) ? (links[name] ?? undefined) : undefined
  if (link !== undefined || !Object.hasOwn(body, name)) return link
  const atTop = body[name]
  const isNone = isList && Array.isArray(atTop) && atTop.length === 0
  return isNone || [atTop].flat().some(hasHref) ? atTop : undefined
}

const hasHref = (value: unknown): boolean => isObject(value) && Object.hasOwn(value, 'href')

const misformed = (property: string, expected: string, value: unknown): Violation =>
  violation(property, `Invalid format for property '${property}': expected ${expected}, but got '${shorten(value)}'.`, {
    identifier: 'PropertyFormatError',
    complete: true,
  })

const shorten = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** What a link or an array of links names; undefined to leave the property alone. */
async function readLink(property: Property, link: unknown, context: Context): Promise<Named[] | Violation | undefined> {
  if (link === undefined) return undefined
  if (Array.isArray(link) && !takesList(property)) return mismatch(property, link, context)
  const said = [link].flat().filter((one) => one !== null)
  const strange = said.find((one) => !isObject(one))
  if (strange !== undefined) return mismatch(property, strange, context)
  const all = said.filter(hasHref) as { href: unknown }[]
  const isNone = Array.isArray(link) && link.length === 0
  if (all.length === 0 && !isNone) return undefined
  const named: Named[] = []
  for (const one of property.many ? all : all.slice(0, 1)) {
    const { href } = one
    if (href === UNDISCLOSED) return undefined
    if (href === null) continue
    const id = await idLinked(context.model.of(property.to as string), one, context)
    if (id === undefined) return mismatch(property, href, context)
    named.push({ id, href: href as string })
  }
  return named
}

/** The paths under which a link may name a resource: where it stands for several kinds, those of each. */
export const pathsOf = ({ path, aliases = [], variant }: Resource): readonly string[] => (variant ? aliases : [path, ...aliases])

/** The parts of an address of ours, root-relative or absolute with the host we are configured for: `/api/v3/PATH/TEXT`. */
export function readAddress(href: string, context: Context): { path: string; text: string } | undefined {
  const own = href.replace(/^https?:\/\/([^/]+)(?=\/api\/v3\/)/, (all, host) => (host === context.settings.host_name ? '' : all))
  const match = /^\/api\/v3\/([a-z_/]+)\/([A-Za-z0-9_@.+-]+)$/.exec(own)
  return match ? { path: match[1] as string, text: match[2] as string } : undefined
}

/** What stands for the id in a link to such a resource; undefined for what is no link to one. */
export function namedIn(target: Resource, link: unknown, context: Context): string | undefined {
  const href = (link as { href?: unknown } | null | undefined)?.href
  const address = typeof href === 'string' ? readAddress(href, context) : undefined
  return address && pathsOf(target).includes(address.path) ? address.text : undefined
}

/** The id that a link names: that of nothing where none has the name, undefined for what is no link to such a resource. */
export async function idLinked(target: Resource, link: unknown, context: Context): Promise<number | undefined> {
  const text = namedIn(target, link, context)
  if (text === undefined) return undefined
  return isId(text) ? Number(text) : ((await target.resolve?.(text, context)) ?? NOTHING)
}

function mismatch({ name, to }: Property, value: unknown, { model }: Context): Violation {
  const expected = pathsOf(model.of(to as string))
    .map((path) => `'/api/v3/${path}/:id'`)
    .join(' or ')
  return violation(name, `For property '${name}' a link like ${expected} is expected, but got '${shorten(value)}'.`, {
    identifier: 'ResourceTypeMismatch',
    complete: true,
  })
}

/** The errors of violations: messages begin with the property's label unless they are whole sentences. */
export function toErrors({ properties }: Pick<Declared, 'properties'>, violations: readonly Violation[]): ApiError[] {
  return violations.map(({ attribute, message, complete, identifier }) => {
    const label = properties.find(({ name }) => name === attribute)?.label ?? attribute
    const sentence = complete || attribute === 'base' ? message : `${label} ${message}.`
    return new ApiError(identifier ?? 'PropertyConstraintViolation', sentence, { details: { attribute } })
  })
}

/** The same draft with some columns changed. */
export const revised = (draft: Draft, values: Row): Draft => ({ ...draft, row: { ...draft.row, ...values } })
