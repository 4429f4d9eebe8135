/** What kind of work a work package is. */

import { either, everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Type = resource('Type', 'types', {
  path: 'types',
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guard: either(inAnyProject('view_work_packages'), inAnyProject('manage_types')),
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
