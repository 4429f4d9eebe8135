/** Further operations on queries, besides the standard ones. */
import { inProject } from '#kernel/access/rules.ts'
import type { Body, Context, Operation } from '#kernel/declaration.ts'
import { available, emptyDraft, holds, ok, operation, respondSaved, rowFrom } from '#kernel/operation.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { schemaOf } from '#kernel/write/schema.ts'
import { projectAt } from './filter-schemas.ts'
import { answerOf, defaultQuery, parameters, Query } from './queries.ts'
import { list, save, seesWork } from './rights.ts'

const tag = 'Query'

const starOperations = ['star', 'unstar'].map((verb) =>
  operation({
    method: 'PATCH',
    path: `/queries/:id/${verb}`,
    summary: verb === 'star' ? 'Add a query to the favorites' : 'Remove a query from the favorites',
    description: 'Clients list favorites first.',
    tag,
    answers: { status: 200, of: tag, as: 'single' },
    run: async (ask) => {
      const row = await rowFrom(ask.params.id, ask.context.model.of(Query), ask.context)
      return respondSaved(
        ask,
        ask.context.model.of(Query),
        await prepareWrite(ask.context, ask.context.model.of(Query), row, { starred: verb === 'star' }),
      )
    },
  }),
)

const listAvailableProjects = available({
  path: '/queries/available_projects',
  of: 'Project',
  rule: inProject('view_work_packages', 'id'),
  guard: list,
  tag,
  summary: 'List available projects for queries',
  description: 'Lists the projects in which the caller may see work packages.',
})

/** The default query, whose update links create a query. */
async function answerDefault(context: Context, address: string, project?: number): Promise<Body> {
  const row = defaultQuery(context, project)
  const body = await answerOf(row, context, address)
  const { updateImmediately: _, ...links } = body._links as Body
  return {
    ...body,
    _links: {
      ...links,
      update: { href: '/api/v3/queries/form', method: 'post' },
      ...((await holds(context, save, row)) && { updateImmediately: { href: '/api/v3/queries', method: 'post' } }),
    },
  }
}

const viewDefaultQuery = operation({
  method: 'GET',
  path: '/queries/default',
  summary: 'View the default query',
  description: 'Returns the default query of work packages, with its results. Parameters override parts of it for this request.',
  tag,
  guard: seesWork,
  answers: { status: 200, of: 'DefaultQuery', as: 'single' },
  query: parameters,
  run: async ({ context }) => ok(await answerDefault(context, '/api/v3/queries/default')),
})

const viewDefaultQueryOfProject = ['projects', 'workspaces'].map((parent) =>
  operation({
    method: 'GET',
    path: `/${parent}/:id/queries/default`,
    summary: 'View the default query of a project',
    description:
      'Returns the default query of the project’s work packages, with its results. Parameters override parts of it for this request.',
    tag,
    answers: { status: 200, of: 'DefaultQuery', as: 'single' },
    query: parameters,
    run: async ({ context, params }) => {
      const project = await projectAt(params.id, context)
      return ok(await answerDefault(context, `/api/v3/${parent}/${project}/queries/default`, project))
    },
  }),
)

// The OpenProject specification spells the last path without its s.
const viewSchemaInProject = ['projects', 'workspaces', 'workspace'].map((parent) =>
  operation({
    method: 'GET',
    path: `/${parent}/:id/queries/schema`,
    summary: 'Schema of a query of a project',
    description: 'Describes the properties of queries of a project, with its filters, columns and sort orders.',
    tag,
    answers: { status: 200, of: tag, as: 'schema' },
    run: async ({ context, params }) => {
      const project = await projectAt(params.id, context)
      const draft = emptyDraft(defaultQuery(context, project))
      return ok(
        await schemaOf(context.model.of(Query), draft, { faults: [] }, context, {
          self: `/api/v3/projects/${project}/queries/schema`,
        }),
      )
    },
  }),
)

export const operations: readonly Operation[] = [
  ...starOperations,
  listAvailableProjects,
  viewDefaultQuery,
  ...viewDefaultQueryOfProject,
  ...viewSchemaInProject,
]
