/** Links of work packages to things of projects, which moved work packages lose. */
import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { NOTHING } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { differs } from '#kernel/resource.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'

type WorkPackage = Tables['work_packages']

/** Whether a write moves a work package to another project. */
export const isMoved = (draft: Draft<WorkPackage>): boolean =>
  draft.before !== undefined && differs(draft, 'project_id') && draft.row.project_id !== NOTHING

/**
 * An effect of writes: descendants that moved along take in the new project another value of a column, or none.
 * @param left the condition on the values that stay behind, given the new project
 * @param instead the value in the new project, given it
 */
export function leaveBehind(
  column: keyof WorkPackage,
  left: (project: number, context: Context) => Sql | Promise<Sql>,
  instead: (project: number) => Sql = () => sql`null`,
): Step & Along {
  const along: Along['along'] = async (tx, some, project, context) => {
    const change = {
      set: sql`${name(column)} = ${instead(project)}`,
      where: sql`project_id = ${project} and ${some} and ${name(column)} in (${await left(project, context)})`,
    }
    await rewriteWhere(tx, context.model.of('WorkPackage'), change, { ...entryOf(context), announced: false })
  }
  const step: Step = async (tx, draft, _, context) => {
    if (isMoved(draft)) await along(tx, sql`id <> ${draft.row.id}`, draft.row.project_id, context)
  }
  return Object.assign(step, { along })
}

type Step = (tx: Transaction, draft: Draft<WorkPackage>, facts: unknown, context: Context) => Promise<void>

/** A part of an effect for work packages that a job moves along. */
interface Along {
  /** @param some the condition on the moved ones */
  along(tx: Transaction, some: Sql, project: number, context: Context): Promise<void>
}

/** Runs the effects of `leaveBehind` for work packages that have been moved along to a project. */
export async function leaveAllBehind(tx: Transaction, ids: readonly number[], project: number, context: Context): Promise<void> {
  const effects = context.model.of('WorkPackage').after ?? []
  const isAlong = <E extends object>(effect: E): effect is E & Along => 'along' in effect
  for (const effect of effects.filter((one) => isAlong(one)))
    await effect.along(tx, among(tx.engine, sql`id`, ids), project, context)
}
