/** Which roles can be given to members, and which of them a viewer may give. */
import { among } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import { rolesOf } from '#kernel/access/sets.ts'
import { permissionTopics } from '#kernel/access/viewer.ts'
import type { Context } from '#kernel/declaration.ts'

/** The condition that a role can be given to members of projects: those built in apply by themselves, or come with shares. */
export const isGivable = sql`roles.kind = 'project' and roles.builtin is null`

/** Whether the setting keeps the viewer to roles whose permissions the viewer holds. Administrators are never kept to them. */
export const isLimited = ({ settings, viewer }: Pick<Context, 'settings' | 'viewer'>): boolean =>
  settings.members_given_held_permissions_only && !viewer.admin

/**
 * The condition that the viewer may give a role: it can be given and, under the limit, gives nothing that the viewer's own roles do
 * not give, whichever modules a project uses at the moment.
 * @param projects the projects in one of which it would be given; undefined to count what the viewer holds in all projects together
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

/** The ids of the roles that the viewer may give in a project, or by what the viewer holds in any project where none is named. */
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
