/** Examples of representations and payloads, derived from declarations. */

import type { Row } from '#db/database.ts'
import type { Property, Resource } from '#kernel/declaration.ts'
import { isAlwaysRequired, isAmongLinks } from '#kernel/resource.ts'
import type { Json } from './common.ts'
import { standardActions } from './schemas.ts'

/** Example values by property name, for all resources. */
const byName: Readonly<Record<string, unknown>> = {
  login: 'vera',
  email: 'vera@example.net',
  firstName: 'Vera',
  lastName: 'Example',
  language: 'en',
  avatar: 'https://pm.example.org/api/v3/users/5/avatar',
  color: '#2392C7',
  percentageDone: 40,
  derivedPercentageDone: 40,
  defaultDoneRatio: 50,
  estimatedTime: 'PT16H',
  remainingTime: 'PT9H',
  spentTime: 'PT7H',
  hours: 'PT2H30M',
  duration: 'P5D',
  lockVersion: 4,
  position: 1,
  timeZone: 'Europe/Berlin',
  password: 'correct horse 7!',
  currentPassword: 'battery staple 8!',
}

const MOMENT = '2026-03-02T09:30:00.000Z'
const DAY = '2026-03-02'
const LATER: Readonly<Record<string, string>> = { dueDate: '2026-03-06', endDate: '2026-03-31', derivedDueDate: '2026-03-06' }

/** The id of example rows. */
const ID = 42

const formattable = (format: string, raw: string) => ({ format, raw, html: `<p class="op-uc-p">${raw}</p>` })

/** A value that matches a schema. */
function fitting(schema: Json): unknown {
  if (schema.$ref === '#/components/schemas/Link') return { href: null }
  const { examples, const: fixed, enum: choices, type, format, properties, items, minimum }: Row = schema
  if (examples?.[0] !== undefined) return examples[0]
  if (fixed !== undefined) return fixed
  if (choices?.length > 0) return choices[0]
  switch ([type].flat()[0]) {
    case 'integer':
    case 'number':
      return minimum > 0 ? minimum : 8
    case 'boolean':
      return true
    case 'array':
      return items ? [fitting(items)] : []
    case 'object':
      return Object.fromEntries(Object.entries<Json>(properties ?? {}).map(([name, one]) => [name, fitting(one)]))
    case 'string':
      if (format === 'date') return DAY
      if (format === 'date-time') return MOMENT
      if (format === 'duration') return 'P1D'
      return 'Some text'
    default:
      return {}
  }
}

/** The id in a resource's example. */
const idOf = (resource: Resource): number | string => (resource.example?.id as number | string | undefined) ?? ID

/** The value of a property in its resource's example. */
function heldBy(resource: Resource, { name, kind, options }: Property): unknown {
  const own = resource.example?.[name]
  if (own !== undefined) return own
  if (name === 'id') return idOf(resource)
  if (kind.type === 'Formattable') {
    const { format } = (kind.ofNothing ?? {}) as { format?: string }
    return formattable(format ?? 'plain', name === 'comment' ? 'The mast is up.' : 'It is to stand before the sail comes.')
  }
  if (kind.type === 'Date') return LATER[name] ?? DAY
  if (Object.hasOwn(byName, name)) return byName[name]
  if (options.initial !== undefined) return options.initial
  return fitting(kind.json)
}

/** The display name of an example. */
const titleOf = ({ example = {}, words }: Resource): unknown =>
  example.name ?? example.subject ?? example.fileName ?? example.value ?? example.label ?? words

type Named = (name: string) => Resource | undefined

/** The address of an example. */
function addressOf(resource: Resource, id = idOf(resource)): string {
  const row = { id, user_id: 5, workspace_type: 'project' }
  return `/api/v3/${resource.addressOf?.(row) ?? `${resource.pathOf?.(row) ?? resource.path}/${id}`}`
}

/** Links to rows of the same resource, with the offset of their ids. */
const neighbours: Readonly<Record<string, number>> = { parent: -1, to: 1, children: 1 }

/** The link of a property in an example. */
function linked(resource: Resource, property: Property, named: Named): unknown {
  const { name, to, many } = property
  if (!to) return heldBy(resource, property)
  const target = named(to)
  if (!target) return { href: null }
  const kind = target.variant ? (named('User') ?? target) : target
  const id = idOf(kind)
  const near = typeof id === 'number' && Object.hasOwn(neighbours, name) ? id + (neighbours[name] as number) : id
  const link = { href: addressOf(kind, near), title: titleOf(kind) }
  return many ? [link] : link
}

const linkOf = (resource: Resource, property: Property, named: Named): unknown =>
  property.options.inLinks
    ? { href: heldBy(resource, property) }
    : property.options.listedAt
      ? { href: `${addressOf(resource)}/${property.name}` }
      : linked(resource, property, named)

