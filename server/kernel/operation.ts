/** Operations: everything the API answers. The standard ones follow from the declarations; the others are declared here. */
import type { Database, Reader, Row } from '#db/database.ts'
import { and, type Sql, TRUE } from '#db/sql.ts'
import { commit, commitLink, findRow, form, type Prepared, prepareWrite, remove } from './change.ts'
import { compared, type IndexOptions, index, single } from './collection.ts'
import type { Context } from './context.ts'
import type { Payload } from './draft.ts'
import { conflict, forbidden } from './errors.ts'
import { isStorable } from './kinds.ts'
import { isId } from './operators.ts'
import { needsOf, writtenRow } from './page.ts'
import type { Body } from './represent.ts'
import type { Draft, Resource, StandardOperation } from './resource.ts'
import type { Rule } from './rules.ts'
import { schemaOf } from './schema.ts'
import { refuseUnknown } from './shapes.ts'
import { prepare } from './viewer.ts'

/** A request that has been understood: who asks, for what, with which body. */
export interface Ask {
  readonly context: Context
  readonly db: Database
  readonly params: Readonly<Record<string, string>>
  /** The JSON object sent, empty where none was. */
  readonly body: Payload
  /** The body as it came. */
  readonly text: string
  /** The parts of a body of several, as they come; none for other bodies. */
  readonly parts: AsyncIterable<Part>
  /** The request's headers, their names in small letters. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** A part of a body of several. It can be read once, and only until the next part is asked for. */
export interface Part {
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
  /** Its content as one JSON object; throws an ApiError 400 where it is none. */
  object(): Promise<Payload>
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
  /** What it does and what to know before calling it, in markdown, for the description of the API. */
  readonly description: string
  readonly tag: string
  /** Judged anywhere before it runs; otherwise 403. */
  readonly guard?: Rule
  /** Whether it writes nothing though it is no GET, and is open to those who only read. Forms are for those who write. */
  readonly harmless?: true
  /** `json` unless said otherwise; `text` for plain text bodies, `parts` for multipart/form-data with a file. */
  readonly accepts?: 'json' | 'text' | 'parts'
  /**
   * What is answered, for the description of the API; `of` names a resource or a model (see `models.ts`). `plain` is JSON that has
   * no `_type`; `also` are further statuses that are no refusals, and what each says.
   */
  readonly answers: {
    status: number
    of?: string
    as?: 'single' | 'collection' | 'form' | 'schema' | 'text' | 'plain' | 'bytes'
    also?: Readonly<Record<number, string>>
  }
  /** Query parameters, for the description of the API. */
  readonly query?: readonly string[]
  /** The resource whose payload it takes, or the model that it takes, for the description of the API. */
  readonly takes?: string
  run(ask: Ask): Promise<Answer>
}

const declared: Operation[] = []

/** Declares an operation that is no standard one of a resource. */
export function operation(one: Operation): void {
  refuseUnknown('operation', `${one.method} ${one.path}`, one)
  declared.push(one)
}

/** Something read outside the API, by whoever its address says: for programs that can say nothing else of themselves. */
export interface Document {
  /** Below the server's root, with `:name` for parameters. */
  readonly path: string
  /** The principal as whom it is read; where there is none it answers 404. */
  caller(ask: { db: Reader; params: Ask['params']; query: URLSearchParams }): Promise<Row | undefined>
  run(ask: Pick<Ask, 'context' | 'params'>): Promise<Answer>
}

/** The documents there are. */
export const documents: Document[] = []

/** Declares something to be read outside the API. */
export function document(one: Document): void {
  refuseUnknown('document', one.path, one)
  documents.push(one)
}

/** The number that a path parameter names, or undefined when it names nothing. */
export async function idFrom(text: string, resource: Resource, context: Context): Promise<number | undefined> {
  if (isId(text) && !resource.addressOf) return Number(text)
  return isStorable(text) ? resource.resolve?.(text, context) : undefined
}

/** The visible row that a path parameter names, or 404. */
export const rowFrom = async (text: string, resource: Resource, context: Context) =>
  findRow(context, resource, await idFrom(text, resource, context))

/** The condition on the rows that answer at a resource's own address. */
async function addressed(resource: Resource, context: Context): Promise<Sql> {
  const { addressable } = resource
  if (!addressable) return TRUE
  await prepare(context.db, context.viewer, addressable.needs)
  return addressable.where(context, resource.table)
}

/** The visible row that answers at a resource's own address, or 404. */
export const rowAt = async (text: string, resource: Resource, context: Context) =>
  findRow(context, resource, await idFrom(text, resource, context), await addressed(resource, context))

const ok = (body: object): Answer => ({ status: 200, body })

/** A draft of nothing, for schemas that stand alone. */
export const emptyDraft = (row: object = {}): Draft => ({ row, before: undefined, given: new Set(), many: {}, meta: {} })

/** The answer to a write: committed, and told as it is now, even to a writer who no longer sees it. */
export async function saved(ask: Ask, resource: Resource, prepared: Prepared, status = 200): Promise<Answer> {
  return told(ask, resource, await commit(ask.db, ask.context, resource, prepared), status)
}

/** What has just been written, as it is now. */
export async function told(ask: Ask, resource: Resource, id: number, status = 200): Promise<Answer> {
  const context = await ask.context.renewed()
  const row = await writtenRow(context, resource, id)
  if (!row) throw conflict('What was written has been removed in the meantime.')
  return { status, body: await single(context, resource, row) }
}

/** The answer to a create: 201. */
export const created = (ask: Ask, resource: Resource, prepared: Prepared) => saved(ask, resource, prepared, 201)

/** `a` or `an`, as words begin. */
export const article = (words: string): string => (/^([aeio]|u(?!se|ni))/i.test(words) ? 'an' : 'a')

/** What its standard operations do, in words made of those for the resource. */
function wordsOf(resource: Resource): Readonly<Record<StandardOperation, Pick<Operation, 'summary' | 'description'>>> {
  const { words, plural, lock, paginated, deleted } = resource
  const one = `${article(words)} ${words}`
  const means = resource.description ? `\n\n*${words.charAt(0).toUpperCase()}${words.slice(1)}*: ${resource.description}` : ''
  const guarded = lock ? ' It has to repeat the `lockVersion` that was read: whoever has changed it since makes this a 409.' : ''
  const asForm =
    'Nothing is saved. The answer holds the payload as it would be saved, the schema it has to fit with the values there are to choose from, and what is wrong with it; its link `commit` is there as soon as nothing is.'
  const schema =
    'Tells each property: its type, whether it is required, whether the caller may write it, and where the values are that can be chosen.'
  return {
    index: {
      summary: `List ${plural}`,
      description: `Answers the ${plural} that the caller may see, ${paginated === false ? 'all at once' : 'a page at a time'}.${means}`,
    },
    show: { summary: `View ${one}`, description: `Answers one ${words}.${means}` },
    create: {
      summary: `Create ${one}`,
      description: `Creates ${one} and answers it. What can be sent, and what has to be, is told by its ${resource.operations.includes('form') ? 'form' : 'properties'}.`,
    },
    form: { summary: `Form for creating ${one}`, description: `Tries out the creation of ${one}. ${asForm}` },
    update: {
      summary: `Update ${one}`,
      description: `Changes what the body names and leaves the rest as it is.${guarded} The answer is the ${words} as it is then.`,
    },
    editForm: {
      summary: `Form for updating ${one}`,
      description: `Tries out a change of ${one}; without a body it is the form of what is stored. ${asForm}`,
    },
    delete: {
      summary: `Delete ${one}`,
      description: `Removes the ${words} for good.${deleted === 202 ? ' What hangs on it may take a moment longer.' : ''}`,
    },
    schema: { summary: `Schema of ${one}`, description: `${schema} Allowed values that depend on others are told by the form.` },
  }
}

/** The query parameters of its list, besides those of every list. */
function listParameters({ properties, listParameters: own = [] }: Resource): readonly string[] {
  const some = (option: 'group' | 'sum') => properties.some(({ options }) => options[option])
  return [...(some('group') ? ['groupBy'] : []), ...(some('sum') ? ['showSums'] : []), ...own]
}

/** The operations that a resource's declaration names. */
export function standardOperations(resource: Resource): Operation[] {
  const { path, name: of, operations } = resource
  const words = wordsOf(resource)
  const telling = resource.journal ? { query: ['notify'] } : {}
  const has = (one: Resource['operations'][number]) => operations.includes(one)
  const base = `/api/v3/${path}`
  const tag = of
  const at = resource.moments ? ['timestamps'] : []
  const shown = [...(resource.parameters ?? []), ...at]
  const guarding = (one: StandardOperation) => (resource.guards?.[one] ? { guard: resource.guards[one] } : {})
  const all: (Operation | false)[] = [
    has('index') && {
      ...guarding('index'),
      method: 'GET',
      path: `/${path}`,
      ...words.index,
      tag,
      answers: { status: 200, of, as: 'collection' },
      query: [
        ...['filters', 'sortBy', 'select'],
        ...(resource.paginated === false ? [] : ['offset', 'pageSize']),
        ...listParameters(resource),
        ...at,
      ],
      run: async ({ context }) => {
        const options = resource.index?.(context)
        const within = and([options?.within ?? TRUE, await addressed(resource, context)])
        return ok(await index(context, resource, { ...options, within }))
      },
    },
    has('show') && {
      ...guarding('show'),
      method: 'GET',
      path: `/${path}/:id`,
      ...words.show,
      tag,
      answers: { status: 200, of, as: 'single' },
      ...(shown.length > 0 && { query: shown }),
      run: async ({ context, params }) => {
        await guarded(resource, context)
        const row = await rowAt(params['id'] as string, resource, context)
        const moments = await resource.moments?.(context)
        if (moments) return ok(await compared(context, resource, row, moments))
        return ok(await (resource.answer?.(context, row as never) ?? single(context, resource, row)))
      },
    },
    has('create') && {
      ...guarding('create'),
      method: 'POST',
      path: `/${path}`,
      ...words.create,
      tag,
      answers: { status: 201, of, as: 'single' },
      takes: of,
      ...telling,
      run: async (ask) => created(ask, resource, await prepareWrite(ask.context, resource, undefined, ask.body)),
    },
    has('form') && {
      ...guarding('form'),
      method: 'POST',
      path: `/${path}/form`,
      ...words.form,
      tag,
      answers: { status: 200, of, as: 'form' },
      takes: of,
      run: async ({ context, body }) => {
        const prepared = await prepareWrite(context, resource, undefined, body, {}, { asking: true })
        return ok(await form(context, resource, prepared, `${base}/form`, commitLink(resource, prepared.draft, base)))
      },
    },
    has('update') && {
      ...guarding('update'),
      method: 'PATCH',
      path: `/${path}/:id`,
      ...words.update,
      tag,
      answers: { status: 200, of, as: 'single' },
      takes: of,
      ...telling,
      run: async (ask) => {
        const row = await rowAt(ask.params['id'] as string, resource, ask.context)
        return saved(ask, resource, await prepareWrite(ask.context, resource, row, ask.body))
      },
    },
    has('editForm') && {
      ...guarding('editForm'),
      method: 'POST',
      path: `/${path}/:id/form`,
      ...words.editForm,
      tag,
      answers: { status: 200, of, as: 'form' },
      takes: of,
      run: async ({ context, params, body, text }) => {
        const row = await rowAt(params['id'] as string, resource, context)
        // Without a body it is the form of the row as it is stored.
        const payload = text.trim() === '' ? { lockVersion: row[resource.lock as string] } : body
        const prepared = await prepareWrite(context, resource, row, payload, {}, { asking: true })
        return ok(
          await form(context, resource, prepared, `${base}/${row['id']}/form`, commitLink(resource, prepared.draft, base)),
        )
      },
    },
    has('delete') && {
      ...guarding('delete'),
      method: 'DELETE',
      path: `/${path}/:id`,
      ...words.delete,
      tag,
      answers: { status: resource.deleted ?? 204 },
      run: async ({ context, db, params }) => {
        await remove(db, context, resource, await rowAt(params['id'] as string, resource, context))
        return { status: resource.deleted ?? 204 }
      },
    },
    has('schema') && {
      ...guarding('schema'),
      method: 'GET',
      path: `/${path}/schema`,
      ...words.schema,
      tag,
      answers: { status: 200, of, as: 'schema' },
      run: async ({ context }) => {
        await guarded(resource, context, resource.schemaGuard)
        return ok(await schemaOfNew(resource, context, `${base}/schema`))
      },
    },
  ]
  return all.filter((one) => one !== false)
}

/** The schema of a new row of which nothing is known yet. */
export async function schemaOfNew(resource: Resource, context: Context, self: string): Promise<Body> {
  const draft = emptyDraft(resource.defaults?.(context))
  const facts = await resource.facts?.(draft as never, context)
  return schemaOf(resource, draft, facts, context, { self })
}

/** Throws 403 unless the guard lets the viewer pass. */
export async function guarded(resource: Resource, context: Context, guard = resource.guard): Promise<void> {
  await prepare(context.db, context.viewer, [...needsOf(resource), ...(guard?.needs ?? [])])
  if (guard && !guard.anywhere(context.viewer)) throw forbidden()
}

/** Whether a rule holds for a row. */
export async function holds({ db, viewer }: Context, rule: Rule, row: object): Promise<boolean> {
  await prepare(db, viewer, rule.needs)
  return rule.holds(viewer, row)
}

/** Throws 403 unless the rule holds for the row. */
export async function demand(context: Context, rule: Rule, row: object): Promise<void> {
  if (!(await holds(context, rule, row))) throw forbidden()
}

/** A list of a resource below another one: `GET /projects/:id/versions`. `within` may throw 403. */
export function nested(options: {
  parents: readonly string[]
  parent: () => Resource
  resource: Resource
  as: string
  summary: string
  description: string
  within: (parent: any, context: Context) => Promise<IndexOptions>
}): void {
  for (const path of options.parents) {
    operation({
      method: 'GET',
      path: `/${path}/:id/${options.as}`,
      summary: options.summary,
      description: options.description,
      tag: options.resource.name,
      answers: { status: 200, of: options.resource.name, as: 'collection' },
      run: async ({ context, params }) => {
        const resource = options.parent()
        const parent = await (path === resource.path ? rowAt : rowFrom)(params['id'] as string, resource, context)
        return ok(await index(context, options.resource, await options.within(parent, context)))
      },
    })
  }
}

/** All operations: the declared ones and those of the resources. */
export const allOperations = (resources: Iterable<Resource>): Operation[] => [
  ...declared,
  ...[...resources].flatMap(standardOperations),
]

export { ok }
