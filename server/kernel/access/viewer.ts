/** Who asks, and what they may do: sets of ids, read once and remembered until permissions change. */
import type { Engine, Reader, Row } from '#db/database.ts'
import { among, amongTexts } from '#db/dialect.ts'
import { and, FALSE, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import type { CacheTopic, Snapshot } from '#kernel/cache.ts'

/** Ids for which something holds. */
export interface IdSet {
  readonly ids: ReadonlySet<number>
  readonly list: readonly number[]
  /** Whether it holds for every row there is, so that no condition is needed. */
  readonly everything: boolean
}

/** How much of what a principal may see and do is open to a request. What is not said is not limited. */
export interface Limits {
  /** The ids of the only projects in which anything is seen or done. */
  readonly projects?: readonly number[]
  /** Whether nothing is written. */
  readonly readOnly?: true
}

/**
 * What a request shows of the person behind it: that they have lately shown who they are (`fresh`), that they have done so some
 * time ago, so that the session may have been stolen and they are to do it again (`stale`), or only what they have been given, as
 * by a token, which can show nothing more (`none`).
 */
export type Proof = 'fresh' | 'stale' | 'none'

/** As whom a request acts, and within which limits. */
export interface Identity {
  readonly principal: Row
  readonly limits?: Limits
  /** `none` unless said otherwise. */
  readonly proof?: Proof
  /** When the credential is good no more by itself; undefined where that is never, or the session's end. */
  readonly until?: string
}

/** The principal a request acts as. Shared by all requests of that principal within the same limits until permissions change. */
export interface Viewer {
  readonly id: number
  /** Tells viewers apart: of one principal there is one for each set of limits. */
  readonly key: string
  readonly row: Row
  readonly limits: Limits
  /** Whether the viewer administers the instance, which nobody does who is limited to some projects. */
  readonly admin: boolean
  readonly signedIn: boolean
  readonly sets: Map<string, IdSet>
  readonly globals: Set<string> | undefined
}

/** What permissions depend on. */
export const permissionTopics: readonly CacheTopic[] = [
  'principals',
  'memberships',
  'roles',
  'projects',
  'custom_fields',
  'custom_actions',
]

/** The viewer for a principal's row, within limits. */
export function viewerOf(snapshot: Snapshot, row: Row, limits: Limits = {}): Promise<Viewer> {
  const { projects, readOnly } = limits
  const key = `${row.id}${projects ? ` in ${projects}` : ''}${readOnly ? ' reading' : ''}`
  return snapshot.remember(`viewer ${key}`, permissionTopics, () => ({
    id: row.id as number,
    key,
    row,
    limits,
    admin: Boolean(row.admin) && row.status === 1 && !projects,
    signedIn: row.type === 'User',
    sets: new Map(),
    globals: undefined,
  }))
}

/** The condition that an id of a project is within the viewer's limits. */
const withinLimits = ({ limits }: Viewer, engine: Engine, project: Sql): Sql =>
  limits.projects ? among(engine, project, limits.projects) : TRUE

/** What the viewer may do in which project, as a table of `project_id` and `permission`. */
export const grantsOf = (viewer: Viewer, engine: Engine): Sql => sql`(
  select project_id, permission from grants
  where ${and([sql`user_id = ${viewer.id}`, withinLimits(viewer, engine, sql`project_id`)])})`

/** What the viewer may do with work packages that are shared, as a table of `work_package_id` and `permission`. */
export const sharesOf = (viewer: Viewer, engine: Engine): Sql => sql`(
  select work_package_id, permission from shared_grants
  where user_id = ${viewer.id}${
    viewer.limits.projects
      ? sql` and work_package_id in (select id from work_packages where ${withinLimits(viewer, engine, sql`project_id`)})`
      : sql``
  })`

/**
 * The viewer's roles in projects, as a table of `project_id` and `role_id`. Administrators have every role that can be given in
 * every active project, member or not: transitions of workflows and conditions that ask for roles follow from that.
 */
export const rolesOf = (viewer: Viewer, engine: Engine): Sql =>
  viewer.admin
    ? sql`(
        select p.id as project_id, r.id as role_id from projects p cross join roles r
        where p.active and r.kind = 'project' and r.builtin is null)`
    : sql`(
        select project_id, role_id from effective_roles
        where ${and([sql`user_id = ${viewer.id}`, withinLimits(viewer, engine, sql`project_id`)])})`

/** The viewer's roles on work packages that are shared, as a table of `work_package_id` and `role_id`. */
export const sharedRolesOf = (viewer: Viewer, engine: Engine): Sql => sql`(
  select m.entity_id as work_package_id, r.role_id from memberships m join membership_roles r on r.membership_id = m.id
  where ${and([
    sql`m.principal_id = ${viewer.id} and m.entity_type = 'WorkPackage'`,
    withinLimits(viewer, engine, sql`m.project_id`),
  ])})`

/** What the viewer may do beyond single projects, as a table of `permission`. */
export const globalGrantsOf = (viewer: Viewer): Sql => sql`(
  select permission from global_grants where ${viewer.limits.projects ? FALSE : sql`user_id = ${viewer.id}`})`

/** The projects that the viewer is a member of, as a table of `project_id`. */
export const membershipsOf = (viewer: Viewer, engine: Engine): Sql => sql`(
  select project_id from memberships
  where principal_id = ${viewer.id} and entity_type is null and project_id is not null
    and ${withinLimits(viewer, engine, sql`project_id`)})`

/** A set beyond the permissions, which rules refer to by `within`: a query that gives the column `id`. */
export interface NamedSet {
  /** Tells it apart from all others. */
  readonly name: string
  /** It may depend only on what permissions depend on. */
  readonly query: (viewer: Viewer, engine: Engine) => Sql
}

/** What a rule reads of its viewer: a set of ids under a permission or role, or a named one; `global` for permissions beyond projects. */
export type Need = string | NamedSet

const keyOf = (need: Need): string => (typeof need === 'string' ? need : need.name)

const setOf = (list: number[], everything = false): IdSet => ({ ids: new Set(list), list, everything })

/** Sees to it that the viewer has the sets that rules need; at most one statement per kind of set. */
export async function prepare(db: Reader, viewer: Viewer, needs: Iterable<Need>): Promise<void> {
  const isMissing = (need: Need) => (need === 'global' ? !viewer.globals : !viewer.sets.has(keyOf(need)))
  const wanted: Need[] = []
  for (const need of needs) if (isMissing(need) && !wanted.includes(need)) wanted.push(need)
  if (wanted.length === 0) return
  const missing = wanted.filter((need) => typeof need === 'string')
  const array = raw(db.engine === 'sqlite' ? 'json_group_array' : 'json_agg')
  const parse = (value: unknown): number[] => (typeof value === 'string' ? JSON.parse(value) : ((value as number[]) ?? []))

  const inProjects = missing.filter((need) => need.startsWith('project:'))
  if (inProjects.length > 0) {
    const permissions = inProjects.map((need) => need.slice('project:'.length))
    const rows = await db.all<{ permission: string; ids: unknown; total: number }>(sql`
      select permission, ${array}(distinct project_id) as ids, (select count(*) from projects) as total
      from ${grantsOf(viewer, db.engine)} g where ${amongTexts(db.engine, sql`permission`, permissions)}
      group by permission`)
    const found = new Map(rows.map((row) => [row.permission, row]))
    for (const permission of permissions) {
      const row = found.get(permission)
      const ids = row ? parse(row.ids) : []
      viewer.sets.set(`project:${permission}`, setOf(ids, ids.length > 0 && ids.length === row?.total))
    }
  }

  const shared = missing.filter((need) => need.startsWith('share:'))
  if (shared.length > 0) {
    const permissions = shared.map((need) => need.slice('share:'.length))
    const rows = await db.all<{ permission: string; ids: unknown }>(sql`
      select permission, ${array}(distinct work_package_id) as ids
      from ${sharesOf(viewer, db.engine)} s where ${amongTexts(db.engine, sql`permission`, permissions)}
      group by permission`)
    const found = new Map(rows.map((row) => [row.permission, parse(row.ids)]))
    for (const permission of permissions) viewer.sets.set(`share:${permission}`, setOf(found.get(permission) ?? []))
  }

  for (const [kind, of, table] of [
    ['role:', 'project_id', rolesOf],
    ['shared-role:', 'work_package_id', sharedRolesOf],
  ] as const) {
    const roles = missing.filter((need) => need.startsWith(kind)).map((need) => Number(need.slice(kind.length)))
    if (roles.length === 0) continue
    const rows = await db.all<{ role_id: number; ids: unknown }>(sql`
      select role_id, ${array}(distinct ${raw(of)}) as ids from ${table(viewer, db.engine)} r
      where ${among(db.engine, sql`role_id`, roles)} group by role_id`)
    const found = new Map(rows.map((row) => [row.role_id, parse(row.ids)]))
    for (const role of roles) viewer.sets.set(`${kind}${role}`, setOf(found.get(role) ?? []))
  }

  if (missing.includes('global')) {
    const rows = await db.all<{ permission: string }>(sql`select distinct permission from ${globalGrantsOf(viewer)} g`)
    ;(viewer as { globals: Set<string> }).globals = new Set(rows.map((row) => row.permission))
  }

  for (const need of wanted) {
    if (typeof need === 'string') continue
    const rows = await db.all<{ id: number }>(need.query(viewer, db.engine))
    viewer.sets.set(need.name, setOf(rows.map((row) => row.id)))
  }
}

const unprepared = (need: string) => new Error(`The rule needs the set "${need}", which nobody prepared.`)

/** A prepared set. Throws when it was not prepared: a mistake of ours. */
export function idSet(viewer: Viewer, need: Need): IdSet {
  const set = viewer.sets.get(keyOf(need))
  if (!set) throw unprepared(keyOf(need))
  return set
}

/** Whether the viewer holds a permission that belongs to no project. */
export function hasGlobally(viewer: Viewer, permission: string): boolean {
  if (!viewer.globals) throw unprepared('global')
  return viewer.globals.has(permission)
}
