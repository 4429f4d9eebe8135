/**
 * A small living instance: two projects, the people in them and 36 work packages, for trying things out.
 *
 * Keys in snake_case are columns; other keys refer by name to rows of `basic.ts` or of this file. People are referred to
 * by login (users) or by name (groups and placeholder users). Days count from the Monday of the week of seeding: 0 is that
 * Monday, 7 the next one, -3 the Friday before.
 */
import type { UserSeed } from './basic.ts'

export interface GroupSeed {
  name: string
  /** Logins. */
  users: readonly string[]
}

export interface MemberSeed {
  principal: string
  roles: readonly string[]
}

export interface CategorySeed {
  name: string
  /** The assignee of new work packages in the category. */
  assignee?: string
}

export interface VersionSeed {
  name: string
  description?: string
  /** First and last day. */
  start?: number
  end?: number
}

/** A query that everybody in the project sees, and the view that shows it. */
export interface QuerySeed {
  name: string
  view: 'work_packages_table' | 'gantt' | 'team_planner'
  starred?: boolean
  /** Only work packages of these types, or of this version; only open ones, unless said otherwise. */
  types?: readonly string[]
  version?: string
  all?: boolean
  /** Ids of columns; the usual ones unless given. */
  columns?: readonly string[]
  /** As ids of orders have it: `startDate-asc`. */
  sort_by: readonly string[]
  group_by?: string
}

/** A work package and those below it. With children it is scheduled automatically, without it is scheduled by hand. */
export interface WorkPackageSeed {
  type: string
  subject: string
  status: string
  description?: string
  /** `Normal` unless given. */
  priority?: string
  /** First day, a working day; never on a work package with children, whose dates follow from theirs. */
  start?: number
  /** Working days, the first one included. Given exactly when `start` is; `dueDay` tells the last day. */
  duration?: number
  assignee?: string
  responsible?: string
  category?: string
  version?: string
  estimated_hours?: number
  /** Percent complete; only beside `estimated_hours`, of which it leaves the rest as remaining work. */
  done_ratio?: number
  watchers?: readonly string[]
  /** Subjects of what has to be done before. */
  follows?: readonly string[]
  children?: readonly WorkPackageSeed[]
}

export interface ProjectSeed {
  identifier: string
  name: string
  description: string
  public: boolean
  status_code: string
  status_explanation: string
  modules: readonly string[]
  types: readonly string[]
  categories: readonly CategorySeed[]
  versions: readonly VersionSeed[]
  queries: readonly QuerySeed[]
  members: readonly MemberSeed[]
  workPackages: readonly WorkPackageSeed[]
}

/**
 * The last day of something that starts on the working day `start` and takes `duration` working days, both counted as
 * everywhere in this file; weekends are Saturday and Sunday.
 */
export function dueDay(start: number, duration: number): number {
  const monday = Math.floor(start / 7)
  const lastWorkingDay = start - monday * 7 + duration - 1
  return (monday + Math.floor(lastWorkingDay / 5)) * 7 + (lastWorkingDay % 5)
}

export const users: readonly UserSeed[] = [
  { login: 'mira', first_name: 'Mira', last_name: 'Okafor', email: 'mira@example.net' },
  { login: 'jonas', first_name: 'Jonas', last_name: 'Lindqvist', email: 'jonas@example.net' },
  { login: 'teo', first_name: 'Teo', last_name: 'Marchetti', email: 'teo@example.net' },
]

export const groups: readonly GroupSeed[] = [{ name: 'Boat crew', users: ['jonas'] }]

/** Names of people yet to be found. */
export const placeholderUsers: readonly string[] = ['Rigger']

