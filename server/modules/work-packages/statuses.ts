/** How far a work package has come. */

import { everyone, inAnyProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'

export const Status = resource('Status', 'statuses', {
  path: 'statuses',
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guard: inAnyProject('view_work_packages'),
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
