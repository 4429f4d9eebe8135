/** Known members of declarations. A declaration with an unknown member is rejected: it may be a misspelt guard. */
import type {
  Action,
  Copied,
  Declaration,
  Document,
  Filter,
  JobKind,
  LinkOptions,
  Module,
  Operation,
  Parts,
  Requirement,
  ScalarOptions,
} from './declaration.ts'

/** All members of `T`: the compiler reports a member that is missing here. */
type Members<T> = Readonly<Record<keyof T, true | Readonly<Record<string, true>>>>
type Shape = Readonly<Record<string, true | Readonly<Record<string, true>>>>
type Of<K extends keyof Declaration<any, any>> = Members<NonNullable<Declaration<any, any>[K]>>

const standard = {
  index: true,
  show: true,
  create: true,
  update: true,
  delete: true,
  form: true,
  editForm: true,
  schema: true,
} as const

const rule = { needs: true, judge: true, people: true } as const

const declaration = {
  path: true,
  aliases: true,
  label: true,
  plural: true,
  description: true,
  glossary: true,
  example: true,
  type: true,
  pathOf: true,
  addressOf: true,
  variant: true,
  resolve: true,
  resolveAt: true,
  inTexts: { href: true, summary: true, details: true } satisfies Of<'inTexts'>,
  places: true,
  belongsTo: true,
  title: true,
  untitled: true,
  cached: true,
  order: { column: true, descending: true } satisfies Of<'order'>,
  // The members of `ordered` are columns.
  counts: true,
  visible: true,
  addressable: true,
  guards: { ...standard, all: true } satisfies Of<'guards'>,
  may: { create: true, update: true, edit: true, delete: true, form: true } satisfies Of<'may'>,
  refusal: true,
  missing: true,
  index: true,
  paginated: true,
  lock: true,
  journal: true,
  references: true,
  successor: true,
  attachments: true,
  copied: { with: true, needs: true, by: true, files: true, change: true, also: true } satisfies Members<Copied>,
  attached: true,
  moments: true,
  properties: true,
  meta: true,
  filters: true,
  sorts: true,
  actions: true,
  pageLoaders: true,
  kept: true,
  embedLoaders: true,
  computedColumns: true,
  defaults: true,
  proven: true,
  facts: true,
  derive: true,
  check: true,
  after: true,
  create: true,
  remove: true,
  gradual: { begin: true } satisfies Of<'gradual'>,
  frozen: true,
  removable: true,
  topics: true,
  schema: true,
  formLinks: true,
  parameters: true,
  listParameters: true,
  answer: true,
  operations: true,
  extensions: true,
  readings: true,
  deleted: true,
} satisfies Members<Declaration<any, any>>

const common = {
  column: true,
  label: true,
  // A condition, or what else there is to say of it.
  required: { when: true, blank: true, derived: true, lenient: true } satisfies Members<Requirement<any, any>>,
  hasDefault: true,
  writable: true,
  readOnly: true,
  // One rule for all writes, or one each for create and update.
  may: { create: true, update: true, ...rule },
  proof: true,
  read: true,
  when: true,
  active: true,
  initial: true,
  follows: true,
  about: true,
  fault: true,
  inSchema: true,
  section: true,
  filter: true,
  filterNames: true,
  indexed: true,
  sort: true,
  group: true,
  descending: true,
  emptyFirst: true,
  listed: true,
  compared: true,
  sum: true,
  allowed: { href: true, rows: true, texts: true, hrefs: true, objects: true },
  select: true,
} as const

const scalar = {
  ...common,
  unique: true,
  max: true,
  min: true,
  value: true,
  holds: true,
  nullable: true,
  inLinks: { title: true, page: true } satisfies Members<NonNullable<ScalarOptions<any, any>['inLinks']>>,
  stored: true,
} satisfies Members<ScalarOptions<any, any>>

const link = {
  ...common,
  embed: true,
  alwaysNamed: true,
  whenHidden: true,
  link: true,
  load: true,
  listedAt: true,
  counts: { ...rule },
  eligible: true,
  store: true,
  schemaType: true,
  whenGone: true,
  target: true,
} satisfies Members<LinkOptions<any, any>>

const filter = {
  names: true,
  label: true,
  strategy: true,
  operators: true,
  operatorNames: true,
  to: true,
  available: true,
  unlisted: true,
  allowed: true,
  of: true,
  known: true,
  ownNegation: true,
  where: true,
} satisfies Members<Filter>

const action = {
  href: true,
  links: true,
  method: true,
  title: true,
  payload: true,
  templated: true,
  type: true,
  harmless: true,
  may: true,
  when: true,
} satisfies Members<Action<any>>

const operation = {
  method: true,
  path: true,
  summary: true,
  description: true,
  tag: true,
  file: true,
  guard: true,
  harmless: true,
  open: true,
  accepts: true,
  answers: { status: true, of: true, as: true, also: true } satisfies Members<Operation['answers']>,
  extension: true,
  query: true,
  takes: true,
  run: true,
} satisfies Members<Operation>

const document = { path: true, caller: true, run: true } satisfies Members<Document>

const job = {
  run: true,
  batch: true,
  attempts: true,
  lease: true,
  backOff: { first: true, factor: true, longest: true } satisfies Members<NonNullable<JobKind['backOff']>>,
  lane: true,
  perRound: true,
  every: true,
  pending: true,
  about: true,
} satisfies Members<Omit<JobKind, 'name'>>

const part = {
  demo: true,
  chapters: true,
  migrations: true,
  permissions: true,
  projectModules: true,
  bodies: true,
  resources: true,
  operations: true,
  extends: true,
  documents: true,
  removals: true,
  jobs: true,
  subscribes: true,
  additions: true,
} satisfies Members<Parts>

const module = { ...part, needs: true, derives: true } satisfies Members<Omit<Module, 'name'>>

const shapes = { declaration, scalar, link, filter, action, operation, document, job, module }

/**
 * Rejects a part of a declaration with unknown members.
 * @param where description of the part, for the message
 * @throws Error with the part and the member
 */
export function refuseUnknown(kind: keyof typeof shapes, where: string, given: object | null | undefined): void {
  refuse(where, given, shapes[kind])
}

function refuse(where: string, given: unknown, shape: Shape): void {
  if (typeof given !== 'object' || given === null) return
  // Reads only members with a nested shape: some members are getters that work only after all declarations.
  for (const member of Object.keys(given)) {
    const known = Object.hasOwn(shape, member) ? shape[member] : undefined
    if (!known) throw new Error(`${where} has a member "${member}", which nothing reads. Is it misspelt?`)
    if (known !== true) refuse(`${where}: ${member}`, (given as Record<string, unknown>)[member], known)
  }
}

/** Rejects unknown standard operations. */
export function refuseUnknownOperations(where: string, names: readonly string[]): void {
  for (const name of names)
    if (!Object.hasOwn(standard, name))
      throw new Error(`${where} names an operation "${name}", which is none of the standard ones.`)
}
