/** Columns, sort orders, groups, filters and operators of queries, derived from the declaration of work packages. */
import type { Row } from '#db/database.ts'
import { everyone } from '#kernel/access/rules.ts'
import type { Context, Model, Property, Resource } from '#kernel/declaration.ts'
import { filtersOf, type Known } from '#kernel/read/judge.ts'
import { operatorNames } from '#kernel/read/operators.ts'
import { labelOf, staticResource } from '#kernel/resource.ts'
import { said, type Text } from '#text/messages.ts'
import { seesWork } from './rights.ts'

interface Part {
  readonly id: string
  readonly name: Text
}

const propertiesThat =
  (suit: (property: Property, of: Resource) => unknown) =>
  (model: Model): Part[] => {
    const workPackages = model.of('WorkPackage')
    return workPackages.properties
      .filter((property) => suit(property, workPackages))
      .map(({ name, label }) => ({ id: name, name: label }))
  }

const isListed = ({ name, options }: Property, { sorts }: Resource): boolean =>
  options.listed ?? Boolean(options.sort || options.group || sorts?.[name])

/** The resource of work packages, with the custom fields of this database. */
export const workPackages = (context: Context): Resource => context.model.of('WorkPackage')

const filtersIn = (resource: Resource): ReadonlyMap<string, Known> =>
  new Map([...filtersOf(resource).values()].map((filter) => [filter.key, filter]))

/** Sort orders that are not properties, so not columns either. */
const orders = (model: Model): Part[] => {
  const { sorts, property } = model.of('WorkPackage')
  return Object.keys(sorts ?? {})
    .filter((id) => !property.has(id))
    .map((id) => ({ id, name: labelOf(id) }))
}

/** The columns that a list can show. */
export const listedColumns = (context: Context): Row[] =>
  [...(context.model.of(QueryColumn).rows?.values() ?? [])].filter(({ id }) => workPackages(context).property.has(id))

/** The filters of work packages by API name, without aliases. */
export const workPackageFilters = (context: Context): ReadonlyMap<string, Known> => filtersIn(workPackages(context))

const common = { title: 'name', visible: everyone, guards: { all: seesWork }, operations: ['show'] } as const

export const QueryColumn = staticResource<Part>(
  'QueryColumn',
  (model) => [...propertiesThat(isListed)(model), ...orders(model)],
  {
    ...common,
    path: 'queries/columns',
    description: 'A property that a list of work packages can show.',
    glossary: {
      id: 'Id in queries.',
      name: 'Display name.',
    },
    example: {
      id: 'subject',
      name: 'Subject',
      _type: 'QueryColumn::Property',
    },
    label: 'query column',
    type: () => 'QueryColumn::Property',
    properties: ({ text }) => ({ id: text(), name: text() }),
  },
)

export const QueryGroupBy = staticResource<Part>(
  'QueryGroupBy',
  propertiesThat(({ options }) => options.group),
  {
    ...common,
    description: 'A property that a list of work packages can be grouped by.',
    glossary: {
      id: 'Id in queries.',
      name: 'Display name.',
    },
    example: {
      id: 'status',
      name: 'Status',
    },
    path: 'queries/group_bys',
    label: 'query grouping',
    properties: ({ text }) => ({ id: text(), name: text() }),
  },
)

const directions = { asc: said`Ascending`, desc: said`Descending` }

export const QuerySortBy = staticResource<Part & { column: string; direction: keyof typeof directions }>(
  'QuerySortBy',
  (model) =>
    [...propertiesThat(({ options }) => options.sort)(model), ...orders(model)].flatMap(({ id, name }) =>
      (['asc', 'desc'] as const).map((direction) => ({
        id: `${id}-${direction}`,
        name: said`${name} (${directions[direction]})`,
        column: id,
        direction,
      })),
    ),
  {
    ...common,
    path: 'queries/sort_bys',
    description: 'A sort order for lists of work packages: a property and a direction.',
    glossary: {
      id: 'Id in queries.',
      name: 'Display name.',
      column: 'The property.',
      direction: 'Ascending or descending.',
    },
    example: {
      id: 'subject-asc',
      name: 'Subject (Ascending)',
    },
    label: 'query order',
    properties: ({ text, link }) => ({ id: text(), name: text(), column: link('QueryColumn', { column: 'column' }) }),
    actions: {
      direction: {
        href: ({ direction }) => `urn:openproject-org:api:v3:queries:directions:${direction}`,
        title: ({ direction }) => directions[direction as keyof typeof directions],
      },
    },
  },
)

export const QueryFilter = staticResource<Part>(
  'QueryFilter',
  (model) => [...filtersIn(model.of('WorkPackage')).values()].map(({ key, label }) => ({ id: key, name: label })),
  {
    ...common,
    description: 'A filter for lists of work packages.',
    glossary: {
      id: 'Id in queries.',
      name: 'Display name.',
    },
    example: {
      id: 'status',
      name: 'Status',
    },
    path: 'queries/filters',
    label: 'query filter',
    properties: ({ text }) => ({ id: text(), name: text() }),
  },
)

/** Names of operators: common ones, and those of single filters. */
const namesOfOperators = (model: Model): Readonly<Record<string, Text>> =>
  Object.assign({}, operatorNames, ...[...filtersOf(model.of('WorkPackage')).values()].map((filter) => filter.operatorNames))

export const QueryOperator = staticResource<Part>(
  'QueryOperator',
  (model) => Object.entries(namesOfOperators(model)).map(([id, name]) => ({ id, name })),
  {
    ...common,
    description: 'An operator of filters.',
    glossary: {
      id: 'Id in queries.',
      name: 'Display name.',
    },
    example: {
      id: '=',
      name: 'is (OR)',
    },
    path: 'queries/operators',
    label: 'query operator',
    properties: ({ text }) => ({ id: text(), name: text() }),
  },
)
