/** Permissions about work packages and queries. */
import { global, type ProjectModule, project, projectModule, shareable } from '#kernel/access/permissions.ts'

const viewWorkPackages = ['view_work_packages']
const planning = ['add_work_packages', 'edit_work_packages', 'save_queries', 'manage_public_queries']

export const projectModules: readonly ProjectModule[] = [
  projectModule(
    'work_package_tracking',
    { startsOn: true },
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
    shareable('view_file_links', { dependencies: viewWorkPackages, actions: ['file_links/view'] }),
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
  projectModule('gantt', { requires: ['work_package_tracking'], startsOn: true }),
  projectModule(
    'board_view',
    { requires: ['work_package_tracking'], startsOn: true },
    project('show_board_views', { dependencies: viewWorkPackages, actions: ['boards/read'] }),
    project('manage_board_views', {
      dependencies: ['manage_public_queries', 'save_queries'],
      actions: ['boards/create', 'boards/update', 'boards/destroy'],
    }),
  ),
  projectModule(
    'team_planner_view',
    { requires: ['work_package_tracking'] },
    project('view_team_planner', { dependencies: viewWorkPackages, actions: ['team_planners/read'] }),
    project('manage_team_planner', {
      dependencies: ['view_team_planner', ...planning],
      actions: ['team_planners/create', 'team_planners/update', 'team_planners/destroy'],
    }),
  ),
  projectModule(
    'backlogs',
    { requires: ['work_package_tracking'] },
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
  projectModule('github', { requires: ['work_package_tracking'] }, shareable('show_github_content')),
  projectModule('gitlab', { requires: ['work_package_tracking'] }, shareable('show_gitlab_content')),
  projectModule(
    'bim',
    { requires: ['work_package_tracking'] },
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
  projectModule(
    'resource_management',
    {},
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
