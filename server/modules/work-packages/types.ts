/** What kind of work a work package is. */

import { either, everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Type = resource('Type', 'types', {
  path: 'types',
  description: 'What kind of work a work package is. Projects choose which types they use.',
  glossary: {
    name: 'What it is called.',
    isMilestone: 'Whether work of this kind happens on one day and has nothing below it.',
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
