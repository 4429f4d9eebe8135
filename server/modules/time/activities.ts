/** Activities of time entries. */

import { either, inAnyProject, sharedAnywhere } from '#kernel/access/rules.ts'
import { idSet } from '#kernel/access/viewer.ts'
import { allRows } from '#kernel/cache.ts'
import { resource } from '#kernel/resource.ts'

const permissions = [
  'edit_own_time_entries',
  'log_own_time',
  'log_time',
  'view_time_entries',
  'edit_time_entries',
  'manage_project_activities',
]

export const TimeEntriesActivity = resource('TimeEntriesActivity', 'time_entry_activities', {
  path: 'time_entries/activities',
  description: 'The activity of time entries, such as development.',
  glossary: {
    name: 'Name.',
    default: 'Whether new time entries get it by default.',
    projects: 'Projects that it is available in.',
  },
  example: { id: 1, name: 'Development', default: true },
  label: 'time entry activity',
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  visible: either(sharedAnywhere('edit_own_time_entries'), ...permissions.map(inAnyProject)),
  needs: ['project:view_project'],
  properties: ({ text, integer, boolean, links }) => ({
    id: integer(),
    name: text(),
    position: integer(),
    default: boolean({ column: 'is_default' }),
    /** Every activity is available in all projects. */
    projects: links('Project', {
      embed: true,
      load: async (rows, { db, snapshot, viewer }) => {
        const seen = idSet(viewer, 'project:view_project').ids
        const ids = [...(await allRows(db, snapshot, 'projects')).keys()].filter((id) => seen.has(id))
        return new Map(rows.map((row) => [row.id, row.is_active ? ids : []]))
      },
    }),
  }),
  operations: ['show'],
})
