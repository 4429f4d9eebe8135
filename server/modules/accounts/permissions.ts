/** The permission catalogue: every right a role can carry, the project module it belongs to, and the API actions it gives. */

/** Where a permission can be held: everywhere, in a project, on one shared work package, on one project list. */
export type PermissionScope = 'global' | 'project' | 'work_package' | 'project_query'

/** One right. */
export interface Permission {
  name: string
  /** The project module that must be enabled for it to count; null: always counts. */
  module: string | null
  scopes: readonly PermissionScope[]
  /** Held by everybody to whom any role applies in the project; no role lists it. */
  public?: true
  /** Who may hold it at least: `loggedin` keeps it out of the Anonymous role, `member` out of Non member as well. */
  require?: 'loggedin' | 'member'
  /** Permissions that a role carrying this one must carry too (public ones count as carried). */
  dependencies?: readonly string[]
  /** False: administrators do not hold it by being administrators. */
  grantToAdmin?: false
  /** Ids of the API actions it gives, such as `work_packages/create`. */
  actions?: readonly string[]
}

/** A part of the product that each project switches on or off. */
export interface ProjectModule {
  name: string
  /** Modules that must be enabled beside it. */
  requires: readonly string[]
  /** Whether new projects start with it. */
  enabledByDefault: boolean
}

/** An API action: something a principal can be capable of, and the permissions of which any one suffices. */
export interface Action {
  id: string
  permissions: readonly string[]
  scopes: readonly PermissionScope[]
  /** The modules of those permissions; null stands for "no module". */
  modules: readonly (string | null)[]
}

type Entry = Omit<Permission, 'module'>

const held =
  (...scopes: PermissionScope[]) =>
  (name: string, traits: Omit<Entry, 'name' | 'scopes'> = {}): Entry => ({ name, scopes, ...traits })

const global = held('global')
const project = held('project')
const shareable = held('work_package', 'project')
const projectQuery = held('project_query')

const inModule = (module: string | null, ...entries: Entry[]): Permission[] => entries.map((entry) => ({ module, ...entry }))

/** The switch of a project without which there are no internal comments in it, whoever asks. */
export const INTERNAL_COMMENTS = 'internal_comments'

const viewWorkPackages = ['view_work_packages']
const planning = ['add_work_packages', 'edit_work_packages', 'save_queries', 'manage_public_queries']

