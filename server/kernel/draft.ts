/** From a payload to a draft: what a client wants a row to be. Refuses what has the wrong format; judges nothing else. */
import type { Row } from '#db/database.ts'
import type { Context } from './context.ts'
import { ApiError, badRequest, type Violation, violation } from './errors.ts'
import { FormatError } from './kinds.ts'
import { isId } from './operators.ts'
import { UNDISCLOSED } from './represent.ts'
import { type Draft, type Property, type Resource, resourceNamed, resources } from './resource.ts'

export type Payload = Record<string, unknown>

export interface Parsed {
  /** Columns with what the payload gives them. */
  readonly values: Row
  readonly many: Record<string, readonly number[]>
  readonly given: ReadonlySet<string>
  /** Values given for properties that have no column: they can only be compared with what is shown. */
  readonly shown: Readonly<Record<string, unknown>>
  readonly meta: Readonly<Record<string, unknown>>
  readonly violations: readonly Violation[]
}

/**
 * Reads a payload by a resource's declaration. Unknown members are ignored.
 * @param before what is stored: where two names stand for one column, what counts is the one that changes it
 * @throws ApiError 400 for `_links` that are no object
 */
export async function readPayload(resource: Resource, payload: Payload, context: Context, before?: Row): Promise<Parsed> {
  const links = payload['_links'] ?? {}
  if (typeof links !== 'object' || links === null || Array.isArray(links)) throw badRequest('_links must be an object.')
  const meta = (payload['_meta'] ?? {}) as Record<string, unknown>
  const values: Row = Object.create(null)
  const shown: Record<string, unknown> = Object.create(null)
  const many: Record<string, readonly number[]> = Object.create(null)
  const given = new Set<string>()
  const violations: Violation[] = []
  const put = (column: string, value: unknown) => {
    if (!(column in values) || value !== (before?.[column] ?? null)) values[column] = value
  }

  for (const property of resource.properties) {
    const { name, kind, column } = property
    if (property.options.ignored) continue
    if (property.to) {
      if (!Object.hasOwn(links, name)) continue
      // What is shown as a link to a list comes back as that link from who sends everything back: it names nothing.
      if (property.options.collected && !Array.isArray((links as Payload)[name])) continue
      const read = await readLink(property, (links as Payload)[name], context)
      if (read === undefined) continue
      given.add(name)
      if ('message' in read) violations.push(read)
      else if (property.many) {
        many[name] = read.ids
        if (column) put(column, read.ids.length > 0 ? read.ids : null)
      } else if (column) put(column, read.ids[0] ?? null)
      continue
    }
    if (!Object.hasOwn(payload, name)) continue
    const value = payload[name]
    given.add(name)
    if (!column) {
      shown[name] = value
      continue
    }
    try {
      put(column, value === null ? null : kind.parse(value, context))
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      violations.push(misformed(name, error.expected, value))
    }
  }
  return { values, many, given, shown, meta, violations }
}

const misformed = (property: string, expected: string, value: unknown): Violation =>
  violation(property, `Invalid format for property '${property}': expected ${expected}, but got '${shorten(value)}'.`, {
    identifier: 'PropertyFormatError',
    complete: true,
  })

const shorten = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** The ids a link or an array of links names; undefined to leave the property alone. */
async function readLink(property: Property, link: unknown, context: Context): Promise<{ ids: number[] } | Violation | undefined> {
  if (link === null) return { ids: [] }
  const list = Array.isArray(link) ? link : [link]
  if (Array.isArray(link) && !property.many) return mismatch(property, link)
  const ids: number[] = []
  for (const one of list) {
    if (typeof one !== 'object' || one === null) return mismatch(property, one)
    const href = (one as { href?: unknown }).href
    if (href === undefined && !property.many) return undefined
    if (href === null || href === undefined) continue
    if (href === UNDISCLOSED) return undefined
    const id = await idLinked(resourceNamed(property.to as string), one, context)
    if (id === undefined) return mismatch(property, href)
    ids.push(id)
  }
  return { ids: [...new Set(ids)] }
}

/** The paths under which a link may name a resource. */
export const pathsOf = (target: Resource): readonly string[] => [
  ...new Set([
    target.path,
    ...(target.also ?? []),
    ...(target.variant ? [...resources()].filter((r) => r.table === target.table).map((r) => r.path) : []),
  ]),
]

/** The parts of an address of ours, root-relative or absolute with the host we are configured for: `/api/v3/PATH/TEXT`. */
export function readAddress(href: string, context: Context): { path: string; text: string } | undefined {
  const own = href.replace(/^https?:\/\/([^/]+)(?=\/api\/v3\/)/, (all, host) => (host === context.settings.host_name ? '' : all))
  const match = /^\/api\/v3\/([a-z_/]+)\/([A-Za-z0-9_@.+-]+)$/.exec(own)
  return match ? { path: match[1] as string, text: match[2] as string } : undefined
}

/** The id of what is not there: no row has it. */
export const NOTHING = -1

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
  if (isId(text)) return Number(text)
  return target.resolve ? ((await target.resolve(text, context)) ?? NOTHING) : undefined
}

function mismatch(property: Property, value: unknown): Violation {
  const expected = pathsOf(resourceNamed(property.to as string))
    .map((path) => `'/api/v3/${path}/:id'`)
    .join(' or ')
  return violation(
    property.name,
    `For property '${property.name}' a link like ${expected} is expected, but got '${shorten(value)}'.`,
    {
      identifier: 'ResourceTypeMismatch',
      complete: true,
    },
  )
}

/** The errors of violations: messages begin with the property's label unless they are whole sentences. */
export function toErrors(resource: Resource, violations: readonly Violation[]): ApiError[] {
  return violations.map(({ attribute, message, complete, identifier }) => {
    const label = resource.property.get(attribute)?.label ?? attribute
    const sentence = complete || attribute === 'base' ? message : `${label} ${message}.`
    return new ApiError(identifier ?? 'PropertyConstraintViolation', sentence, { details: { attribute } })
  })
}

/** The same draft with some columns changed. */
export const revised = (draft: Draft, values: Row): Draft => ({ ...draft, row: { ...draft.row, ...values } })
