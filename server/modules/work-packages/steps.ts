/** Derivations and checks for writes of work packages: pure functions over facts. */
import type { Tables } from '#db/tables.ts'
import { NOTHING } from '#kernel/access/rules.ts'
import { rowOf } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { forbidden, type Violation, violation } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { asMilestone, calendarFor, completeDates, type Dates, dateViolations } from './dates.ts'
import type { Facts } from './facts.ts'
import { MOST_LEVELS } from './hierarchy.ts'
import { deriveFromStatus, deriveFromWork, type Progress, progressViolations } from './progress.ts'
import { beginning } from './scheduling.ts'
import { isSealed } from './workflow.ts'
import { soonestWorkingDay } from './working-days.ts'

type WorkPackage = Tables['work_packages']
type Proposal = Draft<WorkPackage>

const typeOf = ({ type_id }: Pick<WorkPackage, 'type_id'>, facts: Facts) => facts.types.get(type_id)

/** Whether the type is a milestone. */
export const isMilestone = (row: Pick<WorkPackage, 'type_id'>, facts: Facts): boolean => Boolean(typeOf(row, facts)?.is_milestone)

const isClosed = (status: number | undefined, facts: Facts) => Boolean(rowOf(facts.statuses, status)?.is_closed)

/** Whether the dates of a parent follow from its children, so that they cannot be written. */
export const followsChildren = ({ schedule_manually }: Pick<WorkPackage, 'schedule_manually'>, facts: Facts): boolean =>
  facts.children > 0 && schedule_manually === false

interface Choice {
  readonly id: number
  readonly is_default: boolean
  readonly is_active?: boolean
}

const firstDefault = (rows: ReadonlyMap<number, Choice>): number | undefined =>
  [...rows.values()].find((row) => row.is_default && row.is_active !== false)?.id

/** Default author, type, status and priority of a new work package. */
export function defaults({ row, before, given }: Proposal, facts: Facts, context: Context): Partial<WorkPackage> {
  if (before) return {}
  const type = row.type_id ?? (given.has('type') || !row.project_id ? undefined : facts.projectTypes[0])
  const status = row.status_id ?? (given.has('status') ? undefined : firstDefault(facts.statuses))
  const priority = row.priority_id ?? (given.has('priority') ? undefined : firstDefault(facts.priorities))
  return {
    author_id: row.author_id ?? context.viewer.id,
    ...(type !== undefined && { type_id: type }),
    ...(status !== undefined && { status_id: status }),
    ...(priority !== undefined && { priority_id: priority }),
  }
}

/** The description template of a new work package's type, unless the description is neither blank nor another template. */
export function template({ row, before }: Proposal, facts: Facts): Partial<WorkPackage> {
  if (before) return {}
  const squeezed = (text: unknown) => String(text ?? '').replace(/\s+/g, '')
  const current = squeezed(row.description)
  const isUntouched = current === '' || [...facts.types.values()].some((type) => squeezed(type.description) === current)
  const text = typeOf(row, facts)?.description
  return isUntouched && text ? { description: text } : {}
}

/**
 * Clears values that are not available in the target project of a move: the version unless shared there, the category unless
 * one has the same name, the parent unless cross-project parents are allowed.
 */
export function move(draft: Proposal, facts: Facts, { settings }: Context): Partial<WorkPackage> {
  const { row, before, given } = draft
  if (!before || !differs(draft, 'project_id') || row.project_id === NOTHING) return {}
  const values: Partial<WorkPackage> = {}
  if (!given.has('parent') && !settings.cross_project_work_package_relations) values.parent_id = null
  if (!given.has('version') && row.version_id && !facts.projectVersions.has(row.version_id)) values.version_id = null
  if (!given.has('category') && row.category_id) {
    const name = rowOf(facts.categories, row.category_id)?.name
    const same = [...facts.categories.values()].find((one) => one.project_id === row.project_id && one.name === name)
    values.category_id = same?.id ?? null
  }
  return values
}

/** The default assignee of the category, for a new work package without an assignee. */
export function categoryAssignee({ row, before, given }: Proposal, facts: Facts): Partial<WorkPackage> {
  const assignee = rowOf(facts.categories, row.category_id)?.assigned_to_id
  return !before && !given.has('assignee') && assignee && facts.assignable.has(assignee) ? { assigned_to_id: assignee } : {}
}

