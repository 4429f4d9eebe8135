/** Time entries. */

import type { Row } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { byRule, rights } from '#kernel/access/rights.ts'
import { both, either, having, inProject, lasting, NOTHING, not, own, shared } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { forbidden, type Violation, violation } from '#kernel/errors.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { differs, extension, listHref, resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { readStart, startOf } from './clock.ts'

type Entry = Tables['time_entries']

interface Facts {
  readonly activities: ReadonlyMap<number, Tables['time_entry_activities']>
  /** The work package of the entry, if the viewer sees it. */
  readonly workPackage: Row | undefined
  /** Whether the user of the entry has another running timer. */
  readonly isRunning: boolean
  readonly mayLogForAll: boolean
  readonly mayLogOwn: boolean
  /** Whether the viewer may edit it where it is proposed to be. */
  readonly mayMove: boolean
}

const running = having('ongoing', true)
/** A permission about one's own time, in the project or by a share of the work package. */
const ownTime = (permission: string, workPackage = 'entity_id') => either(inProject(permission), shared(permission, workPackage))
/** Finished entries are visible by permission, a running timer to its user only. */
const visible = lasting(
  either(
    both(running, own('user_id')),
    both(not(running), either(inProject('view_time_entries'), both(own('user_id'), ownTime('view_own_time_entries')))),
  ),
  'entity_id',
)
const logsForAll = inProject('log_time')
const logsOwn = ownTime('log_own_time')
const mayLog = either(logsForAll, logsOwn)
const mayEdit = either(inProject('edit_time_entries'), both(own('user_id'), ownTime('edit_own_time_entries')))

async function lookUp({ row, before }: Draft<Entry>, context: Context): Promise<Facts> {
  const { db, snapshot, viewer } = context
  const [forAll, own, edits] = await rights(context, logsForAll, logsOwn, mayEdit)
  const entity = row.entity_id ? await visibleRow(context, context.model.of('WorkPackage'), row.entity_id) : undefined
  const user = row.user_id ?? viewer.id
  const other = row.ongoing
    ? await db.one(sql`select 1 as one from time_entries where user_id = ${user} and ongoing and id <> ${before?.id ?? 0}`)
    : undefined
  const placed = { ...row, project_id: row.project_id ?? entity?.project_id }
  return {
    activities: await allRows(db, snapshot, 'time_entry_activities', 'position'),
    workPackage: entity,
    isRunning: other !== undefined,
    mayLogForAll: forAll.holds(placed),
    mayLogOwn: own.holds(placed),
    mayMove: edits.holds(row),
  }
}

/** Default user, project and activity; the viewer is recorded as the logger. */
function defaults({ row, before, given }: Draft<Entry>, facts: Facts, { viewer, timeZone }: Context): Partial<Entry> {
  const values: Partial<Entry> = {}
  if (!before) {
    Object.assign(values, { entity_type: 'WorkPackage', logged_by_id: viewer.id, time_zone: timeZone })
    if (!given.has('user')) values.user_id = viewer.id
    if (!given.has('activity')) values.activity_id = [...facts.activities.values()].find((one) => one.is_default)?.id ?? null
  }
  if (!row.project_id && facts.workPackage) values.project_id = facts.workPackage.project_id
  if (row.ongoing) values.hours = null
  return values
}

const givenStart = ({ row, given, virtual }: Draft<Entry>) =>
  given.has('startTime') && virtual?.startTime !== null
    ? { start: readStart(virtual?.startTime, row.time_zone ?? 'UTC') }
    : undefined

/** The start time of day; its date is checked, but not stored. */
function startTime(draft: Draft<Entry>): Partial<Entry> {
  if (!draft.given.has('startTime')) return {}
  return { start_minute: givenStart(draft)?.start?.minute ?? null }
}

