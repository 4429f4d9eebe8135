/** Options of lists of work packages: default filter, parameters, links. */

import { rights } from '#kernel/access/rights.ts'
import { nobody } from '#kernel/access/rules.ts'
import type { Body, Context, IndexOptions, Link, Loaded, Query } from '#kernel/declaration.ts'
import { badRequest } from '#kernel/errors.ts'
import { index } from '#kernel/read/list.ts'
import { writeFilters } from '#kernel/read/parse.ts'
import { said } from '#text/messages.ts'
import { includesSubprojects, listedProject, ofProject } from './filters.ts'
import { timestampsOf } from './moments.ts'
import { pageSchemas, schemasHref } from './schemas.ts'

/** Open work packages by default; `[]` lists all. */
const openOnly = [{ name: 'status', operator: 'o', values: [] }]

/** Effective parameters, in the order of links. */
function repeated(context: Context, query: Query): Record<string, string> {
  const { params } = context
  const grouped = params.get('groupBy') ?? params.get('group_by') ?? params.get('g')
  const timestamps = timestampsOf(context)
  const queryId = params.get('queryId')
  const sorts = query.sorts.length > 0 ? query.sorts : [{ name: 'id', descending: true }]
  return {
    filters: writeFilters(query.filters),
    includeSubprojects: String(includesSubprojects(context)),
    showHierarchies: String(showsHierarchies(context)),
    showSums: String(query.showSums),
    ...(grouped && { groupBy: grouped }),
    sortBy: JSON.stringify(sorts.map((sort) => [sort.name, sort.descending ? 'desc' : 'asc'])),
    ...(timestamps && { timestamps: timestamps.join(',') }),
    ...(queryId && { queryId }),
  }
}

/** Hierarchies and groups exclude each other. Throws 400 if the request has both. */
function showsHierarchies({ params }: Context): boolean {
  const isGrouped = Boolean(params.get('groupBy') ?? params.get('group_by') ?? params.get('g'))
  const asked = params.get('showHierarchies')
  if (isGrouped && asked === 'true') throw badRequest(said`groupBy and showHierarchies=true exclude each other.`)
  return isGrouped ? false : asked !== 'false'
}

/** Links to create and edit work packages, and to their schemas. */
async function ways({ context, resource, rows }: Loaded, query: Query): Promise<Record<string, Link>> {
  const { may } = resource
  const project = listedProject(context)
  const judged = await rights(context, may?.edit ?? nobody, may?.create ?? nobody)
  const [mayEdit, mayCreate] = judged.map((right) => (project ? right.holds({ project_id: project }) : right.anywhere))
  const pairs = [...new Set(rows.map((row) => `${row.project_id}-${row.type_id}`))]
  return {
    ...(query.showSums && { sumsSchema: { href: '/api/v3/work_packages/schemas/sums' } }),
    ...(mayEdit && {
      editWorkPackage: { href: '/api/v3/work_packages/{work_package_id}/form', method: 'post', templated: true },
    }),
    ...(mayCreate && {
      createWorkPackage: { href: '/api/v3/work_packages/form', method: 'post' },
      createWorkPackageImmediate: { href: '/api/v3/work_packages', method: 'post' },
    }),
    ...(pairs.length > 0 && { schemas: { href: schemasHref(pairs, context) } }),
  }
}

/** A list in manual order has a single page, unless it is only counted: clients reorder its elements. */
const onOnePage = (query: Query, { settings }: Context): Query =>
  query.pageSize > 0 && query.sorts.some(({ name }) => /^manual_?sorting$/i.test(name))
    ? { ...query, offset: 1, pageSize: settings.forced_single_page_size }
    : query

/** Query parameters of lists of work packages, besides those of every list. */
export const listParameters = ['includeSubprojects', 'showHierarchies', 'queryId']

/** Options of a list of work packages. */
export const listOptions = (context: Context): IndexOptions => ({
  type: 'WorkPackageCollection',
  byDefault: openOnly,
  params: (query) => repeated(context, query),
  instead: (query) => onOnePage(query, context),
  links: ways,
  groupLinks: (group) => ({ groupBy: { href: `/api/v3/queries/group_bys/${group.name}`, title: group.label } }),
  embedded: async ({ rows }) => ({ schemas: await pageSchemas(rows, context) }),
})

/** The list at a path: of all work packages, or of those of one project. */
export async function listAt(context: Context, path: string): Promise<Body> {
  const here = { ...context, path }
  const project = listedProject(here)
  const within = project === undefined ? {} : { within: await ofProject(here, project) }
  return index(here, context.model.of('WorkPackage'), { ...listOptions(here), path, ...within })
}