/** Replaces a status that the new type does not have. */
export function statusOfType(draft: Proposal, facts: Facts): Partial<WorkPackage> {
  const { row, before, given } = draft
  if (!before || !differs(draft, 'type_id') || given.has('status')) return {}
  const byDefault = firstDefault(facts.statuses)
  if (facts.ofType.size === 0 || facts.ofType.has(row.status_id) || row.status_id === byDefault) return {}
  return { status_id: byDefault ?? [...facts.statuses.keys()].find((id) => facts.ofType.has(id)) ?? row.status_id }
}

const dateFields = { startDate: 'start_date', dueDate: 'due_date', duration: 'duration' } as const
const providedDates = (given: ReadonlySet<string>) =>
  new Set(
    Object.entries(dateFields)
      .filter(([name]) => given.has(name))
      .map(([, column]) => column),
  )
const datesOf = (row: Dates): Dates => ({
  start_date: row.start_date ?? null,
  due_date: row.due_date ?? null,
  duration: row.duration ?? null,
})

/** Default dates of a new work package: those of its parent, or today if the settings say so. */
function inherited(dates: Dates, { given }: Proposal, facts: Facts, context: Context): Dates {
  const { parent } = facts
  let { start_date, due_date } = dates
  if (!given.has('startDate') && start_date === null) {
    const end = due_date ?? parent?.due_date ?? null
    if (parent?.start_date && (!end || parent.start_date <= end)) start_date = parent.start_date
    else if (context.settings.work_package_startdate_is_adddate && (!end || context.today <= end)) start_date = context.today
  }
  if (!given.has('dueDate') && due_date === null && parent?.due_date && (!start_date || parent.due_date >= start_date)) {
    due_date = parent.due_date
  }
  return { ...dates, start_date, due_date }
}

/** Automatic scheduling without predecessors and children becomes manual; a new work package is rejected instead. */
export function scheduling({ row, before }: Proposal, facts: Facts): Partial<WorkPackage> {
  const isAlone = facts.children === 0 && !facts.bound.follows
  return before && row.schedule_manually === false && isAlone ? { schedule_manually: true } : {}
}

/** The earliest start of a work package scheduled by its predecessors; undefined for any other. */
function soonestStart(row: WorkPackage, facts: Facts): string | undefined {
  if (row.schedule_manually !== false || facts.children > 0 || facts.bound.earliest === null) return undefined
  return soonestWorkingDay(facts.bound.earliest, calendarFor(row.ignore_non_working_days ?? false, facts.calendar))
}

/** The given dates before the earliest start: `date` for a milestone. */
function tooEarly({ row, before, given }: Proposal, soonest: string | undefined): string[] {
  if (soonest === undefined) return []
  const isEarly = (name: string, day: string | null, former: string | null | undefined) =>
    given.has(name) && day && day < soonest && day !== (former ?? null)
  return Object.entries({ startDate: 'start_date', dueDate: 'due_date', date: 'due_date' } as const)
    .filter(([name, column]) => isEarly(name, row[column], before?.[column]))
    .map(([name]) => name)
}

/** Dates from the earliest start that the predecessors allow; a check rejects earlier ones. */
function followed(draft: Proposal, soonest: string, calendar: Facts['calendar']): Partial<WorkPackage> {
  const { row, given } = draft
  const dates = datesOf(row)
  if (tooEarly(draft, soonest).includes('startDate')) return { ...completeDates(dates, providedDates(given), calendar) }
  if (!given.has('dueDate') && !given.has('duration')) return { ...beginning(dates, soonest, calendar) }
  return { ...completeDates({ ...dates, start_date: soonest }, providedDates(new Set([...given, 'startDate'])), calendar) }
}

