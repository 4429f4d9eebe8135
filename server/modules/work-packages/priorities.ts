/** How urgent a work package is. */
import { resource } from '#kernel/resource.ts'
import { everyone, inAnyProject } from '#kernel/rules.ts'

export const Priority = resource('Priority', 'priorities', {
  path: 'priorities',
  title: 'name',
  held: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guard: inAnyProject('view_work_packages'),
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
