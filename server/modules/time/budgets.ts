/** Budgets of projects: planned costs, and the time spent on the work packages that count towards them. */
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { byRule } from '#kernel/access/rights.ts'
import { both, either, inProject, within } from '#kernel/access/rules.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'
import type { Draft } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { decimal } from '#kernel/kinds.ts'
import { demand, nested } from '#kernel/operation.ts'
import { visibleRowsWhere } from '#kernel/read/load.ts'
import { onIds } from '#kernel/read/operators.ts'
import { extension, listHref, resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'
import { enabledModules } from '#modules/projects/modules.ts'
import { wherePermitted } from '#modules/work-packages/filters.ts'
import { isMoved, leaveBehind } from '#modules/work-packages/moving.ts'
import { said } from '#text/messages.ts'
import { laborItems, materialItems, totalOf } from './budget-items.ts'
import { TimeEntry } from './time-entries.ts'

const view = inProject('view_budgets')
const edit = inProject('edit_budgets')

/** The projects that have the module. */
const withBudgets: NamedSet = {
  name: 'projects with budgets',
  query: () => sql`select project_id as id from enabled_modules where name = 'budgets'`,
}

/** Those who see the work packages know their budgets, by subject only. */
const visible = either(view, both(inProject('view_work_packages'), within(withBudgets, 'project_id')))

export const Budget = resource('Budget', 'budgets', {
  path: 'budgets',
  description:
    'A budget of a project. It plans costs, as lists of labour and of material; work packages that count towards it give the time spent. Those who see only the work packages of the project see its subject.',
  glossary: {
    subject: 'Subject.',
    description: 'Description.',
    fixedDate: 'The date as of which it is planned.',
    laborItems: 'Planned labour: `description`, `hours` and `amount` of each item.',
    materialItems: 'Planned material: `description`, `units` and `amount` of each item.',
    plannedTime: 'Sum of the planned hours.',
    plannedLaborCosts: 'Sum of the amounts for labour.',
    plannedMaterialCosts: 'Sum of the amounts for material.',
    plannedCosts: 'Sum of all amounts.',
    spentTime:
      'Time logged on the work packages that count towards it, as far as the caller may see it. Hours have no price, so there are no spent costs.',
    project: 'The project of the budget.',
    workPackages: 'The work packages that count towards it.',
  },
  example: { id: 3, subject: 'Refit', plannedLaborCosts: 3600, plannedMaterialCosts: 450, plannedCosts: 4050 },
  title: 'subject',
  belongsTo: 'project_id',
  order: { column: 'id' },
  lock: 'lock_version',
  visible,
  may: { create: edit, update: edit, delete: edit },
  attachments: { add: edit },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    lockVersion: p.integer({ read: view }),
    subject: p.text({ required: true, max: 255, sort: true }),
    description: p.markdown({ read: view }),
    fixedDate: p.date({ read: view }),
    laborItems: p.of(laborItems, { read: view, label: said`Planned labour` }),
    materialItems: p.of(materialItems, { read: view, label: said`Planned material` }),
    plannedTime: p.hours({ readOnly: true, read: view, value: (row) => totalOf(row.labor_items, 'hours') }),
    plannedLaborCosts: p.of(decimal, { readOnly: true, read: view, value: (row) => totalOf(row.labor_items, 'amount') }),
    plannedMaterialCosts: p.of(decimal, { readOnly: true, read: view, value: (row) => totalOf(row.material_items, 'amount') }),
    plannedCosts: p.of(decimal, {
      readOnly: true,
      read: view,
      value: (row) => totalOf(row.labor_items, 'amount') + totalOf(row.material_items, 'amount'),
    }),
    spentTime: p.hours({
      readOnly: true,
      read: view,
      select: byRule(
        TimeEntry.visible,
        (seen, _, table) => sql`
        (select coalesce(sum(time_entries.hours), 0) from time_entries join work_packages w on w.id = time_entries.entity_id
        where time_entries.entity_type = 'WorkPackage' and w.budget_id = ${name(`${table}.id`)} and ${seen.where('time_entries')})`,
      ),
    }),
    createdAt: p.dateTime({ readOnly: true, read: view, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, read: view, sort: true }),
    project: ownProject(p, 'budgets', { filter: 'list' }),
    author: p.link('User', { readOnly: true, read: view, alwaysNamed: true, whenGone: 'successor' }),
  }),
  actions: {
    workPackages: {
      href: ({ id }) => listHref('work_packages', { budget: ['=', id] }),
      title: said`Work packages`,
      may: both(view, inProject('view_work_packages')),
    },
  },
  defaults: ({ viewer }) => ({ author_id: viewer.id }),
  gradual: {},
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['index', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

const listOfProject = nested({
  parents: ['projects', 'workspaces'],
  extensions: ['workspaces'],
  parent: 'Project',
  resource: Budget,
  as: 'budgets',
  summary: 'List the budgets of a project',
  description: 'Lists the budgets of the project, without pagination. Responds with 404 where the project has no budgets.',
  within: async (project, context) => {
    if (!(await enabledModules(context)).get(project.id)?.has('budgets')) throw notFound()
    await demand(context, visible, { project_id: project.id })
    return { within: sql`budgets.project_id = ${project.id}`, paginated: false }
  },
})

const listAvailableProjects = projectsFor(Budget, 'edit_budgets')

export const operations = [listAvailableProjects, ...listOfProject]

type Proposal = Draft<Tables['work_packages']>

export const workPackageExtension = extension('WorkPackage', 'work_packages', {
  glossary: { budget: 'The budget that it counts towards.' },
  properties: (p) => ({
    budget: p.link('Budget', {
      section: said`Costs`,
      read: view,
      inSchema: view,
      eligible: ({ row }: Proposal) => sql`budgets.project_id = ${row.project_id}`,
      allowed: {
        rows: async ({ row }: Proposal, _, context) =>
          row.project_id ? visibleRowsWhere(context, context.model.of(Budget), sql`budgets.project_id = ${row.project_id}`) : [],
      },
      embed: true,
      listed: true,
      sort: (_, table) => name(`${table}.subject`),
      whenGone: 'empty',
    }),
  }),
  filters: {
    budget: {
      strategy: 'list_optional',
      to: 'Budget',
      of: 'budget',
      available: wherePermitted(view),
      where: ({ operator, values }, { engine }, table) => onIds(engine, operator, values, name(`${table}.budget_id`)),
    },
  },
  // Budgets are of one project.
  derive: [(draft) => (isMoved(draft) && !draft.given.has('budget') ? { budget_id: null } : {})],
  after: [leaveBehind('budget_id', (project) => sql`select b.id from budgets b where b.project_id <> ${project}`)],
})
