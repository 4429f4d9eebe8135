/** Views of saved queries: table, Gantt chart, calendar, team planner. */

import type { Row } from '#db/database.ts'
import { name, raw, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, either, everyone, inAnyProject, inProject, lacking, nobody, somewhere, through } from '#kernel/access/rules.ts'
import type { Draft, Operation, Rule } from '#kernel/declaration.ts'
import { forbidden, notFound } from '#kernel/errors.ts'
import { operation, respondCreated } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { condition, onTexts } from '#kernel/read/operators.ts'
import { resource } from '#kernel/resource.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { Query } from './queries.ts'
import { edit, list, view } from './rights.ts'

/** A permission in the query's project; without a project, in any project. */
const placed = (permission: string): Rule => either(both(lacking('project_id'), inAnyProject(permission)), inProject(permission))

/** The kinds of views, with the rule that applies besides the right to edit the query. */
const kinds: Readonly<Record<string, { type: string; may: Rule }>> = {
  work_packages_table: { type: 'Views::WorkPackagesTable', may: everyone },
  gantt: { type: 'Views::Gantt', may: everyone },
  team_planner: { type: 'Views::TeamPlanner', may: placed('manage_team_planner') },
  work_packages_calendar: { type: 'Views::WorkPackagesCalendar', may: placed('manage_calendars') },
}

/** A value of the view's query. */
const ofQuery = (table: string, column: string): Sql =>
  sql`(select ${raw(column)} from queries where queries.id = ${name(`${table}.query_id`)})`

/** A view is visible with its query. */
const visible = through('query_id', 'queries', view, {
  find: ({ project_id, user_id, public: isPublic }) => ({ project_id, user_id, public: isPublic }),
})

interface Facts {
  /** The linked query, if the viewer sees it. */
  readonly query: Row | undefined
  /** Whether the viewer may show that query so. */
  readonly mayShow: boolean
}

function check(_: Draft<Tables['views']>, { query, mayShow }: Facts): [] {
  if (query && !mayShow) throw forbidden()
  return []
}

/** Computed columns of a view, from its query; flags have the value of the database engine. */
interface OfQuery {
  readonly name: string
  readonly public: unknown
  readonly starred: unknown
}

export const View = resource<'views', Facts, OfQuery>('View', 'views', {
  path: 'views',
  description: 'A view that shows a query: table, Gantt chart, calendar or team planner, according to `_type`.',
  glossary: {
    name: 'Name of the query.',
    public: 'Whether the query is public.',
    starred: 'Whether the query is a favorite.',
    query: 'The query.',
    project: 'The project of the query.',
  },
  example: {
    _type: 'Views::WorkPackagesTable',
    name: 'Open work',
    public: false,
  },
  type: (row) => kinds[row.type]?.type ?? row.type,
  title: ({ name }) => name,
  untitled: true,
  belongsTo: 'query_id',
  copied: { with: 'queries', by: 'query_id' },
  visible,
  guards: { index: list },
  may: { create: somewhere(edit) },
  order: { column: 'id' },
  computedColumns: {
    name: (_, table) => ofQuery(table, 'name'),
    public: (_, table) => ofQuery(table, 'public'),
    starred: (_, table) => ofQuery(table, 'starred'),
    project_id: (_, table) => ofQuery(table, 'project_id'),
    user_id: (_, table) => ofQuery(table, 'user_id'),
  },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({ value: (row) => row.name }),
    public: p.boolean({ value: (row) => row.public }),
    starred: p.boolean({ value: (row) => row.starred }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    query: p.link('Query', { required: true, embed: true }),
    project: p.link('Project', { embed: true, select: (_, table) => ofQuery(table, 'project_id') }),
  }),
  filters: {
    id: {
      strategy: 'list',
      to: 'View',
      where: (use, context, table) => condition('list', use, name(`${table}.id`), context),
    },
    project: {
      strategy: 'list_optional',
      to: 'Project',
      where: (use, context, table) => condition('list_optional', use, ofQuery(table, 'project_id'), context),
    },
    type: {
      strategy: 'list',
      allowed: (values) => values.every((value) => kindCalled(value) !== undefined),
      where: ({ operator, values }, { engine }, table) =>
        onTexts(
          engine,
          operator,
          values.map(kindCalled).filter((kind) => kind !== undefined),
          name(`${table}.type`),
        ),
    },
  },
  facts: async ({ row }, context) => {
    const query = row.query_id > 0 ? await visibleRow(context, context.model.of(Query), row.query_id) : undefined
    const asked = await rights(context, edit, kinds[row.type]?.may ?? nobody)
    return { query, mayShow: query !== undefined && asked.every((right) => right.holds(query)) }
  },
  check: [check],
  operations: ['index', 'show'],
})

/** Finds a kind by its name or by its type. */
const kindCalled = (value: string): string | undefined =>
  Object.keys(kinds).find((kind) => kind === value || kinds[kind]?.type === value)

const createView = operation({
  method: 'POST',
  path: '/views/:kind',
  summary: 'Create a view',
  description:
    'Creates a view of a query, of the kind `work_packages_table`, `gantt`, `work_packages_calendar` or `team_planner`.',
  tag: 'View',
  answers: { status: 201, of: 'View', as: 'single' },
  takes: 'View',
  run: async (ask) => {
    const kind = ask.params.kind
    if (!Object.hasOwn(kinds, kind)) throw notFound()
    return respondCreated(
      ask,
      ask.context.model.of(View),
      await prepareWrite(ask.context, ask.context.model.of(View), undefined, ask.body, { type: kind }),
    )
  },
})

export const operations: readonly Operation[] = [createView]
