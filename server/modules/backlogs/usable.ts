/** The sprints that a project can use. */
import { among } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { Context } from '#kernel/declaration.ts'
import { sharingWith } from '#modules/projects/sharing.ts'

/** The condition on sprints that work packages of a project can be in: its own and those that projects above share with it. */
export async function usableIn(context: Context, project: number): Promise<Sql> {
  const above = among(context.engine, raw('sprints.project_id'), await sharingWith(context, project))
  return sql`(sprints.project_id = ${project} or sprints.sharing = 'descendants' and ${above})`
}
