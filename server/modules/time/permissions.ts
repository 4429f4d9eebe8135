/** Permissions about time entries and costs. */
import { global, type ProjectModule, project, projectModule, shareable } from '#kernel/access/permissions.ts'

export const projectModules: readonly ProjectModule[] = [
  projectModule(
    'costs',
    { startsOn: true },
    project('view_time_entries', { actions: ['time_entries/read'] }),
    shareable('view_own_time_entries', { actions: ['time_entries/read_own'] }),
    project('log_time', { require: 'loggedin', dependencies: ['view_time_entries'], actions: ['time_entries/create'] }),
    shareable('log_own_time', {
      require: 'loggedin',
      dependencies: ['view_own_time_entries'],
      actions: ['time_entries/create_own'],
    }),
    project('edit_time_entries', { require: 'member', actions: ['time_entries/edit', 'time_entries/destroy'] }),
    shareable('edit_own_time_entries', {
      require: 'loggedin',
      actions: ['time_entries/edit_own', 'time_entries/destroy_own'],
    }),
    project('manage_project_activities', { require: 'member' }),
    project('view_hourly_rates', { actions: ['hourly_rates/read'] }),
    project('view_own_hourly_rate', { actions: ['hourly_rates/read_own'] }),
    project('edit_hourly_rates', {
      require: 'member',
      actions: ['hourly_rates/create', 'hourly_rates/edit', 'hourly_rates/destroy'],
    }),
    project('edit_own_hourly_rate', {
      require: 'member',
      actions: ['hourly_rates/create_own', 'hourly_rates/edit_own', 'hourly_rates/destroy_own'],
    }),
    global('manage_default_hourly_rates', {
      require: 'loggedin',
      actions: ['default_hourly_rates/create', 'default_hourly_rates/edit', 'default_hourly_rates/destroy'],
    }),
    project('view_cost_rates'),
    project('view_cost_entries'),
    project('view_own_cost_entries'),
    project('log_costs', { require: 'member' }),
    project('log_own_costs', { require: 'loggedin' }),
    project('edit_cost_entries', { require: 'member' }),
    project('edit_own_cost_entries', { require: 'loggedin' }),
    project('save_cost_reports'),
    project('save_private_cost_reports'),
  ),
  projectModule('budgets', {}, project('view_budgets'), project('edit_budgets', { dependencies: ['view_budgets'] })),
]