function checkStart(draft: Draft<Entry>): Violation[] {
  const given = givenStart(draft)
  if (!given) return []
  if (!given.start) return [violation('startTime', said`is not a valid date`, { identifier: 'PropertyFormatError' })]
  const { spent_on: day } = draft.row
  if (given.start.day === day) return []
  return [
    violation(
      'startTime',
      said`The date of the start time (${given.start.day}) must be the date the time is booked for (${day}).`,
      {
        complete: true,
      },
    ),
  ]
}

function check(draft: Draft<Entry>, facts: Facts, { viewer }: Context): Violation[] {
  const { row, before, given } = draft
  const violations: Violation[] = []
  const isOwn = row.user_id === viewer.id
  if (!before && row.project_id && !facts.mayLogForAll && !(isOwn && facts.mayLogOwn)) throw forbidden()
  const isMoved = before && (differs(draft, 'project_id') || differs(draft, 'entity_id'))
  if (isMoved && !facts.mayMove) throw forbidden()
  const isNamed = given.has('entity') || given.has('workPackage')
  if (!row.project_id && (before || !isNamed)) violations.push(violation('project', said`can't be blank`))
  const isPlaced = row.project_id !== NOTHING
  if (isPlaced && row.entity_id && facts.workPackage?.project_id !== row.project_id) {
    if (!before || differs(draft, 'entity_id') || differs(draft, 'project_id'))
      violations.push(violation('entity', said`is invalid`))
  }
  if (row.activity_id && differs(draft, 'activity_id') && !facts.activities.get(row.activity_id)?.is_active) {
    violations.push(violation('activity', said`is not set to one of the allowed values`))
  }
  if (row.ongoing && !isOwn) violations.push(violation('ongoing', said`can only be set for oneself`))
  if (row.ongoing && facts.isRunning)
    violations.push(violation('base', said`An ongoing time entry already exists: stop it before starting another.`))
  return violations
}

const tracksTimes = (_: unknown, { context }: { context: Context }) => context.settings.allow_tracking_start_and_end_times
const tracked = (_: unknown, __: unknown, { settings }: Context) => settings.allow_tracking_start_and_end_times
/** The work packages that time can be logged for. */
const loggable = {
  href: ({ before }: Draft<Entry>) => `/api/v3/time_entries/${before ? `${before.id}/` : ''}available_work_packages`,
}

