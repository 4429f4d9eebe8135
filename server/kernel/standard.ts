/** The standard operations that follow from a resource's declaration. */
import { and, TRUE } from '#db/sql.ts'
import { index } from '#kernel/read/list.ts'
import { compared, single } from '#kernel/read/single.ts'
import { commitLink, form } from '#kernel/write/form.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { remove } from '#kernel/write/remove.ts'
import type { Context, Operation, Resource, StandardOperation } from './declaration.ts'
import { addressed, guarded, ok, respondCreated, respondSaved, rowAt, schemaOfNew } from './operation.ts'

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
        return respondCreated(ask, resource, await prepareWrite(ask.context, resource, undefined, ask.body))
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
        return respondSaved(ask, resource, await prepareWrite(ask.context, resource, row, ask.body))
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
