/** Priorities of work packages. */

import { everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Priority = resource('Priority', 'priorities', {
  path: 'priorities',
  description: 'The priority of a work package.',
  glossary: {
    name: 'Name.',
    isActive: 'Whether work packages can get it.',
  },
  example: { id: 8, name: 'Normal' },
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guards: { all: inAnyProject('view_work_packages') },
  properties: ({ text, integer, boolean }) => ({
    id: integer(),
    name: text({ required: true, max: 30 }),
    position: integer(),
    color: text(),
    isDefault: boolean(),
    isActive: boolean(),
  }),
  operations: ['index', 'show'],
})
