/** The sets of ids that rules read of their viewers: one statement for each kind of set, remembered with the viewer. */
import type { Engine, Reader } from '#db/database.ts'
import { among, amongTexts } from '#db/dialect.ts'
import { and, FALSE, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Asker, IdSet, Need, Viewer } from './viewer.ts'

/** The condition that an id of a project is within the asker's limits. */
const withinLimits = ({ limits }: Asker, engine: Engine, project: Sql): Sql =>
  limits.projects ? among(engine, project, limits.projects) : TRUE

/** The permissions of somebody in projects, as a table of `project_id` and `permission`. */
const grantsOf = (asker: Asker, engine: Engine): Sql => sql`(
  select project_id, permission from grants
  where ${and([sql`user_id = ${asker.id}`, withinLimits(asker, engine, sql`project_id`)])})`

/** The permissions of somebody on work packages that are shared, as a table of `work_package_id` and `permission`. */
const sharesOf = (asker: Asker, engine: Engine): Sql => sql`(
  select work_package_id, permission from shared_grants
  where user_id = ${asker.id}${
    asker.limits.projects
      ? sql` and work_package_id in (select id from work_packages where ${withinLimits(asker, engine, sql`project_id`)})`
      : sql``
  })`

/**
 * The roles of somebody in projects, as a table of `project_id` and `role_id`. Administrators have every role that can be given in
 * every active project, member or not: transitions of workflows and conditions that ask for roles follow from that.
 */
export const rolesOf = (asker: Asker, engine: Engine): Sql =>
  asker.admin
    ? sql`(
        select p.id as project_id, r.id as role_id from projects p cross join roles r
        where p.active and r.kind = 'project' and r.builtin is null)`
    : sql`(
        select project_id, role_id from effective_roles
        where ${and([sql`user_id = ${asker.id}`, withinLimits(asker, engine, sql`project_id`)])})`

/** The roles of somebody on work packages that are shared, as a table of `work_package_id` and `role_id`. */
export const sharedRolesOf = (asker: Asker, engine: Engine): Sql => sql`(
  select m.entity_id as work_package_id, r.role_id from memberships m join membership_roles r on r.membership_id = m.id
  where ${and([
    sql`m.principal_id = ${asker.id} and m.entity_type = 'WorkPackage'`,
    withinLimits(asker, engine, sql`m.project_id`),
  ])})`

/** The permissions of somebody beyond single projects, as a table of `permission`. */
const globalGrantsOf = (asker: Asker): Sql => sql`(
  select permission from global_grants where ${asker.limits.projects ? FALSE : sql`user_id = ${asker.id}`})`

/** The projects that somebody is a member of, as a table of `project_id`. */
export const membershipsOf = (asker: Asker, engine: Engine): Sql => sql`(
  select project_id from memberships
  where principal_id = ${asker.id} and entity_type is null and project_id is not null
    and ${withinLimits(asker, engine, sql`project_id`)})`

/** The rows that are being removed, whoever asks. */
const removalsOf = (): Sql => sql`(select removed, of_table from removals)`

/** The kinds of sets that belong to a permission, a role or a table: the table that holds them for an asker, and its columns. */
const kinds = {
  project: { table: grantsOf, id: 'project_id', by: 'permission' },
  share: { table: sharesOf, id: 'work_package_id', by: 'permission' },
  role: { table: rolesOf, id: 'project_id', by: 'role_id' },
  'shared-role': { table: sharedRolesOf, id: 'work_package_id', by: 'role_id' },
  removal: { table: removalsOf, id: 'removed', by: 'of_table' },
} as const

type Kind = keyof typeof kinds

const isKind = (text: string): text is Kind => Object.hasOwn(kinds, text)

/** The kind of a set, and the permission or role that it belongs to. Throws for `global`, which is no set of ids. */
export function partsOf(need: string): { kind: Kind; of: string } {
  const [kind = '', of = ''] = need.split(':')
  if (!isKind(kind)) throw new Error(`"${need}" is no set of ids.`)
  return { kind, of }
}

/** A query that gives the ids of a set for somebody. */
export function queryOf(need: Need, asker: Asker, engine: Engine): Sql {
  if (typeof need !== 'string') return need.query(asker, engine)
  const { kind, of } = partsOf(need)
  const { table, id, by } = kinds[kind]
  return sql`select ${raw(id)} as id from ${table(asker, engine)} held where ${raw(by)} = ${by === 'role_id' ? Number(of) : of}`
}

const isViewer = (asker: Asker): asker is Viewer => asker.sets !== undefined

