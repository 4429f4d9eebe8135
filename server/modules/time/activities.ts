/** What kind of effort time is booked as. */
import type { Row } from '#db/database.ts'
import { hrefOf, type Link, resource, resourceNamed } from '#kernel/resource.ts'
import { either, inAnyProject } from '#kernel/rules.ts'
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

/** Projects in which the viewer sees that time is booked at all. */
const visibleProjects = (loaded: Readonly<Record<string, unknown>>) => loaded['projects'] as readonly Link[]

export const TimeEntriesActivity = resource('TimeEntriesActivity', 'time_entry_activities', ({ text, integer, boolean }) => ({
  path: 'time_entries/activities',
  label: 'time entry activity',
  title: 'name',
  held: 'all',
  order: { column: 'position' },
  visible: either(...permissions.map(inAnyProject)),
  needs: ['project:view_project'],
  loads: {
    projects: async (_, { db, snapshot, viewer }): Promise<Link[]> => {
      const seen = idSet(viewer, 'project:view_project')
      const projects: Row[] = [...(await allRows(db, snapshot, 'projects')).values()]
      return projects
        .filter((row) => seen.ids.has(row['id']))
        .map((row) => ({ href: hrefOf(resourceNamed('Project'), row), title: row['name'] }))
    },
  },
  properties: {
    id: integer(),
    name: text(),
    position: integer(),
    default: boolean({ column: 'is_default' }),
  },
  actions: { projects: { links: (_, { loaded }) => visibleProjects(loaded) } },
  operations: ['show'],
}))
