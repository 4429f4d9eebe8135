/** The chapters of the document, in the order in which they are read, and what is told in each. */
import type { Json } from './common.ts'

interface Chapter {
  readonly name: string
  readonly description: string
  /** The tags that operations are declared with. */
  readonly of: readonly string[]
}

/** Chapters by parts of the document. */
const parts: Readonly<Record<string, readonly Chapter[]>> = {
  'The instance': [
    {
      name: 'Root and configuration',
      description: 'Where to begin, and what a client has to know of the instance.',
      of: ['Root', 'Configuration'],
    },
    { name: 'Rendering', description: 'Previews of texts as HTML.', of: ['Render'] },
    { name: 'Examples', description: 'What schemas, forms and aggregated lists look like, by invented ones.', of: ['Example'] },
    {
      name: 'OAuth applications',
      description: 'The applications that people can let in. They are registered by administrators.',
      of: ['OAuthApplication'],
    },
  ],
  Work: [
    {
      name: 'Work packages',
      description:
        'Tasks, milestones, bugs: whatever has to be done. Their forms tell what can be written in which project and type; their schemas are found at `/api/v3/work_packages/schemas`.',
      of: ['WorkPackage'],
    },
    {
      name: 'Activities',
      description: 'The history of work packages: what was changed and what was said, with reactions.',
      of: ['Activity', 'EmojiReaction'],
    },
    {
      name: 'Relations',
      description: 'What work packages have to do with each other. Those that follow are scheduled.',
      of: ['Relation'],
    },
    {
      name: 'Attachments',
      description: 'Files. They are uploaded to what they belong to, or first and claimed by a write later.',
      of: ['Attachment'],
    },
    { name: 'Revisions', description: 'Commits that speak of work packages.', of: ['Revision'] },
    {
      name: 'Types, statuses, priorities',
      description: 'What work packages can be, which state they can be in, and how much they matter.',
      of: ['Type', 'Status', 'Priority'],
    },
    { name: 'Custom actions', description: 'Several changes of a work package by one call.', of: ['CustomAction'] },
    {
      name: 'Custom fields',
      description:
        'Choices of properties that were made for this instance. The properties themselves are part of the resources, as `customField` and their number.',
      of: ['CustomOption', 'HierarchyItem'],
    },
  ],
  Projects: [
    {
      name: 'Projects',
      description: 'Projects, programs and portfolios, which are all workspaces and can lie below each other.',
      of: ['Project', 'ProjectStatus'],
    },
    {
      name: 'Versions',
      description: 'What is to be done by when. A version can be shared with other projects.',
      of: ['Version'],
    },
    { name: 'Categories', description: 'Parts of a project that work packages can be of.', of: ['Category'] },
  ],
  Queries: [
    {
      name: 'Queries',
      description:
        'Saved lists of work packages: filters, columns, order and groups. A query answered by itself embeds what it finds.',
      of: ['Query'],
    },
    {
      name: 'Parts of queries',
      description: 'The columns, filters, operators, orders and groups that queries are made of.',
      of: ['QueryColumn', 'QueryFilter', 'QueryGroupBy', 'QueryOperator', 'QuerySortBy'],
    },
    { name: 'Views', description: 'How queries are shown: as a table, over time, as a calendar or a plan.', of: ['View'] },
  ],
  Time: [
    {
      name: 'Time entries',
      description: 'Time that was spent on work packages and projects.',
      of: ['TimeEntry', 'TimeEntriesActivity'],
    },
    {
      name: 'Days',
      description: 'On which days the instance works: by the week, and by days off.',
      of: ['Day', 'WeekDay', 'NonWorkingDay'],
    },
    {
      name: 'Working times',
      description: 'How long single people work on each day, and when they are away.',
      of: ['UserWorkingHours', 'UserNonWorkingTime'],
    },
  ],
  People: [
    { name: 'Users', description: 'People who can sign in. `me` stands for the caller in every address.', of: ['User'] },
    {
      name: 'Preferences',
      description: 'How somebody wants to use the instance, and what they are to be told of.',
      of: ['UserPreferences'],
    },
    {
      name: 'Groups and placeholders',
      description: 'Several users at once, and users who are not there yet. Principals are all that work can be assigned to.',
      of: ['Group', 'PlaceholderUser', 'Principal'],
    },
    {
      name: 'Memberships and roles',
      description: 'Who is in which project, and what they may do there.',
      of: ['Membership', 'Role'],
    },
    {
      name: 'Actions and capabilities',
      description: 'What can be done at all, and who can do what where: for clients that want to know beforehand.',
      of: ['Action', 'Capability'],
    },
    {
      name: 'Notifications',
      description: 'What the caller is told of, in the application itself.',
      of: ['Notification', 'Values::Property'],
    },
    { name: 'Reminders', description: 'What the caller wants to be told of at some time.', of: ['Reminder'] },
  ],
}

const chapters = Object.values(parts).flat()
const nameOf = new Map(chapters.flatMap(({ name, of }) => of.map((one) => [one, name] as const)))

/** The chapter in which operations of a tag are told. Throws where there is none. */
export function tagOf(tag: string): string {
  const name = nameOf.get(tag)
  if (name === undefined) throw new Error(`No chapter of http/openapi/tags.ts tells of ${tag}.`)
  return name
}

/** The chapters as OpenAPI has them. */
export const tags: readonly Json[] = chapters.map(({ name, description }) => ({ name, description }))

/** The parts that they make up, which several readers of such documents understand. */
export const tagGroups: readonly Json[] = Object.entries(parts).map(([name, own]) => ({ name, tags: own.map((one) => one.name) }))
