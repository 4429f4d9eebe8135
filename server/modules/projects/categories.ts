/** Categories: what a project's work packages are sorted into. */
import { resource } from '#kernel/resource.ts'
import { inProject } from '#kernel/rules.ts'

export const Category = resource('Category', 'categories', ({ text, integer, link }) => ({
  path: 'categories',
  description: 'A part of a project that work packages can be of.',
  glossary: {
    name: 'What it is called.',
    project: 'The project that it is of.',
    defaultAssignee: 'Whom new work packages of it are assigned to.',
  },
  example: { id: 2, name: 'Rigging' },
  title: 'name',
  held: 'all',
  order: { column: 'name' },
  paginated: false,
  visible: inProject('view_project'),
  properties: {
    id: integer(),
    name: text(),
    project: link('Project', { embed: true }),
    defaultAssignee: link('Principal', { column: 'assigned_to_id', embed: true }),
  },
  operations: ['show'],
}))
