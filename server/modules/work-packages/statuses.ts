/** Statuses of work packages. */

import { everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Status = resource('Status', 'statuses', {
  path: 'statuses',
  description: 'The status of a work package. Workflows define the transitions that a role allows.',
  glossary: {
    name: 'Name.',
    isClosed: 'Whether work packages with the status are closed.',
    isReadonly: 'Whether work packages with the status are read-only, except for the status itself.',
    excludedFromTotals: 'Whether totals of work and progress exclude work packages with the status.',
    defaultDoneRatio: 'Progress in percent, where the instance derives progress from the status.',
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