/** The ids in any of the sets of a kind under `permissions`, as a table: the loaded ones of a viewer, a query for other people. */
function held(kind: 'project' | 'share', asker: Asker, engine: Engine, permissions: readonly string[]): Sql {
  const { table, id } = kinds[kind]
  if (!isViewer(asker))
    return sql`(
      select ${raw(id)} from ${table(asker, engine)} h where ${amongTexts(engine, sql`permission`, permissions)})`
  const ids = [...new Set(permissions.flatMap((one) => idSet(asker, `${kind}:${one}`).list))]
  return engine === 'sqlite'
    ? sql`(select value as ${raw(id)} from json_each(${ids}))`
    : sql`(select unnest(${ids}::int[]) as ${raw(id)})`
}

/**
 * The projects in which somebody holds any of the permissions, as a table of `project_id`.
 * @throws Error where a viewer's sets are not loaded: a named set has to name them in `reads`
 */
export const heldIn = (asker: Asker, engine: Engine, ...permissions: string[]): Sql => held('project', asker, engine, permissions)

/** The shared work packages on which somebody holds any of the permissions, as a table of `work_package_id`. Throws like `heldIn`. */
export const heldOn = (asker: Asker, engine: Engine, ...permissions: string[]): Sql => held('share', asker, engine, permissions)

/** Whether somebody holds a permission beyond single projects. Throws like `heldIn`. */
export const heldGlobally = (asker: Asker, permission: string): Sql => {
  if (isViewer(asker)) return hasGlobally(asker, permission) ? TRUE : FALSE
  return sql`exists (select 1 from ${globalGrantsOf(asker)} h where h.permission = ${permission})`
}

const keyOf = (need: Need): string => (typeof need === 'string' ? need : need.name)

const setOf = (list: number[], everything = false): IdSet => ({ ids: new Set(list), list, everything })

/** Reads the sets that a viewer lacks. One statement for each kind of set, and one for each named set. */
export async function loadSets(db: Reader, viewer: Viewer, needs: Iterable<Need>): Promise<void> {
  const { engine } = db
  const isMissing = (need: Need) => (need === 'global' ? !viewer.globals : !viewer.sets.has(keyOf(need)))
  const missing: Need[] = []
  const read = (need: Need): readonly Need[] => (typeof need === 'string' ? [] : (need.reads ?? []))
  for (const need of needs) {
    if (!isMissing(need)) continue
    for (const one of [...read(need), need]) if (isMissing(one) && !missing.includes(one)) missing.push(one)
  }
  if (missing.length === 0) return
  const array = raw(engine === 'sqlite' ? 'json_group_array' : 'json_agg')
  const parse = (value: unknown): number[] => (typeof value === 'string' ? JSON.parse(value) : ((value as number[]) ?? []))
  const listed = missing.filter((need) => typeof need === 'string' && need !== 'global') as string[]

  for (const [kind, needed] of Map.groupBy(listed, (need) => partsOf(need).kind)) {
    const { table, id, by } = kinds[kind]
    const wanted = needed.map((need) => partsOf(need).of)
    const asked = by === 'role_id' ? among(engine, raw(by), wanted.map(Number)) : amongTexts(engine, raw(by), wanted)
    // Only of projects it is worth knowing whether they are all there are.
    const total = kind === 'project' ? sql`(select count(*) from projects)` : sql`0`
    const rows = await db.all<{ of: string | number; ids: unknown; total: number }>(sql`
      select ${raw(by)} as "of", ${array}(distinct ${raw(id)}) as ids, ${total} as total
      from ${table(viewer, engine)} held where ${asked} group by ${raw(by)}`)
    const found = new Map(rows.map((row) => [String(row.of), row]))
    for (const of of wanted) {
      const row = found.get(of)
      const ids = parse(row?.ids)
      viewer.sets.set(`${kind}:${of}`, setOf(ids, ids.length > 0 && ids.length === row?.total))
    }
  }

  if (missing.includes('global')) {
    const rows = await db.all<{ permission: string }>(sql`select distinct permission from ${globalGrantsOf(viewer)} held`)
    viewer.globals = new Set(rows.map((row) => row.permission))
  }

  for (const need of missing) {
    if (typeof need === 'string') continue
    const found = await db.one<{ ids: unknown }>(sql`select ${array}(id) as ids from (${need.query(viewer, engine)}) held`)
    viewer.sets.set(need.name, setOf(parse(found?.ids)))
  }
}

const unread = (need: string) => new Error(`A rule reads the set "${need}", which is not loaded.`)

/** A loaded set. Throws where it is not loaded: a mistake of ours. */
export function idSet(viewer: Viewer, need: Need): IdSet {
  const set = viewer.sets.get(keyOf(need))
  if (!set) throw unread(keyOf(need))
  return set
}

/** Whether the viewer holds a permission that belongs to no project. Throws like `idSet`. */
export function hasGlobally(viewer: Viewer, permission: string): boolean {
  if (!viewer.globals) throw unread('global')
  return viewer.globals.has(permission)
}
