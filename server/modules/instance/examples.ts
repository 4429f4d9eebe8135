/** Example operations of the OpenProject specification for schemas, forms and aggregation, with real data where possible. */

import type { Tables } from '#db/tables.ts'
import { everyone, nobody } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Operation } from '#kernel/declaration.ts'
import { emptyDraft, ok, operation } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { staticResource } from '#kernel/resource.ts'
import { form } from '#kernel/write/form.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { schemaOf } from '#kernel/write/schema.ts'
import { Status } from '#modules/work-packages/statuses.ts'
import { said } from '#text/messages.ts'

const example = { id: 1, subject: 'An example', status_id: null, lock_version: 1 }

/** A minimal work package for an example form. Nothing is ever saved. */
export const Example = staticResource('Example', [example], {
  path: 'example',
  description: 'An invented resource as an example of schemas and forms.',
  glossary: {
    subject: 'Subject.',
    status: 'Status.',
  },
  example: {
    subject: 'An example',
  },
  title: 'subject',
  visible: everyone,
  // The form shows writable properties, though nothing can be committed.
  may: { update: everyone, edit: nobody },
  lock: 'lock_version',
  properties: ({ text, integer, link }) => ({
    lockVersion: integer({ label: said`Resource version`, readOnly: true }),
    subject: text({ may: everyone, required: true, min: 1, max: 255 }),
    status: link('Status', { may: everyone, allowed: { rows: (_, facts) => (facts as Facts).statuses } }),
  }),
  facts: async (_, context): Promise<Facts> => ({ statuses: await statusesOf(context) }),
  formLinks: () => ({ previewMarkup: { href: '/api/v3/render/markdown', method: 'post' } }),
  operations: [],
})

interface Facts {
  readonly statuses: readonly Tables['statuses'][]
}

const statusesOf = async ({ db, snapshot }: Context) => [...(await allRows(db, snapshot, 'statuses', 'position')).values()]

/** The example with the default status. */
async function exampleOf(context: Context) {
  const statuses = await statusesOf(context)
  return { ...example, status_id: statuses.find((status) => status.is_default)?.id ?? null }
}

// The example shows statuses, so it needs their guard.
const guard = Status.guards?.all ?? nobody

const viewExampleSchema = operation({
  method: 'GET',
  path: '/example/schema',
  summary: 'View an example of a schema',
  description: 'An example of a schema, for an invented resource.',
  tag: 'Example',
  guard,
  answers: { status: 200, of: 'Example', as: 'schema' },
  run: async ({ context }) => {
    const row = await exampleOf(context)
    const draft = { ...emptyDraft(row), before: row }
    const facts = await Example.facts?.(draft, context)
    return ok(await schemaOf(context.model.of(Example), draft, facts, context, { form: true, self: '/api/v3/example/schema' }))
  },
})

const viewExampleForm = operation({
  method: 'POST',
  path: '/example/form',
  summary: 'View an example of a form',
  description: 'An example of a form, for an invented resource. Nothing is saved.',
  tag: 'Example',
  guard,
  answers: { status: 200, of: 'Example', as: 'form' },
  takes: 'Example',
  run: async ({ context, body }) => {
    const row = await exampleOf(context)
    const prepared = await prepareWrite(context, context.model.of(Example), row, { lockVersion: row.lock_version, ...body })
    return ok(
      await form(context, context.model.of(Example), prepared, '/api/v3/example/form', {
        href: '/api/v3/example',
        method: 'patch',
      }),
    )
  },
})

const listExample = operation({
  method: 'GET',
  path: '/examples',
  summary: 'View an example of an aggregated collection of work packages',
  description: 'An example of groups and sums, with the work packages that the caller may see.',
  tag: 'Example',
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query: ['groupBy', 'showSums'],
  run: async ({ context }) => {
    const workPackages = context.model.of('WorkPackage')
    return ok(await index(context, workPackages, workPackages.index?.(context)))
  },
})

export const operations: readonly Operation[] = [viewExampleSchema, viewExampleForm, listExample]
