/** All parameters of lists: each filter with each of its operators, each order, group and selection. */

import { name, sql } from '#db/sql.ts'
import type { Resource, Strategy } from '#kernel/declaration.ts'
import { filtersOf } from '#kernel/read/judge.ts'
import { operatorsOf, takesValues } from '#kernel/read/operators.ts'
import { product } from '#server/modules.ts'
import type { Populated } from './populated.ts'
import { isStored, operations } from './registry.ts'

/** Values of filters with a vocabulary of their own. */
const words = [
  ...[
    'me',
    't',
    'f',
    'true',
    'false',
    'active',
    'mentioned',
    'locked',
    'invited',
    'registered',
    'blocked',
    'open',
    'closed',
    'none',
    'system',
  ],
  ...['User', 'Group', 'PlaceholderUser', 'WorkPackage', 'Project', 'project', 'system', 'ActiveProject', 'members', 'ancestor'],
  ...['on_track', 'memberships/create', 'work_packages/read', 'g', 'w', 'p', '0', '-1', 'public', 'gantt', 'past', '/my/page'],
]

export interface FilterCase {
  readonly filter: string
  readonly operator: string
  readonly strategy: Strategy
  /** Whether it exists only in some places: for work packages, in the list of a project. */
  readonly isPlaced: boolean
  /** Values to be tried in sequence: the first accepted one is enough. */
  readonly candidates: readonly (readonly string[])[]
}

const byStrategy: Partial<Record<Strategy, readonly (readonly string[])[]>> = {
  integer: [['3']],
  boolean: [['t']],
  text: [['a child']],
  string: [['a child']],
  search: [['a child']],
}

/** Every filter of a resource with every operator. `ids` are the ids of rows of all resources, by table. */
export function filterCases(resource: Resource, ids: ReadonlyMap<string, readonly number[]>): FilterCase[] {
  const filters = new Map([...filtersOf(resource).values()].map((filter) => [filter.key, filter]))
  const isInProjects = operations().some(({ path }) => path === `/projects/:id/${resource.path}`)
  const all = [...new Set([...ids.values()].flat())].map(String)
  return [...filters.values()].flatMap((filter) => {
    const target = resource.property.get(filter.key)?.to
    const own = product.resources.find((one) => one.name === target)?.table ?? (filter.key === 'id' ? resource.table : '')
    const named = [...(ids.get(own) ?? []).map(String), ...words, ...all].map((value) => [value])
    return (filter.operators ?? operatorsOf[filter.strategy]).map((operator) => ({
      filter: filter.key,
      operator,
      strategy: filter.strategy,
      isPlaced: isInProjects && filter.available !== undefined,
      candidates: valuesFor(filter.strategy, operator) ?? named,
    }))
  })
}

function valuesFor(strategy: Strategy, operator: string): readonly (readonly string[])[] | undefined {
  if (!takesValues(operator)) return [[]]
  if (operator === '<>d')
    return [
      ['2031-01-01', '2031-12-31'],
      ['2031-01-01T00:00:00Z', '2031-12-31T00:00:00Z'],
    ]
  if (operator === '=d') return [['2031-02-07'], ['2031-02-07T10:00:00Z']]
  if (/t[+-]$/.test(operator)) return [['7']]
  return byStrategy[strategy]
}

/** The ids of some rows of every resource's table. */
export async function someIds({ server }: Populated): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>()
  for (const resource of product.resources) {
    if (!isStored(resource) || found.has(resource.table)) continue
    const rows = await server.db.all<{ id: number }>(sql`select id from ${name(resource.table)} order by id limit 12`)
    found.set(
      resource.table,
      rows.map((row) => row.id),
    )
  }
  return found
}

/** The sort orders of a resource's list. */
export const sortsOf = (resource: Resource): string[] => [
  ...Object.keys(resource.sorts ?? {}),
  ...resource.properties.filter((one) => one.options.sort).map((one) => one.name),
]

/** The groups of a resource's list. */
export const groupsOf = (resource: Resource): string[] =>
  resource.properties.filter((one) => one.options.group).map((one) => one.name)

/** The selectable names of a resource's list. */
export const selectionOf = (resource: Resource): string[] => [
  ...['*', 'total', 'count', 'pageSize', 'offset', 'self', '_type', 'elements', 'elements/*', 'elements/self', 'elements/_type'],
  ...resource.properties.map((one) => `elements/${one.name}`),
  ...Object.keys(resource.actions ?? {}).map((one) => `elements/${one}`),
]

/** A query string of parameters; objects as JSON. */
export const query = (parameters: Record<string, unknown>): string =>
  `?${new URLSearchParams(Object.entries(parameters).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]))}`
