/** Permissions about comments and activities. */
import { type ProjectModule, project, projectModule } from '#kernel/access/permissions.ts'

const viewWorkPackages = ['view_work_packages']
/** The project module for internal comments. Without it nobody sees any in the project. */
export const INTERNAL_COMMENTS = 'internal_comments'

export const projectModules: readonly ProjectModule[] = [
  projectModule(
    INTERNAL_COMMENTS,
    { requires: ['work_package_tracking'] },
    project('view_internal_comments', {
      require: 'loggedin',
      dependencies: viewWorkPackages,
      actions: ['internal_comments/read'],
    }),
    project('add_internal_comments', {
      require: 'loggedin',
      dependencies: ['view_project', 'view_internal_comments'],
      actions: ['internal_comments/create'],
    }),
    project('edit_own_internal_comments', {
      require: 'loggedin',
      dependencies: ['view_project', 'view_internal_comments'],
      actions: ['internal_comments/update_own'],
    }),
    project('edit_others_internal_comments', {
      require: 'loggedin',
      dependencies: ['view_project', 'view_internal_comments'],
      actions: ['internal_comments/update_others'],
    }),
  ),
  projectModule('activity', {}, project('view_project_activity', { public: true, actions: ['activities/read'] })),
]
