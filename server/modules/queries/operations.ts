/** What is answered about queries besides the standard operations. */
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Body, Context, Operation } from '#kernel/declaration.ts'
import { emptyDraft, holds, ok, operation, respondSaved, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
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
    summary: verb === 'star' ? 'Make a query a favorite' : 'Make a query no favorite',
    description: 'Favorites come first where queries are offered.',
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

const listAvailableProjects = operation({
  method: 'GET',
  path: '/queries/available_projects',
  summary: 'List available projects for queries',
  description: 'Answers the projects in which the caller sees work packages.',
  tag,
  guard: list,
  answers: { status: 200, of: 'Project', as: 'collection' },
  query: ['filters', 'sortBy', 'select', 'offset', 'pageSize'],
  run: async ({ context }) => {
    const [seen] = await rights(context, inProject('view_work_packages', 'id'))
    return ok(await index(context, context.model.of('Project'), { within: seen.where('projects') }))
  },
})

/** The default query, which is to be created before it can be changed. */
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
  description:
    'Answers what a list of work packages is where no query was chosen, with what it finds. The parameters override parts of it for this once.',
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
      'Answers what the list of the project’s work packages is where no query was chosen, with what it finds. The parameters override parts of it for this once.',
    tag,
    answers: { status: 200, of: 'DefaultQuery', as: 'single' },
    query: parameters,
    run: async ({ context, params }) => {
      const project = await projectAt(params.id, context)
      return ok(await answerDefault(context, `/api/v3/${parent}/${project}/queries/default`, project))
    },
  }),
)

// The description of the API that we follow spells the last of them without its s.
const viewSchemaInProject = ['projects', 'workspaces', 'workspace'].map((parent) =>
  operation({
    method: 'GET',
    path: `/${parent}/:id/queries/schema`,
    summary: 'Schema of a query of a project',
    description: 'Tells the properties of queries of a project, with the filters, columns and orders that there are in it.',
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