/** Start date, due date and duration, consistent with each other and the calendar. */
export function dates(draft: Proposal, facts: Facts, context: Context): Partial<WorkPackage> {
  const { row, before, given } = draft
  if (followsChildren(row, facts)) return {}
  const calendar = calendarFor(row.ignore_non_working_days ?? false, facts.calendar)
  const soonest = soonestStart(row, facts)
  if (isMilestone(row, facts)) {
    if (soonest !== undefined && !tooEarly(draft, soonest).includes('date'))
      return { start_date: soonest, due_date: soonest, duration: 1 }
    if (given.has('date')) return { duration: 1, ...milestoneDay(row, calendar) }
    const own = before ? datesOf(row) : inherited(datesOf(row), draft, facts, context)
    const day = asMilestone(own)
    return { ...day, ...milestoneDay(day, calendar) }
  }
  if (soonest !== undefined) return followed(before ? draft : inheriting(draft, facts, context), soonest, calendar)
  const isLate = before && differs(draft, 'parent_id') && row.start_date === null && !given.has('startDate')
  const start = isLate && facts.bound.earliest ? soonestWorkingDay(facts.bound.earliest, calendar) : null
  if (start !== null) return { ...beginning(datesOf(row), start, calendar) }
  const touched =
    !before ||
    ['start_date', 'due_date', 'duration', 'ignore_non_working_days', 'type_id'].some((column) => differs(draft, column)) ||
    providedDates(given).size > 0
  if (!touched) return {}
  const own = before ? datesOf(row) : inherited(datesOf(row), draft, facts, context)
  return { ...completeDates(own, providedDates(given), calendar) }
}

/** A new work package with inherited dates. */
const inheriting = (draft: Proposal, facts: Facts, context: Context): Proposal => ({
  ...draft,
  row: { ...draft.row, ...inherited(datesOf(draft.row), draft, facts, context) },
})

const milestoneDay = (row: Pick<Dates, 'due_date'>, calendar: Facts['calendar']): Pick<Dates, 'start_date' | 'due_date'> => {
  const day = row.due_date && soonestWorkingDay(row.due_date, calendar)
  return { start_date: day, due_date: day }
}

const progressOf = (row: WorkPackage | undefined): Progress => ({
  work: row?.estimated_hours ?? null,
  remaining: row?.remaining_hours ?? null,
  percent: row?.done_ratio ?? null,
})

const progressNames = { estimatedTime: 'work', remainingTime: 'remaining', percentageDone: 'percent' } as const
const givenProgress = (given: ReadonlySet<string>) =>
  new Set(
    Object.entries(progressNames)
      .filter(([name]) => given.has(name))
      .map(([, field]) => field),
  )

/** Work, remaining work and percent complete. */
export function progress(draft: Proposal, facts: Facts, { settings }: Context): Partial<WorkPackage> {
  const { row, before, given } = draft
  const wanted = progressOf(row)
  let derived: Progress
  if (settings.work_package_done_ratio === 'status') {
    derived = deriveFromStatus(wanted, facts.statuses.get(row.status_id)?.default_done_ratio ?? 0)
  } else {
    const closes =
      settings.percent_complete_on_status_closed === 'set_100p' &&
      differs(draft, 'status_id') &&
      isClosed(row.status_id, facts) &&
      !isClosed(before?.status_id, facts)
    derived = deriveFromWork(progressOf(before), wanted, givenProgress(given), closes)
  }
  return { estimated_hours: derived.work, remaining_hours: derived.remaining, done_ratio: derived.percent }
}

/** Violations of dates and progress. */
export function checkNumbers(draft: Proposal, facts: Facts, { settings }: Context): Violation[] {
  const { row, before, given } = draft
  const calendar = calendarFor(row.ignore_non_working_days ?? false, facts.calendar)
  const inStatus = settings.work_package_done_ratio === 'status'
  const soonest = soonestStart(row, facts)
  const early = tooEarly(draft, soonest).map((name) =>
    violation(name, said`cannot be before ${soonest ?? ''}, the earliest date that the predecessors allow`),
  )
  const datesFollow = followsChildren(row, facts) || early.length > 0
  return [
    ...early,
    ...(datesFollow ? [] : dateViolations(datesOf(row), providedDates(given), calendar, isMilestone(row, facts))),
    ...(inStatus ? [] : progressViolations(progressOf(row), progressOf(before), givenProgress(given))),
  ]
}

