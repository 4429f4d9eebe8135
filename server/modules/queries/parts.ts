/** What queries are made of, read off the declaration of work packages: columns, orders, groups, filters and operators. */
import type { Row } from '#db/database.ts'
import type { Context } from '#kernel/context.ts'
import { alive } from '#kernel/living.ts'
import { operatorNames } from '#kernel/operators.ts'
import { filtersOf, type Known } from '#kernel/query.ts'
import { fixed, humanize, type Property, type Resource, resourceNamed, rowsOf } from '#kernel/resource.ts'
import { everyone } from '#kernel/rules.ts'
import { seesWork } from './rights.ts'

interface Part {
  readonly id: string
  readonly name: string
}

type Named = (name: string) => Resource

const propertiesThat =
  (suit: (property: Property, of: Resource) => unknown) =>
  (named: Named): Part[] => {
    const workPackages = named('WorkPackage')
    return workPackages.properties
      .filter((property) => suit(property, workPackages))
      .map(({ name, label }) => ({ id: name, name: label }))
  }

const isListed = ({ name, options }: Property, { sorts }: Resource): boolean =>
  options.listed ?? Boolean(options.sort || options.group || sorts?.[name])

/** Work packages as this database has them. */
export const workPackages = (context: Context): Resource => alive(resourceNamed('WorkPackage'), context)

const filtersIn = (resource: Resource): ReadonlyMap<string, Known> =>
  new Map([...filtersOf(resource).values()].map((filter) => [filter.key, filter]))

/** Orders of lists that are no properties, and so no columns that could be shown. */
const orders = (named: Named): Part[] => {
  const { sorts, property } = named('WorkPackage')
  return Object.keys(sorts ?? {})
    .filter((id) => !property.has(id))
    .map((id) => ({ id, name: humanize(id) }))
}

/** The columns that a list can show. */
export const listedColumns = (context: Context): Row[] =>
  [...(rowsOf(QueryColumn, context)?.values() ?? [])].filter(({ id }) => workPackages(context).property.has(id as string))

/** The filters of work packages, each once, under the name the API has for it. */
export const workPackageFilters = (context: Context): ReadonlyMap<string, Known> => filtersIn(workPackages(context))

const common = { title: 'name', visible: everyone, guard: seesWork, operations: ['show'] } as const

export const QueryColumn = fixed<Part>(
  'QueryColumn',
  (named) => [...propertiesThat(isListed)(named), ...orders(named)],
  ({ text }) => ({
    ...common,
    path: 'queries/columns',
    description: 'A property that a list of work packages can show.',
    glossary: {
      id: 'By what it is named in queries.',
      name: 'What people read.',
    },
    example: {
      id: 'subject',
      name: 'Subject',
      _type: 'QueryColumn::Property',
    },
    label: 'query column',
    type: () => 'QueryColumn::Property',
    properties: { id: text(), name: text() },
  }),
)

export const QueryGroupBy = fixed<Part>(
  'QueryGroupBy',
  propertiesThat(({ options }) => options.group),
  ({ text }) => ({
    ...common,
    path: 'queries/group_bys',
    description: 'A property that a list of work packages can be grouped by.',
    glossary: {
      id: 'By what it is named in queries.',
      name: 'What people read.',
    },
    example: {
      id: 'status',
      name: 'Status',
    },
    label: 'query grouping',
    properties: { id: text(), name: text() },
  }),
)

const directions = { asc: 'Ascending', desc: 'Descending' }

export const QuerySortBy = fixed<Part & { column: string; direction: keyof typeof directions }>(
  'QuerySortBy',
  (named) =>
    [...propertiesThat(({ options }) => options.sort)(named), ...orders(named)].flatMap(({ id, name }) =>
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
    description: 'A property and a direction that a list of work packages can be ordered by.',
    glossary: {
      id: 'By what it is named in queries.',
      name: 'What people read.',
      column: 'The property.',
      direction: 'Whether it ascends or descends.',
    },
    example: {
      id: 'subject-asc',
      name: 'Subject (Ascending)',
    },
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
  (named) => [...filtersIn(named('WorkPackage')).values()].map(({ key, label }) => ({ id: key, name: label as string })),
  ({ text }) => ({
    ...common,
    path: 'queries/filters',
    description: 'Something that a list of work packages can be filtered by.',
    glossary: {
      id: 'By what it is named in queries.',
      name: 'What people read.',
    },
    example: {
      id: 'status',
      name: 'Status',
    },
    label: 'query filter',
    properties: { id: text(), name: text() },
  }),
)

/** Operators by their names: those of all filters, and those that a filter has to itself. */
const namesOfOperators = (named: Named): Readonly<Record<string, string>> =>
  Object.assign({}, operatorNames, ...[...filtersOf(named('WorkPackage')).values()].map((filter) => filter.operatorNames))

export const QueryOperator = fixed<Part>(
  'QueryOperator',
  (named) => Object.entries(namesOfOperators(named)).map(([id, name]) => ({ id, name })),
  ({ text }) => ({
    ...common,
    path: 'queries/operators',
    description: 'What a filter can do with its values.',
    glossary: {
      id: 'By what it is named in queries.',
      name: 'What people read.',
    },
    example: {
      id: '=',
      name: 'is (OR)',
    },
    label: 'query operator',
    properties: { id: text(), name: text() },
  }),
)
