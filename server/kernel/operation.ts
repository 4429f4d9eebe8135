import { and, type Sql, TRUE } from '#db/sql.ts'
import { commit, commitLink, findRow, form, type Prepared, prepareWrite, remove } from './change.ts'
import { compared, index, single } from './collection.ts'
import type {
  Answer,
  Ask,
  Body,
  Context,
  Declared,
  Document,
  Draft,
  IndexOptions,
  Operation,
  Resource,
  Rule,
  StandardOperation,
} from './declaration.ts'
import { conflict, forbidden } from './errors.ts'
import { isStorable } from './kinds.ts'
import { isId } from './operators.ts'
import { needsOf, writtenRow } from './page.ts'
import { declaringFile } from './resource.ts'
import { schemaOf } from './schema.ts'
import { refuseUnknown } from './shapes.ts'
import { prepare } from './viewer.ts'

/**
 * Declares an operation that is no standard one of a resource.
 * @throws Error that names the file and the member where it has a member that nothing reads
 */
export function operation(one: Operation): Operation {
  const file = declaringFile()
  refuseUnknown('operation', `${file}: ${one.method} ${one.path}`, one)
  return { ...one, file }
}

/** Declares something to be read outside the API. Throws like `operation`. */
export function document(one: Document): Document {
  refuseUnknown('document', `${declaringFile()}: ${one.path}`, one)
  return one
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
export async function told(ask: Ask, declared: Declared, id: number, status = 200): Promise<Answer> {
  const context = await ask.context.renewed()
  const resource = context.model.of(declared)
  const row = await writtenRow(context, resource, id)
  if (!row) throw conflict('The resource was removed in the meantime.')
  return { status, body: await single(context, resource, row) }
}

/** The answer to a create: 201. */
export const created = (ask: Ask, resource: Resource, prepared: Prepared) => saved(ask, resource, prepared, 201)

/** The operations that a resource's declaration names. */
export function standardOperations(declared: Resource): Operation[] {
  const { path, name: of, words, operations } = declared
  const file = declared.file
  const here = ({ model }: Context) => model.of(of)
  const has = (one: Resource['operations'][number]) => operations.includes(one)
  const base = `/api/v3/${path}`
  const tag = of
  const at = declared.moments ? ['timestamps'] : []
  const shown = [...(declared.parameters ?? []), ...at]
  const guarding = (one: StandardOperation) => ({ file, ...(declared.guards?.[one] && { guard: declared.guards[one] }) })
  const all: (Operation | false)[] = [
    has('index') && {
      ...guarding('index'),
      method: 'GET',
      path: `/${path}`,
      summary: `List ${words}s`,
      tag,
      answers: { status: 200, of, as: 'collection' },
      query: [...['filters', 'sortBy', 'select'], ...(declared.paginated === false ? [] : ['offset', 'pageSize']), ...at],
      run: async ({ context }) => {
        const resource = here(context)
        const options = resource.index?.(context)
        const within = and([options?.within ?? TRUE, await addressed(resource, context)])
        return ok(await index(context, resource, { ...options, within }))
      },
    },
    has('show') && {
      ...guarding('show'),
      method: 'GET',
      path: `/${path}/:id`,
      summary: `View a ${words}`,
      tag,
      answers: { status: 200, of, as: 'single' },
      ...(shown.length > 0 && { query: shown }),
      run: async ({ context, params }) => {
        const resource = here(context)
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
      summary: `Create a ${words}`,
      tag,
      answers: { status: 201, of, as: 'single' },
      takes: of,
      run: async (ask) => {
        const resource = here(ask.context)
        return created(ask, resource, await prepareWrite(ask.context, resource, undefined, ask.body))
      },
    },
    has('form') && {
      ...guarding('form'),
      method: 'POST',
      path: `/${path}/form`,
      summary: `Form for creating a ${words}`,
      tag,
      answers: { status: 200, of, as: 'form' },
      takes: of,
      run: async ({ context, body }) => {
        const resource = here(context)
        const prepared = await prepareWrite(context, resource, undefined, body, {}, { asking: true })
        return ok(await form(context, resource, prepared, `${base}/form`, commitLink(resource, prepared.draft, base)))
      },
    },
    has('update') && {
      ...guarding('update'),
      method: 'PATCH',
      path: `/${path}/:id`,
      summary: `Update a ${words}`,
      tag,
      answers: { status: 200, of, as: 'single' },
      takes: of,
      run: async (ask) => {
        const resource = here(ask.context)
        const row = await rowAt(ask.params['id'] as string, resource, ask.context)
        return saved(ask, resource, await prepareWrite(ask.context, resource, row, ask.body))
      },
    },
    has('editForm') && {
      ...guarding('editForm'),
      method: 'POST',
      path: `/${path}/:id/form`,
      summary: `Form for updating a ${words}`,
      tag,
      answers: { status: 200, of, as: 'form' },
      takes: of,
      run: async ({ context, params, body, text }) => {
        const resource = here(context)
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
      summary: `Delete a ${words}`,
      tag,
      answers: { status: declared.deleted ?? 204 },
      run: async ({ context, db, params }) => {
        const resource = here(context)
        await remove(db, context, resource, await rowAt(params['id'] as string, resource, context))
        return { status: resource.deleted ?? 204 }
      },
    },
    has('schema') && {
      ...guarding('schema'),
      method: 'GET',
      path: `/${path}/schema`,
      summary: `Schema of a ${words}`,
      tag,
      answers: { status: 200, of, as: 'schema' },
      run: async ({ context }) => {
        const resource = here(context)
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
  await prepare(context.db, context.viewer, [...needsOf(resource, context.model), ...(guard?.needs ?? [])])
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

/** Lists of a resource below another one: `GET /projects/:id/versions`. `within` may throw 403. */
export function nested({
  parents,
  parent,
  resource,
  as,
  summary,
  within,
}: {
  parents: readonly string[]
  /** The name of the resource that the paths name. */
  parent: string
  resource: Declared
  as: string
  summary: string
  within: (parent: any, context: Context) => Promise<IndexOptions>
}): readonly Operation[] {
  const file = declaringFile()
  return parents.map((path) => ({
    method: 'GET',
    path: `/${path}/:id/${as}`,
    summary,
    tag: resource.name,
    file,
    answers: { status: 200, of: resource.name, as: 'collection' },
    run: async ({ context, params }) => {
      const above = context.model.of(parent)
      const row = await (path === above.path ? rowAt : rowFrom)(params['id'] as string, above, context)
      return ok(await index(context, context.model.of(resource), await within(row, context)))
    },
  }))
}

export { ok }
