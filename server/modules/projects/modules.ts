/** Enabled modules and types of projects, cached in the process. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context, Model } from '#kernel/declaration.ts'

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

/**
 * Enables or disables a module of a project.
 * @throws Error with a sentence for the operator: there is no such module, or others depend on it
 */
export async function switchModule(
  tx: Transaction,
  { projectModules }: Model,
  project: number,
  name: string,
  isOn: boolean,
): Promise<void> {
  const module = projectModules.find((one) => one.name === name)
  if (!module)
    throw new Error(`There is no module "${name}"; the modules are ${projectModules.map((one) => one.name).join(', ')}.`)
  const rows = await tx.all<{ name: string }>(sql`select name from enabled_modules where project_id = ${project}`)
  const on = new Set(rows.map((row) => row.name))
  const lacking = module.requires.find((one) => !on.has(one))
  if (isOn && lacking) throw new Error(`The module ${name} requires ${lacking}; enable it first.`)
  const dependent = projectModules.find((one) => on.has(one.name) && one.requires.includes(name))
  if (!isOn && dependent) throw new Error(`The module ${dependent.name} requires ${name}; disable ${dependent.name} first.`)
  if (isOn === on.has(name)) return
  await tx.run(
    isOn
      ? sql`insert into enabled_modules (project_id, name) values (${project}, ${name})`
      : sql`delete from enabled_modules where project_id = ${project} and name = ${name}`,
  )
  await invalidate(tx, 'projects')
}
