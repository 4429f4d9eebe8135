/** The phase of a work package. */
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { byRule } from '#kernel/access/rights.ts'
import { both, having, inProject, onWorkPackage } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { visibleRowsWhere } from '#kernel/read/load.ts'
import { onIds } from '#kernel/read/operators.ts'
import { extension } from '#kernel/resource.ts'
import { wherePermitted } from '#modules/work-packages/filters.ts'
import { isMoved, leaveBehind } from '#modules/work-packages/moving.ts'
import { said } from '#text/messages.ts'
import { view, viewActive } from './phases.ts'

type WorkPackages = Tables['work_packages']
type Proposal = Draft<WorkPackages>

interface Facts {
  /** For a move: the phase of the same definition in the other project. */
  readonly phaseThere: number | null
}

async function lookUp(draft: Proposal, context: Context): Promise<Facts> {
  const { row, before } = draft
  const there =
    before?.project_phase_id && isMoved(draft)
      ? await context.db.one<{ id: number }>(sql`
          select q.id from project_phases p join project_phases q on q.definition_id = p.definition_id
          where p.id = ${before.project_phase_id} and q.project_id = ${row.project_id}`)
      : undefined
  return { phaseThere: there?.id ?? null }
}

/** A moved work package keeps the definition of its phase where the other project has it. */
const move = (draft: Proposal, { phaseThere }: Facts): Partial<WorkPackages> =>
  isMoved(draft) && !draft.given.has('projectPhase') ? { project_phase_id: phaseThere } : {}

/** The definition of the active phase. */
const definition = (table: string) =>
  sql`(select p.definition_id from project_phases p where p.id = ${name(`${table}.project_phase_id`)} and p.active)`

export const workPackageExtension = extension<'work_packages', Facts>('WorkPackage', 'work_packages', {
  glossary: {
    projectPhase: 'The phase of the project that it belongs to, if that phase is active.',
    projectPhaseDefinition: 'The definition of that phase.',
  },
  properties: (p) => ({
    projectPhase: p.link('ProjectPhase', {
      section: said`Details`,
      read: viewActive,
      inSchema: viewActive,
      may: {
        create: both(viewActive, inProject('add_work_packages')),
        update: both(viewActive, onWorkPackage('edit_work_packages')),
      },
      counts: having('active', true),
      eligible: ({ row }) => sql`(project_phases.active and project_phases.project_id = ${row.project_id})`,
      allowed: {
        rows: async ({ row }, _, context) => {
          const own = sql`project_phases.active and project_phases.project_id = ${row.project_id}`
          const phases = row.project_id ? await visibleRowsWhere(context, context.model.of('ProjectPhase'), own) : []
          return phases.toSorted((a, b) => a.definition_position - b.definition_position)
        },
      },
      embed: true,
      group: true,
      sort: (_, table) =>
        sql`(select d.position from project_phase_definitions d where d.id = ${name(`${table}.definition_id`)})`,
      whenGone: 'empty',
    }),
    projectPhaseDefinition: p.link('ProjectPhaseDefinition', {
      inSchema: false,
      readOnly: true,
      read: view,
      alwaysNamed: true,
      // Most work packages belong to none, of which no project has to be looked for.
      select: byRule(
        view,
        (seen, _, table) =>
          sql`case when ${name(`${table}.project_phase_id`)} is not null and ${seen.where(table)} then ${definition(table)} end`,
      ),
    }),
  }),
  filters: {
    projectPhaseDefinition: {
      label: said`Project phase`,
      strategy: 'list_optional',
      to: 'ProjectPhaseDefinition',
      known: view,
      available: wherePermitted(view),
      where: ({ operator, values }, { engine }, table) => onIds(engine, operator, values, definition(table)),
    },
  },
  facts: lookUp,
  derive: [move],
  after: [
    leaveBehind(
      'project_phase_id',
      (project) => sql`select p.id from project_phases p where p.project_id <> ${project}`,
      (project) => sql`(select q.id from project_phases p join project_phases q on q.definition_id = p.definition_id
        where p.id = work_packages.project_phase_id and q.project_id = ${project})`,
    ),
  ],
})
