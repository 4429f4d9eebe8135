/** Permissions about projects. */
import { type Entry, global, project, projectQuery } from '#kernel/access/permissions.ts'

export const permissions: readonly Entry[] = [
  global('add_project', { require: 'loggedin', actions: ['projects/create'] }),
  global('add_portfolios', { require: 'loggedin', actions: ['portfolios/create'] }),
  global('add_programs', { require: 'loggedin', actions: ['programs/create'] }),
  global('manage_public_project_queries', { require: 'loggedin' }),
  projectQuery('view_project_query', { require: 'loggedin' }),
  projectQuery('edit_project_query', { require: 'loggedin' }),
  project('view_project', { public: true }),
  project('search_project', { public: true }),
  project('edit_project', { require: 'member', actions: ['projects/update'] }),
  project('archive_project', { require: 'member' }),
  project('copy_projects', { require: 'member', actions: ['projects/copy'] }),
  project('add_subprojects', { require: 'member' }),
  project('export_projects', { dependencies: ['view_project'] }),
  project('select_project_modules', { require: 'member' }),
  project('view_project_attributes', { dependencies: ['view_project'] }),
  project('edit_project_attributes', {
    require: 'member',
    dependencies: ['view_project_attributes'],
    actions: ['projects/update'],
  }),
  project('view_project_phases', { dependencies: ['view_project'] }),
  project('edit_project_phases', { require: 'member', dependencies: ['view_project_phases'], actions: ['projects/update'] }),
  project('select_project_phases', { require: 'member', dependencies: ['edit_project_phases'] }),
  project('manage_versions', { require: 'member' }),
  project('manage_types', { require: 'member' }),
  project('manage_overview', { require: 'member' }),
]
