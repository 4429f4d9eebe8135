/** The unit of work: what is to be done, by whom, by when. */

import { folded } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { either, inProject, onWorkPackage } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft, Scope } from '#kernel/declaration.ts'
import { differs, resource } from '#kernel/resource.ts'
import { bySurname } from '#modules/accounts/search.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { attachments } from './attaching.ts'
import { afterSave, cascade } from './consequences.ts'
import type { Facts } from './facts.ts'
import { lookUp } from './facts.ts'
import { workPackageFilters } from './filters.ts'
import { loadRelatives } from './hierarchy.ts'
import { isMilestone, isNoMilestone, links, relatives, self, type Watched } from './links.ts'
import { listOptions, listParameters } from './list.ts'
import { readMoments } from './moments.ts'
import { attributeGroups } from './schemas.ts'
import * as steps from './steps.ts'
import { isSealed } from './workflow.ts'

type Proposal = Draft<Tables['work_packages']>

const edit = onWorkPackage('edit_work_packages')
const add = inProject('add_work_packages')

/** May write something of it: each property says what. */
const update = either(
  edit,
  ...['assign_versions', 'change_work_package_status', 'manage_subtasks', 'move_work_packages'].map((permission) =>
    inProject(permission),
  ),
)

const position = (_: Scope, t: string) => name(`${t}.position`)
const byName = ({ engine }: Scope, t: string) => folded(engine, name(`${t}.name`))

/** Percent complete of several, weighted by work or plain: 0 only when nothing is done, 100 only when everything is. */
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

export const WorkPackage = resource<'work_packages', Facts, Watched>('WorkPackage', 'work_packages', {
  path: 'work_packages',
  description:
    'Something that has to be done: a task, a milestone, a bug, whatever its type says. Custom fields are among its properties, as `customField` and their number.',
  glossary: {
    subject: 'What it is, in a line.',
    description: 'What it is, at length.',
    duration:
      'How many days it takes, as `P5D`: working days, unless `ignoreNonWorkingDays` counts all. Of start, finish and duration two make the third.',
    scheduleManually: 'Whether its dates are set by hand. Otherwise they follow from what it comes after and what lies below it.',
    ignoreNonWorkingDays: 'Whether it is worked on on every day.',
    startDate: 'The day it begins. Milestones have `date` instead.',
    dueDate: 'The day it is to be done. Milestones have `date` instead.',
    date: 'The day of a milestone.',
    derivedStartDate: 'The first day of what lies below it.',
    derivedDueDate: 'The last day of what lies below it.',
    estimatedTime: 'How much work it is.',
    derivedEstimatedTime: 'How much work it is together with what lies below it.',
    remainingTime: 'How much work is left.',
    derivedRemainingTime: 'How much work is left together with what lies below it.',
    percentageDone: 'How much of it is done, in percent. Of work, remaining work and this, two make the third.',
    derivedPercentageDone: 'How much is done together with what lies below it.',
    project: 'The project that it is of. Another one moves it.',
    assignee: 'Who does it: a user, a group or a placeholder user.',
    responsible: 'Who answers for it.',
    type: 'What kind of work it is.',
    status: 'How far it has come. The form tells which statuses the workflow allows next.',
    category: 'The part of the project that it is of.',
    version: 'What it is to be done for.',
    priority: 'How urgent it is.',
    watchers: 'Who is told of what happens to it.',
    availableWatchers: 'Who could watch it and does not.',
    watch: 'Has the caller watch it.',
    unwatch: 'Has the caller watch it no more.',
    addWatcher: 'Has somebody watch it: send what `payload` says.',
    removeWatcher: 'Has somebody watch it no more.',
    addChild: 'Creates a work package below it.',
    changeParent: 'Puts it below another one.',
    previewMarkup: 'Shows a text in markdown the way it would look here.',
    schema: 'What its properties are, in its project and type.',
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
  belongsTo: 'project_id',
  lock: 'lock_version',
  journal: 'work_package_versions',
  moments: readMoments,
  attachments,
  missing: 'The work package you are looking for cannot be found or has been deleted.',
  visible: seesWorkPackage,
  guards: { index: seesWorkPackage },
  may: { create: add, update, edit, delete: inProject('delete_work_packages') },
  index: listOptions,
  listParameters,
  order: { column: 'id', descending: true },
  computedColumns: {
    is_watched: ({ viewer }, t) =>
      sql`exists (select 1 from watchers x where x.work_package_id = ${name(`${t}.id`)} and x.user_id = ${viewer.id})`,
    is_readonly: (_, t) => sql`(select x.is_readonly from statuses x where x.id = ${name(`${t}.status_id`)})`,
  },
  pageLoaders: {
    relatives: loadRelatives,
    types: (_, { db, snapshot }) => allRows(db, snapshot, 'types', 'position'),
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
    scheduleManually: p.boolean({ hasDefault: true, label: 'Manual scheduling' }),
    ignoreNonWorkingDays: p.boolean({ writable: isPlanned, label: 'Ignore non-working days' }),
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
      label: 'Finish date',
      filter: true,
      sort: true,
    }),
    date: p.date({
      compared: true,
      section: 'Details',
      column: 'due_date',
      when: isMilestone,
      inSchema: milestone,
      writable: milestone,
    }),
    derivedStartDate: p.date({ readOnly: true, when: isNoMilestone, inSchema: noMilestone }),
    derivedDueDate: p.date({ readOnly: true, label: 'Derived finish date', when: isNoMilestone, inSchema: noMilestone }),
    estimatedTime: p.hours({
      section: 'Estimates and progress',
      column: 'estimated_hours',
      label: 'Work',
      filter: true,
      sort: true,
      sum: true,
    }),
    derivedEstimatedTime: p.hours({ column: 'derived_estimated_hours', label: 'Total work', readOnly: true }),
    remainingTime: p.hours({
      section: 'Estimates and progress',
      column: 'remaining_hours',
      label: 'Remaining work',
      sort: true,
      sum: true,
      writable: workBased,
    }),
    derivedRemainingTime: p.hours({ column: 'derived_remaining_hours', label: 'Total remaining work', readOnly: true }),
    percentageDone: p.integer({
      section: 'Estimates and progress',
      column: 'done_ratio',
      label: '% Complete',
      filter: true,
      filterNames: ['doneRatio'],
      sort: true,
      group: true,
      sum: percentOfAll,
      writable: workBased,
    }),
    derivedPercentageDone: p.integer({ column: 'derived_done_ratio', label: 'Total % complete', readOnly: true }),
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
      section: 'People',
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
      section: 'People',
      label: 'Accountable',
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
      section: 'Details',
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
      section: 'Details',
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
      section: 'Details',
      required: true,
      hasDefault: true,
      embed: true,
      alwaysNamed: true,
      filter: true,
      group: true,
      // The most urgent first.
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

/** Author and moment of creation are given by administrators who take work over from elsewhere, if the instance lets them. */
function isImporting({ before }: Proposal, _: Facts, { viewer, settings }: Context): boolean {
  return !before && viewer.admin && settings.apiv3_write_readonly_attributes
}

function milestone({ row }: Proposal, facts: Facts): boolean {
  return steps.isMilestone(row, facts)
}

function noMilestone(draft: Proposal, facts: Facts): boolean {
  return !milestone(draft, facts)
}

/** Dates of a parent that follows its children are theirs. */
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
