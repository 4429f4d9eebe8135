/** How urgent a work package is. */
import { resource } from '#kernel/resource.ts'
import { everyone, inAnyProject } from '#kernel/rules.ts'

export const Priority = resource('Priority', 'priorities', ({ text, integer, boolean }) => ({
  path: 'priorities',
  description: 'How urgent a work package is.',
  glossary: {
    name: 'What it is called.',
    isActive: 'Whether it can be chosen.',
  },
  example: { id: 8, name: 'Normal' },
  title: 'name',
  held: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guard: inAnyProject('view_work_packages'),
  properties: {
    id: integer(),
    name: text({ required: true, max: 30 }),
    position: integer(),
    color: text(),
    isDefault: boolean(),
    isActive: boolean(),
  },
  operations: ['index', 'show'],
}))
