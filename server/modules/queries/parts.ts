/** What queries are made of, read off the declaration of work packages: columns, orders, groups, filters and operators. */
import { operatorNames } from '#kernel/operators.ts'
import { filtersOf, type Known } from '#kernel/query.ts'
import { fixed, humanize, type Property, type Resource, resourceNamed } from '#kernel/resource.ts'
import { everyone } from '#kernel/rules.ts'
import { seesWork } from './rights.ts'

interface Part {
  readonly id: string
  readonly name: string
}

const workPackages = (): Resource => resourceNamed('WorkPackage')
const propertiesThat = (suit: (property: Property) => unknown): Part[] =>
  workPackages()
    .properties.filter(suit)
    .map(({ name, label }) => ({ id: name, name: label }))

const isListed = ({ name, options }: Property): boolean =>
  options.listed ?? Boolean(options.sort || options.group || workPackages().sorts?.[name])

/** Orders of lists that are no properties, and so no columns that could be shown. */
const orders = (): Part[] =>
  Object.keys(workPackages().sorts ?? {})
    .filter((id) => !workPackages().property.has(id))
    .map((id) => ({ id, name: humanize(id) }))

/** The columns that a list can show. */
export const listedColumns = () => [...(QueryColumn.rows?.values() ?? [])].filter(({ id }) => workPackages().property.has(id))

/** The filters of work packages, each once, under the name the API has for it. */
export const workPackageFilters = (): ReadonlyMap<string, Known> =>
  new Map([...filtersOf(workPackages()).values()].map((filter) => [filter.key, filter]))

const common = { title: 'name', visible: everyone, guard: seesWork, operations: ['show'] } as const

export const QueryColumn = fixed<Part>(
  'QueryColumn',
  () => [...propertiesThat(isListed), ...orders()],
  ({ text }) => ({
    ...common,
    path: 'queries/columns',
    label: 'query column',
    type: () => 'QueryColumn::Property',
    properties: { id: text(), name: text() },
  }),
)

export const QueryGroupBy = fixed<Part>(
  'QueryGroupBy',
  () => propertiesThat(({ options }) => options.group),
  ({ text }) => ({ ...common, path: 'queries/group_bys', label: 'query grouping', properties: { id: text(), name: text() } }),
)

const directions = { asc: 'Ascending', desc: 'Descending' }

export const QuerySortBy = fixed<Part & { column: string; direction: keyof typeof directions }>(
  'QuerySortBy',
  () =>
    [...propertiesThat(({ options }) => options.sort), ...orders()].flatMap(({ id, name }) =>
      (['asc', 'desc'] as const).map((direction) => ({
        id: `${id}-${direction}`,
        name: `${name} (${directions[direction]})`,
        column: id,
        direction,
      })),
    ),
  ({ text, link }) => ({
    ...common,
    path: 'queries/sort_bys',
    label: 'query order',
    properties: { id: text(), name: text(), column: link('QueryColumn', { column: 'column' }) },
    actions: {
      direction: {
        href: ({ direction }) => `urn:openproject-org:api:v3:queries:directions:${direction}`,
        title: ({ direction }) => directions[direction as keyof typeof directions],
      },
    },
  }),
)

export const QueryFilter = fixed<Part>(
  'QueryFilter',
  () => [...workPackageFilters().values()].map(({ key, label }) => ({ id: key, name: label as string })),
  ({ text }) => ({ ...common, path: 'queries/filters', label: 'query filter', properties: { id: text(), name: text() } }),
)

/** Operators by their names: those of all filters, and those that a filter has to itself. */
const namesOfOperators = (): Readonly<Record<string, string>> =>
  Object.assign({}, operatorNames, ...[...workPackageFilters().values()].map((filter) => filter.operatorNames))

export const QueryOperator = fixed<Part>(
  'QueryOperator',
  () => Object.entries(namesOfOperators()).map(([id, name]) => ({ id, name })),
  ({ text }) => ({ ...common, path: 'queries/operators', label: 'query operator', properties: { id: text(), name: text() } }),
)
