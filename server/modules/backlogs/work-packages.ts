/** The sprint of a work package. */
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { visibleRowsWhere } from '#kernel/read/load.ts'
import { onIds } from '#kernel/read/operators.ts'
import { extension } from '#kernel/resource.ts'
import { wherePermitted } from '#modules/work-packages/filters.ts'
import { isMoved, leaveBehind } from '#modules/work-packages/moving.ts'
import { said } from '#text/messages.ts'
import { Sprint, view } from './sprints.ts'
import { usableIn } from './usable.ts'

type WorkPackages = Tables['work_packages']
type Proposal = Draft<WorkPackages>

/** The condition on sprints that can be chosen: those of the project that are not completed, and the stored one. */
async function eligible({ row, before }: Proposal, context: Context) {
  const isOpen = sql`(sprints.status <> 'completed' or sprints.id = ${before?.sprint_id ?? 0})`
  return sql`${await usableIn(context, row.project_id)} and ${isOpen}`
}

interface Facts {
  /** For a move: whether the other project can use the sprint. */
  readonly staysInSprint: boolean
}

async function lookUp(draft: Proposal, context: Context): Promise<Facts> {
  const { row, before } = draft
  if (!before?.sprint_id || !isMoved(draft)) return { staysInSprint: true }
  const there = await context.db.one(
    sql`select id from sprints where id = ${before.sprint_id} and ${await usableIn(context, row.project_id)}`,
  )
  return { staysInSprint: there !== undefined }
}

export const workPackageExtension = extension<'work_packages', Facts>('WorkPackage', 'work_packages', {
  glossary: { sprint: 'The sprint that it is planned for.' },
  properties: (p) => ({
    sprint: p.link('Sprint', {
      section: said`Details`,
      read: view,
      inSchema: view,
      may: inProject('manage_sprint_items'),
      eligible,
      allowed: {
        rows: async (draft, _, context) =>
          draft.row.project_id ? visibleRowsWhere(context, context.model.of(Sprint), await eligible(draft, context)) : [],
      },
      embed: true,
      listed: true,
      sort: (_, table) => name(`${table}.name`),
      whenGone: 'empty',
    }),
  }),
  filters: {
    sprint: {
      strategy: 'list_optional',
      to: 'Sprint',
      of: 'sprint',
      available: wherePermitted(view),
      where: ({ operator, values }, { engine }, table) => onIds(engine, operator, values, name(`${table}.sprint_id`)),
    },
  },
  facts: lookUp,
  derive: [(draft, { staysInSprint }) => (!staysInSprint && !draft.given.has('sprint') ? { sprint_id: null } : {})],
  after: [
    leaveBehind('sprint_id', async (project, context) => {
      return sql`select sprints.id from sprints where not (${await usableIn(context, project)})`
    }),
  ],
})