/** An example of a resource's representation. */
export function exampleOf(resource: Resource, named: Named): Json {
  const shown = resource.properties.filter((p) => !isAmongLinks(p) && p.kind.type !== 'Password')
  const links = resource.properties.filter(isAmongLinks)
  return {
    _type: resource.example?._type ?? resource.name,
    ...Object.fromEntries(shown.map((p) => [p.name, heldBy(resource, p)])),
    _links: {
      self: {
        href: addressOf(resource),
        ...(!resource.untitled && { title: titleOf(resource) }),
      },
      ...Object.fromEntries(
        Object.entries(standardActions(resource)).map(([name, { method, path }]) => [
          name,
          { href: addressOf(resource) + path, method },
        ]),
      ),
      ...Object.fromEntries(links.map((p) => [p.name, linkOf(resource, p, named)])),
    },
  }
}

/** A payload that creates a resource: the required properties, and some others. */
export const payloadOf = (resource: Resource, writable: readonly Property[], named: Named): Json =>
  sending(
    resource,
    writable.filter(({ name, options }, i) => !isImported(name) && (isAlwaysRequired(options) || i < MOST_SENT)),
    named,
  )
const MOST_SENT = 6

/** Whether a property is written by data imports only. */
const isImported = (name: string): boolean => ['createdAt', 'author', 'lockVersion'].includes(name)

/** A payload that updates a resource: the lock version, and one or two values. */
export function changeOf(resource: Resource, writable: readonly Property[], named: Named): Json {
  const open = writable.filter(({ kind, name }) => kind.type !== 'Password' && !isImported(name))
  const values = open.filter((p) => !isAmongLinks(p)).slice(0, MOST_CHANGED)
  const lock = writable.filter(({ column }) => resource.lock !== undefined && column === resource.lock)
  return sending(resource, [...lock, ...(values.length > 0 ? values : open.slice(0, 1))], named)
}

const MOST_CHANGED = 2

function sending(resource: Resource, chosen: readonly Property[], named: Named): Json {
  const some = chosen.filter(({ kind }) => kind.type !== 'Password')
  const links = some.filter(isAmongLinks)
  return {
    ...Object.fromEntries(some.filter((p) => !isAmongLinks(p)).map((p) => [p.name, sent(heldBy(resource, p))])),
    ...(links.length > 0 && {
      _links: Object.fromEntries(
        links.map((p) => [p.name, untitled(p.options.inLinks ? { href: heldBy(resource, p) } : linked(resource, p, named))]),
      ),
    }),
  }
}

/** Drops the titles of links, which payloads do not need. */
const untitled = (link: unknown): unknown =>
  Array.isArray(link) ? link.map(untitled) : { href: (link as { href: unknown }).href }

/** Reduces formattable texts to `raw`, as a write reads nothing else. */
const sent = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'html' in value && 'raw' in value ? { raw: value.raw } : value

/** A collection with one element. */
export function collectionOf(path: string, element: unknown, paginated: boolean, type = 'Collection'): Json {
  const href = `/api/v3${path}`
  return {
    _type: type,
    total: 1,
    count: 1,
    ...(paginated && { pageSize: 20, offset: 1 }),
    _embedded: { elements: [element] },
    _links: {
      self: { href: paginated ? `${href}?offset=1&pageSize=20` : href },
      ...(paginated && {
        jumpTo: { href: `${href}?offset={offset}&pageSize=20`, templated: true },
        changeSize: { href: `${href}?offset=1&pageSize={size}`, templated: true },
      }),
    },
  }
}

/** The entry of a property in an example of a schema. */
const entryOf = ({ label, kind, to, many, options }: Property): Json => {
  const type = to ?? kind.type
  return {
    type: many ? `[]${type}` : type,
    name: label,
    required: isAlwaysRequired(options),
    hasDefault: options.hasDefault ?? false,
    writable: options.readOnly === undefined,
    options: {},
    ...(options.max !== undefined && kind.type === 'String' && { maxLength: options.max }),
    ...((to || options.inLinks) && { location: '_links', _links: {} }),
  }
}

const MOST_ENTRIES = 5

/** A schema with a few of the properties. */
export const schemaExample = (resource: Resource, self?: string): Json => ({
  _type: 'Schema',
  _dependencies: [],
  ...Object.fromEntries(
    resource.properties
      .filter(({ options }) => options.inSchema !== false)
      .slice(0, MOST_ENTRIES)
      .map((p) => [p.name, entryOf(p)]),
  ),
  _links: self === undefined ? {} : { self: { href: self } },
})

/** A form without validation errors. */
export const formExample = (resource: Resource, payload: Json, isNew: boolean): Json => {
  const at = isNew ? `/api/v3/${resource.path}` : addressOf(resource)
  return {
    _type: 'Form',
    _embedded: { payload, schema: schemaExample(resource), validationErrors: {} },
    _links: {
      self: { href: `${at}/form`, method: 'post' },
      validate: { href: `${at}/form`, method: 'post' },
      commit: { href: at, method: isNew ? 'post' : 'patch' },
    },
  }
}
