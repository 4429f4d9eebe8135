/** Links of work packages to things of projects, which moved work packages lose. */
import type { Transaction } from '#db/database.ts'
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
export const leaveBehind =
  (
    column: keyof WorkPackage,
    left: (project: number, context: Context) => Sql | Promise<Sql>,
    instead: (project: number) => Sql = () => sql`null`,
  ) =>
  async (tx: Transaction, draft: Draft<WorkPackage>, _: unknown, context: Context): Promise<void> => {
    if (!isMoved(draft)) return
    const { id, project_id: project } = draft.row
    const change = {
      set: sql`${name(column)} = ${instead(project)}`,
      where: sql`project_id = ${project} and id <> ${id} and ${name(column)} in (${await left(project, context)})`,
    }
    await rewriteWhere(tx, context.model.of('WorkPackage'), change, { ...entryOf(context), announced: false })
  }
