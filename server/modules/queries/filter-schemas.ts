import { rights } from '#kernel/access/rights.ts'
import { everyone, inProject } from '#kernel/access/rules.ts'
import type { Body, Context, Link, Operation, Resource } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { demand, ok, operation, rowFrom } from '#kernel/operation.ts'
import { isAvailable, type Known } from '#kernel/read/judge.ts'
import { load, relatedRows } from '#kernel/read/load.ts'
import { takesValues } from '#kernel/read/operators.ts'
import { collection, represent } from '#kernel/read/represent.ts'
import { hrefOf, type ListFilters, listHref } from '#kernel/resource.ts'
import { said, type Text } from '#text/messages.ts'
import { operatorsFor } from './filters.ts'
import { QueryFilter, QueryOperator, workPackageFilters, workPackages } from './parts.ts'
import { listing } from './results.ts'
import { seesWork } from './rights.ts'

/** Whether a path has a GET operation. */
const isList = (path: string, { model }: Context): boolean =>
  model.operations.some((one) => one.method === 'GET' && one.path === path)

/** Whether a filter has allowed values outside projects. */
const hasOwnList = ({ to }: Known, { model }: Context): boolean => !to || model.of(to).operations.includes('index')

/** The filters available in a project, or outside projects. */
async function filtersIn(project: number | undefined, context: Context): Promise<Known[]> {
  const there = listing({ project_id: project }, context)
  const filters: Known[] = []
  for (const filter of workPackageFilters(context).values()) {
    if (filter.unlisted || (project === undefined && !hasOwnList(filter, context))) continue
    if (await isAvailable(filter, there)) filters.push(filter)
  }
  return filters
}

/** The address of a filter's allowed values; undefined if the viewer may not list them. */
async function choices(to: string, project: number | undefined, context: Context): Promise<string | undefined> {
  if (to === 'Project') return '/api/v3/queries/available_projects'
  const target = context.model.of(to)
  if (target.table === 'principals' && to !== 'Group') {
    const members: ListFilters = project === undefined ? {} : { member: ['=', project] }
    return listHref('principals', { status: ['!', 3], ...members }, 'pageSize=-1')
  }
  if (project !== undefined && isList(`/projects/:id/${target.path}`, context))
    return `/api/v3/${await pathOf(project, context)}/${project}/${target.path}`
  if (!target.operations.includes('index') || !(await mayList(target, context))) return undefined
  return `/api/v3/${target.path}`
}

/** The path below which the lists of a project are: programs and portfolios do not answer as projects. */
async function pathOf(project: number, context: Context): Promise<string> {
  const Project = context.model.of('Project')
  const row = (await relatedRows(context, Project, [project])).get(project)
  return row && Project.pathOf?.(row) === Project.path ? Project.path : 'workspaces'
}

async function mayList({ guards }: Resource, context: Context): Promise<boolean> {
  const passed = await rights(context, guards?.all ?? everyone, guards?.index ?? everyone)
  return passed.every((right) => right.anywhere)
}

/** The type of a filter's values; a number in brackets is the required number of values. */
function valuesType({ to, key, strategy }: Known, operator: string, context: Context): string {
  if (to) {
    const named = workPackages(context).property.get(key)?.options.schemaType ?? to
    return `[]${named === 'Principal' ? 'User' : named}`
  }
  const point = strategy === 'date' ? 'Date' : 'DateTime'
  if (operator === '=d') return `[1]${point}`
  if (operator === '<>d') return `[2]${point}`
  if (strategy === 'integer' || strategy === 'date' || strategy === 'datetime_past') return '[1]Integer'
  return strategy === 'boolean' ? '[1]Boolean' : '[1]String'
}

const entry = (type: string, name: Text, more: Body = {}): Body => ({
  type,
  name,
  required: true,
  hasDefault: false,
  writable: true,
  ...more,
})

const addressOf = ({ key }: Known): string => `/api/v3/queries/filter_instance_schemas/${key}`

