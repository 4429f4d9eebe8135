/**
 * The initial data of an instance: statuses, types, priorities, activities, roles, workflows and its administrator.
 * Keys in snake_case are columns of the table of that name; other keys name rows of other lists.
 */
import { product } from '#server/modules.ts'

export interface StatusSeed {
  name: string
  position: number
  color: string
  /** Percent complete that a work package has in this status when progress follows the status. */
  default_done_ratio: number
  is_default: boolean
  is_closed: boolean
}

export interface TypeSeed {
  name: string
  position: number
  color: string
  /** Enabled in new projects. */
  is_default: boolean
  is_milestone: boolean
  is_in_roadmap: boolean
  /** Markdown that a new work package's empty description is filled with; null: none. */
  description: string | null
}

export interface PrioritySeed {
  name: string
  position: number
  color: string
  is_default: boolean
}

export interface TimeEntryActivitySeed {
  name: string
  position: number
  is_default: boolean
}

export interface PhaseDefinitionSeed {
  name: string
  position: number
  color: string
  start_gate: boolean
  start_gate_name: string | null
}

export type BuiltinRole =
  | 'non_member'
  | 'anonymous'
  | 'standard_global'
  | 'work_package_editor'
  | 'work_package_commenter'
  | 'work_package_viewer'
  | 'project_query_view'
  | 'project_query_edit'

export interface RoleSeed {
  name: string
  kind: 'project' | 'global' | 'work_package' | 'project_query'
  /** The built-in use of the role; null: an ordinary role. */
  builtin: BuiltinRole | null
  position: number
  permissions: readonly string[]
}

/** Types whose work packages may go from any of `statuses` to any other of them. */
export interface WorkflowSeed {
  types: readonly string[]
  statuses: readonly string[]
}

export interface UserSeed {
  login: string
  first_name: string
  last_name: string
  email: string
}

const inOrder = <Row extends object>(...rows: Row[]): (Row & { position: number })[] =>
  rows.map((row, index) => ({ ...row, position: index + 1 }))

const status = (name: string, percent: number, color: string, flag?: 'default' | 'closed') => ({
  name,
  color,
  default_done_ratio: percent,
  is_default: flag === 'default',
  is_closed: flag === 'closed',
})

export const statuses: readonly StatusSeed[] = inOrder(
  status('New', 0, '#1098AD', 'default'),
  status('In specification', 10, '#A5D8FF'),
  status('Specified', 20, '#A5D8FF'),
  status('Confirmed', 20, '#D0BFFF'),
  status('To be scheduled', 20, '#FFEC99'),
  status('Scheduled', 20, '#D8F5A2'),
  status('In progress', 40, '#CC5DE8'),
  status('Developed', 70, '#8CE99A'),
  status('In testing', 80, '#22B8CF'),
  status('Tested', 90, '#12B886'),
  status('Test failed', 70, '#FF6B6B'),
  status('Closed', 100, '#DEE2E6', 'closed'),
  status('On hold', 0, '#FFC078'),
  status('Rejected', 0, '#FFA8A8', 'closed'),
)

const bugTemplate = `## What went wrong

## What should have happened

## How to make it happen again

## Where it was seen
`

const type = (name: string, color: string, traits: Partial<TypeSeed> = {}) => ({
  name,
  color,
  is_default: false,
  is_milestone: false,
  is_in_roadmap: true,
  description: null,
  ...traits,
})

export const types: readonly TypeSeed[] = inOrder(
  type('Task', '#1A67A3', { is_default: true }),
  type('Milestone', '#35C53F', { is_default: true, is_milestone: true, is_in_roadmap: false }),
  type('Summary task', '#FF922B', { is_default: true, is_in_roadmap: false }),
  type('Feature', '#5C7CFA'),
  type('Epic', '#845EF7'),
  type('User story', '#00B0F0'),
  type('Bug', '#F03E3E', { description: bugTemplate }),
)

export const priorities: readonly PrioritySeed[] = inOrder(
  { name: 'Low', color: '#C5F6FA', is_default: false },
  { name: 'Normal', color: '#74C0FC', is_default: true },
  { name: 'High', color: '#F59F00', is_default: false },
  { name: 'Immediate', color: '#CC5DE8', is_default: false },
)

export const timeEntryActivities: readonly TimeEntryActivitySeed[] = inOrder(
  { name: 'Management', is_default: true },
  { name: 'Specification', is_default: false },
  { name: 'Development', is_default: false },
  { name: 'Testing', is_default: false },
  { name: 'Support', is_default: false },
  { name: 'Other', is_default: false },
)

const phase = (name: string, color: string, gate?: string) => ({
  name,
  color,
  start_gate: gate !== undefined,
  start_gate_name: gate ?? null,
})

export const phaseDefinitions: readonly PhaseDefinitionSeed[] = inOrder(
  phase('Initiating', '#F7983A'),
  phase('Planning', '#F05823', 'Ready for Planning'),
  phase('Executing', '#EC038A', 'Ready for Executing'),
  phase('Closing', '#B1D13A', 'Ready for Closing'),
)

/** Words of a text, so that long lists of permissions stay readable. */
const words = (text: string): string[] => text.trim().split(/\s+/)