const refit: ProjectSeed = {
  identifier: 'demo-project',
  name: 'Demo project',
  description: `A training ship is made ready for the season: a plan with milestones, tasks in several levels and a crew.

Change whatever you like here; nothing in this project is needed by anything else.`,
  public: true,
  status_code: 'on_track',
  status_explanation: 'The hull is sound and the rope is on its way.',
  modules: [
    'work_package_tracking',
    'gantt',
    'board_view',
    'team_planner_view',
    'costs',
    'meetings',
    'news',
    'wiki',
    'documents',
    'forums',
  ],
  types: ['Task', 'Milestone', 'Summary task'],
  categories: [{ name: 'Rigging', assignee: 'Boat crew' }],
  versions: [],
  queries: [
    {
      name: 'Project plan',
      view: 'gantt',
      starred: true,
      all: true,
      columns: ['id', 'type', 'subject', 'status', 'startDate', 'dueDate', 'duration', 'assignee'],
      sort_by: ['id-asc'],
    },
    {
      name: 'Milestones',
      view: 'gantt',
      types: ['Milestone'],
      all: true,
      columns: ['id', 'type', 'status', 'subject', 'startDate', 'dueDate'],
      sort_by: ['dueDate-asc', 'id-asc'],
    },
    {
      name: 'Tasks',
      view: 'work_packages_table',
      types: ['Task'],
      columns: ['id', 'subject', 'priority', 'status', 'assignee'],
      sort_by: ['priority-desc', 'id-asc'],
    },
    { name: 'Team planner', view: 'team_planner', all: true, sort_by: ['id-asc'] },
  ],
  members: [
    { principal: 'admin', roles: ['Project admin'] },
    { principal: 'mira', roles: ['Project admin'] },
    { principal: 'teo', roles: ['Reader'] },
    { principal: 'Boat crew', roles: ['Member'] },
    { principal: 'Rigger', roles: ['Member'] },
  ],
  workPackages: [
    {
      type: 'Milestone',
      subject: 'Refit plan approved',
      status: 'Closed',
      start: -10,
      duration: 1,
      responsible: 'mira',
    },
    {
      type: 'Summary task',
      subject: 'Make the ship ready for the season',
      status: 'In progress',
      assignee: 'mira',
      responsible: 'admin',
      watchers: ['teo'],
      children: [
        {
          type: 'Task',
          subject: 'Survey hull and rig',
          status: 'Closed',
          description: 'Look at every seam, fitting and block; write down what will not last another year.',
          start: -7,
          duration: 3,
          assignee: 'jonas',
          responsible: 'mira',
          estimated_hours: 12,
          done_ratio: 100,
        },
        {
          type: 'Summary task',
          subject: 'Renew the running rigging',
          status: 'In progress',
          responsible: 'mira',
          category: 'Rigging',
          children: [
            {
              type: 'Task',
              subject: 'Measure every line',
              status: 'Closed',
              start: -4,
              duration: 2,
              assignee: 'jonas',
              category: 'Rigging',
              estimated_hours: 6,
              done_ratio: 100,
            },
            {
              type: 'Task',
              subject: 'Order rope and shackles',
              follows: ['Measure every line'],
              status: 'In progress',
              priority: 'High',
              start: 0,
              duration: 2,
              assignee: 'mira',
              category: 'Rigging',
              estimated_hours: 3,
              done_ratio: 50,
              watchers: ['jonas'],
            },
            {
              type: 'Task',
              subject: 'Splice and fit the halyards',
              follows: ['Order rope and shackles'],
              status: 'New',
              description: '- main halyard\n- two jib halyards\n- spare, marked and stowed',
              start: 7,
              duration: 5,
              assignee: 'Rigger',
              responsible: 'jonas',
              category: 'Rigging',
              estimated_hours: 24,
            },
          ],
        },
        {
          type: 'Task',
          subject: 'Sand and paint the hull',
          follows: ['Survey hull and rig'],
          status: 'New',
          start: 4,
          duration: 8,
          assignee: 'Boat crew',
          responsible: 'mira',
          estimated_hours: 40,
        },
        {
          type: 'Milestone',
          subject: 'Ship afloat again',
          status: 'Scheduled',
          start: 18,
          duration: 1,
          responsible: 'mira',
          follows: ['Sand and paint the hull'],
        },
      ],
    },
    {
      type: 'Task',
      subject: 'Find a crew for the first trip',
      status: 'In progress',
      start: 1,
      duration: 9,
      assignee: 'mira',
      estimated_hours: 10,
      done_ratio: 20,
      watchers: ['admin', 'jonas'],
    },
    {
      type: 'Task',
      subject: 'Write the safety briefing',
      status: 'New',
      assignee: 'jonas',
      responsible: 'mira',
      children: [
        {
          type: 'Task',
          subject: 'Check life jackets and flares',
          status: 'New',
          priority: 'Immediate',
          start: 14,
          duration: 1,
          assignee: 'jonas',
          estimated_hours: 4,
        },
      ],
    },
    {
      type: 'Milestone',
      subject: 'First trip of the season',
      status: 'To be scheduled',
      start: 32,
      duration: 1,
      responsible: 'mira',
      watchers: ['teo'],
    },
  ],
}

