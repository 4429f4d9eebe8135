/** The declaration of a resource, and the registry of all of them. Everything else reads what is said here. */
import type { Row } from '#db/database.ts'
import type { TableName, Tables } from '#db/tables.ts'
import type {
  Build,
  Context,
  Declaration,
  Draft,
  Kind,
  LinkOptions,
  Living,
  Property,
  Resource,
  ScalarOptions,
  Unnamed,
} from './declaration.ts'
import * as kinds from './kinds.ts'
import { refuseUnknown, refuseUnknownOperations } from './shapes.ts'

/** A row as it is, as a draft. */
export const standing = <R>(row: R): Draft<R> => ({ row, before: row, given: NOTHING, many: {}, meta: {} })
const NOTHING: ReadonlySet<string> = new Set()

/** Whether a column differs from what is stored; on a new row every column that holds something does. */
export function differs(draft: Draft, column: string): boolean {
  const now = draft.row[column] ?? null
  const then = draft.before?.[column] ?? null
  return now !== then && !(Array.isArray(now) && Array.isArray(then) && String(now) === String(then))
}

export const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
/** `startDate` → `Start date`. */
export const humanize = (name: string) => {
  const words = snakeCase(name).replace(/^_/, '').replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The builders a declaration is made with, for one table's rows. */
export function builders<R, F>() {
  const scalar =
    (kind: Kind) =>
    (options: ScalarOptions<R, F> = {}): Unnamed => ({ kind, options, to: undefined, many: false })
  return {
    text: scalar(kinds.text),
    integer: scalar(kinds.integer),
    boolean: scalar(kinds.boolean),
    date: scalar(kinds.date),
    dateTime: scalar(kinds.dateTime),
    hours: scalar(kinds.hours),
    days: scalar(kinds.days),
    markdown: scalar(kinds.markdown),
    plain: scalar(kinds.plain),
    password: scalar(kinds.password),
    /** A property of a kind of the module's own. */
    of: (kind: Kind, options: ScalarOptions<R, F> = {}) => scalar(kind)(options),
    /** A link to one other resource, named by its registered name. */
    link: (to: string, options: LinkOptions<R, F> = {}): Unnamed => ({ kind: linkKind, options, to, many: false }),
    /** Links to many of another resource. */
    links: (to: string, options: LinkOptions<R, F> = {}): Unnamed => ({ kind: linkKind, options, to, many: true }),
  }
}

/** The kind of a property that links to something. */
export const linkKind: Kind = {
  type: 'Link',
  json: { type: 'object', properties: { href: { type: ['string', 'null'] }, title: { type: ['string', 'null'] } } },
  render: (value) => value,
  parse: (value) => value,
  strategy: 'list',
}

/** Whether a property is the resource's lock version. */
export const isLock = ({ lock }: Pick<Resource, 'lock'>, { column }: Property): boolean => lock !== undefined && column === lock

/** A property with what follows from its name. */
function named([name, unnamed]: [string, Unnamed]): Property {
  const { options, to, many } = unnamed
  const computed = many || options.value || options.load || options.select
  const column = options.column ?? (computed ? undefined : snakeCase(name) + (to ? '_id' : ''))
  const label = options.label ?? automatic[name] ?? humanize(name)
  return { ...unnamed, name, label, column, options: isAutomatic(name) ? { required: true, ...options } : options }
}

/** The properties that every row has without anybody's doing, and what people read. */
const automatic: Readonly<Record<string, string>> = { id: 'ID', createdAt: 'Created on', updatedAt: 'Updated on' }
export const isAutomatic = (property: string): boolean => Object.hasOwn(automatic, property)

const registry = new Map<string, Resource>()

/** All resources, in the order of their declaration. */
export const resources = (): Iterable<Resource> => registry.values()

/** A resource by name. Throws for a name nobody declared. */
export function resourceNamed(name: string): Resource {
  const found = registry.get(name)
  if (!found) throw new Error(`No resource is named ${name}.`)
  return found
}

/** Declares a resource and registers it. `F` is what its `facts` give to its pure steps. */
export function resource<T extends TableName, F = unknown>(name: string, table: T, declaration: Declaration<T, F>): Resource {
  const build = builders<Tables[T], F>()
  const unnamed = { properties: declaration.properties(build), meta: declaration.meta?.(build) ?? {} }
  refuseMisspelt(name, { ...declaration, ...unnamed })
  const { title } = declaration
  const properties = Object.entries(unnamed.properties).map(named)
  const declared = {
    ...declaration,
    name,
    table,
    properties,
    property: new Map(properties.map((p) => [p.name, p])),
    meta: Object.entries(unnamed.meta).map(named),
    titleOf: typeof title === 'function' ? title : (row: any) => row[title] as string,
    words: declaration.label ?? humanize(name).toLowerCase(),
  } as unknown as Resource
  registry.set(name, declared)
  return declared
}

/** Throws an Error that names the resource and the member where a declaration, or a part of it, has one that nothing reads. */
function refuseMisspelt(
  name: string,
  declaration: Omit<Partial<Declaration<any, any>>, 'properties' | 'meta'> & {
    properties?: Record<string, Unnamed>
    meta?: Record<string, Unnamed>
  },
): void {
  const { properties = {}, meta = {}, filters = {}, actions = {}, operations = [] } = declaration
  refuseUnknown('declaration', name, declaration)
  refuseUnknownOperations(name, operations)
  for (const [own, { to, options }] of Object.entries({ ...properties, ...meta }))
    refuseUnknown(to ? 'link' : 'scalar', `${name}.${own}`, options)
  for (const [own, filter] of Object.entries(filters)) refuseUnknown('filter', `The filter ${own} of ${name}`, filter)
  for (const [own, action] of Object.entries(actions)) refuseUnknown('action', `The action ${own} of ${name}`, action)
}

/**
 * Declares a resource whose few rows are part of the product rather than of the database. Their ids may be texts.
 * It can be linked to and shown; there is nothing to write.
 * @param rows the rows, or what gives them once everything is declared
 */
export function fixed<R extends { id: number | string }>(
  name: string,
  rows: readonly R[] | ((named: (name: string) => Resource) => readonly R[]),
  declaration: Omit<Declaration<any, any>, 'resolve' | 'properties'> & {
    properties: (build: Build<R, any>) => Record<string, Unnamed>
  },
): Resource {
  let known: ReadonlyMap<any, R> | undefined
  const read = (named: (name: string) => Resource) =>
    new Map((typeof rows === 'function' ? rows(named) : rows).map((row) => [row.id, row]))
  const byId = () => {
    known ??= read(resourceNamed)
    return known
  }
  const resolve = async (text: string, context: Context) => rowsOf(declared, context)?.get(text)?.['id'] as number | undefined
  const declared: Resource = resource<any, any>(name, '', { ...declaration, resolve })
  if (typeof rows === 'function') Object.assign(declared, { rowsOf: read })
  return Object.defineProperty(declared, 'rows', { get: byId, enumerable: true })
}

const readings = new WeakMap<Living, Map<string, ReadonlyMap<any, Row>>>()

/** The rows of a resource that are part of the product, some of which are read off other resources as they are now. */
export function rowsOf(resource: Resource, { living }: { living: Living }): ReadonlyMap<any, Row> | undefined {
  if (!resource.rowsOf || living.size === 0) return resource.rows
  const known = readings.getOrInsertComputed(living, () => new Map())
  return known.getOrInsertComputed(
    resource.name,
    () => resource.rowsOf?.((name) => living.get(name) ?? resourceNamed(name)) as ReadonlyMap<any, Row>,
  )
}

/** Adds to a resource declared elsewhere: one module's part in another's resource. */
export function extend<T extends TableName>(
  name: string,
  _table: T,
  more: Pick<
    Declaration<T, any>,
    'actions' | 'attached' | 'extras' | 'loads' | 'embeds' | 'filters' | 'sorts' | 'needs' | 'after'
  > & {
    properties?: (build: Build<Tables[T], any>) => Record<string, Unnamed>
  },
): void {
  const target = resourceNamed(name) as any
  const properties = more.properties?.(builders()) ?? {}
  refuseMisspelt(name, { ...more, properties })
  for (const key of ['actions', 'extras', 'loads', 'embeds', 'filters', 'sorts'] as const)
    target[key] = { ...target[key], ...more[key] }
  if (more.attached) target.attached = more.attached
  for (const key of ['needs', 'after'] as const) target[key] = [...(target[key] ?? []), ...(more[key] ?? [])]
  for (const property of Object.entries(properties).map(named)) {
    target.properties.push(property)
    target.property.set(property.name, property)
  }
}

/** The address of a row. What is not to be in an address as it is, is encoded in ids that are texts, but for slashes. */
export const hrefOf = (resource: Resource, row: Row): string =>
  `/api/v3/${resource.addressOf?.(row) ?? `${resource.pathOf ? resource.pathOf(row) : resource.path}/${encodeId(row['id'])}`}`

const encodeId = (id: string | number): string | number =>
  typeof id === 'number'
    ? id
    : encodeURIComponent(id)
        .replaceAll('%2F', '/')
        .replace(/[!*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
