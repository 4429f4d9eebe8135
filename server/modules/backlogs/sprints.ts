/** Sprints: periods in which a team does the work packages that it has chosen. */
import type { Transaction } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { either, inProject, within } from '#kernel/access/rules.ts'
import type { Context, Draft, Operation } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { demand, nested } from '#kernel/operation.ts'
import { differs, listHref, resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'
import { releaseShared, sharedRows } from '#modules/projects/sharing.ts'
import { type Message, said } from '#text/messages.ts'
import { usableIn } from './usable.ts'

type Proposal = Draft<Tables['sprints']>

export const view = inProject('view_sprints')
export const startAndComplete = inProject('start_complete_sprint')
const manage = inProject('create_sprints')
const share = inProject('share_sprint')

/** The statuses, in the order in which a sprint has them, and what people read. */
export const statuses: Readonly<Record<string, Message>> = {
  in_planning: said`In planning`,
  active: said`Active`,
  completed: said`Completed`,
}
const sharings = ['none', 'descendants'] as const

function check({ row }: Proposal): Violation[] {
  const { start_date: start, finish_date: finish } = row
  return start && finish && finish < start ? [violation('finishDate', said`must not be before the start date`)] : []
}

/** Removes a sprint that is shared no more from work packages of other projects. */
async function withdraw(tx: Transaction, draft: Proposal, _: unknown, context: Context): Promise<void> {
  if (draft.before && differs(draft, 'sharing')) await releaseShared(tx, 'sprints', sql`v.id = ${draft.row.id}`, context)
}

const self = ({ id }: { id: number }) => `/api/v3/sprints/${id}`

export const Sprint = resource('Sprint', 'sprints', {
  path: 'sprints',
  description:
    'A period in which a team does the work packages that it has chosen. It is planned, then active, then completed; one at a time is active in a project.',
  glossary: {
    name: 'Name.',
    description: 'Description.',
    startDate: 'First day.',
    finishDate: 'Last day.',
    startedAt: 'When it was started.',
    completedAt: 'When it was completed.',
    sharing: 'Projects that can use it besides its own: `none` or `descendants`.',
    definingWorkspace: 'The project that defines it.',
    status: 'Its status: `in_planning`, `active` or `completed` at the end of the address.',
    workPackages: 'The work packages in it.',
    start: 'Starts it.',
    complete: 'Completes it.',
  },
  example: { id: 4, name: 'Sprint 4', startDate: '2031-03-03', finishDate: '2031-03-14', sharing: 'none' },
  title: 'name',
  belongsTo: 'project_id',
  cached: 'all',
  order: { column: 'id' },
  // Visibility depends on sharing, so a change invalidates cached permissions.
  topics: ['projects'],
  visible: either(view, within(sharedRows('sprints', ['view_sprints']))),
  may: { create: manage, update: manage, delete: manage },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({ required: true, max: 255, sort: true }),
    description: p.markdown(),
    startDate: p.date({ sort: true }),
    finishDate: p.date({ sort: true }),
    startedAt: p.dateTime({ readOnly: true }),
    completedAt: p.dateTime({ readOnly: true }),
    sharing: p.text({ required: true, hasDefault: true, may: share, allowed: { texts: () => sharings } }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    definingWorkspace: ownProject(p, 'sprints', {
      column: 'project_id',
      label: said`Project`,
      schemaType: 'Workspace',
      filter: 'list',
    }),
  }),
  filters: {
    status: {
      strategy: 'list',
      allowed: (values) => values.every((value) => Object.hasOwn(statuses, value)),
      where: ({ values }, { engine }, table) => amongTexts(engine, name(`${table}.status`), values),
    },
  },
  actions: {
    status: {
      href: ({ status }) => `urn:openproject-org:api:v3:sprints:status:${status}`,
      title: ({ status }) => statuses[status] as Message,
    },
    workPackages: {
      href: ({ id }) => listHref('work_packages', { sprint: ['=', id] }),
      title: said`Work packages`,
      may: view,
    },
    start: {
      href: (row) => `${self(row)}/start`,
      method: 'post',
      may: startAndComplete,
      when: ({ status }) => status === 'in_planning',
    },
    complete: {
      href: (row) => `${self(row)}/complete`,
      method: 'post',
      may: startAndComplete,
      when: ({ status }) => status === 'active',
    },
  },
  defaults: () => ({ status: 'in_planning', sharing: 'none' }),
  check: [check],
  after: [withdraw],
  gradual: {},
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

const listOfProject = nested({
  parents: ['projects', 'workspaces'],
  extensions: ['workspaces'],
  parent: 'Project',
  resource: Sprint,
  as: 'sprints',
  summary: 'List the sprints of a project',
  description: 'Lists the project’s own sprints and those that projects above share with it, by page.',
  query: ['filters', 'sortBy', 'select', 'offset', 'pageSize'],
  within: async (project, context) => {
    await demand(context, view, { project_id: project.id })
    return { within: await usableIn(context, project.id) }
  },
})

const listAvailableProjects = projectsFor(Sprint, 'create_sprints')

export const lists: readonly Operation[] = [listAvailableProjects, ...listOfProject]
