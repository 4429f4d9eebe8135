/** What kind of work a work package is. */
import { resource } from '#kernel/resource.ts'
import { either, everyone, inAnyProject } from '#kernel/rules.ts'

export const Type = resource('Type', 'types', {
  path: 'types',
  title: 'name',
  held: 'all',
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
