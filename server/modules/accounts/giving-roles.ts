/** Roles that can be given to members, and those that a viewer may give. */
import { among } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import { rolesOf } from '#kernel/access/sets.ts'
import { permissionTopics } from '#kernel/access/viewer.ts'
import type { Context } from '#kernel/declaration.ts'

/** The condition for roles of project members: built-in roles apply by themselves, or come with shares. */
export const isGivable = sql`roles.kind = 'project' and roles.builtin is null`

/** Whether the setting limits the viewer to roles whose permissions the viewer holds. It never limits administrators. */
export const isLimited = ({ settings, viewer }: Pick<Context, 'settings' | 'viewer'>): boolean =>
  settings.members_given_held_permissions_only && !viewer.admin

/**
 * The condition for roles that the viewer may give: under the limit, they grant no permission that the viewer's own roles do not
 * grant, regardless of the modules that a project has enabled.
 * @param projects the projects in one of which it would be given; undefined to count the viewer's permissions in all projects
 */
export function mayGive(context: Context, projects?: readonly number[]): Sql {
  if (!isLimited(context)) return isGivable
  const { engine, viewer } = context
  const isHeld = (there: Sql) => sql`not exists (
    select 1 from role_permissions p join permissions q on q.name = p.permission and not q.public
    where p.role_id = roles.id and not exists (
      select 1 from ${rolesOf(viewer, engine)} v join role_permissions held on held.role_id = v.role_id
      where held.permission = p.permission${there}))`
  const isHeldThere = projects
    ? sql`exists (
        select 1 from projects x where ${among(engine, raw('x.id'), projects)} and ${isHeld(sql` and v.project_id = x.id`)})`
    : isHeld(sql``)
  return sql`(${isGivable} and ${isHeldThere})`
}

/** The ids of the roles that the viewer may give in a project; without a project, by the viewer's permissions in any project. */
export const rolesToGive = (context: Context, project?: number): Promise<ReadonlySet<number>> =>
  context.snapshot.remember(
    `roles to give ${context.viewer.key} ${isLimited(context)} ${project}`,
    [...permissionTopics, 'settings'],
    async () => {
      const rows = await context.db.all<{ id: number }>(
        sql`select roles.id as id from roles where ${mayGive(context, project === undefined ? undefined : [project])}`,
      )
      return new Set(rows.map((row) => row.id))
    },
  )
