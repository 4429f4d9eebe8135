/** Categories of work packages in a project. */

import { inProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Category = resource('Category', 'categories', {
  path: 'categories',
  description: 'A group of work packages in a project.',
  glossary: {
    name: 'Name.',
    project: 'The project of the category.',
    defaultAssignee: 'Assignee of new work packages in the category.',
  },
  example: { id: 2, name: 'Rigging' },
  title: 'name',
  cached: 'all',
  order: { column: 'name' },
  paginated: false,
  copied: { with: 'categories', by: 'project_id' },
  visible: inProject('view_project'),
  properties: ({ text, integer, link }) => ({
    id: integer(),
    name: text(),
    project: link('Project', { embed: true }),
    defaultAssignee: link('Principal', { column: 'assigned_to_id', whenGone: 'empty', embed: true }),
  }),
  operations: ['show'],
})
