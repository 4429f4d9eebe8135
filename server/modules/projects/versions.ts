/** Versions that work packages are planned for, in one project or shared with others. */
import { among, natural } from '#db/dialect.ts'
import { name, raw } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both, either, having, inAnyProject, inProject, not, pointedAt, signedIn, within } from '#kernel/access/rules.ts'
import type { Context, Draft, Operation } from '#kernel/declaration.ts'
import { available, ok, operation, rowAt } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { onTexts } from '#kernel/read/operators.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { Project } from './projects.ts'
import { doomed, seesWorkPackage } from './rights.ts'
import { projectsOf, sharedVersions, sharings } from './sharing.ts'
import { checkVersion, lookUp, manage, states, usesOf, type VersionFacts, withdraw } from './version-rules.ts'

const sharedWithAll = both(having('sharing', 'system'), not(within(doomed, 'project_id')))
const view = either(inProject('view_work_packages'), manage, both(signedIn, sharedWithAll))

/** Sharing alone does not make the address readable; a visible work package planned for the version does. */
const addressable = either(view, pointedAt('work_packages', 'version_id', seesWorkPackage))

const isNew = ({ before }: Draft<Tables['versions']>): boolean => !before

export const Version = resource<'versions', VersionFacts>('Version', 'versions', {
  path: 'versions',
  description: 'A goal that work packages are planned for, such as a release. It can be shared with other projects.',
  glossary: {
    name: 'Name.',
    description: 'Description.',
    startDate: 'Start date.',
    endDate: 'Finish date.',
    status: '`open`, `locked` (accepts no further work packages) or `closed`.',
    sharing: 'Projects that it is shared with: `none`, `descendants`, `hierarchy`, `tree`, `system`.',
    definingProject: 'The project that defines it.',
    availableInProjects: 'Projects that can use it.',
  },
  example: { id: 6, name: 'First voyage', status: 'open', sharing: 'none' },
  title: 'name',
  belongsTo: 'project_id',
  cached: 'all',
  order: { column: 'name' },
  // Visibility depends on sharing, so a change invalidates cached permissions.
  topics: ['projects'],
  paginated: false,
  copied: { with: 'versions' },
  visible: either(view, within(sharedVersions)),
  addressable,
  guards: { schema: either(inAnyProject('view_work_packages'), inAnyProject('manage_versions')) },
  may: { create: manage, update: manage, delete: manage },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({
      required: true,
      min: 1,
      unique: 'project_id',
      // Longer names are accepted all the same.
      about: { maxLength: 60 },
      filter: true,
      sort: ({ engine }, table) => natural(engine, name(`${table}.name`)),
    }),
    description: p.plain(),
    startDate: p.date(),
    endDate: p.date({ label: said`Finish date` }),
    status: p.text({ required: true, hasDefault: true, allowed: { texts: () => states } }),
    sharing: p.text({ required: true, hasDefault: true, allowed: { texts: (_, facts) => facts.sharings } }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    definingProject: p.link('Project', {
      column: 'project_id',
      label: said`Project`,
      required: true,
      embed: true,
      writable: isNew,
      allowed: { href: (draft) => (isNew(draft) ? '/api/v3/versions/available_projects' : null) },
    }),
  }),
  filters: {
    sharing: {
      strategy: 'list',
      allowed: (values) => values.every((value) => sharings.some((sharing) => sharing === value)),
      where: ({ operator, values }, { engine }, table) => onTexts(engine, operator, values, name(`${table}.sharing`)),
    },
  },
  actions: {
    schema: { href: () => '/api/v3/versions/schema' },
    availableInProjects: { href: ({ id }) => `/api/v3/versions/${id}/workspaces` },
  },
  defaults: () => ({ status: 'open', sharing: 'none' }),
  facts: lookUp,
  check: [checkVersion],
  after: [withdraw],
  removable: usesOf,
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

const projectsAmong = (context: Context, ids: readonly number[]) => among(context.engine, raw('projects.id'), ids)

const listAvailableProjects = available({
  path: '/versions/available_projects',
  of: 'Project',
  rule: inProject('manage_versions', 'id'),
  tag: 'Version',
  summary: 'List available projects for versions',
  description: 'Lists the projects in which the caller may create versions.',
})

const listProjectsOfVersion = ['projects', 'workspaces'].map((as) =>
  operation({
    method: 'GET',
    path: `/versions/:id/${as}`,
    summary: `List the ${as} that can use a version`,
    description:
      'Lists the projects that can use the version and that the caller may see: the defining project and those it is shared with.',
    tag: 'Version',
    answers: { status: 200, of: 'Project', as: 'collection' },
    run: async ({ context, params }) => {
      const version = await rowAt(params.id, context.model.of(Version), context)
      const within = projectsAmong(context, await projectsOf(context, version))
      return ok(await index(context, context.model.of(Project), { within, paginated: false }))
    },
  }),
)

export const operations: readonly Operation[] = [listAvailableProjects, ...listProjectsOfVersion]
