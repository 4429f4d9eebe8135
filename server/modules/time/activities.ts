/** Activities of time entries. */

import { rights } from '#kernel/access/rights.ts'
import { either, inAnyProject, inProject, sharedAnywhere } from '#kernel/access/rules.ts'
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
  properties: ({ text, integer, boolean, links }) => ({
    id: integer(),
    name: text(),
    position: integer(),
    default: boolean({ column: 'is_default' }),
    /** Every activity is available in all projects. */
    projects: links('Project', {
      embed: true,
      load: async (rows, context) => {
        const [seen] = await rights(context, inProject('view_project', 'id'))
        const projects = [...(await allRows(context.db, context.snapshot, 'projects')).values()]
        const ids = projects.filter((project) => seen.holds(project)).map(({ id }) => id)
        return new Map(rows.map((row) => [row.id, row.is_active ? ids : []]))
      },
    }),
  }),
  operations: ['show'],
})
