/** Who asks, and what they may do: sets of ids, read once and remembered until permissions change. */
import type { Engine, Reader, Row } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { Snapshot, Topic } from './world.ts'

/** Ids for which something holds. */
export interface IdSet {
  readonly ids: ReadonlySet<number>
  readonly list: readonly number[]
  /** Whether it holds for every row there is, so that no condition is needed. */
  readonly everything: boolean
}

/** The principal a request acts as. Shared by all requests of that principal until permissions change. */
export interface Viewer {
  readonly id: number
  readonly row: Row
  readonly admin: boolean
  readonly signedIn: boolean
  readonly sets: Map<string, IdSet>
  readonly globals: Set<string> | undefined
}

/** What permissions depend on. */
export const permissionTopics: readonly Topic[] = ['principals', 'memberships', 'roles', 'projects', 'custom_fields']

/** The viewer for a principal's row. */
export function viewerOf(snapshot: Snapshot, row: Row): Promise<Viewer> {
  return snapshot.remember(`viewer ${row['id']}`, permissionTopics, () => ({
    id: row['id'] as number,
    row,
    admin: Boolean(row['admin']) && row['status'] === 1,
    signedIn: row['type'] === 'User',
    sets: new Map(),
    globals: undefined,
  }))
}

/** Named sets beyond the permissions: a query that gives the column `id`. */
const namedSets = new Map<string, (viewer: Viewer, engine: Engine) => Sql>()

/** Declares a set that rules may refer to by `within(name, …)`. It may depend only on what permissions depend on. */
export function defineSet(set: string, query: (viewer: Viewer, engine: Engine) => Sql): void {
  namedSets.set(set, query)
}

const setOf = (list: number[], everything = false): IdSet => ({ ids: new Set(list), list, everything })

/** Sees to it that the viewer has the sets that rules need; at most one statement per kind of set. */
export async function prepare(db: Reader, viewer: Viewer, needs: Iterable<string>): Promise<void> {
  const isMissing = (need: string) => (need === 'global' ? !viewer.globals : !viewer.sets.has(need))
  const missing: string[] = []
  for (const need of needs) if (isMissing(need) && !missing.includes(need)) missing.push(need)
  if (missing.length === 0) return
  const array = raw(db.engine === 'sqlite' ? 'json_group_array' : 'json_agg')
  const parse = (value: unknown): number[] => (typeof value === 'string' ? JSON.parse(value) : ((value as number[]) ?? []))

  const inProjects = missing.filter((need) => need.startsWith('project:'))
  if (inProjects.length > 0) {
    const permissions = inProjects.map((need) => need.slice('project:'.length))
    const rows = await db.all<{ permission: string; ids: unknown; total: number }>(sql`
      select permission, ${array}(distinct project_id) as ids, (select count(*) from projects) as total
      from grants where user_id = ${viewer.id} and ${amongTexts(db.engine, sql`permission`, permissions)}
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
      from shared_grants where user_id = ${viewer.id} and ${amongTexts(db.engine, sql`permission`, permissions)}
      group by permission`)
    const found = new Map(rows.map((row) => [row.permission, parse(row.ids)]))
    for (const permission of permissions) viewer.sets.set(`share:${permission}`, setOf(found.get(permission) ?? []))
  }

  if (missing.includes('global')) {
    const rows = await db.all<{ permission: string }>(
      sql`select distinct permission from global_grants where user_id = ${viewer.id}`,
    )
    ;(viewer as { globals: Set<string> }).globals = new Set(rows.map((row) => row.permission))
  }

  for (const need of missing) {
    const query = namedSets.get(need)
    if (query) viewer.sets.set(need, setOf((await db.all<{ id: number }>(query(viewer, db.engine))).map((row) => row.id)))
  }
}

const unprepared = (need: string) => new Error(`The rule needs the set "${need}", which nobody prepared.`)

/** A prepared set. Throws when it was not prepared: a mistake of ours. */
export function idSet(viewer: Viewer, need: string): IdSet {
  const set = viewer.sets.get(need)
  if (!set) throw unprepared(need)
  return set
}

/** Whether the viewer holds a permission that belongs to no project. */
export function hasGlobally(viewer: Viewer, permission: string): boolean {
  if (!viewer.globals) throw unprepared('global')
  return viewer.globals.has(permission)
}
