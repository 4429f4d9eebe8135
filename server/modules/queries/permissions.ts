/** Permissions about calendars. */
import { type ProjectModule, project, projectModule } from '#kernel/access/permissions.ts'

const viewWorkPackages = ['view_work_packages']
const planning = ['add_work_packages', 'edit_work_packages', 'save_queries', 'manage_public_queries']

export const projectModules: readonly ProjectModule[] = [
  projectModule(
    'calendar_view',
    { requires: ['work_package_tracking'], startsOn: true },
    project('view_calendar', { dependencies: viewWorkPackages, actions: ['calendars/read'] }),
    project('manage_calendars', {
      dependencies: ['view_calendar', ...planning],
      actions: ['calendars/create', 'calendars/update', 'calendars/destroy'],
    }),
    project('share_calendars', { dependencies: ['view_calendar'], actions: ['calendars/read'] }),
  ),
]
