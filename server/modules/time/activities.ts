/** What kind of effort time is booked as. */
import { resource } from '#kernel/resource.ts'
import { either, inAnyProject, sharedAnywhere } from '#kernel/rules.ts'
import { idSet } from '#kernel/viewer.ts'
import { allRows } from '#kernel/world.ts'

const permissions = [
  'edit_own_time_entries',
  'log_own_time',
  'log_time',
  'view_time_entries',
  'edit_time_entries',
  'manage_project_activities',
]

export const TimeEntriesActivity = resource(
  'TimeEntriesActivity',
  'time_entry_activities',
  ({ text, integer, boolean, links }) => ({
    path: 'time_entries/activities',
    description: 'What kind of effort time is booked as.',
    glossary: {
      name: 'What it is called.',
      default: 'Whether an entry has it where none is named.',
      projects: 'Where it can be booked.',
    },
    example: { id: 1, name: 'Development', default: true },
    label: 'time entry activity',
    title: 'name',
    held: 'all',
    order: { column: 'position' },
    visible: either(sharedAnywhere('edit_own_time_entries'), ...permissions.map(inAnyProject)),
    needs: ['project:view_project'],
    properties: {
      id: integer(),
      name: text(),
      position: integer(),
      default: boolean({ column: 'is_default' }),
      /** Where it can be booked: every activity is one of all projects. */
      projects: links('Project', {
        embed: true,
        load: async (rows, { db, snapshot, viewer }) => {
          const seen = idSet(viewer, 'project:view_project').ids
          const ids = [...(await allRows(db, snapshot, 'projects')).keys()].filter((id) => seen.has(id))
          return new Map(rows.map((row) => [row.id, row.is_active ? ids : []]))
        },
      }),
    },
    operations: ['show'],
  }),
)
