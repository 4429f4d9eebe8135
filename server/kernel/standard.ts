/** The standard operations that follow from a resource's declaration. */

import { and, TRUE } from '#db/sql.ts'
import { index } from '#kernel/read/list.ts'
import { compared, single } from '#kernel/read/single.ts'
import { commitLink, form } from '#kernel/write/form.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { remove } from '#kernel/write/remove.ts'
import type { ApiRequest, Context, Operation, Resource, StandardOperation } from './declaration.ts'
import { addressed, guarded, ok, respondCreated, respondSaved, rowAt, schemaOfNew } from './operation.ts'
import { pluralOf } from './resource.ts'

/** `a` or `an`, as words begin. */
export const article = (words: string): string => (/^([aeio]|u(?!se|ni))/i.test(words) ? 'an' : 'a')

/** Summaries and descriptions of the standard operations, in the resource's words. */
function wordsOf(resource: Resource): Readonly<Record<StandardOperation, Pick<Operation, 'summary' | 'description'>>> {
  const { words, plural, lock, paginated } = resource
  const one = `${article(words)} ${words}`
  const means = resource.description ? `\n\n*${words.charAt(0).toUpperCase()}${words.slice(1)}*: ${resource.description}` : ''
  const guarded = lock
    ? ' It has to send back the `lockVersion` that was read; after a concurrent change the response is 409.'
    : ''
  const asForm =
    'Nothing is saved. The response has the payload as it would be saved, its schema with the allowed values, and the validation errors. A valid payload gets the link `commit`.'
  const schema =
    'Describes each property: its type, whether it is required, whether the caller may write it, and links to the allowed values.'
  return {
    index: {
      summary: `List ${plural}`,
      description: `Lists the ${plural} that the caller may see, ${paginated === false ? 'without pagination' : 'by page'}.${means}`,
    },
    show: { summary: `View ${one}`, description: `Returns one ${words}.${means}` },
    create: {
      summary: `Create ${one}`,
      description: `Creates ${one} and returns it. See its ${resource.operations.includes('form') ? 'form' : 'properties'} for writable and required properties.`,
    },
    form: { summary: `Form for creating ${one}`, description: `Validates the creation of ${one}. ${asForm}` },
    update: {
      summary: `Update ${one}`,
      description: `Changes the properties in the body and leaves the rest.${guarded} The response is the updated ${words}.`,
    },
    editForm: {
      summary: `Form for updating ${one}`,
      description: `Validates an update of ${one}; without a body, the form shows the stored values. ${asForm}`,
    },
    delete: {
      summary: `Delete ${one}`,
      description: `Deletes the ${words} permanently.`,
    },
    schema: { summary: `Schema of ${one}`, description: `${schema} The form has allowed values that depend on other values.` },
  }
}

/** Query parameters of the resource's list, besides those of every list. */
function listParameters({ properties, listParameters: own = [] }: Resource): readonly string[] {
  const some = (option: 'group' | 'sum') => properties.some(({ options }) => options[option])
  return [...(some('group') ? ['groupBy'] : []), ...(some('sum') ? ['showSums'] : []), ...own]
}

const asRead = new WeakMap<Resource, Map<string, Resource>>()

/** A resource as its list at another path has it. */
function readAt(resource: Resource, path: string): Resource {
  const { readings = {}, may, defaults } = resource
  const reading = readings[path]
  if (!reading) return resource
  const known = asRead.getOrInsertComputed(resource, () => new Map())
  return known.getOrInsertComputed(path, () => {
    const { label, plural = pluralOf(label), of, operations, extensions = [], create, defaults: more } = reading
    return {
      ...resource,
      ...{ path, words: label, plural, operations, extensions },
      addressable: of,
      may: { ...may, ...(create && { create }) },
      defaults: (context: Context) => ({ ...defaults?.(context), ...more }),
    }
  })
}

/** A resource as it answers at its own path, and as it does at those of its readings. */
export const readingsOf = (resource: Resource): readonly Resource[] => [
  resource,
  ...Object.keys(resource.readings ?? {}).map((path) => readAt(resource, path)),
]

/** The standard operations that a resource's declaration names, at its own path and those of its readings. */
export const standardOperations = (declared: Resource): Operation[] => readingsOf(declared).flatMap(operationsAt)

function operationsAt(declared: Resource): Operation[] {
  const { path, name: of, operations, extensions = [] } = declared
  const words = wordsOf(declared)
  const notifying = declared.journal ? { query: ['notify'] } : {}
  const file = declared.file
  const here = ({ model }: Context) => readAt(model.of(of), path)
  const has = (one: Resource['operations'][number]) => operations.includes(one)
  const base = `/api/v3/${path}`
  const tag = of
  const at = declared.moments ? ['timestamps'] : []
  const shown = [...(declared.parameters ?? []), ...at]
  const guards: typeof declared.guards = declared.guards ?? {}
  const guarding = (one: StandardOperation) => ({
    file,
    ...(guards[one] && { guard: guards[one] }),
    ...(extensions.includes(one) && { extension: true }),
  })
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
        ...(declared.paginated === false ? [] : ['offset', 'pageSize']),
        ...listParameters(declared),
        ...at,
      ],
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
      ...words.show,
      tag,
      answers: { status: 200, of, as: 'single' },
      ...(shown.length > 0 && { query: shown }),
      run: async ({ context, params }: ApiRequest<'id'>) => {
        const resource = here(context)
        await guarded(resource, context)
        const row = await rowAt(params.id, resource, context)
        const moments = await resource.moments?.(context)
        if (moments) return ok(await compared(context, resource, row, moments))
        return ok(await (resource.answer?.(context, row) ?? single(context, resource, row)))
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
      ...notifying,
      run: async (ask) => {
        const resource = here(ask.context)
        return respondCreated(ask, resource, await prepareWrite(ask.context, resource, undefined, ask.body))
      },
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
        const resource = here(context)
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
      ...notifying,
      run: async (ask: ApiRequest<'id'>) => {
        const resource = here(ask.context)
        const row = await rowAt(ask.params.id, resource, ask.context)
        return respondSaved(ask, resource, await prepareWrite(ask.context, resource, row, ask.body))
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
      run: async ({ context, params, body, text }: ApiRequest<'id'>) => {
        const resource = here(context)
        const row = await rowAt(params.id, resource, context)
        // Without a body, the form shows the stored row.
        const payload = text.trim() === '' ? { lockVersion: row[resource.lock as string] } : body
        const prepared = await prepareWrite(context, resource, row, payload, {}, { asking: true })
        return ok(await form(context, resource, prepared, `${base}/${row.id}/form`, commitLink(resource, prepared.draft, base)))
      },
    },
    has('delete') && {
      ...guarding('delete'),
      method: 'DELETE',
      path: `/${path}/:id`,
      ...words.delete,
      tag,
      answers: { status: declared.deleted ?? 204 },
      run: async ({ context, db, params }: ApiRequest<'id'>) => {
        const resource = here(context)
        await remove(db, context, resource, await rowAt(params.id, resource, context))
        const location = context.told.get('location') as string | undefined
        return { status: resource.deleted ?? 204, ...(location && { headers: { location } }) }
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
        const resource = here(context)
        await guarded(resource, context)
        return ok(await schemaOfNew(resource, context, `${base}/schema`))
      },
    },
  ]
  return all.filter((one) => one !== false)
}