async function schemaOf(filter: Known, project: number | undefined, context: Context): Promise<Body> {
  const operators = operatorsFor(filter)
  const href = filter.to && (await choices(filter.to, project, context))
  const values = (operator: string): Body =>
    entry(
      valuesType(filter, operator, context),
      said`Values`,
      filter.to ? { location: '_links', _links: { ...(href && { allowedValues: { href } }) } } : {},
    )
  const rows = operators.map((id) => context.model.of(QueryOperator).rows?.get(id)).filter((row) => row !== undefined)
  const page = await load(context, context.model.of(QueryOperator), rows)
  const filterLink: Link = { href: hrefOf(QueryFilter, { id: filter.key }), title: filter.label }
  return {
    _type: 'QueryFilterInstanceSchema',
    _dependencies: [
      {
        _type: 'SchemaDependency',
        on: 'operator',
        dependencies: Object.fromEntries(
          operators.map((id) => [hrefOf(QueryOperator, { id }), takesValues(id) ? { values: values(id) } : {}]),
        ),
      },
    ],
    name: entry('String', said`Name`, { writable: false }),
    filter: entry('QueryFilter', said`Filter`, { location: '_links', _links: { allowedValues: [filterLink] } }),
    operator: entry('QueryOperator', said`Operator`, {
      location: '_links',
      _links: { allowedValues: rows.map((row): Link => ({ href: hrefOf(QueryOperator, row), title: row.name })) },
      _embedded: { allowedValues: rows.map((row) => represent(context.model.of(QueryOperator), row, page)) },
    }),
    _links: { self: { href: addressOf(filter), title: filter.label }, filter: filterLink },
  }
}

/** The address of the filter schemas in a project, or outside projects. */
export const schemasAt = (project: number | undefined): string =>
  project === undefined
    ? '/api/v3/queries/filter_instance_schemas'
    : `/api/v3/projects/${project}/queries/filter_instance_schemas`

/** The schemas of all filters available in a project, or outside projects. */
export async function filterSchemas(project: number | undefined, context: Context): Promise<Body> {
  const schemas: Body[] = []
  for (const filter of await filtersIn(project, context)) schemas.push(await schemaOf(filter, project, context))
  return collection(schemasAt(project), schemas)
}

/** The project in a path. Throws 403 unless the viewer may see work packages in it. */
export async function projectAt(id: string, context: Context): Promise<number> {
  const row = await rowFrom(id, context.model.of('Project'), context)
  await demand(context, inProject('view_work_packages', 'id'), row)
  return row.id
}

const listFilterSchemas = operation({
  method: 'GET',
  path: '/queries/filter_instance_schemas',
  summary: 'List the schemas of filters',
  description: 'Lists the operators and their values for each filter of queries outside projects.',
  tag: 'Query',
  guard: seesWork,
  answers: { status: 200, of: 'QueryFilterInstanceSchema', as: 'collection' },
  run: async ({ context }) => ok(await filterSchemas(undefined, context)),
})

// The OpenProject specification spells the last path without its s.
const listFilterSchemasOfProject = ['projects', 'workspaces', 'workspace'].map((parent) =>
  operation({
    method: 'GET',
    path: `/${parent}/:id/queries/filter_instance_schemas`,
    summary: 'List the schemas of filters in a project',
    description: 'Lists the operators and their values for each filter in the project.',
    tag: 'Query',
    answers: { status: 200, of: 'QueryFilterInstanceSchema', as: 'collection' },
    run: async ({ context, params }) => ok(await filterSchemas(await projectAt(params.id, context), context)),
  }),
)

const viewFilterSchema = operation({
  method: 'GET',
  path: '/queries/filter_instance_schemas/:id',
  summary: 'View the schema of a filter',
  description: 'Returns the operators and their values for one filter.',
  tag: 'Query',
  guard: seesWork,
  answers: { status: 200, of: 'QueryFilterInstanceSchema', as: 'single' },
  run: async ({ context, params }) => {
    const filter = workPackageFilters(context).get(params.id)
    if (!filter) throw notFound()
    return ok(await schemaOf(filter, undefined, context))
  },
})

export const operations: readonly Operation[] = [listFilterSchemas, ...listFilterSchemasOfProject, viewFilterSchema]