const tides: ProjectSeed = {
  identifier: 'your-scrum-project',
  name: 'Scrum project',
  description: 'A team builds an app that tells skippers the tides: stories and bugs in a backlog, sprints, and releases ahead.',
  public: true,
  status_code: 'on_track',
  status_explanation: 'The first sprint is under way and small enough.',
  modules: ['work_package_tracking', 'gantt', 'board_view', 'backlogs', 'costs', 'budgets', 'news', 'wiki', 'documents'],
  types: ['Task', 'Milestone', 'Summary task', 'Epic', 'User story', 'Bug'],
  categories: [{ name: 'Tables and charts' }, { name: 'App' }],
  versions: [
    { name: 'Bug Backlog' },
    { name: 'Product Backlog', description: 'Everything wished for and not yet planned' },
    { name: 'Sprint 1', start: 4, end: 10 },
    { name: 'Sprint 2' },
  ],
  queries: [
    {
      name: 'Project plan',
      view: 'gantt',
      starred: true,
      types: ['Milestone', 'Summary task'],
      all: true,
      columns: ['id', 'type', 'subject', 'status', 'startDate', 'dueDate', 'duration'],
      sort_by: ['startDate-asc', 'id-asc'],
    },
    {
      name: 'Product backlog',
      view: 'work_packages_table',
      version: 'Product Backlog',
      columns: ['id', 'type', 'subject', 'priority', 'status', 'assignee'],
      sort_by: ['priority-desc', 'id-asc'],
      group_by: 'status',
    },
    {
      name: 'Sprint 1',
      view: 'work_packages_table',
      version: 'Sprint 1',
      all: true,
      columns: ['id', 'type', 'subject', 'status', 'assignee', 'estimatedTime'],
      sort_by: ['id-asc'],
    },
    {
      name: 'Tasks',
      view: 'work_packages_table',
      types: ['Task'],
      columns: ['id', 'subject', 'priority', 'status', 'assignee'],
      sort_by: ['priority-desc', 'id-asc'],
    },
  ],
  members: [
    { principal: 'admin', roles: ['Project admin'] },
    { principal: 'mira', roles: ['Project admin'] },
    { principal: 'jonas', roles: ['Member'] },
    { principal: 'teo', roles: ['Reader'] },
  ],
  workPackages: [
    {
      type: 'Epic',
      subject: 'Skippers can plan a trip',
      status: 'In progress',
      assignee: 'mira',
      version: 'Product Backlog',
      watchers: ['teo'],
      children: [
        {
          type: 'User story',
          subject: 'See the tides of a harbour',
          status: 'In progress',
          description: 'As a skipper I see high and low water of the coming week, so that I know when I can leave.',
          priority: 'High',
          assignee: 'jonas',
          version: 'Sprint 1',
          children: [
            {
              type: 'Task',
              subject: 'Import harbour positions',
              status: 'Closed',
              start: -3,
              duration: 2,
              assignee: 'jonas',
              version: 'Sprint 1',
              estimated_hours: 8,
              done_ratio: 100,
            },
            {
              type: 'Task',
              subject: 'Draw the tide curve',
              status: 'In progress',
              start: 1,
              duration: 6,
              assignee: 'jonas',
              version: 'Sprint 1',
              estimated_hours: 20,
              done_ratio: 30,
            },
          ],
        },
        {
          type: 'User story',
          subject: 'Keep a list of favourite harbours',
          status: 'Specified',
          assignee: 'mira',
          version: 'Sprint 1',
          children: [
            {
              type: 'Task',
              subject: 'Sketch the list for small screens',
              status: 'New',
              start: 7,
              duration: 2,
              assignee: 'mira',
              version: 'Sprint 1',
              estimated_hours: 6,
            },
          ],
        },
        { type: 'User story', subject: 'Send a trip plan to the crew', status: 'New', version: 'Product Backlog' },
        {
          type: 'User story',
          subject: 'Look up tides without a connection',
          status: 'New',
          priority: 'Low',
          version: 'Product Backlog',
        },
      ],
    },
    {
      type: 'User story',
      subject: 'Sign in with a harbour card',
      status: 'In specification',
      assignee: 'mira',
      version: 'Sprint 1',
      children: [
        {
          type: 'Task',
          subject: 'Ask three harbours what their cards can do',
          status: 'In progress',
          start: 2,
          duration: 3,
          assignee: 'mira',
          version: 'Sprint 1',
          estimated_hours: 5,
          done_ratio: 60,
          watchers: ['jonas'],
        },
      ],
    },
    { type: 'User story', subject: 'Choose between metres and feet', status: 'Specified', version: 'Sprint 2' },
    { type: 'User story', subject: 'Be warned of strong wind', status: 'New', version: 'Sprint 2' },
    { type: 'User story', subject: 'Hear the next high water read aloud', status: 'New', version: 'Product Backlog' },
    {
      type: 'Bug',
      subject: 'Tide times are an hour off after the clocks change',
      status: 'Confirmed',
      priority: 'Immediate',
      responsible: 'mira',
      version: 'Bug Backlog',
      watchers: ['teo'],
    },
    {
      type: 'Bug',
      subject: 'The chart jumps back while it is dragged',
      status: 'Developed',
      start: 0,
      duration: 2,
      assignee: 'jonas',
      version: 'Sprint 1',
      estimated_hours: 4,
      done_ratio: 75,
    },
    { type: 'Bug', subject: 'Long harbour names are cut off', status: 'New', priority: 'Low', version: 'Bug Backlog' },
    {
      type: 'Bug',
      subject: 'The app closes when it may not know the location',
      status: 'In progress',
      assignee: 'jonas',
      version: 'Bug Backlog',
    },
    {
      type: 'Summary task',
      subject: 'Build version 1.0',
      status: 'In progress',
      start: 0,
      duration: 15,
      assignee: 'jonas',
      responsible: 'mira',
    },
    {
      type: 'Milestone',
      subject: 'Publish version 1.0',
      status: 'Scheduled',
      start: 21,
      duration: 1,
      assignee: 'mira',
      follows: ['Build version 1.0'],
    },
    {
      type: 'Summary task',
      subject: 'Build version 1.1',
      status: 'To be scheduled',
      start: 22,
      duration: 10,
      assignee: 'jonas',
      responsible: 'mira',
    },
    {
      type: 'Milestone',
      subject: 'Publish version 1.1',
      status: 'To be scheduled',
      start: 36,
      duration: 1,
      assignee: 'mira',
      follows: ['Build version 1.1'],
    },
    { type: 'Summary task', subject: 'Build version 2.0', status: 'New', start: 37, duration: 20, responsible: 'mira' },
    {
      type: 'Milestone',
      subject: 'Publish version 2.0',
      status: 'New',
      start: 65,
      duration: 1,
      assignee: 'mira',
      follows: ['Build version 2.0'],
    },
  ],
}

export const projects: readonly ProjectSeed[] = [refit, tides]
