/** Further operations on projects and workspaces, besides the standard ones. */
import { among } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { either, globally, inAnyProject, inProject } from '#kernel/access/rules.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context, Operation } from '#kernel/declaration.ts'
import { badRequest, forbidden, notFound } from '#kernel/errors.ts'
import { holds, nested, ok, operation, rowAt, rowFrom, schemaOfNew } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { Type } from '#modules/work-packages/types.ts'
import { said } from '#text/messages.ts'
import { Category } from './categories.ts'
import { projectTypes } from './modules.ts'
import { isWorkspaceType, possibleParents } from './parents.ts'
import { Project } from './projects.ts'
import { sharedVersionIds } from './sharing.ts'
import { Version } from './versions.ts'

const query = ['filters', 'sortBy', 'select', 'offset', 'pageSize']

const listWorkspaces = operation({
  method: 'GET',
  path: '/workspaces',
  summary: 'List workspaces',
  description:
    'Lists projects, programs and portfolios; `/api/v3/projects` is the same list. The filter `typeahead` searches names and identifiers.',
  tag: 'Project',
  answers: { status: 200, of: 'Project', as: 'collection' },
  query,
  run: async ({ context }) => ok(await index(context, context.model.of(Project))),
})

const viewWorkspaceSchema = operation({
  method: 'GET',
  path: '/workspaces/schema',
  summary: 'Schema of a workspace',
  description: 'Describes the properties of a workspace of any type.',
  tag: 'Project',
  answers: { status: 200, of: 'Project', as: 'schema' },
  run: async ({ context }) => ok(await schemaOfNew(context.model.of(Project), context, '/api/v3/workspaces/schema')),
})

const listAvailableParents = operation({
  method: 'GET',
  path: '/projects/available_parent_projects',
  summary: 'List available parents of a project',
  description:
    'Lists the possible parents of the workspace `of`, or of a new workspace of type `workspace_type`. Workspaces whose choice would create a cycle are excluded.',
  tag: 'Project',
  guard: either(globally('add_project'), inAnyProject('add_subprojects'), inAnyProject('edit_project')),
  answers: { status: 200, of: 'Project', as: 'collection' },
  query: ['of', 'workspace_type', ...query],
  run: async ({ context }) => {
    const ids = await possibleParents(context, await subjectOf(context))
    const of = context.params.get('of')
    const kind = context.params.get('workspace_type')
    return ok(
      await index(context, context.model.of(Project), {
        within: among(context.engine, raw('projects.id'), ids),
        params: () => ({ ...(of !== null && { of }), ...(kind !== null && { workspace_type: kind }) }),
      }),
    )
  },
})

/** The project to find parents for: a stored one, or a new one of a type. */
async function subjectOf(context: Context): Promise<Record<string, unknown>> {
  const of = context.params.get('of')
  if (of !== null && of !== '') return rowFrom(of, context.model.of(Project), context)
  const kind = context.params.get('workspace_type') ?? 'project'
  if (!isWorkspaceType(kind)) throw badRequest(said`workspace_type is no kind of workspace.`)
  return { workspace_type: kind }
}

/** The visible project or workspace in a path, or 404. */
const named = (path: string, id: string, context: Context) =>
  (path === Project.path ? rowAt : rowFrom)(id, context.model.of(Project), context)

/** Adds and removes favorites; idempotent. */
function favorite(path: string, method: 'POST' | 'DELETE'): Operation {
  return operation({
    method,
    path: `/${path}/:id/favorite`,
    summary: method === 'POST' ? 'Add a workspace to the favorites' : 'Remove a workspace from the favorites',
    description: 'Favorites are private to the caller. The request is idempotent.',
    tag: 'Project',
    answers: { status: 204 },
    run: async ({ context, db, params }) => {
      const { id } = await named(path, params.id, context)
      const { viewer } = context
      if (!viewer.signedIn) throw forbidden()
      await db.transaction(async (tx) => {
        await tx.run(
          method === 'POST'
            ? sql`insert into favorites (user_id, project_id) values (${viewer.id}, ${id}) on conflict do nothing`
            : sql`delete from favorites where user_id = ${viewer.id} and project_id = ${id}`,
        )
        await invalidate(tx, 'projects')
      })
      return { status: 204 }
    },
  })
}

const favoriteOperations = ['projects', 'workspaces'].flatMap((path) => {
  return [operation(favorite(path, 'POST')), operation(favorite(path, 'DELETE'))]
})

/** Throws 404 unless the viewer has one of the permissions in the project, so that its contents stay hidden. */
async function need(context: Context, project: object, ...permissions: readonly string[]): Promise<void> {
  const rule = either(...permissions.map((permission) => inProject(permission, 'id')))
  if (!(await holds(context, rule, project))) throw notFound()
}

const parents = { parents: ['projects', 'workspaces'], parent: 'Project' }

const listTypes = nested({
  ...parents,
  resource: Type,
  as: 'types',
  summary: 'List the types of a project',
  description: 'Lists the types that work packages of the project can have, by position, without pagination.',
  within: async (project, context) => {
    await need(context, project, 'view_work_packages', 'manage_types')
    const types = (await projectTypes(context)).get(project.id) ?? []
    return { within: among(context.engine, raw('types.id'), types), paginated: false }
  },
})

const listVersions = nested({
  ...parents,
  resource: Version,
  as: 'versions',
  summary: 'List the versions of a project',
  description: 'Lists the project’s own versions and those that other projects share with it, without pagination.',
  within: async (project, context) => {
    await need(context, project, 'view_work_packages', 'manage_versions')
    const versions = await sharedVersionIds(context, project.id)
    return { within: among(context.engine, raw('versions.id'), [...versions]), paginated: false }
  },
})

const listCategories = nested({
  ...parents,
  resource: Category,
  as: 'categories',
  summary: 'List the categories of a project',
  description: 'Lists the categories of the project, without pagination.',
  within: async (project) => ({ within: sql`categories.project_id = ${project.id}`, paginated: false }),
})

export const operations: readonly Operation[] = [
  listWorkspaces,
  viewWorkspaceSchema,
  listAvailableParents,
  ...favoriteOperations,
  ...listTypes,
  ...listVersions,
  ...listCategories,
]
