/** Parses payloads for drafts. Reports malformed values; other checks follow later. */
import type { Row } from '#db/database.ts'
import { NOTHING } from '#kernel/access/rules.ts'
import type { Context, Declared, Draft, Payload, Property, Resource } from '#kernel/declaration.ts'
import { ApiError, badRequest, type Violation, violation } from '#kernel/errors.ts'
import { FormatError } from '#kernel/kinds.ts'
import { isId } from '#kernel/read/operators.ts'
import { UNDISCLOSED } from '#kernel/read/represent.ts'
import { isLock } from '#kernel/resource.ts'
import { alternatives, type Message, said, type Value } from '#text/messages.ts'

export interface Parsed {
  /** Values of the payload, by column. */
  readonly values: Row
  readonly many: Record<string, readonly number[]>
  readonly given: ReadonlySet<string>
  /** Links of the payload, by property. */
  readonly links: Readonly<Record<string, readonly Named[]>>
  /** Values of properties without a column: they can only be compared with the represented value. */
  readonly virtual: Readonly<Record<string, unknown>>
  readonly meta: Readonly<Record<string, unknown>>
  readonly violations: readonly Violation[]
}

/** A received link, and the id in it. */
interface Named {
  readonly id: number
  readonly href: string
}

/**
 * Parses a payload by a resource's declaration. Ignores unknown members and those that clients cannot set: the id, the lock
 * version, which is compared elsewhere, and the properties of the columns `fixed`.
 * @param before the stored row: of two names for one column, the one that changes it counts
 * @throws ApiError 400 if `_links` is not an object
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
      // Clients that send everything back also send the link to a list, which does not identify rows.
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
    const { inLinks } = property.options
    const value = inLinks ? sentAddress(payload, name, inLinks.page ? context : undefined) : payload[name]
    if (inLinks ? value === undefined : !Object.hasOwn(payload, name)) continue
    given.add(name)
    if (!column) {
      virtual[name] = value
      continue
    }
    try {
      put(column, value === null ? null : kind.parse(value, context))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      violations.push(inLinks?.page ? unlinked(name, error.expected, value) : misformed(name, error.expected, value))
    }
  }
  const meta = readMeta(resource, payload, context)
  return { values, many, given, links, virtual, meta: meta.values, violations: [...violations, ...meta.violations] }
}

/** Parses the options in `_meta`. Unknown ones are ignored. */
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

/** Whether a link property accepts a list of links. Custom fields with one value use the first link of a list. */
const takesList = ({ many, packed }: Property): boolean => many || packed !== undefined

/**
 * The link, or the list of links, under a name in a payload: in `_links` or, as some clients write it, at the top level. Null
 * counts as missing, and so does a top-level value without an `href`.
 * @param isList whether an empty list counts as given
 * @throws ApiError 400 if `_links` is not an object
 */
export function sentLink(body: Payload, name: string, isList = false): unknown {
  const links = body._links ?? {}
  if (!isObject(links)) throw badRequest(said`_links must be an object.`)
  const link = Object.hasOwn(links, name) ? (links[name] ?? undefined) : undefined
  if (link !== undefined || !Object.hasOwn(body, name)) return link
  const atTop = body[name]
  const isNone = isList && Array.isArray(atTop) && atTop.length === 0
  return isNone || [atTop].flat().some(hasHref) ? atTop : undefined
}

/**
 * The address in a link to something that is no resource; undefined where there is none, and anything but a link as it is.
 * @param own given for pages of the product, whose address loses our host
 */
function sentAddress(payload: Payload, name: string, own?: Context): unknown {
  const link = sentLink(payload, name)
  if (!isObject(link)) return link
  return own && typeof link.href === 'string' ? withoutHost(link.href, own) : link.href
}

const hasHref = (value: unknown): boolean => isObject(value) && Object.hasOwn(value, 'href')

const misformed = (property: string, expected: Message, value: unknown): Violation =>
  violation(property, said`Invalid format for property '${property}': expected ${expected}, but got '${shorten(value)}'.`, {
    identifier: 'PropertyFormatError',
    complete: true,
  })

const shorten = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** Parses a link or an array of links; undefined leaves the property unchanged. */
async function readLink(property: Property, link: unknown, context: Context): Promise<Named[] | Violation | undefined> {
  if (link === undefined) return undefined
  if (Array.isArray(link) && !takesList(property)) return mismatch(property, link, context)
  const sent = [link].flat().filter((one) => one !== null)
  const strange = sent.find((one) => !isObject(one))
  if (strange !== undefined) return mismatch(property, strange, context)
  const all = sent.filter(hasHref) as { href: unknown }[]
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

/** An address without the configured host, and without the path below which the server is reached. */
function withoutHost(href: string, { settings }: Context): string {
  const path = href.replace(/^https?:\/\/([^/]+)(?=\/)/, (all, host) => (host === settings.host_name ? '' : all))
  const root = settings.relative_url_root
  return root !== '' && path.startsWith(`${root}/`) ? path.slice(root.length) : path
}

/** The paths of a resource in links; for one that stands for several kinds, the paths of each. */
export const pathsOf = ({ path, aliases = [], variant }: Resource): readonly string[] => (variant ? aliases : [path, ...aliases])

/** The parts of an API address, root-relative or absolute with the configured host: `/api/v3/PATH/TEXT`. */
export function readAddress(href: string, context: Context): { path: string; text: string } | undefined {
  const own = withoutHost(href, context)
  const match = /^\/api\/v3\/([a-z_/]+)\/([A-Za-z0-9_@.+-]+)$/.exec(own)
  return match ? { path: match[1] as string, text: match[2] as string } : undefined
}

/** The text in the place of the id in a link to a resource; undefined for other links. */
export function namedIn(target: Resource, link: unknown, context: Context): string | undefined {
  const href = (link as { href?: unknown } | null | undefined)?.href
  const address = typeof href === 'string' ? readAddress(href, context) : undefined
  return address && pathsOf(target).includes(address.path) ? address.text : undefined
}

/** The id in a link to a resource: NOTHING for an unknown name, undefined for other links. */
export async function idLinked(target: Resource, link: unknown, context: Context): Promise<number | undefined> {
  const text = namedIn(target, link, context)
  if (text === undefined) return undefined
  return isId(text) ? Number(text) : ((await target.resolve?.([text], context))?.get(text) ?? NOTHING)
}

function mismatch({ name, to }: Property, value: unknown, { model }: Context): Violation {
  const expected = alternatives(pathsOf(model.of(to as string)).map((path) => `'/api/v3/${path}/:id'`))
  return unlinked(name, expected, value)
}

const unlinked = (name: string, expected: Value, value: unknown): Violation =>
  violation(name, said`For property '${name}' a link like ${expected} is expected, but got '${shorten(value)}'.`, {
    identifier: 'ResourceTypeMismatch',
    complete: true,
  })

/** The errors of violations: messages start with the property's label unless they are whole sentences. */
export function toErrors({ properties }: Pick<Declared, 'properties'>, violations: readonly Violation[]): ApiError[] {
  return violations.map(({ attribute, message, complete, identifier, element }) => {
    const label = properties.find(({ name }) => name === attribute)?.label ?? attribute
    const sentence = complete || attribute === 'base' ? message : said`${label} ${message}.`
    return new ApiError(identifier ?? 'PropertyConstraintViolation', sentence, {
      details: { attribute, ...(element !== undefined && { element }) },
    })
  })
}

/** The same draft with some columns changed. */
export const revised = (draft: Draft, values: Row): Draft => ({ ...draft, row: { ...draft.row, ...values } })
