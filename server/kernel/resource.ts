/** The declaration of a resource, and the registry of all of them. Everything else reads what is said here. */
import type { Engine, Row, Transaction } from '#db/database.ts'
import type { Sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'
import type { Moment } from './baseline.ts'
import type { IndexOptions } from './collection.ts'
import type { Context } from './context.ts'
import type { Violation } from './errors.ts'
import type { Kind, Strategy } from './kinds.ts'
import * as kinds from './kinds.ts'
import type { Filter } from './operators.ts'
import type { Page } from './page.ts'
import type { Rule, Scope } from './rules.ts'
import { refuseUnknown, refuseUnknownOperations } from './shapes.ts'
import type { Topic } from './world.ts'

/** A link as it is answered. */
export interface Link {
  href: string | null
  title?: string | null
  method?: string
  templated?: boolean
  type?: string
  payload?: unknown
  identifier?: string
}

/** A write before it is committed: the proposed row, what it was, and what the client named. */
export interface Draft<R = any> {
  readonly row: R
  readonly before: R | undefined
  /** Names of the properties that the payload holds, null included. */
  readonly given: ReadonlySet<string>
  /** The ids given for links to many, by property. */
  readonly many: Readonly<Record<string, readonly number[]>>
  /** What `_meta` of the payload says, by name. */
  readonly meta: Readonly<Record<string, unknown>>
  /** What was given for properties that have no column, as it was sent. */
  readonly loose?: Readonly<Record<string, unknown>>
  /** The addresses of links that lead to nothing the viewer sees, as they were sent, by column or, without one, by property. */
  readonly dangling?: Readonly<Record<string, readonly string[]>>
}

/** A row as it is, as a draft. */
export const standing = <R>(row: R): Draft<R> => ({ row, before: row, given: NOTHING, many: {}, meta: {} })
const NOTHING: ReadonlySet<string> = new Set()

/** Whether a column differs from what is stored; on a new row every column that holds something does. */
export function differs(draft: Draft, column: string): boolean {
  const now = draft.row[column] ?? null
  const then = draft.before?.[column] ?? null
  return now !== then && !(Array.isArray(now) && Array.isArray(then) && String(now) === String(then))
}

/** What a form may offer as values of a property. */
export type Allowed<R, F> =
  | { href: (draft: Draft<R>, context: Context) => string | null }
  | { rows: (draft: Draft<R>, facts: F, context: Context) => readonly Row[] | Promise<readonly Row[]> }
  | { texts: (draft: Draft<R>, facts: F, context: Context) => readonly string[] }

interface Common<R, F> {
  /** Defaults to the property's name in snake_case, with `_id` for a link. */
  column?: keyof R & string
  /** What people read; defaults to the property's name in words. */
  label?: string
  required?: boolean | ((draft: Draft<R>, facts: F, context: Context) => boolean)
  /** A stored row may go on lacking it: that is judged only where the client names it, or where this says so. */
  lenient?: (draft: Draft<R>) => boolean
  /** Said after the label when it is required and missing. */
  blank?: string
  hasDefault?: boolean
  /** On a new row it follows from other properties where it is left blank: what is missing then are those. */
  derived?: boolean
  /** Whether a client may write it at all, apart from permissions. */
  writable?: boolean | ((draft: Draft<R>, facts: F, context: Context) => boolean)
  /** Taken no notice of when it is sent, where others that cannot be written are refused. */
  ignored?: boolean
  /** A whole sentence, said whenever it is sent although it cannot be written, even if unchanged. */
  refusal?: string
  /** Who may write it; judged on the stored row, or on the draft of a new one. */
  may?: Rule | { create: Rule; update: Rule }
  /**
   * Whether changing it takes a fresh proof of the person, by whatever door: for all that decides who can sign in. What shows none
   * finds it not writable, unless the write itself is `proven`.
   */
  proof?: (draft: Draft<R>, facts: F, context: Context) => boolean
  /** Who may read it, and filter or sort by it. */
  read?: Rule
  /** Whether the row has it; where not, its key is absent. */
  when?: (row: R, page: Page) => boolean
  /** Whether a row has it at all, stored or not: where not it is shown nowhere, and no notice is taken of it when it is sent. */
  active?: (draft: Draft<R>, context: Context) => boolean
  /** What a new row has where the client says nothing. */
  initial?: unknown
  /** What it comes to, given the rest of the row: computed whenever that is written. */
  follows?: (row: R) => unknown
  /** Further members of its entry in schemas. */
  about?: Readonly<Record<string, unknown>>
  /** What is wrong with a value, in words that follow the label. */
  fault?: (value: unknown) => string | undefined
  /** Whether the schema mentions it. */
  inSchema?: boolean | ((draft: Draft<R>, facts: F, context: Context) => boolean)
  /** The part of a form it belongs to. */
  section?: string
  /** Filterable, with the kind's operators or these; see `filterNames` for further names. */
  filter?: boolean | Strategy
  filterNames?: readonly string[]
  /** Whether words in it are found by an index: see db/search.ts. */
  indexed?: boolean
  /** Sortable, by what it holds or by this expression: of a row of its table or, for a link, of the row that it points to. */
  sort?: boolean | ((scope: Scope, table: string) => Sql)
  group?: boolean
  /** Its groups are in descending order where no sort criterion says otherwise. */
  descending?: boolean
  /** Rows without a value come first when ascending, last when descending; of other properties the other way round. */
  emptyFirst?: boolean
  /** Whether it can be a column of a list; what can be sorted or grouped by can. */
  listed?: boolean
  /** Told again where a row is compared with what it was, if it has changed since. */
  compared?: boolean
  /** Summable: what it holds, or by this aggregate expression. */
  sum?: boolean | ((context: Context, table: string) => Sql)
}

export interface ScalarOptions<R, F> extends Common<R, F> {
  max?: number
  min?: number
  /** Computed from the row instead of read from a column. */
  value?: (row: R, page: Page) => unknown
  /** Computed by the database: an expression that is selected with every row unless a column is named as well. */
  select?: (scope: Scope, table: string) => Sql
  allowed?: Allowed<R, F>
  /** Kept as null instead of rendered when there is no value; false leaves the key out. */
  nullable?: boolean
}

export interface LinkOptions<R, F> extends Common<R, F> {
  allowed?: Allowed<R, F>
  /** Embedded when the row is answered by itself. */
  embed?: boolean
  /** Whoever sees the row sees this link's target named, whether or not the target is visible otherwise. */
  open?: boolean
  /** What an invisible target looks like: an undisclosed link, or none. */
  hidden?: 'undisclosed' | 'none'
  /** The link as it is answered, where it is not simply the target's. */
  link?: (row: R, page: Page) => Link | undefined
  /** Many targets: how they are read for a page and stored for a row. */
  load?: (rows: readonly R[], context: Context) => Promise<ReadonlyMap<number, readonly number[]>>
  /**
   * The address of the list of many targets, where a row links to that instead of each. They are then loaded only to be
   * embedded, as a collection; a payload names each, and none unless the client did.
   */
  collected?: (row: R) => string
  /** Which of the visible targets can be linked to; of all others it is said that they do not exist. */
  eligible?: (draft: Draft<R>, context: Context) => Sql | Promise<Sql>
  /** Runs in the transaction of the write, after the row is written. */
  store?: (tx: Transaction, draft: Draft<R>, ids: readonly number[], context: Context) => Promise<void>
  /** The type's name in schemas, where it is not the target's. */
  schemaType?: string
  /** The id it links to, computed by the database instead of read from a column. */
  select?: (scope: Scope, table: string) => Sql
  /** Where a row links to, when the column alone does not say. */
  target?: (row: R) => string | undefined
}

export interface Property {
  readonly name: string
  readonly kind: Kind
  readonly column: string | undefined
  readonly label: string
  readonly options: ScalarOptions<any, any> & LinkOptions<any, any>
  /** The name of the resource it links to. */
  readonly to: string | undefined
  readonly many: boolean
  /** The column it shares with others, which holds an object, and its key there. Its own column is one of the row in memory. */
  readonly kept?: { readonly column: string; readonly key: string }
}

/**
 * An order that is no property's own: an expression of the row, and nothing where this viewer has no such order; or one that is read
 * by way of a property, as far as that may be read. `by` is then an expression of what the property's `sort` is one of.
 */
export type Order =
  | ((scope: Scope, table: string) => Sql | undefined)
  | { readonly of: string; readonly by?: (scope: Scope, table: string) => Sql }

/** A property before it has its name. */
export type Unnamed = Omit<Property, 'name' | 'label' | 'column'>

/** A link that is no property: an action or a way on. */
export interface Action<R> {
  href?: (row: R, page: Page) => string | null
  /** Several links under one name, in place of `href`. */
  links?: (row: R, page: Page) => readonly Link[] | undefined
  method?: 'post' | 'patch' | 'put' | 'delete'
  title?: string | ((row: R, page: Page) => string)
  payload?: (row: R, page: Page) => unknown
  templated?: boolean
  /** A media type, for links that lead out of the API. */
  type?: string
  /** Changes nothing, although its method may look like it. */
  harmless?: boolean
  may?: Rule
  when?: (row: R, page: Page) => boolean
}

/** The resources that one database has added to, by name; see `living.ts`. */
export type Living = ReadonlyMap<string, Resource>

/** What every resource may answer. */
export type StandardOperation = 'index' | 'show' | 'create' | 'update' | 'delete' | 'form' | 'editForm' | 'schema'

export interface Declaration<T extends TableName, F> {
  /** The collection's path below /api/v3. */
  path: string
  /** Further paths whose links name the same kind of resource. */
  also?: readonly string[]
  /** Words for one of them in sentences; defaults to the resource's name in words. */
  label?: string
  /** The same for several of them, where it does not follow from one. */
  plural?: string
  /** What it is, in a sentence or two, for the description of the API. */
  description?: string
  /** What its properties and links mean where their names do not say it all, for the description of the API. */
  glossary?: Readonly<Record<string, string>>
  /** What properties hold in examples, `_type` and `id` among them, where that does not follow from their kinds. */
  example?: Readonly<Record<string, unknown>>
  /** `_type` and the path, where they depend on the row. */
  type?: (row: Tables[T], page: Page) => string
  pathOf?: (row: Tables[T]) => string
  /** The path of a row, where it does not end in its id; whatever stands in its place is then read by `resolve` alone. */
  addressOf?: (row: Tables[T]) => string
  /** The resource that a row really is, where this one stands for several kinds. */
  variant?: (row: Tables[T]) => string
  /** The id that a text in a path or link means, where it is not the number itself. */
  resolve?: (text: string, context: Context) => Promise<number | undefined>
  /** The column that says where a row belongs: until it is given, permissions are judged anywhere. */
  belongsTo?: keyof Tables[T] & string
  /** What names a row to people. */
  title: (keyof Tables[T] & string) | ((row: Tables[T]) => string)
  /** Links to it carry no title. */
  untitled?: boolean
  /** Kept in process: all rows of a small table, or those met of a larger one. */
  held?: 'all' | 'some'
  order?: { column: keyof Tables[T] & string; descending?: boolean }
  visible: Rule
  /**
   * Which visible rows answer at the resource's own address; all, unless said. Links and further lists may lead to more. Of a row for
   * which `holds` does not hold, only the database can tell.
   */
  addressable?: Pick<Rule, 'needs' | 'where'> & Partial<Pick<Rule, 'holds'>>
  /** Who may list them at all. Judged anywhere; otherwise 403. */
  guard?: Rule
  /** Who may use an operation at all. Judged anywhere, before the row is looked for; otherwise 403. */
  guards?: Partial<Record<StandardOperation, Rule>>
  /**
   * Who may create, change and remove rows. `edit` is asked for properties that name no rule, where that is narrower; `form` for
   * the forms, where they tell more people what could be written than may write it.
   */
  may?: { create?: Rule; update?: Rule; edit?: Rule; delete?: Rule; form?: Rule }
  /** Said instead of the general sentence when there is no such row. */
  missing?: string
  /** Who may read its schema, where that is not whoever may list. */
  schemaGuard?: Rule
  /** What its list says and does beyond the usual. */
  index?: (context: Context) => IndexOptions
  paginated?: boolean
  lock?: keyof Tables[T] & string
  /** The table that keeps what its rows were: every write is recorded in a journal. */
  journal?: TableName
  /** What is attached to a row, names by ids, as JSON: other tables hold it, so entries of the journal keep it. */
  attached?: (engine: Engine, id: Sql) => Sql
  /** The moments at which a request asks what its rows were; undefined where it asks what they are. Needs a journal. */
  moments?: (context: Context) => Promise<readonly Moment[] | undefined>
  properties: Record<string, Unnamed>
  /** What a write may say of itself in `_meta`: told in its forms, where the schema mentions it or the client gave it. */
  meta?: Record<string, Unnamed>
  /** Filters that belong to no property. */
  filters?: Record<string, Filter>
  /** Sorts that belong to no property. */
  sorts?: Record<string, Order>
  actions?: Record<string, Action<Tables[T]> | null>
  /** Read once for a page: whatever actions and values of its rows need. A loader never sees a single row. */
  loads?: Record<string, (rows: readonly Tables[T][], context: Context) => Promise<unknown>>
  /** What is embedded besides its links when a row is answered by itself, by the row's id. */
  embeds?: Record<string, (rows: readonly Tables[T][], context: Context) => Promise<ReadonlyMap<number, object>>>
  /** Sets of the viewer's that actions and values ask for beyond the rules given here. */
  needs?: readonly string[]
  /** Expressions selected with every row. */
  extras?: Record<string, (scope: Scope, table: string) => Sql>
  /** What a new row holds before the payload is applied. */
  defaults?: (context: Context) => Partial<Tables[T]>
  /** Whether a write brings the proof along that some properties take, as by the current password. */
  proven?: (draft: Draft<Tables[T]>, facts: F, context: Context) => boolean
  /** Looks everything up that the pure steps need: the only one that may ask the database. */
  facts?: (draft: Draft<Tables[T]>, context: Context) => Promise<F>
  /** Pure: what follows from what is proposed. Applied in order. */
  derive?: readonly ((draft: Draft<Tables[T]>, facts: F, context: Context) => Partial<Tables[T]>)[]
  /** Pure: what is wrong with it. May throw an ApiError that hides everything else. */
  check?: readonly ((draft: Draft<Tables[T]>, facts: F, context: Context) => readonly Violation[])[]
  /** In the same transaction, after the row is written. */
  after?: readonly ((tx: Transaction, draft: Draft<Tables[T]>, facts: F, context: Context) => Promise<void>)[]
  /** What creating means, where it is not inserting the row; gives the row's id. */
  create?: (tx: Transaction, row: Tables[T], context: Context) => Promise<number>
  /** What deleting means, where it is more than removing the row; gives false where it has removed the row itself: see `removal.ts`. */
  remove?: (tx: Transaction, row: Tables[T], context: Context) => Promise<boolean>
  /** Why a visible row that the viewer may delete cannot be deleted. */
  removable?: (row: Tables[T], context: Context) => Promise<readonly Violation[]>
  /** Topics that change with a row, besides the table's own. */
  topics?: readonly Topic[]
  /** Beyond the properties' entries: members of a schema. */
  schema?: (
    draft: Draft<Tables[T]>,
    facts: F,
    context: Context,
    form: boolean,
  ) => Promise<Record<string, unknown>> | Record<string, unknown>
  /** Further links of forms. */
  formLinks?: (draft: Draft<Tables[T]>, context: Context) => Record<string, Link>
  /** Query parameters that count at a row's own address. */
  parameters?: readonly string[]
  /** Query parameters that its list takes besides those that every list does, for the description of the API. */
  listParameters?: readonly string[]
  /** The answer at a row's own address, where it is more than the row. */
  answer?: (context: Context, row: Tables[T]) => Promise<object>
  /** Which of the standard operations exist. */
  operations: readonly StandardOperation[]
  /** The status of a successful deletion. */
  deleted?: 202 | 204
}

/** What the engine sees: the declaration with its types erased. Types serve the author; the engine is generic. */
export interface Resource extends Omit<Declaration<any, any>, 'properties' | 'meta' | 'title' | 'plural'> {
  readonly name: string
  readonly table: TableName
  readonly properties: readonly Property[]
  readonly property: ReadonlyMap<string, Property>
  readonly meta?: readonly Property[]
  readonly titleOf: (row: any) => string
  readonly words: string
  readonly plural: string
  /** The rows themselves, where they are part of the product rather than of the database. */
  readonly rows?: ReadonlyMap<any, Row>
  /** How these rows are read off other resources; see `rowsOf`. */
  readonly rowsOf?: (named: (name: string) => Resource) => ReadonlyMap<any, Row>
  /** Properties that the viewer does not know of, kept up to date by what the viewer writes. */
  readonly unseen?: readonly Property[]
  /** The properties that share a column with others. */
  readonly kept?: readonly Property[]
}

/** The part of a declaration that queries are read by; enough for collections of what is no table's rows. */
export type Queryable = Pick<Resource, 'properties' | 'property' | 'table'> & Partial<Resource>

export const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
/** `startDate` → `Start date`. */
export const humanize = (name: string) => {
  const words = snakeCase(name).replace(/^_/, '').replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** `category` → `categories`, `status` → `statuses`. */
const pluralOf = (words: string): string =>
  /[^aeiou]y$/.test(words) ? words.replace(/y$/, 'ies') : /(s|x|ch|sh)$/.test(words) ? `${words}es` : `${words}s`

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
export type Build<R, F> = ReturnType<typeof builders<R, F>>

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
export function resource<T extends TableName, F = unknown>(
  name: string,
  table: T,
  declare: (build: Build<Tables[T], F>) => Declaration<T, F>,
): Resource {
  const declaration = declare(builders<Tables[T], F>())
  refuseMisspelt(name, declaration)
  const { title } = declaration
  const words = declaration.label ?? humanize(name).toLowerCase()
  const properties = Object.entries(declaration.properties).map(named)
  const declared = {
    ...declaration,
    name,
    table,
    properties,
    property: new Map(properties.map((p) => [p.name, p])),
    meta: Object.entries(declaration.meta ?? {}).map(named),
    titleOf: typeof title === 'function' ? title : (row: any) => row[title] as string,
    words,
    plural: declaration.plural ?? pluralOf(words),
  } as unknown as Resource
  registry.set(name, declared)
  return declared
}

/** Throws an Error that names the resource and the member where a declaration, or a part of it, has one that nothing reads. */
function refuseMisspelt(name: string, declaration: Partial<Declaration<any, any>>): void {
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
  declare: (build: Build<R, unknown>) => Omit<Declaration<any, any>, 'resolve'>,
): Resource {
  let known: ReadonlyMap<any, R> | undefined
  const read = (named: (name: string) => Resource) =>
    new Map((typeof rows === 'function' ? rows(named) : rows).map((row) => [row.id, row]))
  const byId = () => {
    known ??= read(resourceNamed)
    return known
  }
  const resolve = async (text: string, context: Context) => rowsOf(declared, context)?.get(text)?.['id'] as number | undefined
  const declared: Resource = resource<any>(name, '', () => ({ ...declare(builders<R, unknown>()), resolve }))
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
    'actions' | 'attached' | 'extras' | 'loads' | 'embeds' | 'filters' | 'sorts' | 'needs' | 'after' | 'glossary'
  > & {
    properties?: (build: Build<Tables[T], any>) => Record<string, Unnamed>
  },
): void {
  const target = resourceNamed(name) as any
  const properties = more.properties?.(builders()) ?? {}
  refuseMisspelt(name, { ...more, properties })
  for (const key of ['actions', 'extras', 'loads', 'embeds', 'filters', 'sorts', 'glossary'] as const)
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
