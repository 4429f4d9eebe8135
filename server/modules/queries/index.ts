/** Saved queries, with their views and calendars. */
import { module } from '#kernel/module.ts'
import { bodies } from './bodies.ts'
import { calendarDocument, operations as calendarsOperations } from './calendars.ts'
import { operations as filterSchemasOperations } from './filter-schemas.ts'
import { operations as furtherOperations } from './operations.ts'
import { extensions as orderExtensions, operations as orderOperations } from './order.ts'
import { QueryColumn, QueryFilter, QueryGroupBy, QueryOperator, QuerySortBy } from './parts.ts'
import { projectModules } from './permissions.ts'
import { Query } from './queries.ts'
import { View, operations as viewsOperations } from './views.ts'

export const queries = module('queries', {
  needs: ['work-packages'],
  chapters: [
    {
      part: 'Queries',
      name: 'Queries',
      description: 'Saved lists of work packages: filters, columns, order and groups. A single query embeds its results.',
      of: ['Query'],
    },
    {
      part: 'Queries',
      name: 'Parts of queries',
      description: 'The columns, filters, operators, sort orders and groups of queries.',
      of: ['QueryColumn', 'QueryFilter', 'QueryGroupBy', 'QueryOperator', 'QuerySortBy'],
    },
    {
      part: 'Queries',
      name: 'Views',
      description: 'Views that show queries: table, Gantt chart, calendar, team planner.',
      of: ['View'],
    },
  ],
  bodies,
  projectModules,
  resources: [Query, View, QueryColumn, QueryGroupBy, QuerySortBy, QueryFilter, QueryOperator],
  operations: [...furtherOperations, ...calendarsOperations, ...viewsOperations, ...filterSchemasOperations, ...orderOperations],
  extends: [...orderExtensions],
  documents: [calendarDocument],
})
