/** Filters and sort orders of projects by their phases and gates. */
import { and, name, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { byRule, rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { AdditionSource, Context, Filter, FilterUse, Order } from '#kernel/declaration.ts'
import { condition, daysOf } from '#kernel/read/operators.ts'
import { extension } from '#kernel/resource.ts'
import { type Message, said } from '#text/messages.ts'

type Definition = Tables['project_phase_definitions']

const view = inProject('view_project_phases', 'id')

/** The active phases of a project: all, or that of one definition. */
const phases = (table: string, definition?: number): Sql =>
  and([
    sql`p.project_id = ${name(`${table}.id`)} and p.active`,
    ...(definition === undefined ? [] : [sql`p.definition_id = ${definition}`]),
  ])

/** A phase with one date is that day. */
const [start, finish] = [sql`coalesce(p.start_date, p.finish_date)`, sql`coalesce(p.finish_date, p.start_date)`]

/** The condition that a phase has at least one of the days that are asked for; of `*`, that it has any. */
function overlaps(use: FilterUse, context: Context): Sql {
  const [from, to] = use.operator === '*' ? [undefined, undefined] : daysOf(use, context)
  return and([
    sql`${start} is not null`,
    ...(from === undefined ? [] : [sql`${finish} >= ${from}`]),
    ...(to === undefined ? [] : [sql`${start} <= ${to}`]),
  ])
}

/** A filter of projects by dates of phases, for those who see phases in any project; it knows those that they see. */
const byDates = (label: Message, where: Filter['where']): Filter => ({
  label,
  strategy: 'date',
  known: view,
  available: async (context) => (await rights(context, view))[0].anywhere,
  where,
})

const ofPhase = (label: Message, definition?: number): Filter =>
  byDates(
    label,
    (use, context, table) =>
      sql`exists (select 1 from project_phases p where ${phases(table, definition)} and ${overlaps(use, context)})`,
  )

/** The date of the only active phase of a definition. */
const dateOf = (definition: number, column: 'start_date' | 'finish_date', table: string): Sql =>
  sql`(select p.${name(column)} from project_phases p where ${phases(table, definition)})`

const ofGate = (label: Message, definition: number, column: 'start_date' | 'finish_date'): Filter =>
  byDates(label, (use, context, table) => condition('date', use, dateOf(definition, column, table), context))

const filtersOf = ({ id, name: own, ...definition }: Definition): Record<string, Filter> => ({
  [`project_phase_${id}`]: ofPhase(said`Project phase ${own}`, id),
  ...(definition.start_gate && {
    [`project_start_gate_${id}`]: ofGate(said`Project phase gate ${definition.start_gate_name ?? ''}`, id, 'start_date'),
  }),
  ...(definition.finish_gate && {
    [`project_finish_gate_${id}`]: ofGate(said`Project phase gate ${definition.finish_gate_name ?? ''}`, id, 'finish_date'),
  }),
})

const sortOf = ({ id }: Definition): Order =>
  byRule(view, (seen, _, table) => sql`case when ${seen.where(table)} then ${dateOf(id, 'start_date', table)} end`)

/** Filters and sort orders by each defined phase. */
export const additions: AdditionSource = async (db, snapshot) => {
  const definitions = [...(await allRows(db, snapshot, 'project_phase_definitions', 'position')).values()]
  if (definitions.length === 0) return undefined
  return {
    key: 'phases',
    topics: ['project_phase_definitions'],
    make: () =>
      new Map([
        [
          'Project',
          {
            filters: Object.assign({}, ...definitions.map(filtersOf)),
            sorts: Object.fromEntries(definitions.map((one) => [`project_phase_${one.id}`, sortOf(one)])),
          },
        ],
      ]),
  }
}

export const projectExtension = extension('Project', 'projects', {
  filters: { projectPhaseAny: ofPhase(said`Any project phase`) },
})
