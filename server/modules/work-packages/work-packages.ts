/** Work packages. */

import type { Transaction } from '#db/database.ts'
import { among, folded } from '#db/dialect.ts'
import { join, name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { either, holdsFor, inProject, onWorkPackage } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft, Scope } from '#kernel/declaration.ts'
import { differs, resource } from '#kernel/resource.ts'
import { bySurname } from '#modules/accounts/search.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { said } from '#text/messages.ts'
import { countedBy } from './0058-counts.ts'
import { attachments } from './attaching.ts'
import { afterSave, cascade } from './consequences.ts'
import type { Facts } from './facts.ts'
import { lookUp } from './facts.ts'
import { workPackageFilters } from './filters.ts'
import { loadRelatives, type Relatives } from './hierarchy.ts'
import { detailsInTexts, isMilestone, isNoMilestone, links, relatives, self, summaryInTexts, type Watched } from './links.ts'
import { listOptions, listParameters } from './list.ts'
import { readMoments } from './moments.ts'
import { attributeGroups } from './schemas.ts'
import * as steps from './steps.ts'
import { isSealed } from './workflow.ts'

type Proposal = Draft<Tables['work_packages']>

const edit = onWorkPackage('edit_work_packages')
const add = inProject('add_work_packages')

/** The viewer may write some property; each property has its own rule. */
const update = either(
  edit,
  ...['assign_versions', 'change_work_package_status', 'manage_sprint_items', 'manage_subtasks', 'move_work_packages'].map(
    (permission) => inProject(permission),
  ),
)

const position = (_: Scope, t: string) => name(`${t}.position`)
const byName = ({ engine }: Scope, t: string) => folded(engine, name(`${t}.name`))

/** Percent complete of a group, weighted by work or not: 0 only without any progress, 100 only when no work remains. */
const percentOfAll = ({ settings }: Context, table: string) => {
  const work = sql`sum(${name(`${table}.estimated_hours`)})`
  const remaining = sql`sum(${name(`${table}.remaining_hours`)})`
  const share =
    settings.total_percent_complete_mode === 'simple_average'
      ? sql`avg(1.0 * ${name(`${table}.done_ratio`)})`
      : sql`(100.0 * (${work} - ${remaining}) / nullif(${work}, 0))`
  return sql`case when ${share} <= 0 then 0 when ${share} >= 100 then 100 when ${share} < 1 then 1 when ${share} > 99 then 99
    else cast(round(${share}) as integer) end`
}

/** Copies the watchers of work packages who see the copies. */
async function copyWatchers(tx: Transaction, pairs: ReadonlyMap<number, number>): Promise<void> {
  if (pairs.size === 0) return
  const watched = await tx.all<{ work_package_id: number; user_id: number }>(
    sql`select work_package_id, user_id from watchers where ${among(tx.engine, sql`work_package_id`, [...pairs.keys()])}`,
  )
  const rows = watched.map((row) => sql`(${pairs.get(row.work_package_id)}, ${row.user_id})`)
  if (rows.length === 0) return
  await tx.run(sql`insert into watchers (work_package_id, user_id) values ${join(rows)}`)
  await tx.run(sql`
    delete from watchers where ${among(tx.engine, sql`work_package_id`, [...pairs.values()])} and not exists (
      select 1 from work_packages w where w.id = watchers.work_package_id
        and ${holdsFor(seesWorkPackage, tx.engine, name('watchers.user_id'), (own) => name(`w.${own}`))})`)
}

