/** Phases of projects. */
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both, inProject, NOTHING, within } from '#kernel/access/rules.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { differs, resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'
import { calendarOf } from '#modules/work-packages/facts.ts'
import { type Calendar, isWorkingDay } from '#modules/work-packages/working-days.ts'
import { said } from '#text/messages.ts'

type Phase = Tables['project_phases']
type Proposal = Draft<Phase>

export const view = inProject('view_project_phases')

/** The projects that have active phases. */
const withPhases: NamedSet = {
  name: 'projects with phases',
  query: () => sql`select distinct project_id as id from project_phases where active`,
}
/** The same in projects that have active phases. */
export const viewActive = both(view, within(withPhases, 'project_id'))

const edit = inProject('edit_project_phases')
const select = inProject('select_project_phases')

/** Values that a phase takes from its definition. */
interface Defined {
  readonly definition_name: string
  readonly definition_position: number
}

interface Facts {
  /** Whether the project has a phase of the definition already. */
  readonly isTaken: boolean
  readonly calendar: Calendar
  /** The latest finish of the active phases before it, and the earliest start of those after it. */
  readonly bounds: { readonly after: string | null; readonly before: string | null }
}

async function boundsOf({ row }: Proposal, { db }: Context): Promise<Facts['bounds']> {
  const unbound = { after: null, before: null }
  const { project_id: project, definition_id: definition } = row
  if (!row.active || !project || !definition || project === NOTHING || definition === NOTHING) return unbound
  const place = sql`(select x.position from project_phase_definitions x where x.id = ${definition})`
  const found = await db.one<Facts['bounds']>(sql`
    select max(case when d.position < ${place} then coalesce(p.finish_date, p.start_date) end) as after,
      min(case when d.position > ${place} then coalesce(p.start_date, p.finish_date) end) as before
    from project_phases p join project_phase_definitions d on d.id = p.definition_id
    where p.project_id = ${project} and p.active and p.id <> ${row.id ?? 0}`)
  return found ?? unbound
}

async function isTaken({ row, before }: Proposal, { db }: Context): Promise<boolean> {
  const { project_id: project, definition_id: definition } = row
  if (before || !project || !definition) return false
  const other = await db.one(sql`select id from project_phases where project_id = ${project} and definition_id = ${definition}`)
  return other !== undefined
}

const lookUp = async (draft: Proposal, context: Context): Promise<Facts> => ({
  isTaken: await isTaken(draft, context),
  calendar: await calendarOf(context),
  bounds: await boundsOf(draft, context),
})

/** Violations of dates: on working days, in order, and apart from the other active phases of the project. */
function checkDates(draft: Proposal, { calendar, bounds }: Facts): Violation[] {
  const { start_date: start, finish_date: finish } = draft.row
  const dates = [
    ['startDate', 'start_date', start],
    ['finishDate', 'finish_date', finish],
  ] as const
  const violations = dates.flatMap(([own, column, day]) => {
    if (!day) return []
    const isNew = differs(draft, column)
    if (isNew && !isWorkingDay(day, calendar)) return [violation(own, said`cannot be a non-working day`)]
    const isJudged = isNew || differs(draft, 'active')
    if (isJudged && bounds.after && day <= bounds.after)
      return [violation(own, said`must be after ${bounds.after}, the last day of the phase before`)]
    if (isJudged && bounds.before && day >= bounds.before)
      return [violation(own, said`must be before ${bounds.before}, the first day of the phase after`)]
    return []
  })
  if (start && finish && finish < start) violations.push(violation('finishDate', said`must not be before the start date`))
  return violations
}

const checkDefinition = (_: Proposal, facts: Facts): Violation[] =>
  facts.isTaken ? [violation('definition', said`is a phase of the project already`)] : []

/** The definitions of which the project has no phase yet. */
async function unused({ row, before }: Proposal, _: Facts, { db, snapshot }: Context) {
  if (before) return []
  const definitions = await allRows(db, snapshot, 'project_phase_definitions', 'position')
  const used = await db.all<{ definition_id: number }>(
    sql`select definition_id from project_phases where project_id = ${row.project_id ?? NOTHING}`,
  )
  return [...definitions.values()].filter(({ id }) => used.every((one) => one.definition_id !== id))
}

const isNew = ({ before }: Proposal): boolean => !before
const ofDefinition = (column: string) => (_: unknown, table: string) =>
  sql`(select d.${name(column)} from project_phase_definitions d where d.id = ${name(`${table}.definition_id`)})`

export const ProjectPhase = resource<'project_phases', Facts, Defined>('ProjectPhase', 'project_phases', {
  path: 'project_phases',
  description:
    'A phase of a project: a definition with dates of the project’s own. Work packages can be assigned to active phases.',
  glossary: {
    name: 'The name of its definition.',
    active: 'Whether the project has the phase at present.',
    startDate: 'First day.',
    finishDate: 'Last day.',
    definition: 'The definition.',
    project: 'The project.',
  },
  example: { id: 5, name: 'Planning', active: true },
  title: (row) => row.definition_name,
  belongsTo: 'project_id',
  order: { column: 'id' },
  visible: view,
  may: { create: select, update: edit, delete: select },
  computedColumns: { definition_name: ofDefinition('name'), definition_position: ofDefinition('position') },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({ readOnly: true, value: (row) => row.definition_name }),
    active: p.boolean({ hasDefault: true, filter: true, may: select }),
    startDate: p.date({ filter: true, sort: true }),
    finishDate: p.date({ filter: true, sort: true }),
    createdAt: p.dateTime({ readOnly: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    definition: p.link('ProjectPhaseDefinition', {
      required: true,
      writable: isNew,
      filter: 'list',
      alwaysNamed: true,
      embed: true,
      allowed: { rows: unused },
      whenGone: 'remove',
    }),
    project: ownProject(p, 'project_phases', { filter: 'list' }),
  }),
  defaults: () => ({ active: true }),
  facts: lookUp,
  check: [checkDefinition, checkDates],
  // Work packages have a phase where their project has any, which is cached with permissions.
  topics: ['projects'],
  copied: { with: 'phases' },
  gradual: {},
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['index', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

export const operations = [projectsFor(ProjectPhase, 'select_project_phases')]
