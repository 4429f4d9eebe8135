/** Types of work packages. */

import { either, everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Type = resource('Type', 'types', {
  path: 'types',
  description: 'The type of a work package. Each project enables its types.',
  glossary: {
    name: 'Name.',
    isMilestone: 'Whether work packages of the type are milestones: on one date, without children.',
  },
  example: { id: 1, name: 'Task', isMilestone: false, isDefault: true },
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guards: { all: either(inAnyProject('view_work_packages'), inAnyProject('manage_types')) },
  properties: ({ text, integer, boolean, dateTime }) => ({
    id: integer(),
    name: text(),
    color: text(),
    position: integer(),
    isDefault: boolean(),
    isMilestone: boolean(),
    createdAt: dateTime(),
    updatedAt: dateTime(),
  }),
  operations: ['index', 'show'],
})
