import type { Reader, Row } from '#db/database.ts'
import { type Sql, TRUE } from '#db/sql.ts'
import { type RightsContext, rights } from '#kernel/access/rights.ts'
import { index } from '#kernel/read/list.ts'
import { writtenRow } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { single } from '#kernel/read/single.ts'
import { commit, topicsOf } from '#kernel/write/commit.ts'
import { findRow, type Prepared } from '#kernel/write/prepare.ts'
import { schemaOf } from '#kernel/write/schema.ts'
import { said } from '#text/messages.ts'
import type {
  Answer,
  ApiRequest,
  Body,
  Context,
  Declared,
  Document,
  Draft,
  IndexOptions,
  Operation,
  ParametersIn,
  Resource,
  Rule,
} from './declaration.ts'
import { conflict, forbidden } from './errors.ts'
import { isStorable } from './kinds.ts'
import { declaringFile } from './resource.ts'
import { refuseUnknown } from './shapes.ts'

/**
 * Declares an operation that is no standard one of a resource.
 * @throws Error that names the file and the member where it has a member that nothing reads
 */
export function operation<const P extends string>(
  one: Omit<Operation, 'path' | 'run'> & { path: P; run(ask: ApiRequest<ParametersIn<P>>): Promise<Answer> },
): Operation {
  const file = declaringFile()
  refuseUnknown('operation', `${file}: ${one.method} ${one.path}`, one)
  return { ...one, file } as Operation
}

/** Declares something to be read outside the API. Throws like `operation`. */
export function document<const P extends string>(
  one: Omit<Document, 'path' | 'caller' | 'run'> & {
    path: P
    caller(ask: { db: Reader; params: ApiRequest<ParametersIn<P>>['params']; query: URLSearchParams }): Promise<Row | undefined>
    run(ask: Pick<ApiRequest<ParametersIn<P>>, 'context' | 'params'>): Promise<Answer>
  },
): Document {
  refuseUnknown('document', `${declaringFile()}: ${one.path}`, one)
  return one as Document
}

/** The number that a path parameter names, or undefined when it names nothing. */
export async function idFrom(text: string, resource: Resource, context: Context): Promise<number | undefined> {
  if (isId(text) && !resource.addressOf) return Number(text)
  return isStorable(text) ? (await resource.resolve?.([text], context))?.get(text) : undefined
}

/** The visible row that a path parameter names, or 404. */
export const rowFrom = async (text: string, resource: Resource, context: Context) =>
  findRow(context, resource, await idFrom(text, resource, context))

/** The condition on the rows that answer at a resource's own address. */
export async function addressed(resource: Resource, context: Context): Promise<Sql> {
  const { addressable } = resource
  if (!addressable) return TRUE
  const [right] = await rights(context, addressable)
  return right.where(resource.table)
}

/** The visible row that answers at a resource's own address, or 404. */
export const rowAt = async (text: string, resource: Resource, context: Context) =>
  findRow(context, resource, await idFrom(text, resource, context), await addressed(resource, context))

export const ok = (body: object): Answer => ({ status: 200, body })

/** A draft of nothing, for schemas that stand alone. */
export const emptyDraft = (row: object = {}): Draft => ({ row, before: undefined, given: new Set(), many: {}, meta: {} })

/** The answer to a write: committed, and told as it is now, even to a writer who no longer sees it. */
export async function respondSaved(ask: ApiRequest, resource: Resource, prepared: Prepared, status = 200): Promise<Answer> {
  return respondWithRow(ask, resource, await commit(ask.db, ask.context, resource, prepared), status)
}

