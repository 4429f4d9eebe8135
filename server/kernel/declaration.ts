/** What declarations are made of: the types that all of the kernel shares, so that none of its files needs another one for them. */
import type { Database, Engine, Reader, Row, Transaction } from '#db/database.ts'
import type { Migration } from '#db/migrate.ts'
import type { Sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'
import type { FileStore } from '#files/store.ts'
import type { Proof, Rule, Viewer } from '#kernel/access/viewer.ts'
import type { Language, Message, Text } from '#text/messages.ts'
import type { Place } from '#text/references.ts'
import type { ApiAction, Permission, Entry as PermissionEntry, ProjectModule } from './access/permissions.ts'
import type { BodyType } from './bodies.ts'
import type { CacheTopic, Snapshot } from './cache.ts'
import type { Violation } from './errors.ts'
import type { Settings } from './settings.ts'

export type { Right, Rule } from '#kernel/access/viewer.ts'

export interface Context {
  readonly db: Reader
  /** For what has to be kept even where the request comes to nothing, such as an attempt at a password. Not within a transaction. */
  readonly outside: Database
  readonly engine: Engine
  readonly viewer: Viewer
  /** What the request shows of the person who is the viewer. */
  readonly proof: Proof
  /** When the credential that it came with is good no more by itself. */
  readonly until: string | undefined
  readonly snapshot: Snapshot
  /** All resources, with what this database has added to them as far as the viewer knows of it. */
  readonly model: Model
  readonly settings: Settings
  readonly now: Date
  /** The viewer's time zone, an IANA name; the instance's where there is none. */
  readonly timeZone: string
  /** The language of what is said to the viewer. */
  readonly language: Language
  /** Today in that zone, `YYYY-MM-DD`. */
  readonly today: string
  /** Where files are kept. Not to be touched while a transaction runs. */
  readonly files: FileStore
  /** The query string. */
  readonly params: URLSearchParams
  /** The path asked for, without the query string. */
  readonly path: string
  /** What a write leaves for the answer to its request, such as a secret that is told once, by name. */
  readonly told: Map<string, unknown>
  /** Where rows are read as they were at a moment: the same request, reading what there is now. */
  readonly live?: Context
  /** The same request as if it began now: after a write, for telling what has become of it. */
  renewed(): Promise<Context>
}

/** How a filter on a kind behaves; see `operators.ts`. */
export type Strategy =
  | 'list'
  | 'list_all'
  | 'list_optional'
  | 'integer'
  | 'date'
  | 'datetime_past'
  | 'text'
  | 'string'
  | 'search'
  | 'boolean'

export interface Kind {
  /** The type's name in schemas. */
  readonly type: string
  /** The value's JSON Schema. */
  readonly json: Record<string, unknown>
  /** From the column's value to the API's. */
  render(value: any): unknown
  /** From the API's value to the column's; null is never passed in. Throws a FormatError. */
  parse(value: unknown, context?: Context): unknown
  readonly strategy: Strategy
  /** What is shown where there is no value; null unless said otherwise. */
  readonly ofNothing?: unknown
}

/** A link as it is answered. */
export interface Link {
  href: string | null
  title?: Text | null
  method?: string
  templated?: boolean
  type?: string
  payload?: unknown
  identifier?: string
}

export type Body = Record<string, unknown>

/** A write before it is committed: the proposed row, what it was, and what the client named. */
export interface Draft<R = Row> {
  readonly row: R
  readonly before: R | undefined
  /** Names of the properties that the payload holds, null included. */
  readonly given: ReadonlySet<string>
  /** The ids given for links to many, by property. */
  readonly many: Readonly<Record<string, readonly number[]>>
  /** What `_meta` of the payload says, by name. */
  readonly meta: Readonly<Record<string, unknown>>
  /** What was given for properties that have no column, as it was sent. */
  readonly virtual?: Readonly<Record<string, unknown>>
  /** The addresses of links that lead to nothing the viewer sees, as they were sent, by column or, without one, by property. */
  readonly dangling?: Readonly<Record<string, readonly string[]>>
}

/** What a form may offer as values of a property. */
export type Allowed<R, F> =
  | { href: (draft: Draft<R>, context: Context) => string | null }
  | { rows: (draft: Draft<R>, facts: F, context: Context) => readonly Row[] | Promise<readonly Row[]> }
  | { texts: (draft: Draft<R>, facts: F, context: Context) => readonly string[] }
  /** Addresses that a link out of the API may have. */
  | { hrefs: (draft: Draft<R>, facts: F, context: Context) => readonly string[] | Promise<readonly string[]> }
  /** Objects that are no resources. */
  | { objects: (draft: Draft<R>, facts: F, context: Context) => readonly Body[] }

/** How a required property is required. */
export interface Requirement<R, F> {
  /** Whether it is required at all: always, unless this says otherwise. */
  when?: (draft: Draft<R>, facts: F, context: Context) => boolean
  /** Said after the label when it is missing. */
  blank?: Message
  /** On a new row it follows from other properties where it is left blank: what is missing then are those. */
  derived?: true
  /** A stored row may go on lacking it: that is judged only where the client names it, or where this says so. */
  lenient?: (draft: Draft<R>) => boolean
}

export interface Common<R, F> {
  /** Defaults to the property's name in snake_case, with `_id` for a link. */
  column?: keyof R & string
  /** What people read; defaults to the property's name in words. */
  label?: Message
  /** Whether a row must have it, as schemas say; see `Requirement` for what else there is to say of that. */
  required?: boolean | ((draft: Draft<R>, facts: F, context: Context) => boolean) | Requirement<R, F>
  hasDefault?: boolean
  /** Whether a client may write it now, apart from permissions. Properties with a column can be written unless something says not. */
  writable?: true | ((draft: Draft<R>, facts: F, context: Context) => boolean)
  /**
   * No client ever writes it. One that sends another value is told so; with `ignore` it is not, and with a sentence it is told that,
   * even if the value is unchanged.
   */
  readOnly?: true | 'ignore' | Message
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
  when?: (row: R, page: Loaded) => boolean
  /** Whether a row has it at all, stored or not: where not it is shown nowhere, and no notice is taken of it when it is sent. */
  active?: (draft: Draft<R>, context: Context) => boolean
  /** What a new row has where the client says nothing. */
  initial?: unknown
  /** What it comes to, given the rest of the row: computed whenever that is written. */
  follows?: (row: R) => unknown
  /** Further members of its entry in schemas. */
  about?: Readonly<Record<string, unknown>>
  /** What is wrong with a value, in words that follow the label. */
  fault?: (value: unknown) => Message | undefined
  /** Whether the schema mentions it. */
  inSchema?: boolean | Rule | ((draft: Draft<R>, facts: F, context: Context) => boolean)
  /** The part of a form it belongs to. */
  section?: Message
  /** Filterable, with the kind's operators or these; see `filterNames` for further names. */
  filter?: boolean | Strategy
  filterNames?: readonly string[]
  /** Whether words in it are found by an index: see db/search.ts. */
  indexed?: boolean
  /** Sortable, by what it holds or by this expression: of a row of its table or, for a link, of the row that it points to. */
  sort?: boolean | Expression
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
  /**
   * The column within whose value no two rows have the same text here, ignoring case, or true where no two rows at all have it; a
   * unique index has to hold it as well.
   */
  unique?: (keyof R & string) | true
  /**
   * It stands among the links: its value, as its kind renders it, is the address of something that is no resource, such as a URN.
   * The title names that to people. `page`: it is a page of the product, whose address is kept without the host.
   */
  inLinks?: { readonly title?: (row: R) => Text; readonly page?: true }
  max?: number
  min?: number
  /** Computed from the row instead of read from a column. */
  value?: (row: R, page: Loaded) => unknown
  /** Computed by the database: an expression that is selected with every row unless a column is named as well. */
  select?: Expression
  /** Whether this rule holds for the row, in place of a column: of a property that is true or false. */
  holds?: Rule
  allowed?: Allowed<R, F>
  /** What is stored in place of a new text, such as its encrypted form, once the row has its id. Runs in the transaction of the write. */
  stored?: (tx: Transaction, place: Stored, text: string, context: Context) => Promise<string>
  /** Kept as null instead of rendered when there is no value; false leaves the key out. */
  nullable?: boolean
}

/** A place in the database: a column of a row. */
export interface Stored {
  readonly table: TableName
  readonly column: string
  readonly id: number
}

/**
 * What becomes of a row when the row that it points to is removed: it points to the target's successor from then on, its history
 * included; to nothing; or it is removed as well, where `remove` is a condition only those rows of the table for which it holds.
 */
export type WhenGone = 'successor' | 'empty' | 'remove' | { readonly remove: Sql; readonly otherwise: 'successor' | 'empty' }

export interface LinkOptions<R, F> extends Common<R, F> {
  allowed?: Allowed<R, F>
  /** Embedded when the row is answered by itself. */
  embed?: boolean
  /** Whoever sees the row sees this link's target named, whether or not the target is visible otherwise. */
  alwaysNamed?: boolean
  /** What an invisible target looks like: an undisclosed link, or none. */
  whenHidden?: 'undisclosed' | 'none'
  /** The link as it is answered, where it is not simply the target's. */
  link?: (row: R, page: Loaded) => Link | undefined
  /** Many targets: how they are read for a page and stored for a row. */
  load?: (rows: readonly R[], context: Context) => Promise<ReadonlyMap<number, readonly number[]>>
  /**
   * The address of the list of many targets, where a row links to that instead of each. They are then loaded only to be
   * embedded, as a collection; a payload names each, and none unless the client did.
   */
  listedAt?: (row: R) => string
  /** The targets that count: a link to any other is told as none. */
  counts?: Rule
  /** Which of the visible targets can be linked to; of all others it is said that they do not exist. */
  eligible?: (draft: Draft<R>, context: Context) => Sql | Promise<Sql>
  /** Runs in the transaction of the write, after the row is written. */
  store?: (tx: Transaction, draft: Draft<R>, ids: readonly number[], context: Context) => Promise<void>
  /** The type's name in schemas, where it is not the target's. */
  schemaType?: string
  /** The id it links to, computed by the database instead of read from a column. */
  select?: Expression
  /** What becomes of its rows when the row that they link to is removed, where no foreign key says it. */
  whenGone?: WhenGone
  /** Where a row links to, when the column alone does not say. */
  target?: (row: R) => string | undefined
}

export interface Property {
  readonly name: string
  readonly kind: Kind
  readonly column: string | undefined
  readonly label: Message
  readonly options: ScalarOptions<any, any> & LinkOptions<any, any>
  /** The name of the resource it links to. */
  readonly to: string | undefined
  readonly many: boolean
  /** The column it shares with others, which holds an object, and its key there. Its own column is one of the row in memory. */
  readonly packed?: { readonly column: string; readonly key: string }
}

/** A property before it has its name. */
export type Unnamed = Omit<Property, 'name' | 'label' | 'column'>

/** The builders that a declaration's properties are made with, for one table's rows. */
export interface Build<R, F> {
  text(options?: ScalarOptions<R, F>): Unnamed
  integer(options?: ScalarOptions<R, F>): Unnamed
  boolean(options?: ScalarOptions<R, F>): Unnamed
  date(options?: ScalarOptions<R, F>): Unnamed
  dateTime(options?: ScalarOptions<R, F>): Unnamed
  hours(options?: ScalarOptions<R, F>): Unnamed
  days(options?: ScalarOptions<R, F>): Unnamed
  markdown(options?: ScalarOptions<R, F>): Unnamed
  plain(options?: ScalarOptions<R, F>): Unnamed
  /** A link that leads out of the API, to a page. */
  address(options?: ScalarOptions<R, F>): Unnamed
  password(options?: ScalarOptions<R, F>): Unnamed
  /** A property of a kind of the module's own. */
  of(kind: Kind, options?: ScalarOptions<R, F>): Unnamed
  /** A link to one other resource, by its name. */
  link(to: string, options?: LinkOptions<R, F>): Unnamed
  /** Links to many of another resource. */
  links(to: string, options?: LinkOptions<R, F>): Unnamed
}

/**
 * An order that is no property's own: an expression of the row, and nothing where this viewer has no such order; or one that is read
 * by way of a property, as far as that may be read. `by` is then an expression of what the property's `sort` is one of.
 */
export type Order = Expression<Sql | undefined> | { readonly of: string; readonly by?: Expression }

/** A link that is no property: an action or a way on. */
export interface Action<R> {
  href?: (row: R, page: Loaded) => string | null
  /** Several links under one name, in place of `href`. */
  links?: (row: R, page: Loaded) => readonly Link[] | undefined
  method?: 'post' | 'patch' | 'put' | 'delete'
  title?: Message | ((row: R, page: Loaded) => Text)
  payload?: (row: R, page: Loaded) => unknown
  templated?: boolean
  /** A media type, for links that lead out of the API. */
  type?: string
  /** Changes nothing, although its method may look like it. */
  harmless?: boolean
  may?: Rule
  when?: (row: R, page: Loaded) => boolean
}

/** One use of a filter in a request. */
export interface FilterUse {
  readonly name: string
  readonly operator: string
  readonly values: readonly string[]
}

/** A filter that needs more than a column and a strategy. */
export interface Filter {
  /** Further names it answers to, besides its own in camelCase and snake_case. */
  names?: readonly string[]
  /** What people read; defaults to its name in words. */
  label?: Message
  strategy: Strategy
  /** Where the strategy's operators are not the right ones. */
  operators?: readonly string[]
  /** What people read for operators that no other filter has. */
  operatorNames?: Readonly<Record<string, Text>>
  /** The resource whose rows its values name. */
  to?: string
  /** The property that it looks at, where it is not called so: nothing is found by what the viewer may not read. */
  of?: string
  /** Whether there is such a filter where a list is asked for: always, unless this says otherwise. */
  available?: (context: Context) => boolean | Promise<boolean>
  /** It answers to its name, but is not among the filters that are offered. */
  unlisted?: boolean
  /** Whether values name something that can be chosen; by default any visible row of `to`, or any value of the right format. */
  allowed?: (values: readonly string[], context: Context) => boolean | Promise<boolean>
  /** The rows of which the viewer may know what it asks: no others are found, whether it is asked for or its opposite. */
  known?: Rule
  /** Its negative operators are not the opposites of the positive ones: `where` is asked for them as well. */
  ownNegation?: true
  /** Its positive condition: `!`, `!~` and `!*` are the opposites of `=`, `~` and `*`, and of yes and no it is asked for yes. */
  where: (use: FilterUse, context: Context, table: string) => Sql | Promise<Sql>
}

export interface Sort {
  readonly name: string
  readonly descending: boolean
  readonly expression: Sql
  /** Whether there can be rows without a value. */
  readonly nullable: boolean
  /** Whether these come first when ascending. */
  readonly emptyFirst?: boolean | undefined
}

export interface Query {
  readonly offset: number
  readonly pageSize: number
  /** The filters as they are repeated in links: the client's own with their dates understood, or the default ones. */
  readonly filters: readonly FilterUse[]
  readonly conditions: readonly Sql[]
  readonly sorts: readonly Sort[]
  readonly group: Property | undefined
  readonly showSums: boolean
  readonly select: readonly string[] | undefined
}

export interface Loaded {
  readonly context: Context
  readonly resource: Resource
  readonly rows: readonly Row[]
  /** What the resource's `loads` gave, by name. */
  readonly loaded: Readonly<Record<string, any>>
  /** The rows that links point to, by resource and id. Those of resources not held in process are visible ones only. */
  readonly related: ReadonlyMap<string, ReadonlyMap<number, Row>>
  /** The ids that links to many point to, by property and row. */
  readonly many: ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>
  /** What is embedded, represented, by resource and id, as far as it answers at its own address; only for a row answered by itself. */
  readonly embedded?: ReadonlyMap<string, ReadonlyMap<number, object>>
  /** What its resource's `embeds` gave, by name and the id of the row; only for a row answered by itself. */
  readonly extra?: ReadonlyMap<string, ReadonlyMap<number, object>>
  /** Where the resource stands for several kinds: a page for the rows of each. */
  readonly variants: ReadonlyMap<string, Loaded> | undefined
}

/** A moment that a request asks about. */
export interface Moment {
  /** As it is told again. */
  readonly text: string
  /** The instant in UTC; undefined for now, which is read from the rows themselves. */
  readonly at: string | undefined
}

export interface IndexOptions {
  /** A condition on the rows besides visibility and filters. */
  within?: Sql
  /** The path that links repeat; the request's own by default. */
  path?: string
  /** Filters in force when the client names none. */
  byDefault?: readonly FilterUse[]
  /** `_type` of the collection. */
  type?: string
  /** Further parameters that links repeat, after the filters. */
  params?: (query: Query) => Record<string, string>
  /** What is asked for in place of what was, where not every page there could be is given. */
  instead?: (query: Query) => Query
  /** What the collection says besides its elements. */
  links?: (page: Loaded, query: Query) => Record<string, Link | Link[]> | Promise<Record<string, Link | Link[]>>
  embedded?: (page: Loaded) => Promise<Body>
  /** Elements embed what they do when they are answered by themselves. */
  full?: boolean
  /** The caller reads the elements, so that they are no texts. */
  asBodies?: boolean
  /** Further links of each group. */
  groupLinks?: (group: Property) => Record<string, Link>
  paginated?: boolean
}

/** What every resource may answer. */
export type StandardOperation = 'index' | 'show' | 'create' | 'update' | 'delete' | 'form' | 'editForm' | 'schema'

/** The declaration of a resource. `C` are columns that are computed for stored rows; new rows lack them. */
export interface Declaration<T extends TableName, F, C = unknown> {
  /** The collection's path below /api/v3. */
  path: string
  /** Further paths whose links name the same kind of resource. */
  aliases?: readonly string[]
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
  type?: (row: Tables[T] & C, page: Loaded) => string
  pathOf?: (row: Tables[T] & C) => string
  /** The path of a row, where it does not end in its id; whatever stands in its place is then read by `resolve` alone. */
  addressOf?: (row: Tables[T] & C) => string
  /** The resource that a row really is, where this one stands for several kinds. */
  variant?: (row: Tables[T] & C) => string
  /** The ids that texts in paths, links and references mean, where they are not the numbers themselves. */
  resolve?: (texts: readonly string[], context: Context) => Promise<ReadonlyMap<string, number>>
  /** The ids that references mean which depend on the rows that their texts belong to. */
  resolveAt?: (named: readonly { text: string; places: readonly Place[] }[], context: Context) => Promise<(number | undefined)[]>
  /**
   * How texts refer to a row: the address, unless it is the page of its path, and what `##` and `###` show. `shown` gives a property
   * as a text, if there is one that the reader may see.
   */
  inTexts?: {
    href?: (row: Tables[T] & C) => string
    summary?: (row: Tables[T] & C, shown: (property: string) => string | undefined) => string
    details?: (row: Tables[T] & C, shown: (property: string) => string | undefined) => string
  }
  /** The rows whose files the texts of a row may name, and that macros in them are relative to; the row itself unless said. */
  places?: (row: Tables[T] & C) => readonly Place[]
  /** The column that says where a row belongs: until it is given, permissions are judged anywhere. */
  belongsTo?: keyof Tables[T] & string
  /** What names a row to people. */
  title: (keyof Tables[T] & string) | ((row: Tables[T] & C) => Text)
  /** Links to it carry no title. */
  untitled?: boolean
  /** Kept in process: all rows of a small table, or those met of a larger one. */
  cached?: 'all' | 'some'
  order?: { column: keyof Tables[T] & string; descending?: boolean }
  /**
   * How many of its rows there are for each combination of some columns is kept up to date: see `db/counts.ts`. `ordered` names
   * indexes that have all rows in the order of a column, those of the same value by id.
   */
  counts?: { by: readonly (keyof Tables[T] & string)[]; ordered: { readonly [C in keyof Tables[T] & string]?: string } }
  visible: Rule
  /**
   * Which visible rows answer at the resource's own address; all, unless said. Links and further lists may lead to more. Of a row for
   * which it does not hold in memory, the database is asked.
   */
  addressable?: Rule
  /**
   * Who may use an operation at all, and any that tells of its rows or its schema (`all`). Judged anywhere, before the row is looked
   * for; otherwise 403.
   */
  guards?: Partial<Record<StandardOperation | 'all', Rule>>
  /**
   * Who may create, change and remove rows. `edit` is asked for properties that name no rule, where that is narrower; `form` for
   * the forms, where they tell more people what could be written than may write it.
   */
  may?: { create?: Rule; update?: Rule; edit?: Rule; delete?: Rule; form?: Rule }
  /** The status of a change or deletion of a visible row that the viewer may not make; 403 unless said. */
  refusal?: 404
  /** Said instead of the general sentence when there is no such row. */
  missing?: Message
  /** What its list says and does beyond the usual. */
  index?: (context: Context) => IndexOptions
  paginated?: boolean
  lock?: keyof Tables[T] & string
  /** The table that keeps what its rows were: every write is recorded in a journal. */
  journal?: TableName
  /** Columns that point to rows of other resources and are no properties: to which, and what becomes of a row when that one is removed. */
  references?: Record<string, { readonly to: string; readonly whenGone: WhenGone }>
  /** The id of the row that takes the place of a removed one. */
  successor?: Sql
  /** Files can be attached to its rows. */
  attachments?: Attachable
  /** Its rows are copied with their project, where a request asks for it. */
  copied?: Copied
  /** What is attached to a row, names by ids, as JSON: other tables hold it, so entries of the journal keep it. */
  attached?: (engine: Engine, id: Sql) => Sql
  /** The moments at which a request asks what its rows were; undefined where it asks what they are. Needs a journal. */
  moments?: (context: Context) => Promise<readonly Moment[] | undefined>
  properties: (build: Build<Tables[T] & C, F>) => Record<string, Unnamed>
  /** What a write may say of itself in `_meta`: told in its forms, where the schema mentions it or the client gave it. */
  meta?: (build: Build<Tables[T] & C, F>) => Record<string, Unnamed>
  /** Filters that belong to no property. */
  filters?: Record<string, Filter>
  /** Sorts that belong to no property. */
  sorts?: Record<string, Order>
  actions?: Record<string, Action<Tables[T] & C> | null>
  /** Read once for a page: whatever actions and values of its rows need. A loader never sees a single row. */
  pageLoaders?: Record<string, (rows: readonly (Tables[T] & C)[], context: Context) => Promise<unknown>>
  /**
   * Has its elements kept as text, in lists and at their own addresses: see `read/kept.ts`. They may depend on the row, its links,
   * what they embed, cached tables, settings and permissions, and on no other part of the context, such as the time. For each page
   * loader it tells the part of its result that the element of a row depends on, besides these.
   */
  kept?: Record<string, (loaded: any, row: Tables[T] & C) => unknown>
  /** What is embedded besides its links when a row is answered by itself, by the row's id. */
  embedLoaders?: Record<string, (rows: readonly (Tables[T] & C)[], context: Context) => Promise<ReadonlyMap<number, object>>>
  /** Expressions selected with every row. What `derive` gives for them in a draft, rules can read; it is not stored. */
  computedColumns?: Record<string, Expression>
  /** What a new row holds before the payload is applied. */
  defaults?: (context: Context) => Partial<Tables[T]>
  /** Whether a write brings the proof along that some properties take, as by the current password. */
  proven?: (draft: Draft<Tables[T] & C>, facts: F, context: Context) => boolean
  /** Looks everything up that the pure steps need: the only one that may ask the database. */
  facts?: (draft: Draft<Tables[T] & C>, context: Context) => Promise<F>
  /** Pure: what follows from what is proposed. Applied in order. */
  derive?: readonly ((draft: Draft<Tables[T] & C>, facts: F, context: Context) => Partial<Tables[T] & C>)[]
  /** Pure: what is wrong with it. May throw an ApiError that hides everything else. */
  check?: readonly ((draft: Draft<Tables[T] & C>, facts: F, context: Context) => readonly Violation[])[]
  /** In the same transaction, after the row is written. */
  after?: readonly ((tx: Transaction, draft: Draft<Tables[T] & C>, facts: F, context: Context) => Promise<void>)[]
  /** What creating means, where it is not inserting the row; gives the row's id. */
  create?: (tx: Transaction, row: Tables[T] & C, context: Context) => Promise<number>
  /** What deleting means, where it is more than removing the row; gives false where it has removed the row itself: see `removal.ts`. */
  remove?: (tx: Transaction, row: Tables[T] & C, context: Context) => Promise<boolean>
  /**
   * Many rows may refer to one of its rows. Where there are many, deleting one hides it, and a job removes it: see `removal.ts`.
   * `begin` is what deleting means at once then.
   */
  gradual?: { begin?: (tx: Transaction, row: Tables[T] & C, context: Context) => Promise<void> }
  /** Why nobody can change or delete a row as it stands, in a sentence: the reason of a 403. Its links to do so are left out then. */
  frozen?: (row: Tables[T] & C) => Message | undefined
  /** Why a visible row that the viewer may delete cannot be deleted. */
  removable?: (row: Tables[T] & C, context: Context) => Promise<readonly Violation[]>
  /** Topics that change with a row, besides the table's own. */
  topics?: readonly CacheTopic[]
  /** Beyond the properties' entries: members of a schema. */
  schema?: (
    draft: Draft<Tables[T] & C>,
    facts: F,
    context: Context,
    form: boolean,
  ) => Promise<Record<string, unknown>> | Record<string, unknown>
  /** Further links of forms. */
  formLinks?: (draft: Draft<Tables[T] & C>, context: Context) => Record<string, Link>
  /** Query parameters that count at a row's own address. */
  parameters?: readonly string[]
  /** Query parameters that its list takes besides those that every list does, for the description of the API. */
  listParameters?: readonly string[]
  /** The answer at a row's own address, where it is more than the row. */
  answer?: (context: Context, row: Tables[T] & C) => Promise<object>
  /** Which of the standard operations exist. */
  operations: readonly StandardOperation[]
  /** Its operations that the official API does not have. */
  extensions?: readonly StandardOperation[]
  /** Further lists of its rows, by path. */
  readings?: Readonly<Record<string, Reading>>
  /** The status of a successful deletion. */
  deleted?: 202 | 204
}

/** Another list of a resource's rows, at a path of its own: the rows for which `of` holds answer there. */
export interface Reading {
  readonly label: string
  readonly plural?: string
  readonly of: Rule
  readonly operations: readonly StandardOperation[]
  /** Its operations that the official API does not have. */
  readonly extensions?: readonly StandardOperation[]
  /** The rule for creating rows there, and the values of a new row. */
  readonly create?: Rule
  readonly defaults?: Readonly<Record<string, unknown>>
}

/** Files can be attached to the rows of a resource: who may do so. */
export interface Attachable {
  /** Who may attach something to a row. */
  readonly add: Rule
  /** Who may take something away again; the same, unless said. */
  readonly remove?: Rule
  /** Who may upload what is to be attached to a row that does not exist yet; judged anywhere. The same, unless said. */
  readonly uncontained?: Rule
  /** The columns and extras of its rows that these rules and its visibility read, besides the id; `belongsTo` unless said. */
  readonly reads?: readonly string[]
  /** Who may write the property `attachments`; of a new row who may upload, of another who may attach, unless said. */
  readonly may?: Rule | { create: Rule; update: Rule }
}

/** A resource as a module declares it, with its types erased: types serve the author; the engine is generic. */
export interface Declared extends Omit<Declaration<any, any>, 'properties' | 'meta' | 'title' | 'plural'> {
  readonly name: string
  readonly table: TableName
  /** The file that declares it, for messages. */
  readonly file: string
  readonly properties: readonly Property[]
  readonly meta?: readonly Property[]
  readonly titleOf: (row: any) => Text
  readonly words: string
  readonly plural: string
  /** The rows themselves, where they are part of the product rather than of the database, some of which are read off the model. */
  readonly staticRows?: (model: Model) => ReadonlyMap<any, Row>
}

/** A resource as a model has it: with what other modules, and perhaps a database, add to it. */
export interface Resource extends Declared {
  readonly property: ReadonlyMap<string, Property>
  /** The rows themselves, where they are part of the product rather than of the database. */
  readonly rows?: ReadonlyMap<any, Row>
  /** Properties that the viewer does not know of, kept up to date by what the viewer writes. */
  readonly hiddenComputed?: readonly Property[]
  /** The properties that share a column with others. */
  readonly packedProperties?: readonly Property[]
}

/** What a module adds to a resource of another one. */
export interface Extension {
  readonly of: string
  /** The file that declares it, for messages. */
  readonly file: string
  readonly more: Partial<Omit<Declared, 'name' | 'table' | 'file' | 'properties'>>
  readonly properties: readonly Property[]
}

/** A copy of a project in progress. */
export interface CopyingInto {
  readonly context: Context
  /** The id of the project that is copied, and of the copy. */
  readonly from: number
  readonly to: number
  /** The ids of copies by those of the originals, by table. */
  readonly copies: ReadonlyMap<TableName, ReadonlyMap<number, number>>
  /** The parts that the request asks for. */
  readonly parts: readonly string[]
}

/** How rows are copied with their project: with their links, to the copies of what these lead to. */
export interface Copied {
  /**
   * The part of the project that they belong to: clients ask for `workPackages` by `copyWorkPackages`. Where rows belong to several,
   * the condition of each.
   */
  readonly with: string | Readonly<Record<string, Sql>>
  /** A part of the project without which they are not copied. */
  readonly needs?: string
  /** The column of the row that they are copied with; `belongsTo` unless said otherwise. */
  readonly by?: string
  /** The part that their attachments belong to; without one, these are not copied. */
  readonly files?: string
  /** What a copy has instead of the values of the original. */
  change?(row: any, copying: CopyingInto): Row
  /** What is copied besides the rows, in the same transaction: copies by their originals. */
  also?(tx: Transaction, pairs: ReadonlyMap<number, number>, copying: CopyingInto): Promise<unknown>
}

/** A column that points to rows of another table, and what becomes of its rows when these are removed. */
export interface Reference {
  /** The name of the resource that has the column. */
  readonly by: string
  readonly column: string
  readonly whenGone: WhenGone
}

/** All resources and what is done with them: what modules declare, put together, and what a database adds to it for a viewer. */
export interface Model {
  /**
   * A resource by its name or declaration.
   * @throws Error for a name that nobody declared: a mistake of ours
   */
  of(ref: string | Declared): Resource
  /** All resources, in the order of their declaration. */
  readonly resources: readonly Resource[]
  /** All operations: the declared ones and those of the resources. */
  readonly operations: readonly Operation[]
  /** What is read outside the API. */
  readonly documents: readonly Document[]
  /** What is answered or taken and is no resource, by name. */
  readonly bodies: ReadonlyMap<string, BodyType>
  readonly chapters: readonly Chapter[]
  /** The columns that point to rows of a table, as declarations say. */
  readonly references: ReadonlyMap<TableName, readonly Reference[]>
  readonly migrations: readonly Migration[]
  /** The parts of the demo data that modules bring. */
  readonly demo: readonly DemoStep[]
  /** What is done when rows of a table are removed. */
  readonly removals: ReadonlyMap<TableName, readonly RemovalStep[]>
  /** All permissions, those of no project module first. */
  readonly permissions: readonly Permission[]
  readonly projectModules: readonly ProjectModule[]
  /** What principals can be capable of, sorted by id. */
  readonly apiActions: readonly ApiAction[]
  /** What is done in the background. */
  readonly jobs: readonly JobKind[]
  /** Who is told of what happens. */
  readonly subscribers: readonly Subscriber[]
  /** Where properties, filters and orders made at run time come from. */
  readonly additions: readonly AdditionSource[]
}

/**
 * Lets go of rows that are gone already, in the transaction that removed them. `entry` tells who removed them and when, for the
 * history of what is rewritten.
 */
export type RemovalStep = (tx: Transaction, ids: readonly number[], entry: Entry, model: Model) => Promise<unknown>

/** A mail to one recipient. */
export interface Mail {
  /** An address, as it is. */
  readonly recipient: string
  readonly subject: string
  /** Plain text. */
  readonly text: string
  /** The same as HTML. */
  readonly html?: string
  /** The address in the text that somebody has to be able to follow. */
  readonly link?: string | null
  /** An iCalendar document that invites to something, or cancels it. */
  readonly calendar?: { readonly method: 'REQUEST' | 'CANCEL'; readonly text: string }
  /** Its identifier, in angle brackets; otherwise it gets a random one. */
  readonly id?: string
  /** The identifier that it refers to, in angle brackets, so that clients show mails about the same together. */
  readonly thread?: string
  /** The address that stops mails of its kind, by a POST that needs no sign-in (RFC 8058). */
  readonly unsubscribe?: string
}

/** Sends a mail; rejects where that did not work. */
export type Post = (mail: Mail) => Promise<unknown>

/** What jobs are run with. */
export interface JobServices {
  readonly db: Database
  readonly model: Model
  /** Where files are kept. Not to be touched while a transaction runs. */
  readonly files: FileStore
  readonly post: Post
  /** Aborted when the process is to end: what takes long stops then, by throwing. */
  readonly signal: AbortSignal
}

/** What a kind of jobs is run with: one job of it, or a batch. */
export interface JobContext<P> extends JobServices {
  readonly now: Date
  /** Of the only job, or the first one of a batch. */
  readonly payload: P
  /** Of all jobs of the batch. */
  readonly payloads: readonly P[]
  /** Their keys, in the same order. */
  readonly keys: readonly (string | null)[]
  /**
   * Runs one of several transactions of a long job, and extends the lease by it. Between two of them others get their turn.
   * @throws LeaseLostError if another process has taken the job over; nothing is committed then
   */
  step<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/** What a job comes to in the database: committed together with the removal of the job, or not at all. */
export type JobEffect = (tx: Transaction) => Promise<unknown>

/**
 * A kind of jobs. A process may end anywhere while it runs one, and another one then runs it again: what is done to the database
 * belongs into the effect, and what is done to anything else must bear being done twice.
 */
export interface JobKind<P = any> {
  readonly name: string
  /** Does it. What it throws is kept as the job's last error, by its message. */
  run(context: JobContext<P>): Promise<JobEffect | undefined> | Promise<void>
  /** Jobs that are run together, where none of them has failed yet; one unless said otherwise. */
  readonly batch?: number
  /** After so many attempts a job is given up: kept, and shown, until somebody retries or discards it. */
  readonly attempts?: number
  /** Seconds after which another process may take a job from one that runs it: more than a run can take. 60 unless said otherwise. */
  readonly lease?: number
  /** Seconds until the second attempt, by what factor each further wait is longer, and the longest one. */
  readonly backOff?: { readonly first?: number; readonly factor?: number; readonly longest?: number }
  /** The kinds of a lane are run one after the other, lanes beside each other: a lane for each thing that can keep us waiting. */
  readonly lane?: 'main' | 'files' | 'mail' | 'tasks' | 'storages' | 'scheduling' | 'search'
  /** Runs of it before others of its lane have their turn again. */
  readonly perRound?: number
  /** A schedule: run at every multiple of so many seconds, by one process. Such a job has no payload and is never given up. */
  readonly every?: number
  /**
   * Whether there is something to be done, where writers are spared the row of a job because they leave a mark elsewhere. It is
   * asked every second; the job exists, without a payload, as long as it runs or fails, and is never given up.
   */
  pending?(db: Reader, now: Date): Promise<boolean>
  /** What the log tells of a job besides its name: nothing secret. */
  about?(payload: P): Readonly<Record<string, unknown>>
}

/** Something that has happened. */
export interface Event {
  readonly id: number
  /** Table and verb: `work_packages.updated`. */
  readonly name: string
  readonly resourceId: number
  readonly actorId: number
  /** The columns that changed. */
  readonly changed: readonly string[]
  /** Whether others are to be told of it: a request can say that they are not. */
  readonly announced: boolean
  readonly at: string
}

/** Somebody who is told of events. */
export interface Subscriber {
  /** The name of the events; `*` stands for any part of it. */
  readonly event: string
  /** Must bear hearing of the same event twice. Where it throws, this event and all after it are delivered later. */
  handle(event: Event, context: JobContext<unknown>): unknown
}

/** What a database adds to a resource. */
export interface Addition {
  readonly properties?: readonly Property[]
  /** Those that the viewer does not know of, and whose values follow from others all the same. */
  readonly hiddenComputed?: readonly Property[]
  readonly filters?: Readonly<Record<string, Filter>>
  readonly sorts?: Readonly<Record<string, Order>>
}

/** What a database adds for a viewer: the same for all whose `key` is the same, until one of the topics changes. */
export interface Additions {
  readonly key: string
  readonly topics: readonly CacheTopic[]
  /** By the name of the resource. */
  make(): ReadonlyMap<string, Addition>
}

/** Gives what a database adds for a viewer; undefined where it adds nothing. */
export type AdditionSource = (db: Reader, snapshot: Snapshot, viewer: Viewer) => Promise<Additions | undefined>

/** Who writes an entry of the history, when, and what is said of it. */
export interface Entry {
  readonly actor: number
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly notes?: string | null
  /** Seen only by those who may read internal comments. */
  readonly internal?: boolean
  /** Why it changed, where nobody changed it by hand: `type` names the reason. */
  readonly cause?: Readonly<Record<string, unknown>>
  /** Minutes within which an entry of the same person continues the last one. */
  readonly window: number
  /** Others may have to be told of it. */
  readonly announced?: boolean
  /** The rows are new: there is no last entry. */
  readonly isFirst?: boolean
}

/** The part of a declaration that queries are read by; enough for collections of what is no table's rows. */
export type Queryable = Pick<Resource, 'properties' | 'property' | 'table'> & Partial<Resource>

export type Payload = Record<string, unknown>

/** A part of a body of several. It can be read once, and only until the next part is asked for. */
export interface Part {
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
  /** Its content as one JSON object; throws an ApiError 400 where it is none. */
  object(): Promise<Payload>
}

/** The names of the parameters in a path: `:name`, and `*` for what comes at its end. */
export type ParametersIn<P extends string> = P extends `${infer First}/${infer Rest}`
  ? ParametersIn<First> | ParametersIn<Rest>
  : P extends `:${infer Name}`
    ? Name
    : P extends '*'
      ? '*'
      : never

/** A request that has been understood: who asks, for what, with which body. `N` are the names of the parameters in its path. */
export interface ApiRequest<N extends string = string> {
  readonly context: Context
  readonly db: Database
  readonly params: Readonly<Record<N, string>>
  /** The JSON object sent, empty where none was. */
  readonly body: Payload
  /** The body as it came. */
  readonly text: string
  /** The parts of a body of several, as they come; none for other bodies. */
  readonly parts: AsyncIterable<Part>
  /** The request's headers, their names in small letters. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object to be answered as HAL, a text as it is, or nothing. */
  readonly body?: object | string
  /** Opens the bytes to be answered instead; not asked for where only the head is wanted. */
  readonly bytes?: () => Promise<AsyncIterable<Uint8Array>>
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

export interface Operation {
  readonly method: Method
  /** Below /api/v3, with `:name` for parameters; a `*` at its end stands for an id with slashes in it. */
  readonly path: string
  readonly summary: string
  /** What it does and what to know before calling it, in Markdown, for the description of the API. */
  readonly description: string
  readonly tag: string
  /** The file that declares it, for messages. */
  readonly file?: string
  /** Judged anywhere before it runs; otherwise 403. */
  readonly guard?: Rule
  /** Whether it writes nothing though it is no GET, and is open to those who only read. Forms are for those who write. */
  readonly harmless?: true
  /** Whether it needs no credentials, and looks at none. */
  readonly open?: true
  /** `json` unless said otherwise; `text` for plain text bodies, `parts` for multipart/form-data with a file. */
  readonly accepts?: 'json' | 'text' | 'parts'
  /**
   * What is answered, for the description of the API; `of` names a resource or a body (see `bodies.ts`). `plain` is JSON that has no
   * `_type`; `also` are further statuses that are no refusals, and what each says.
   */
  readonly answers: {
    status: number
    of?: string
    as?: 'single' | 'collection' | 'form' | 'schema' | 'text' | 'plain' | 'bytes'
    also?: Readonly<Record<number, string>>
  }
  /** The official API does not have it. */
  readonly extension?: boolean
  /** Query parameters, for the description of the API. */
  readonly query?: readonly string[]
  /** The resource whose payload it takes, or the body that it takes, for the description of the API. */
  readonly takes?: string
  run(ask: ApiRequest): Promise<Answer>
}

/** Something read outside the API, by whoever its address says: for programs that can say nothing else of themselves. */
export interface Document {
  /** Below the server's root, with `:name` for parameters. */
  readonly path: string
  /** The principal as whom it is read; where there is none it answers 404. */
  caller(ask: { db: Reader; params: ApiRequest['params']; query: URLSearchParams }): Promise<Row | undefined>
  run(ask: Pick<ApiRequest, 'context' | 'params'>): Promise<Answer>
}

/** Whom a condition is written for, and in which words. */
export interface Scope {
  readonly model: Model
  readonly viewer: Viewer
  readonly engine: Engine
  /** The query string, where a list is asked for. */
  readonly params?: URLSearchParams
}

/**
 * An expression of a row of `table`. One that depends on what the viewer may names the rule, by `byRule`: the kernel loads it with
 * the resource's other rules.
 */
export type Expression<S = Sql> = ((scope: Scope, table: string) => S) & { readonly rule?: Rule }

/** What is done when rows of these tables are removed. */
export interface Removal {
  readonly tables: readonly TableName[]
  readonly step: RemovalStep
}

/** A chapter of the API's description: operations that are read together. */
export interface Chapter {
  /** The part of the document that it is in. */
  readonly part: string
  readonly name: string
  readonly description: string
  /** The tags of its operations: names of resources, unless an operation says otherwise. */
  readonly of: readonly string[]
}

/** Fills its part of the demo data, after projects, people and work packages. */
export type DemoStep = (tx: Transaction, demo: Demo) => Promise<void>

/** What demo data can build on. */
export interface Demo {
  /** ISO 8601 in UTC. */
  readonly now: string
  readonly adminId: number
  /** The ids of the projects, by identifier. */
  readonly projects: ReadonlyMap<string, number>
  /** A day, counted from the Monday of this week. */
  day(count: number): string
  readonly model: Model
}

/** What a module brings with it. */
export interface Parts {
  /** Its part of the demo data. */
  readonly demo?: DemoStep
  /** Chapters of the API's description: each tag of an operation is in one. */
  readonly chapters?: readonly Chapter[]
  /** Changes of the database's schema, named after those that come before: `0034-news`. */
  readonly migrations?: readonly Migration[]
  /** Permissions that belong to no project module. */
  readonly permissions?: readonly PermissionEntry[]
  /** Parts of the product that each project enables or disables, with the permissions that count only there. */
  readonly projectModules?: readonly ProjectModule[]
  /** What is answered or taken and is no resource, by name. */
  readonly bodies?: Readonly<Record<string, BodyType>>
  readonly resources?: readonly Declared[]
  /** Operations that are no standard ones of a resource. */
  readonly operations?: readonly Operation[]
  /** What it adds to resources of other modules. */
  readonly extends?: readonly Extension[]
  /** What is read outside the API. */
  readonly documents?: readonly Document[]
  /** What is done when rows of a table are removed. */
  readonly removals?: readonly Removal[]
  /** What is done in the background. */
  readonly jobs?: readonly JobKind[]
  /** Who is told of what happens, after it is committed. */
  readonly subscribes?: readonly Subscriber[]
  /** Where properties, filters and orders made at run time come from. */
  readonly additions?: AdditionSource
}

export interface Module extends Parts {
  readonly name: string
  /** The modules on which it stands, by name: they come before it. */
  readonly needs: readonly string[]
  /** What follows from the resources of all modules, such as files that can be attached to some of them. */
  readonly derives?: (resources: readonly Declared[]) => Parts
}
