/** Builds declarations of resources, from which everything else follows. */

import { getCallSites } from 'node:util'
import type { Row } from '#db/database.ts'
import type { TableName, Tables } from '#db/tables.ts'
import type { Requirement } from '#kernel/declaration.ts'
import { type Message, message } from '#text/messages.ts'
import type {
  Build,
  Context,
  Declaration,
  Declared,
  Draft,
  Expression,
  Extension,
  Kind,
  LinkOptions,
  Model,
  Property,
  Resource,
  ScalarOptions,
  Unnamed,
} from './declaration.ts'
import * as kinds from './kinds.ts'
import { refuseUnknown, refuseUnknownOperations } from './shapes.ts'

/** The draft of an unchanged row. */
export const unchanged = <R>(row: R): Draft<R> => ({ row, before: row, given: NOTHING, many: {}, meta: {} })
const NOTHING: ReadonlySet<string> = new Set()

/** Whether a column differs from the stored row; in a new row, every column with a value does. */
export function differs(draft: Pick<Draft, 'row' | 'before'>, column: string): boolean {
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

/** The label that follows from a name. */
export const labelOf = (name: string): Message => message(automatic[name] ?? humanize(name))

/** `category` → `categories`, `status` → `statuses`. */
export const pluralOf = (words: string): string =>
  /[^aeiou]y$/.test(words) ? words.replace(/y$/, 'ies') : /(s|x|ch|sh)$/.test(words) ? `${words}es` : `${words}s`

/** The property builders of a declaration, for the rows of a table. */
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
    /** A link out of the API, to a page of the product. */
    address: (options: ScalarOptions<R, F> = {}) => scalar(kinds.address)({ inLinks: { page: true }, ...options }),
    password: scalar(kinds.password),
    /** A property of a custom kind. */
    of: (kind: Kind, options: ScalarOptions<R, F> = {}) => scalar(kind)(options),
    /** A link to one resource, by its declared name. */
    link: (to: string, options: LinkOptions<R, F> = {}): Unnamed => ({ kind: linkKind, options, to, many: false }),
    /** Links to many rows of a resource. */
    links: (to: string, options: LinkOptions<R, F> = {}): Unnamed => ({ kind: linkKind, options, to, many: true }),
  }
}

/** The kind of link properties. */
export const linkKind: Kind = {
  type: 'Link',
  json: { type: 'object', properties: { href: { type: ['string', 'null'] }, title: { type: ['string', 'null'] } } },
  render: (value) => value,
  parse: (value) => value,
  strategy: 'list',
}

/** Whether a property stands among the links: it leads to a resource, or out of the API. */
export const isAmongLinks = ({ to, options }: Property): boolean => to !== undefined || options.inLinks !== undefined

/** Whether a property is the resource's lock version. */
export const isLock = ({ lock }: Pick<Resource, 'lock'>, { column }: Property): boolean => lock !== undefined && column === lock

/** A property with the values that follow from its name. */
function named([name, unnamed]: [string, Unnamed]): Property {
  const { options, to, many } = unnamed
  const computed = many || options.value || options.load || options.select || options.holds
  const column = options.column ?? (computed ? undefined : snakeCase(name) + (to ? '_id' : ''))
  const label = options.label ?? labelOf(name)
  return { ...unnamed, name, label, column, options: isAutomatic(name) ? { required: true, ...options } : options }
}

/** Labels of automatic properties, which every row has. */
const automatic: Readonly<Record<string, string>> = { id: 'ID', createdAt: 'Created on', updatedAt: 'Updated on' }
export const isAutomatic = (property: string): boolean => Object.hasOwn(automatic, property)

/** Requires an expression for each computed column of the row type. */
type Computing<C> = unknown extends C ? unknown : { readonly computedColumns: { readonly [K in keyof C]: Expression } }

/**
 * Declares a resource. `F` is the type of the `facts` for its pure derivations and checks; `C` are the computed columns that its
 * code reads.
 * @throws Error with the file, the part and the member if the declaration has an unknown member
 */
export function resource<T extends TableName, F = unknown, C = unknown>(
  name: string,
  table: T,
  declaration: Declaration<T, F, NoInfer<C>> & Computing<NoInfer<C>>,
): Declared {
  return declare(name, table, declaration, declaringFile())
}

function declare(name: string, table: TableName, declaration: Declaration<any, any>, file: string): Declared {
  const build = builders<any, any>()
  const unnamed = { properties: declaration.properties(build), meta: declaration.meta?.(build) ?? {} }
  refuseMisspelt(file, name, { ...declaration, ...unnamed })
  const { title } = declaration
  const words = declaration.label ?? humanize(name).toLowerCase()
  return {
    ...declaration,
    name,
    table,
    file,
    properties: Object.entries(unnamed.properties).map(named),
    meta: Object.entries(unnamed.meta).map(named),
    titleOf: typeof title === 'function' ? title : (row: any) => row[title] as string,
    words,
    plural: declaration.plural ?? pluralOf(words),
  }
}