/** What has just been written, as it is now. */
export async function respondWithRow(ask: ApiRequest, declared: Declared, id: number, status = 200): Promise<Answer> {
  const former = ask.context
  // Seldom has anybody changed meanwhile what this depends on, so the row is read at the same time.
  const reading = topicsOf(declared).length > 0 ? undefined : writtenRow(former, former.model.of(declared), id)
  const [context, found] = await Promise.all([former.renewed(), reading])
  const resource = context.model.of(declared)
  const isSame = reading !== undefined && context.snapshot.revision === former.snapshot.revision
  const row = isSame ? found : await writtenRow(context, resource, id)
  if (!row) throw conflict(said`The resource was removed in the meantime.`)
  return { status, body: await single(context, resource, row) }
}

/** The answer to a create: 201. */
export const respondCreated = (ask: ApiRequest, resource: Resource, prepared: Prepared) =>
  respondSaved(ask, resource, prepared, 201)

/** The schema of a new row of which nothing is known yet. */
export async function schemaOfNew(resource: Resource, context: Context, self: string): Promise<Body> {
  const draft = emptyDraft(resource.defaults?.(context))
  const facts = await resource.facts?.(draft, context)
  return schemaOf(resource, draft, facts, context, { self })
}

/** Throws 403 unless the guard lets the viewer pass. */
export async function guarded({ guards }: Resource, context: Context, guard = guards?.all): Promise<void> {
  if (guard) await demandAnywhere(context, guard)
}

/** Whether a rule holds for a row. */
export async function holds(context: RightsContext, rule: Rule, row: object): Promise<boolean> {
  const [right] = await rights(context, rule)
  return right.holds(row)
}

/** Throws 403 unless the rule holds for the row. */
export async function demand(context: RightsContext, rule: Rule, row: object): Promise<void> {
  if (!(await holds(context, rule, row))) throw forbidden()
}

/** Throws 403 unless the rule could hold for any row. */
export async function demandAnywhere(context: RightsContext, rule: Rule): Promise<void> {
  const [right] = await rights(context, rule)
  if (!right.anywhere) throw forbidden()
}

/** Lists of a resource below another one: `GET /projects/:id/versions`. `within` may throw 403. */
export function nested({
  parents,
  parent,
  resource,
  as,
  summary,
  description,
  query,
  extensions = [],
  within,
}: {
  parents: readonly string[]
  /** The parents below which the official API has no such list. */
  extensions?: readonly string[]
  /** The name of the resource that the paths name. */
  parent: string
  resource: Declared
  as: string
  summary: string
  description: string
  query?: readonly string[]
  within: (parent: Row, context: Context) => Promise<IndexOptions>
}): readonly Operation[] {
  const file = declaringFile()
  return parents.map((path) => ({
    method: 'GET',
    path: `/${path}/:id/${as}`,
    summary,
    description,
    tag: resource.name,
    file,
    ...(query && { query }),
    ...(extensions.includes(path) && { extension: true }),
    answers: { status: 200, of: resource.name, as: 'collection' },
    run: async ({ context, params }: ApiRequest<'id'>) => {
      const above = context.model.of(parent)
      const row = await (path === above.path ? rowAt : rowFrom)(params.id, above, context)
      return ok(await index(context, context.model.of(resource), await within(row, context)))
    },
  }))
}

/**
 * A list of rows that the caller may choose for a new row of another resource: `GET /versions/available_projects`.
 * @param path the path of the list
 * @param of the name of the resource whose rows can be chosen
 * @param rule who may choose which
 * @param guard who may ask, judged anywhere, or gets 403: those for whom the rule could hold, unless said otherwise
 */
export function available(one: {
  path: string
  of: string
  rule: Rule
  guard?: Rule
  tag: string
  summary: string
  description: string
  extension?: boolean
}): Operation {
  const { of, rule, guard = rule, ...rest } = one
  return {
    ...rest,
    method: 'GET',
    file: declaringFile(),
    guard,
    answers: { status: 200, of, as: 'collection' },
    query: ['filters', 'sortBy', 'select', 'offset', 'pageSize'],
    run: async ({ context }) => {
      const target = context.model.of(of)
      const [right] = await rights(context, rule)
      return ok(await index(context, target, { within: right.where(target.table) }))
    },
  }
}