/** Violations of type, status, priority, category, version and principals by project, workflow or roles. */
export function checkChoices(draft: Proposal, facts: Facts): Violation[] {
  const { row, before } = draft
  const violations: Violation[] = []
  const changed = (column: keyof WorkPackage) => differs(draft, column) && row[column] !== null && row[column] !== undefined
  // Without an existing project there are no allowed values to check.
  const isPlaced = row.project_id !== NOTHING
  const chosen = (column: keyof WorkPackage) => isPlaced && changed(column)
  const isNew = (column: keyof WorkPackage) => changed(column) || (!before && Boolean(row[column]))
  if (
    row.project_id &&
    isPlaced &&
    (changed('type_id') || differs(draft, 'project_id')) &&
    row.type_id &&
    !facts.projectTypes.includes(row.type_id)
  ) {
    violations.push(violation('type', said`is not set to one of the allowed values`))
  }
  if (before && changed('status_id') && !differs(draft, 'type_id') && !facts.reachable.has(row.status_id)) {
    violations.push(
      violation(
        'status',
        said`is invalid because no valid transition exists from old to new status for the current user's roles`,
      ),
    )
  }
  if (isNew('priority_id') && facts.priorities.get(row.priority_id)?.is_active === false) {
    violations.push(violation('priority', said`is not active`))
  }
  if (chosen('category_id') && rowOf(facts.categories, row.category_id)?.project_id !== row.project_id) {
    violations.push(violation('category', said`The specified category does not exist in the project.`, { complete: true }))
  }
  if (chosen('version_id') && !isAssignableVersion(row.version_id, facts)) {
    violations.push(violation('version', said`is not set to one of the allowed values`))
  }
  for (const [name, column, label] of [
    ['assignee', 'assigned_to_id', said`Assignee`],
    ['responsible', 'responsible_id', said`Accountable`],
  ] as const) {
    const person = row[column]
    if (chosen(column) && person !== null && !facts.assignable.has(person)) {
      violations.push(
        violation(name, said`The chosen user is not allowed to be '${label}' for this work package.`, { complete: true }),
      )
    }
  }
  if (before && isSealed({ ...row, status_id: before.status_id }, facts) && !isClosed(row.status_id, facts)) {
    violations.push(violation('base', said`A work package assigned to a closed version cannot be reopened.`))
  }
  return violations
}

/** Whether work packages of the project can be assigned to a version. */
export const isAssignableVersion = (id: number | null, facts: Facts): boolean =>
  id !== null && facts.projectVersions.has(id) && facts.versions.get(id)?.status === 'open'

/** A hidden parent appears as null, so a payload that sends null back keeps it. */
export function hiddenParent({ row, before }: Proposal, facts: Facts): Partial<WorkPackage> {
  return before && facts.hidesParent && row.parent_id === null ? { parent_id: before.parent_id } : {}
}

/** Violations of parent and scheduling mode. */
export function checkHierarchy(draft: Proposal, facts: Facts, context: Context): Violation[] {
  const { row, before } = draft
  const violations: Violation[] = []
  const { parent } = facts
  if (parent) {
    if (before && parent.id === before.id) violations.push(violation('parent', said`cannot be the work package itself`))
    else if (facts.parentIsBelow) violations.push(violation('parent', said`cannot be one of the descendants of the work package`))
    else if (facts.parentIsRelated)
      violations.push(violation('parent', said`cannot be a work package that relations tie to this one or to those below it`))
    else if (facts.levels > MOST_LEVELS)
      violations.push(violation('parent', said`would nest work packages more than ${MOST_LEVELS} levels deep`))
    else if (facts.types.get(parent.type_id)?.is_milestone) violations.push(violation('parent', said`cannot be a milestone`))
    else if (parent.project_id !== row.project_id && !context.settings.cross_project_work_package_relations) {
      violations.push(violation('parent', said`cannot be in another project`))
    }
  }
  if (facts.children > 0 && isMilestone(row, facts))
    violations.push(violation('type', said`cannot be a milestone because the work package has children`))
  if (!before && row.schedule_manually === false && !facts.bound.follows) {
    violations.push(violation('scheduleManually', said`cannot be false without children or predecessors to follow`))
  }
  if (before && differs(draft, 'project_id') && !facts.mayAddInTarget) throw forbidden()
  return violations
}