const member = words(`
  view_members view_project_attributes view_project_phases export_projects

  view_work_packages add_work_packages edit_work_packages move_work_packages copy_work_packages export_work_packages
  assign_versions work_package_assigned manage_work_package_relations manage_subtasks
  add_work_package_comments edit_own_work_package_comments
  view_internal_comments add_internal_comments edit_own_internal_comments
  add_work_package_attachments view_file_links manage_file_links
  view_work_package_watchers add_work_package_watchers delete_work_package_watchers
  view_shared_work_packages save_queries manage_public_queries

  show_board_views manage_board_views view_calendar view_team_planner view_sprints manage_sprint_items

  view_time_entries view_own_time_entries log_own_time edit_own_time_entries
  view_cost_rates view_own_cost_entries log_own_costs edit_own_cost_entries
  save_cost_reports save_private_cost_reports view_budgets

  view_meetings create_meetings edit_meetings delete_meetings
  manage_agendas manage_outcomes send_meeting_invites_and_outcomes

  comment_news manage_news
  view_wiki_pages view_wiki_edits edit_wiki_pages manage_wiki
  view_documents manage_documents
  add_messages edit_own_messages delete_own_messages
  browse_repository view_changesets commit_access view_commit_author_statistics
  read_files write_files create_files delete_files share_files
`)

const reader = words(`
  view_project_attributes view_project_phases
  view_work_packages add_work_package_comments edit_own_work_package_comments
  view_shared_work_packages view_file_links save_queries
  show_board_views view_calendar view_team_planner view_sprints
  view_meetings comment_news view_wiki_pages view_documents
  add_messages edit_own_messages delete_own_messages
  browse_repository view_changesets view_commit_author_statistics
  read_files
`)

/** Every permission that a project role can be given; the public ones need no giving. */
const everyProjectPermission = product.permissions.filter((p) => p.scopes.includes('project') && !p.public).map((p) => p.name)

export const roles: readonly RoleSeed[] = [
  {
    name: 'Non member',
    kind: 'project',
    builtin: 'non_member',
    position: 0,
    permissions: words(`
      view_project_attributes view_project_phases view_work_packages view_file_links
      show_board_views view_calendar comment_news view_wiki_pages
    `),
  },
  {
    name: 'Anonymous',
    kind: 'project',
    builtin: 'anonymous',
    position: 1,
    permissions: words('view_project_attributes view_project_phases view_work_packages view_file_links view_wiki_pages'),
  },
  { name: 'Standard global role', kind: 'global', builtin: 'standard_global', position: 2, permissions: [] },
  { name: 'Member', kind: 'project', builtin: null, position: 3, permissions: member },
  { name: 'Reader', kind: 'project', builtin: null, position: 4, permissions: reader },
  { name: 'Project admin', kind: 'project', builtin: null, position: 5, permissions: everyProjectPermission },
  {
    name: 'Staff and projects manager',
    kind: 'global',
    builtin: null,
    position: 6,
    permissions: words('add_project create_user manage_user manage_placeholder_user view_all_principals'),
  },
  {
    name: 'Work package editor',
    kind: 'work_package',
    builtin: 'work_package_editor',
    position: 7,
    permissions: words(`
      view_work_packages edit_work_packages work_package_assigned copy_work_packages export_work_packages
      add_work_package_comments edit_own_work_package_comments manage_work_package_relations
      view_own_time_entries log_own_time edit_own_time_entries view_file_links
    `),
  },
  {
    name: 'Work package commenter',
    kind: 'work_package',
    builtin: 'work_package_commenter',
    position: 8,
    permissions: words(`
      view_work_packages work_package_assigned export_work_packages
      add_work_package_comments edit_own_work_package_comments add_work_package_attachments
      view_own_time_entries log_own_time edit_own_time_entries view_file_links
    `),
  },
  {
    name: 'Work package viewer',
    kind: 'work_package',
    builtin: 'work_package_viewer',
    position: 9,
    permissions: words('view_work_packages export_work_packages'),
  },
  {
    name: 'Project query viewer',
    kind: 'project_query',
    builtin: 'project_query_view',
    position: 10,
    permissions: words('view_project_query'),
  },
  {
    name: 'Project query editor',
    kind: 'project_query',
    builtin: 'project_query_edit',
    position: 11,
    permissions: words('view_project_query edit_project_query'),
  },
]

/** The roles that the workflows hold for; other roles change no status. */
export const workflowRoles: readonly string[] = ['Member', 'Project admin', 'Work package editor']

export const workflows: readonly WorkflowSeed[] = [
  { types: ['Task'], statuses: ['New', 'In progress', 'On hold', 'Rejected', 'Closed'] },
  {
    types: ['Milestone', 'Summary task'],
    statuses: ['New', 'To be scheduled', 'Scheduled', 'In progress', 'On hold', 'Rejected', 'Closed'],
  },
  {
    types: ['Feature', 'Epic', 'User story'],
    statuses: [
      'New',
      'In specification',
      'Specified',
      'In progress',
      'Developed',
      'In testing',
      'Tested',
      'Test failed',
      'On hold',
      'Rejected',
      'Closed',
    ],
  },
  {
    types: ['Bug'],
    statuses: [
      'New',
      'Confirmed',
      'In progress',
      'Developed',
      'In testing',
      'Tested',
      'Test failed',
      'On hold',
      'Rejected',
      'Closed',
    ],
  },
]

/** The one user of a fresh instance. The seeder gives it a password or a token; neither is written here. */
export const admin: UserSeed = {
  login: 'admin',
  // The name by which the tests of clients know it.
  first_name: 'OpenProject',
  last_name: 'Admin',
  email: 'admin@example.net',
}