/** The file that calls the caller of this function, relative to the root of the checkout. */
export function declaringFile(): string {
  const url = getCallSites(3)[2]?.scriptName ?? ''
  return url.replace(/^.*\/(server|test)\//, '$1/')
}

/** Throws an Error with the resource and the member if a declaration, or a part of it, has an unknown member. */
function refuseMisspelt(
  file: string,
  name: string,
  declaration: Omit<Partial<Declaration<any, any>>, 'properties' | 'meta'> & {
    properties?: Record<string, Unnamed>
    meta?: Record<string, Unnamed>
  },
): void {
  const { properties = {}, meta = {}, filters = {}, actions = {}, operations = [] } = declaration
  const at = `${file}: ${name}`
  refuseUnknown('declaration', at, declaration)
  refuseUnknownOperations(at, operations)
  for (const [own, { to, options }] of Object.entries({ ...properties, ...meta }))
    refuseUnknown(to ? 'link' : 'scalar', `${at}.${own}`, options)
  for (const [own, filter] of Object.entries(filters)) refuseUnknown('filter', `${at}, filter ${own}`, filter)
  for (const [own, action] of Object.entries(actions)) refuseUnknown('action', `${at}, action ${own}`, action)
}

/**
 * Declares a read-only resource whose few rows are part of the product rather than of the database. Their ids may be texts.
 * @param rows the rows, or a function that derives them from the model
 */
export function staticResource<R extends { id: number | string }>(
  name: string,
  rows: readonly R[] | ((model: Model) => readonly R[]),
  declaration: Omit<Declaration<any, any>, 'resolve' | 'properties'> & {
    properties: (build: Build<R, any>) => Record<string, Unnamed>
  },
): Declared {
  const resolve: Declared['resolve'] = async (texts, { model }) => {
    const known = model.of(name).rows
    return new Map(texts.filter((text) => known?.has(text)).map((text) => [text, known?.get(text)?.id]))
  }
  const staticRows = (model: Model) =>
    new Map<number | string, Row>((typeof rows === 'function' ? rows(model) : rows).map((row) => [row.id, row]))
  return { ...declare(name, '' as TableName, { ...declaration, resolve }, declaringFile()), staticRows }
}

/** Members of a declaration that a module can add to a resource of another module. */
type More<T extends TableName, F> = Pick<
  Declaration<T, F>,
  | 'visible'
  | 'may'
  | 'glossary'
  | 'actions'
  | 'attached'
  | 'computedColumns'
  | 'pageLoaders'
  | 'kept'
  | 'embedLoaders'
  | 'filters'
  | 'sorts'
  | 'facts'
  | 'derive'
  | 'check'
  | 'after'
>

/**
 * Declares an extension to a resource of another module. Its facts join those of the resource, under names of their own; its
 * derivations, checks and effects run after those of the resource.
 * @throws Error with the file, the part and the member if it has an unknown member
 */
export function extension<T extends TableName, F = any>(
  of: string,
  _table: T,
  { properties: build, ...more }: Partial<More<T, F>> & { properties?: (build: Build<Tables[T], F>) => Record<string, Unnamed> },
): Extension {
  const file = declaringFile()
  const properties = build?.(builders()) ?? {}
  refuseMisspelt(file, of, { ...more, properties })
  return { of, file, more: more, properties: Object.entries(properties).map(named) }
}

/** The address of a row. Ids that are texts are percent-encoded, except for slashes. */
export const hrefOf = (resource: Pick<Declared, 'path' | 'pathOf' | 'addressOf'>, row: Row): string =>
  `/api/v3/${resource.addressOf?.(row) ?? `${resource.pathOf ? resource.pathOf(row) : resource.path}/${encodeId(row.id)}`}`

const encodeId = (id: string | number): string | number =>
  typeof id === 'number'
    ? id
    : encodeURIComponent(id)
        .replaceAll('%2F', '/')
        .replace(/[!*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** The filters of a list's address: by name an operator and its values. */
export type ListFilters = Readonly<Record<string, readonly [operator: string, ...values: (string | number)[]]>>

/**
 * The address of a list, narrowed by filters where any are given.
 * @param path below /api/v3
 */
export function listHref(path: string, filters: ListFilters, parameters = ''): string {
  const uses = Object.entries(filters).map(([name, [operator, ...values]]) => ({
    [name]: { operator, values: values.map(String) },
  }))
  const query = uses.length > 0 ? [`filters=${encodeURIComponent(JSON.stringify(uses))}`] : []
  const all = [...query, ...(parameters === '' ? [] : [parameters])].join('&')
  return `/api/v3/${path}${all === '' ? '' : `?${all}`}`
}

/** The requirement of a property; empty if it has no conditions. */
export const requirementOf = ({ options: { required } }: Property): Requirement<any, any> =>
  typeof required === 'object' ? required : {}

/** Whether every row must have a property, whatever else it is. */
export const isAlwaysRequired = ({ required = false }: Property['options']): boolean =>
  typeof required === 'object' ? required.when === undefined : required === true

/** Whether a row must have a property, as schemas say. */
export function isRequired({ options: { required = false } }: Property, draft: Draft, facts: unknown, context: Context): boolean {
  const condition = typeof required === 'object' ? (required.when ?? true) : required
  return typeof condition === 'function' ? condition(draft, facts, context) : condition
}