/** Every permission, ordered by module. */
export const permissions: readonly Permission[] = [
  ...inModule(
    null,
    global('add_project', { require: 'loggedin', actions: ['projects/create'] }),
    global('add_portfolios', { require: 'loggedin', actions: ['portfolios/create'] }),
    global('add_programs', { require: 'loggedin', actions: ['programs/create'] }),
    global('create_backup', { require: 'loggedin' }),
    global('create_user', {
      require: 'loggedin',
      dependencies: ['view_all_principals'],
      actions: ['users/read', 'users/create'],
    }),
    global('manage_user', {
      require: 'loggedin',
      dependencies: ['view_all_principals'],
      actions: ['users/read', 'users/update'],
    }),
    global('view_all_principals', { require: 'loggedin', actions: ['users/read'] }),
    global('manage_placeholder_user', {
      require: 'loggedin',
      dependencies: ['view_all_principals'],
      actions: ['placeholder_users/create', 'placeholder_users/read', 'placeholder_users/update'],
    }),
    global('view_user_email', { require: 'loggedin' }),
    global('edit_attribute_help_texts', { require: 'loggedin' }),
    global('manage_public_project_queries', { require: 'loggedin' }),
    global('manage_own_working_times'),
    global('manage_working_times'),

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
    project('select_project_custom_fields', { require: 'member' }),
    project('view_project_phases', { dependencies: ['view_project'] }),
    project('edit_project_phases', { require: 'member', dependencies: ['view_project_phases'], actions: ['projects/update'] }),
    project('select_project_phases', { require: 'member', dependencies: ['edit_project_phases'] }),
    project('view_members', { actions: ['memberships/read'] }),
    project('manage_members', {
      require: 'member',
      dependencies: ['view_members'],
      actions: ['memberships/create', 'memberships/update', 'memberships/destroy'],
    }),
    project('invite_members_by_email', { require: 'member', dependencies: ['manage_members'] }),
    project('manage_versions', { require: 'member' }),
    project('manage_types', { require: 'member' }),
    project('select_custom_fields', { require: 'member' }),
    project('manage_overview', { require: 'member' }),
    project('manage_files_in_project'),
    project('read_files'),
    project('write_files'),
    project('create_files'),
    project('share_files'),
    project('delete_files'),
  ),

  ...inModule(
    'work_package_tracking',
    shareable('view_work_packages', { actions: ['work_packages/read'] }),
    project('add_work_packages', { dependencies: viewWorkPackages, actions: ['work_packages/create'] }),
    shareable('edit_work_packages', {
      require: 'member',
      dependencies: viewWorkPackages,
      actions: ['work_packages/update'],
    }),
    project('move_work_packages', { require: 'loggedin', dependencies: viewWorkPackages, actions: ['work_packages/move'] }),
    shareable('copy_work_packages', { require: 'loggedin', dependencies: viewWorkPackages, actions: ['work_packages/copy'] }),
    project('delete_work_packages', { require: 'member', dependencies: viewWorkPackages }),
    shareable('export_work_packages', { dependencies: viewWorkPackages }),
    project('change_work_package_status', { dependencies: viewWorkPackages }),
    project('assign_versions', { dependencies: viewWorkPackages }),
    shareable('work_package_assigned', { require: 'member', grantToAdmin: false, actions: ['work_packages/assigned'] }),
    project('manage_subtasks', { dependencies: viewWorkPackages }),
    shareable('manage_work_package_relations', { dependencies: viewWorkPackages }),
    project('manage_categories', { require: 'member' }),

    shareable('add_work_package_comments', { dependencies: viewWorkPackages }),
    shareable('edit_own_work_package_comments', { require: 'loggedin', dependencies: viewWorkPackages }),
    project('edit_work_package_comments', { require: 'loggedin', dependencies: viewWorkPackages }),
    shareable('add_work_package_attachments', {
      dependencies: viewWorkPackages,
      actions: ['work_package_attachments/create'],
    }),
    project('view_file_links', { dependencies: viewWorkPackages, actions: ['file_links/view'] }),
    project('manage_file_links', { dependencies: ['view_file_links'], actions: ['file_links/manage'] }),
    project('manage_wiki_page_links', { dependencies: ['edit_work_packages'], actions: ['wiki_page_links/manage'] }),

    project('view_work_package_watchers', { dependencies: viewWorkPackages }),
    project('add_work_package_watchers', { dependencies: viewWorkPackages }),
    project('delete_work_package_watchers', { dependencies: viewWorkPackages }),
    project('view_shared_work_packages', { require: 'member', actions: ['work_package_shares/index'] }),
    project('share_work_packages', { require: 'member', dependencies: ['edit_work_packages', 'view_shared_work_packages'] }),

    project('save_queries', { require: 'loggedin', dependencies: viewWorkPackages, actions: ['queries/create'] }),
    project('manage_public_queries', { require: 'member' }),
  ),

  ...inModule(
    INTERNAL_COMMENTS,
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

  ...inModule(
    'board_view',
    project('show_board_views', { dependencies: viewWorkPackages, actions: ['boards/read'] }),
    project('manage_board_views', {
      dependencies: ['manage_public_queries', 'save_queries'],
      actions: ['boards/create', 'boards/update', 'boards/destroy'],
    }),
  ),

  ...inModule(
    'calendar_view',
    project('view_calendar', { dependencies: viewWorkPackages, actions: ['calendars/read'] }),
    project('manage_calendars', {
      dependencies: ['view_calendar', ...planning],
      actions: ['calendars/create', 'calendars/update', 'calendars/destroy'],
    }),
    project('share_calendars', { dependencies: ['view_calendar'], actions: ['calendars/read'] }),
  ),

  ...inModule(
    'team_planner_view',
    project('view_team_planner', { dependencies: viewWorkPackages, actions: ['team_planners/read'] }),
    project('manage_team_planner', {
      dependencies: ['view_team_planner', ...planning],
      actions: ['team_planners/create', 'team_planners/update', 'team_planners/destroy'],
    }),
  ),

  ...inModule(
    'backlogs',
    project('view_sprints', { dependencies: ['view_work_packages', 'show_board_views'] }),
    project('select_backlog_types_and_statuses', { require: 'member' }),
    project('create_sprints', { require: 'member', dependencies: ['view_sprints'] }),
    project('manage_sprint_items', { require: 'member', dependencies: ['view_sprints', 'edit_work_packages'] }),
    project('start_complete_sprint', {
      require: 'member',
      dependencies: ['view_sprints', 'manage_board_views', 'manage_sprint_items'],
    }),
    project('share_sprint', { require: 'member', dependencies: ['create_sprints'] }),
  ),

  ...inModule(
    'costs',
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

  ...inModule('budgets', project('view_budgets'), project('edit_budgets', { dependencies: ['view_budgets'] })),

  ...inModule(
    'meetings',
    project('view_meetings', { actions: ['meetings/read'] }),
    project('create_meetings', { require: 'member', dependencies: ['view_meetings'], actions: ['meetings/create'] }),
    project('edit_meetings', { require: 'member', dependencies: ['view_meetings'], actions: ['meetings/update'] }),
    project('delete_meetings', { require: 'member', dependencies: ['view_meetings'], actions: ['meetings/destroy'] }),
    project('send_meeting_invites_and_outcomes', { require: 'member', dependencies: ['view_meetings'] }),
    project('manage_agendas', {
      require: 'member',
      dependencies: ['view_meetings'],
      actions: ['meeting_agenda_items/create', 'meeting_agenda_items/update', 'meeting_agenda_items/destroy'],
    }),
    project('manage_outcomes', {
      require: 'member',
      dependencies: ['view_meetings'],
      actions: ['meeting_outcomes/create', 'meeting_outcomes/update', 'meeting_outcomes/destroy'],
    }),
  ),

  ...inModule(
    'news',
    project('view_news', { public: true }),
    project('manage_news', { require: 'member' }),
    project('comment_news'),
  ),

  ...inModule(
    'wiki',
    project('view_wiki_pages'),
    project('view_wiki_edits', { dependencies: ['view_wiki_pages'] }),
    project('edit_wiki_pages', { dependencies: ['view_wiki_pages'] }),
    project('manage_wiki', { require: 'member', dependencies: ['edit_wiki_pages'] }),
  ),

  ...inModule('documents', project('view_documents'), project('manage_documents', { require: 'loggedin' })),

  ...inModule(
    'forums',
    project('view_messages', { public: true }),
    project('add_messages'),
    project('edit_messages', { require: 'member' }),
    project('edit_own_messages', { require: 'loggedin' }),
    project('delete_messages', { require: 'member' }),
    project('delete_own_messages', { require: 'loggedin' }),
    project('manage_forums', { require: 'member' }),
  ),

  ...inModule(
    'repository',
    project('browse_repository'),
    project('commit_access'),
    project('manage_repository', { require: 'member' }),
    project('view_changesets'),
    project('view_commit_author_statistics'),
  ),

  ...inModule('activity', project('view_project_activity', { public: true, actions: ['activities/read'] })),
  ...inModule('github', shareable('show_github_content')),
  ...inModule('gitlab', shareable('show_gitlab_content')),

  ...inModule(
    'bim',
    project('view_ifc_models', { actions: ['ifc_models/read'] }),
    project('manage_ifc_models', {
      dependencies: ['view_ifc_models'],
      actions: ['ifc_models/create', 'ifc_models/update', 'ifc_models/destroy'],
    }),
    project('view_linked_issues', { dependencies: viewWorkPackages, actions: ['bcfs/read'] }),
    project('manage_bcf', {
      dependencies: ['view_linked_issues', 'view_work_packages', 'add_work_packages', 'edit_work_packages'],
      actions: ['bcfs/create', 'bcfs/update'],
    }),
    project('delete_bcf', {
      dependencies: [
        'view_linked_issues',
        'manage_bcf',
        'view_work_packages',
        'add_work_packages',
        'edit_work_packages',
        'delete_work_packages',
      ],
      actions: ['bcfs/destroy'],
    }),
  ),

  ...inModule(
    'resource_management',
    project('view_resource_planners'),
    project('manage_public_resource_planners', { dependencies: ['view_resource_planners'] }),
    global('view_global_resource_planners', { require: 'loggedin' }),
    global('manage_public_global_resource_planners', {
      require: 'loggedin',
      dependencies: ['view_global_resource_planners'],
    }),
    project('allocate_user_resources', {
      dependencies: ['view_resource_planners'],
      actions: ['resource_allocations/create', 'resource_allocations/update', 'resource_allocations/destroy'],
    }),
    project('assign_users_to_generic_allocations', { dependencies: ['view_resource_planners'] }),
  ),
]

const module = (name: string, requires: string[], start: 'on' | 'off' = 'off'): ProjectModule => ({
  name,
  requires,
  enabledByDefault: start === 'on',
})

/** Every module a project can switch on, in the order they are offered. */
export const projectModules: readonly ProjectModule[] = [
  module('work_package_tracking', [], 'on'),
  module(INTERNAL_COMMENTS, ['work_package_tracking']),
  module('gantt', ['work_package_tracking'], 'on'),
  module('board_view', ['work_package_tracking'], 'on'),
  module('calendar_view', ['work_package_tracking'], 'on'),
  module('team_planner_view', ['work_package_tracking']),
  module('backlogs', ['work_package_tracking']),
  module('costs', [], 'on'),
  module('budgets', []),
  module('meetings', []),
  module('news', [], 'on'),
  module('wiki', [], 'on'),
  module('documents', []),
  module('forums', []),
  module('repository', []),
  module('activity', []),
  module('github', ['work_package_tracking']),
  module('gitlab', ['work_package_tracking']),
  module('bim', ['work_package_tracking']),
  module('resource_management', []),
]

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** The API actions that the catalogue gives, sorted by id; each with all the permissions that give it. */
export function actions(): Action[] {
  const givers = Map.groupBy(
    permissions.flatMap((permission) => (permission.actions ?? []).map((id) => ({ id, permission }))),
    ({ id }) => id,
  )
  return [...givers.keys()].sort().map((id) => {
    const given = givers.get(id)!.map(({ permission }) => permission)
    return {
      id,
      permissions: given.map(({ name }) => name),
      scopes: unique(given.flatMap(({ scopes }) => scopes)),
      modules: unique(given.map(({ module }) => module)),
    }
  })
}