export const WorkPackage = resource<'work_packages', Facts, Watched>('WorkPackage', 'work_packages', {
  path: 'work_packages',
  description:
    'A unit of work: a task, a milestone, a bug, according to its type. Its properties include custom fields, as `customField` and their id.',
  glossary: {
    subject: 'Subject.',
    description: 'Description.',
    duration:
      'Duration in days, such as `P5D`: working days, or all days with `ignoreNonWorkingDays`. Start, finish and duration: any two determine the third.',
    scheduleManually: 'Whether its dates are scheduled manually. Otherwise they follow from its predecessors and children.',
    ignoreNonWorkingDays: 'Whether scheduling treats non-working days as working days.',
    startDate: 'Start date. Milestones have `date` instead.',
    dueDate: 'Finish date. Milestones have `date` instead.',
    date: 'Date of a milestone.',
    derivedStartDate: 'Earliest start date of its descendants.',
    derivedDueDate: 'Latest finish date of its descendants.',
    estimatedTime: 'Work.',
    derivedEstimatedTime: 'Work, including its descendants.',
    remainingTime: 'Remaining work.',
    derivedRemainingTime: 'Remaining work, including its descendants.',
    percentageDone: 'Progress in percent. Work, remaining work and progress: any two determine the third.',
    derivedPercentageDone: 'Progress, including its descendants.',
    project: 'The project. Writing another one moves the work package.',
    assignee: 'Assignee: a user, a group or a placeholder user.',
    responsible: 'The accountable principal.',
    type: 'Type.',
    status: 'Status. The form lists the next statuses that the workflow allows.',
    category: 'Category.',
    version: 'The version that it is planned for.',
    priority: 'Priority.',
    watchers: 'Users who are notified of its changes.',
    availableWatchers: 'Users who may watch it and do not yet.',
    watch: 'Adds the caller as a watcher.',
    unwatch: 'Removes the caller as a watcher.',
    addWatcher: 'Adds a watcher: send the `payload` of the link.',
    removeWatcher: 'Removes a watcher.',
    addChild: 'Creates a child.',
    changeParent: 'Changes the parent.',
    previewMarkup: 'Renders a markdown text in the context of the work package.',
    schema: 'The schema for its project and type.',
  },
  example: {
    subject: 'Raise the mast',
    duration: 'P5D',
    scheduleManually: true,
    ignoreNonWorkingDays: false,
    derivedStartDate: null,
    derivedDueDate: null,
  },
  title: 'subject',
  inTexts: { summary: summaryInTexts, details: detailsInTexts },
  belongsTo: 'project_id',
  lock: 'lock_version',
  journal: 'work_package_versions',
  moments: readMoments,
  attachments,
  copied: { with: 'workPackages', files: 'workPackageAttachments', also: copyWatchers },
  missing: said`The work package you are looking for cannot be found or has been deleted.`,
  visible: seesWorkPackage,
  guards: { index: seesWorkPackage },
  may: { create: add, update, edit, delete: inProject('delete_work_packages') },
  index: listOptions,
  listParameters,
  order: { column: 'id', descending: true },
  counts: { by: countedBy, ordered: { updated_at: 'work_packages_updated' } },
  computedColumns: {
    is_watched: ({ viewer }, t) =>
      sql`exists (select 1 from watchers x where x.work_package_id = ${name(`${t}.id`)} and x.user_id = ${viewer.id})`,
    // Most have no children, which saves a statement.
    is_parent: (_, t) => sql`exists (select 1 from work_packages x where x.parent_id = ${name(`${t}.id`)})`,
    is_readonly: (_, t) => sql`(select x.is_readonly from statuses x where x.id = ${name(`${t}.status_id`)})`,
  },
  pageLoaders: {
    relatives: loadRelatives,
    types: (_, { db, snapshot }) => allRows(db, snapshot, 'types', 'position'),
  },
  kept: {
    relatives: ({ above, below, parents }: Relatives, { id, parent_id }) =>
      parent_id === null ? below.get(id) : [below.get(id), above.get(parent_id), parents.get(parent_id)],
    // They are cached.
    types: () => undefined,
  },
  properties: (p) => ({
    lockVersion: p.integer({ required: true }),
    id: p.integer({ required: true, sort: true }),
    subject: p.text({
      compared: true,
      required: true,
      min: 1,
      max: 255,
      filter: 'text',
      indexed: true,
      sort: ({ engine }, t) => folded(engine, name(`${t}.subject`)),
    }),
    description: p.markdown({ filter: true, indexed: true }),
    duration: p.days({ when: isNoMilestone, inSchema: noMilestone, filter: true, sort: true, writable: byHand }),
    scheduleManually: p.boolean({ hasDefault: true, label: said`Manual scheduling` }),
    ignoreNonWorkingDays: p.boolean({ writable: isPlanned, label: said`Ignore non-working days` }),
    startDate: p.date({
      compared: true,
      when: isNoMilestone,
      inSchema: noMilestone,
      writable: byHand,
      filter: true,
      sort: true,
    }),
    dueDate: p.date({
      compared: true,
      when: isNoMilestone,
      inSchema: noMilestone,
      writable: byHand,
      label: said`Finish date`,
      filter: true,
      sort: true,
    }),
    date: p.date({
      compared: true,
      section: said`Details`,
      column: 'due_date',
      when: isMilestone,
      inSchema: milestone,
      writable: milestone,
    }),
    derivedStartDate: p.date({ readOnly: true, when: isNoMilestone, inSchema: noMilestone }),
    derivedDueDate: p.date({ readOnly: true, label: said`Derived finish date`, when: isNoMilestone, inSchema: noMilestone }),
    estimatedTime: p.hours({
      section: said`Estimates and progress`,
      column: 'estimated_hours',
      label: said`Work`,
      filter: true,
      sort: true,
      sum: true,
    }),
    derivedEstimatedTime: p.hours({ column: 'derived_estimated_hours', label: said`Total work`, readOnly: true }),
    remainingTime: p.hours({
      section: said`Estimates and progress`,
      column: 'remaining_hours',
      label: said`Remaining work`,
      sort: true,
      sum: true,
      writable: workBased,
    }),
    derivedRemainingTime: p.hours({ column: 'derived_remaining_hours', label: said`Total remaining work`, readOnly: true }),
    percentageDone: p.integer({
      section: said`Estimates and progress`,
      column: 'done_ratio',
      label: said`% Complete`,
      filter: true,
      filterNames: ['doneRatio'],
      sort: true,
      group: true,
      sum: percentOfAll,
      writable: workBased,
    }),
    derivedPercentageDone: p.integer({ column: 'derived_done_ratio', label: said`Total % complete`, readOnly: true }),
    createdAt: p.dateTime({ required: true, writable: isImporting, filter: true, sort: true }),
    updatedAt: p.dateTime({ required: true, readOnly: true, filter: true, sort: true }),
    author: p.link('User', {
      whenGone: 'successor',
      required: true,
      writable: isImporting,
      alwaysNamed: true,
      embed: true,
      filter: 'list',
      group: true,
      sort: bySurname,
    }),
    project: p.link('Project', {
      compared: true,
      required: true,
      embed: true,
      group: true,
      may: { create: add, update: inProject('move_work_packages') },
      sort: byName,
      allowed: {
        href: ({ before }) => (before ? `${self(before)}/available_projects` : '/api/v3/work_packages/available_projects'),
      },
    }),
    parent: p.link('WorkPackage', {
      compared: true,
      embed: true,
      may: inProject('manage_subtasks'),
      link: ({ parent_id }, page) => (parent_id === null ? undefined : relatives(page).parents.get(parent_id)) ?? { href: null },
    }),
    assignee: p.link('Principal', {
      whenGone: 'successor',
      compared: true,
      section: said`People`,
      column: 'assigned_to_id',
      alwaysNamed: true,
      embed: true,
      schemaType: 'User',
      filter: 'list_optional',
      filterNames: ['assignedTo'],
      group: true,
      sort: bySurname,
      allowed: { href: assignees },
    }),
    responsible: p.link('Principal', {
      whenGone: 'successor',
      compared: true,
      section: said`People`,
      label: said`Accountable`,
      alwaysNamed: true,
      embed: true,
      schemaType: 'User',
      filter: 'list_optional',
      group: true,
      sort: bySurname,
      allowed: { href: assignees },
    }),
    type: p.link('Type', {
      compared: true,
      required: true,
      embed: true,
      alwaysNamed: true,
      filter: true,
      group: true,
      sort: position,
      allowed: {
        rows: (_, { types, projectTypes }) => projectTypes.map((id) => types.get(id)).filter((row) => row !== undefined),
      },
    }),
    status: p.link('Status', {
      compared: true,
      required: true,
      hasDefault: true,
      embed: true,
      alwaysNamed: true,
      group: true,
      writable: (draft, facts) => !isSealed(draft.row, facts) || differs(draft, 'status_id'),
      may: { create: add, update: either(edit, inProject('change_work_package_status')) },
      sort: position,
      allowed: { rows: (_, { statuses, reachable }) => [...statuses.values()].filter((row) => reachable.has(row.id)) },
    }),
    category: p.link('Category', {
      section: said`Details`,
      embed: true,
      alwaysNamed: true,
      group: true,
      sort: byName,
      allowed: {
        rows: ({ row }, { categories }) => [...categories.values()].filter((one) => one.project_id === row.project_id),
      },
    }),
    version: p.link('Version', {
      whenGone: 'empty',
      compared: true,
      section: said`Details`,
      embed: true,
      alwaysNamed: true,
      group: true,
      may: inProject('assign_versions'),
      sort: byName,
      allowed: {
        rows: ({ before }, facts) =>
          [...facts.versions.values()].filter((one) => steps.isAssignableVersion(one.id, facts) || one.id === before?.version_id),
      },
    }),
    priority: p.link('Priority', {
      compared: true,
      section: said`Details`,
      required: true,
      hasDefault: true,
      embed: true,
      alwaysNamed: true,
      filter: true,
      group: true,
      // Highest priority first.
      descending: true,
      sort: position,
      allowed: { rows: (_, { priorities }) => [...priorities.values()].filter((row) => row.is_active) },
    }),
  }),
  filters: workPackageFilters,
  sorts: { parent: (_, t) => name(`${t}.id`) },
  actions: links,
  defaults: () => ({ subject: '', schedule_manually: true, ignore_non_working_days: false }),
  facts: lookUp,
  derive: [
    steps.defaults,
    steps.hiddenParent,
    steps.move,
    steps.statusOfType,
    steps.template,
    steps.categoryAssignee,
    steps.scheduling,
    steps.dates,
    steps.progress,
  ],
  check: [steps.checkNumbers, steps.checkChoices, steps.checkHierarchy],
  after: [afterSave],
  remove: cascade,
  schema: attributeGroups,
  formLinks: ({ before, row }) => {
    const about = before ? self(before) : row.project_id ? `/api/v3/projects/${row.project_id}` : undefined
    return { previewMarkup: { href: `/api/v3/render/markdown${about ? `?context=${about}` : ''}`, method: 'post' } }
  },
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm'],
})

/** Administrators who import work packages may write author and creation time, if the settings allow it. */
function isImporting({ before }: Proposal, _: Facts, { viewer, settings }: Context): boolean {
  return !before && viewer.admin && settings.apiv3_write_readonly_attributes
}

function milestone({ row }: Proposal, facts: Facts): boolean {
  return steps.isMilestone(row, facts)
}

function noMilestone(draft: Proposal, facts: Facts): boolean {
  return !milestone(draft, facts)
}

/** Whether the dates do not follow from children. */
function isPlanned({ row }: Proposal, facts: Facts): boolean {
  return !steps.followsChildren(row, facts)
}

function byHand(draft: Proposal, facts: Facts): boolean {
  return noMilestone(draft, facts) && isPlanned(draft, facts)
}

function workBased(_: unknown, __: Facts, { settings }: { settings: { work_package_done_ratio: string } }): boolean {
  return settings.work_package_done_ratio === 'field'
}

function assignees({ before, row }: Proposal): string | null {
  if (before) return `${self(before)}/available_assignees`
  return row.project_id ? `/api/v3/projects/${row.project_id}/available_assignees` : null
}
