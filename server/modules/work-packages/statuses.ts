/** How far a work package has come. */

import { everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Status = resource('Status', 'statuses', {
  path: 'statuses',
  description: 'How far a work package has come. Workflows say who may take which step from one to another.',
  glossary: {
    name: 'What it is called.',
    isClosed: 'Whether the work is over.',
    isReadonly: 'Whether nothing but the status can be changed while a work package has it.',
    excludedFromTotals: 'Whether what has it counts for nothing in totals of work and progress.',
    defaultDoneRatio: 'How many percent are done where progress follows from the status.',
  },
  example: {
    id: 7,
    name: 'In progress',
    isClosed: false,
    isDefault: false,
    isReadonly: false,
    excludedFromTotals: false,
    defaultDoneRatio: 50,
  },
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guards: { all: inAnyProject('view_work_packages') },
  properties: ({ text, integer, boolean }) => ({
    id: integer(),
    name: text(),
    isClosed: boolean(),
    color: text(),
    isDefault: boolean(),
    isReadonly: boolean(),
    excludedFromTotals: boolean(),
    defaultDoneRatio: integer(),
    position: integer(),
  }),
  operations: ['index', 'show'],
})
