/** Descriptions of query and path parameters. */

import type { Resource } from '#kernel/declaration.ts'
import { filtersOf, type Known } from '#kernel/read/judge.ts'
import { operatorsOf, takesValues } from '#kernel/read/operators.ts'
import type { Json } from './common.ts'

const text = { type: 'string' }
const yesOrNo = { type: 'boolean' }

const FILTERS =
  'A JSON array of filters, all of which an element has to match: each an object of a name with its operator and values. `[]` lists everything where a list has default filters.'
const SORTS = 'A JSON array of up to three pairs of a name and `asc` or `desc`, by descending precedence.'

/** Query parameters by name. */
const byName: Readonly<Record<string, Json>> = {
  location: { schema: { type: 'boolean' }, example: true, description: 'Whether to open the folder instead of the file.' },
  offset: { schema: { type: 'integer', minimum: 1, default: 1 }, example: 1, description: 'Page number, from 1.' },
  pageSize: {
    schema: { type: 'integer', minimum: -1 },
    example: 20,
    description:
      'Number of elements on a page. 0 returns the totals only, -1 as many elements as the instance allows: `maximumAPIV3PageSize` of the configuration, which is the limit for all pages.',
  },
  filters: { schema: text, example: '[{"id":{"operator":"=","values":["1"]}}]', description: FILTERS },
  sortBy: { schema: text, example: '[["id","asc"]]', description: SORTS },
  groupBy: { schema: text, example: 'status', description: 'The property to group by. Groups are over all pages.' },
  select: {
    schema: text,
    example: 'total,elements/id,elements/self',
    description:
      'Properties to return instead of all, separated by commas: those of the list by name, those of its elements after `elements/`; `*` stands for all.',
  },
  timestamps: {
    schema: text,
    example: 'P-1W,PT0S',
    description:
      'Timestamps to compare, separated by commas: ISO 8601 dates, dates and times, durations before now, or past days such as oneDayAgo@08:00+00:00. The first is the baseline; the last is represented in full. Ten at most; `PT0S` is now.',
  },
  showSums: {
    schema: yesOrNo,
    example: true,
    description: 'Whether to return sums, of all elements and of each group.',
  },
  includeSubprojects: {
    schema: yesOrNo,
    example: false,
    description: 'Whether to include subprojects; true by default.',
  },
  showHierarchies: {
    schema: yesOrNo,
    example: true,
    description:
      'Whether clients should show children below their parents. The server only repeats it in links. It excludes `groupBy`.',
  },
  queryId: {
    schema: { type: 'integer' },
    example: 1,
    description: 'The query whose manual order `sortBy` uses for `manualSorting`.',
  },
  notify: {
    schema: { ...yesOrNo, default: true },
    example: true,
    description: 'Whether users are notified of the change.',
  },
  of: { schema: text, example: '1', description: 'The project to find a parent for, by its id or identifier.' },
  workspace_type: {
    schema: { type: 'string', enum: ['project', 'program', 'portfolio'], default: 'project' },
    example: 'project',
    description: 'The type of the new workspace to find a parent for.',
  },
  parent: { schema: { type: 'integer' }, example: 1, description: 'The item to start from, instead of the root.' },
  depth: { schema: { type: 'integer' }, example: 1, description: 'Number of levels below that item; all by default.' },
  year: { schema: { type: 'integer' }, example: 2026, description: 'The year to list; the current one by default.' },
  context: {
    schema: text,
    example: '/api/v3/work_packages/1',
    description: 'The address of the work package or project that contains the text.',
  },
  operation: {
    schema: text,
    example: 'postWork_packages',
    description: 'The `operationId` of the requests to list; all by default.',
  },
  since: { schema: { type: 'integer' }, example: 7, description: 'The id of the recorded request after which to begin.' },
  query: { schema: text, example: 'mast', description: 'Words to look for, or an id.' },
  type: {
    schema: { ...text, default: 'relates' },
    example: 'follows',
    description: 'The type of relation to look for, as seen from the work package; `parent` and `child` as well.',
  },
}

const operators = ({ operators: own, strategy }: Known): string =>
  (own ?? operatorsOf[strategy]).map((one) => `\`${one}\``).join(' ')

/** The filters of a resource that the document lists, by key. */
const offered = (resource: Resource): Known[] =>
  [...new Set(filtersOf(resource).values())].filter(({ unlisted }) => !unlisted).sort((a, b) => a.key.localeCompare(b.key))

/** Common filters, best first, for examples. */
const usual = ['status', 'principal', 'project', 'name', 'id']

/** An example with one of the filters. */
function exampleOf(filters: readonly Known[]): string {
  const rank = ({ key }: Known) => (usual.includes(key) ? usual.indexOf(key) : usual.length)
  const { key, strategy, operators: own } = filters.toSorted((a, b) => rank(a) - rank(b))[0] as Known
  const [operator = '='] = own ?? operatorsOf[strategy]
  return JSON.stringify([{ [key]: { operator, values: takesValues(operator) ? ['1'] : [] } }])
}

