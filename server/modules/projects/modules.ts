/** What is switched on in which project: modules and types of work packages. Kept in process. */
import { sql } from '#db/sql.ts'
import type { Context } from '#kernel/context.ts'

/** The names of the modules enabled in each project; no entry where there are none. */
export const enabledModules = (context: Context): Promise<ReadonlyMap<number, ReadonlySet<string>>> =>
  context.snapshot.remember('enabled modules', ['projects'], async () => {
    const rows = await context.db.all<{ project_id: number; name: string }>(sql`select project_id, name from enabled_modules`)
    const byProject = Map.groupBy(rows, (row) => row.project_id)
    return new Map([...byProject].map(([project, list]) => [project, new Set(list.map((row) => row.name))]))
  })

/** The ids of the types enabled in each project, in the order of the types; no entry where there are none. */
export const projectTypes = (context: Context): Promise<ReadonlyMap<number, readonly number[]>> =>
  context.snapshot.remember('project types', ['projects', 'types'], async () => {
    const rows = await context.db.all<{ project_id: number; type_id: number }>(sql`
      select p.project_id, p.type_id from project_types p join types t on t.id = p.type_id order by t.position, t.id`)
    const byProject = Map.groupBy(rows, (row) => row.project_id)
    return new Map([...byProject].map(([project, list]) => [project, list.map((row) => row.type_id)]))
  })