export const TimeEntry = resource<'time_entries', Facts>('TimeEntry', 'time_entries', {
  path: 'time_entries',
  description: 'Time that a user logged on a work package.',
  glossary: {
    spentOn: 'The date.',
    startTime: 'Start time; present only where the instance tracks it.',
    endTime: 'End time, derived from start time and hours.',
    hours: 'Duration. Empty while the timer is running.',
    comment: 'Comment.',
    ongoing: 'Whether the timer is running. A user has at most one.',
    project: 'The project of the time entry.',
    entity: 'The work package that the time is logged on.',
    workPackage: 'The same as `entity`, where that is a work package.',
    user: 'The user who spent the time.',
    activity: 'Time entry activity.',
  },
  example: {
    ongoing: false,
    hours: 'PT2H30M',
  },
  title: (row) => `#${row.id}`,
  untitled: true,
  belongsTo: 'project_id',
  references: { logged_by_id: { to: 'User', whenGone: 'successor' } },
  visible,
  may: { create: mayLog, update: mayEdit, delete: mayEdit },
  guards: {
    schema: either(
      ...[
        'log_time',
        'log_own_time',
        'edit_time_entries',
        'edit_own_time_entries',
        'view_time_entries',
        'view_own_time_entries',
      ].map((permission) => inProject(permission)),
    ),
  },
  properties: (p) => ({
    id: p.integer({ required: true, filter: 'list', sort: true }),
    createdAt: p.dateTime({ required: true, readOnly: true, filter: true, sort: true }),
    updatedAt: p.dateTime({ required: true, readOnly: true, filter: true, sort: true }),
    spentOn: p.date({ required: true, label: said`Date`, filter: true, sort: true }),
    startTime: p.dateTime({ value: (row) => startOf(row), when: tracksTimes, inSchema: tracked, writable: tracked }),
    endTime: p.dateTime({
      value: (row, { context }) =>
        startOf(row) && (row.ongoing ? context.now.toISOString() : startOf(row, (row.hours ?? 0) * 60)),
      when: tracksTimes,
      inSchema: tracked,
      readOnly: true,
    }),
    hours: p.hours({ required: ({ row }) => !row.ongoing, min: 0, sort: true }),
    comment: p.plain({ max: 1000 }),
    ongoing: p.boolean({ filter: true }),
    project: p.link('Project', {
      embed: true,
      filter: 'list_optional',
      allowed: { href: () => '/api/v3/time_entries/available_projects' },
    }),
    entity: p.link('WorkPackage', {
      required: true,
      column: 'entity_id',
      label: said`Logged for`,
      embed: true,
      filter: 'list',
      filterNames: ['workPackage'],
      allowed: loggable,
    }),
    workPackage: p.link('WorkPackage', { column: 'entity_id', label: said`Work package`, embed: true, allowed: loggable }),
    user: p.link('User', {
      // Without its user a running timer has no known end.
      whenGone: { remove: sql`ongoing`, otherwise: 'successor' },
      required: true,
      // A new entry may name the viewer as its user.
      writable: ({ before }, { mayLogForAll }) => !before || mayLogForAll,
      alwaysNamed: true,
      embed: true,
      filter: 'list_optional',
      allowed: {
        href: ({ row }) =>
          row.project_id
            ? listHref('principals', { status: ['!', 3], type: ['=', 'User'], member: ['=', row.project_id] })
            : null,
      },
    }),
    activity: p.link('TimeEntriesActivity', {
      hasDefault: true,
      alwaysNamed: true,
      embed: true,
      filter: 'list_optional',
      allowed: {
        rows: ({ row }, { activities }) => (row.project_id ? [...activities.values()].filter((one) => one.is_active) : []),
      },
    }),
  }),
  filters: {
    entityType: {
      strategy: 'list',
      allowed: (values) => values.every((value) => value === 'WorkPackage' || value === 'Meeting'),
      where: ({ values }, { engine }, table) => amongTexts(engine, name(`${table}.entity_type`), values),
    },
  },
  actions: { schema: { href: () => '/api/v3/time_entries/schema' } },
  facts: lookUp,
  derive: [defaults, startTime],
  check: [check, checkStart],
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

const seesTime = either(inProject('view_time_entries'), ownTime('view_own_time_entries', 'id'))

/** Spent time of work packages, from entries that the viewer sees. */
const workPackageExtension = extension('WorkPackage', 'work_packages', {
  glossary: {
    spentTime: 'Sum of its time entries that the caller may see.',
    timeEntries: 'Its time entries.',
    logTime: 'Logs time on it.',
  },
  properties: (p) => ({
    spentTime: p.hours({
      listed: true,
      read: seesTime,
      inSchema: seesTime,
      section: said`Estimates and progress`,
      readOnly: true,
      select: byRule(
        visible,
        (seen, _, table) => sql`
        (select coalesce(sum(time_entries.hours), 0) from time_entries
        where time_entries.entity_type = 'WorkPackage' and time_entries.entity_id = ${name(`${table}.id`)} and ${seen.where('time_entries')})`,
      ),
    }),
  }),
  actions: {
    timeEntries: {
      href: ({ id }) => listHref('time_entries', { work_package_id: ['=', id] }),
      title: said`Time entries`,
      may: seesTime,
    },
    logTime: {
      href: () => '/api/v3/time_entries',
      method: 'post',
      title: ({ subject }) => said`Log time on ${subject}`,
      may: either(inProject('log_time'), ownTime('log_own_time', 'id')),
    },
  },
})

export const extensions = [workPackageExtension]
