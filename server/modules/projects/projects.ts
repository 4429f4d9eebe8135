/** Projects, and the other types of workspace that share their table. */
import { folded } from '#db/dialect.ts'
import { name } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { admin, either, having, within } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { violation } from '#kernel/errors.ts'
import { resource } from '#kernel/resource.ts'
import { sectionsOf } from '#kernel/write/schema.ts'
import { said } from '#text/messages.ts'
import { beginDeletion } from './deleting.ts'
import { initialise, keepTree, settle, subtree } from './effects.ts'
import { type Facts, lookUp, obstaclesToLoss } from './facts.ts'
import { filters, sorts } from './filters.ts'
import { LONGEST_IDENTIFIER, projectsIdentifiedBy } from './identifiers.ts'
import { links } from './links.ts'
import {
  archive,
  create,
  createPortfolio,
  createProgram,
  edit,
  editAttributes,
  favorites,
  view,
  viewAttributes,
} from './rights.ts'
import { projectStatuses } from './statuses.ts'
import { checkCreatorRole, checkIdentifier, checkPlace, checkRights, makeIdentifier, tidyName } from './steps.ts'
import { treeOf } from './tree.ts'

const types: Readonly<Record<string, string>> = { project: 'Project', program: 'Program', portfolio: 'Portfolio' }

/** Users who may create subprojects only have to choose a parent. */
const isPlaceRequired = ({ before, row }: Draft<Tables['projects']>, { mayCreateAnywhere }: Facts): boolean =>
  !before && row.workspace_type === 'project' && !mayCreateAnywhere

/** Administrators who import projects may write the creation time, if the settings allow it. */
const isImporting = ({ before }: Draft<Tables['projects']>, _: Facts, { viewer, settings }: Context): boolean =>
  !before && viewer.admin && settings.apiv3_write_readonly_attributes

const workspaceOperations = ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm'] as const

const candidates = ({ before, row }: Draft<Tables['projects']>): string =>
  `/api/v3/projects/available_parent_projects?${before ? `of=${before.id}` : `workspace_type=${row.workspace_type ?? 'project'}`}`

export const Project = resource<'projects', Facts>('Project', 'projects', {
  path: 'projects',
  description: 'A workspace: a project, a program or a portfolio, according to `_type`. Workspaces can be nested.',
  glossary: {
    identifier:
      'Identifier for addresses: lower-case letters, digits, hyphens and underscores. Derived from the name by default.',
    name: 'Name.',
    active: 'Whether the project is active; false once it is archived.',
    public: 'Whether non-members may see it.',
    favorited: 'Whether it is a favorite of the caller.',
    description: 'Description.',
    statusExplanation: 'Reasons for the status.',
    status: 'Project status.',
    createWorkPackage: 'The form for a new work package in it.',
    createWorkPackageImmediately: 'Creates a work package in it at once.',
    workPackages: 'Its work packages.',
    categories: 'Categories of its work packages.',
    versions: 'Versions that its work packages can have.',
    memberships: 'Its memberships.',
    types: 'Types that its work packages can have.',
    favor: 'Adds it to the caller’s favorites.',
    disfavor: 'Removes it from the caller’s favorites.',
  },
  example: { id: 3, _type: 'Project', name: 'Sea trial', identifier: 'sea-trial', active: true, public: false, favorited: false },
  aliases: ['workspaces', 'portfolios', 'programs'],
  type: (row) => types[row.workspace_type] as string,
  pathOf: (row) => `${row.workspace_type}s`,
  resolve: projectsIdentifiedBy,
  belongsTo: 'parent_id',
  title: 'name',
  cached: 'all',
  visible: view,
  addressable: having('workspace_type', 'project'),
  readings: {
    programs: {
      ...{ label: 'program', of: having('workspace_type', 'program'), operations: workspaceOperations },
      ...{ extensions: ['create', 'form'], create: createProgram, defaults: { workspace_type: 'program' } },
    },
    portfolios: {
      ...{ label: 'portfolio', of: having('workspace_type', 'portfolio'), operations: workspaceOperations },
      ...{ extensions: ['create', 'form'], create: createPortfolio, defaults: { workspace_type: 'portfolio' } },
    },
  },
  may: { create, update: either(edit, archive, editAttributes), edit, delete: admin },
  pageLoaders: { tree: (_, context) => treeOf(context) },
  // It is cached.
  kept: { tree: () => undefined },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    identifier: p.text({ required: { derived: true }, hasDefault: true, min: 1, max: LONGEST_IDENTIFIER }),
    name: p.text({
      required: true,
      min: 1,
      max: 255,
      filter: true,
      sort: ({ engine }, table) => folded(engine, name(`${table}.name`)),
    }),
    active: p.boolean({ required: true, hasDefault: true, filter: true, may: { create, update: archive } }),
    public: p.boolean({ required: true, filter: true, sort: true }),
    favorited: p.boolean({ inSchema: false, holds: within(favorites) }),
    description: p.markdown({ read: viewAttributes }),
    statusExplanation: p.markdown({ read: viewAttributes }),
    createdAt: p.dateTime({ writable: isImporting, filter: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, filter: true, sort: true }),
    parent: p.link('Project', {
      label: said`Subproject of`,
      schemaType: 'Workspace',
      embed: true,
      filter: 'list_optional',
      required: isPlaceRequired,
      allowed: { href: candidates },
    }),
    status: p.link('ProjectStatus', {
      column: 'status_code',
      hasDefault: true,
      embed: true,
      read: viewAttributes,
      allowed: { rows: () => projectStatuses },
    }),
  }),
  filters,
  sorts,
  actions: links,
  defaults: ({ settings }) => ({
    workspace_type: 'project',
    active: true,
    templated: false,
    public: settings.default_projects_public,
  }),
  facts: lookUp,
  derive: [tidyName, makeIdentifier],
  check: [checkRights, checkIdentifier, checkPlace, checkCreatorRole],
  after: [keepTree, initialise, settle],
  removable: async ({ id }, context) =>
    (await obstaclesToLoss(await subtree(context.db, id), context)).map((message) => violation('base', message)),
  remove: beginDeletion,
  schema: (draft, facts, context) => ({
    _attributeGroups: sectionsOf(context.model.of('Project'), draft, facts, context).map((section) => ({
      _type: 'ProjectFormCustomFieldSection',
      ...section,
    })),
  }),
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})
