/** Categories: what a project's work packages are sorted into. */

import { inProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Category = resource('Category', 'categories', {
  path: 'categories',
  title: 'name',
  cached: 'all',
  order: { column: 'name' },
  paginated: false,
  visible: inProject('view_project'),
  properties: ({ text, integer, link }) => ({
    id: integer(),
    name: text(),
    project: link('Project', { embed: true }),
    defaultAssignee: link('Principal', { column: 'assigned_to_id', whenGone: 'empty', embed: true }),
  }),
  operations: ['show'],
})