/** Descriptions of parameters that depend on the resource: its filters, sort orders and groups. */
function particular(name: string, resource: Resource): Json | undefined {
  if (name === 'filters') {
    const filters = offered(resource)
    if (filters.length === 0) return undefined
    const table = filters.map((one) => `| \`${one.key}\` | ${operators(one).replaceAll('|', '\\|')} |`).join('\n')
    const description = `${FILTERS}\n\nFilters of ${resource.plural}:\n\n| filter | operators |\n| --- | --- |\n${table}`
    return { ...byName.filters, description, example: exampleOf(filters) }
  }
  if (name === 'sortBy') {
    const own = resource.properties.filter(({ options }) => options.sort).map((p) => p.name)
    const sorts = [...new Set([...own, ...Object.keys(resource.sorts ?? {})])]
    if (sorts.length === 0) return undefined
    const description = `${SORTS}\n\nSort orders of ${resource.plural}: ${sorts.map((one) => `\`${one}\``).join(', ')}.`
    return { ...byName.sortBy, description, example: JSON.stringify([[sorts[0], 'asc']]) }
  }
  if (name === 'groupBy') {
    const groups = resource.properties.filter(({ options }) => options.group).map((p) => p.name)
    if (groups.length === 0) return undefined
    const description = `${byName.groupBy?.description} One of ${groups.map((one) => `\`${one}\``).join(', ')}.`
    return { ...byName.groupBy, description, example: groups.includes('status') ? 'status' : groups[0] }
  }
  return undefined
}

/** Components of the document, collected while operations are described. */
export type Parameters = Record<string, Json>

/** Parameters that mean something else than usual where these are answered. */
const ofAnswers: Readonly<Record<string, Json>> = {
  'StorageFiles.parent': { schema: text, example: '/Drawings', description: 'Id or path of a folder; the root by default.' },
}

/** A reference to a query parameter of an operation, with the details of the resource that is listed, or of what is answered. */
export function queryParameter(name: string, resource: Resource | undefined, of: string | undefined, into: Parameters): Json {
  const own = ofAnswers[`${of}.${name}`]
  const special = own ?? (resource && particular(name, resource))
  const key = special ? `${own ? of : resource?.name}.${name}` : name
  const described = special ?? byName[name]
  if (!described) throw new Error(`The query parameter ${name} is not described in http/openapi/parameters.ts.`)
  into[key] ??= { name, in: 'query', required: false, ...described }
  return { $ref: `#/components/parameters/${key}` }
}

/** Path parameters that are not the id of the resource in the segment before them. */
const inPaths: Readonly<Record<string, Json>> = {
  'days/date': { schema: { type: 'string', format: 'date' }, example: '2026-05-01', description: 'The date.' },
  'week/day': {
    schema: { type: 'integer', minimum: 1, maximum: 7 },
    example: 1,
    description: 'The day of the week: 1 for Monday to 7 for Sunday.',
  },
  'actions/id': { schema: text, example: 'work_packages/read', description: 'The id of the action, with its slash as it is.' },
  'capabilities/id': {
    schema: text,
    example: 'memberships/create/w1-1',
    description: 'The id of the capability, with its slashes as they are.',
  },
  'details/id': { schema: { type: 'integer', minimum: 0 }, example: 0, description: 'Index of the detail, from 0.' },
  'schema/id': {
    schema: { type: 'string', enum: ['startDate', 'dueDate', 'date', 'note'] },
    example: 'startDate',
    description: 'The property of the value.',
  },
  'schemas/identifier': {
    schema: text,
    example: '1-1',
    description: 'The id of the project and that of the type, with a hyphen between them; or `sums`.',
  },
  'views/kind': {
    schema: { type: 'string', enum: ['work_packages_table', 'gantt', 'team_planner', 'work_packages_calendar'] },
    example: 'work_packages_table',
    description: 'The kind of view.',
  },
  'files/file': { schema: text, example: '5503', description: 'The id of the file in the storage.' },
  'filter_instance_schemas/id': { schema: text, example: 'status', description: 'The id of the filter.' },
  'custom_fields/id': { schema: { type: 'integer' }, example: 1, description: 'The id of the custom field.' },
}

/** Spellings that a path accepts besides a numeric id. */
const spellings: Readonly<Record<string, string>> = {
  Project: 'The id of the project, or its identifier.',
  User: 'The id of the user; `me` is the caller.',
}

/** The parameters of a path; the segment before each one decides its description. */
export function pathParameters(path: string, resources: readonly Resource[]): Json[] {
  const segments = path.split('/')
  return [...segments.entries()].flatMap(([i, segment]) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    if (name === undefined) return []
    const before = segments.slice(1, i).filter((one) => !one.startsWith('{'))
    const last = before.at(-1) ?? ''
    const known = inPaths[`${last}/${name}`]
    const resource =
      resources.find((one) => one.path === before.slice(-2).join('/') || one.path === last) ??
      resources.find((one) => one.aliases?.includes(last) || (last === 'workspaces' && one.name === 'Project')) ??
      (last === 'watchers' ? resources.find((one) => one.name === 'User') : undefined) ??
      (last === 'workspace' ? resources.find((one) => one.name === 'Project') : undefined)
    const id = resource?.example?.id
    const isText = typeof id === 'string' || Object.hasOwn(spellings, resource?.name ?? '')
    const described = known ?? {
      schema: isText ? text : { type: 'integer' },
      example: typeof id === 'string' ? id : isText ? '1' : 1,
      description: spellings[resource?.name ?? ''] ?? `The id of the ${resource?.words ?? last.replaceAll('_', ' ')}.`,
    }
    return [{ name, in: 'path', required: true, ...described }]
  })
}
