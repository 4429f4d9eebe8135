/** Sharing of versions and sprints with projects. Those of archived projects are shared with none. */
import type { Row, Transaction } from '#db/database.ts'
import { among, recordset } from '#db/dialect.ts'
import { paced } from '#db/slices.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { enqueue, PERSISTENT } from '#jobs/queue.ts'
import { heldIn } from '#kernel/access/sets.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'
import { allRows, createCache } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { Context } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'
import { ancestors, rootOf, type Tree, treeFrom, treeOf } from './tree.ts'

/** The values of `sharing`, from the narrowest to the widest. */
export const sharings = ['none', 'descendants', 'hierarchy', 'tree', 'system'] as const

/** Whether a value of `sharing` makes a version available from one project in another, archived or not. */
function spans(tree: Tree, from: number, sharing: string, to: number): boolean {
  if (from === to) return true
  switch (sharing) {
    case 'descendants':
      return ancestors(tree, to).includes(from)
    case 'hierarchy':
      return ancestors(tree, to).includes(from) || ancestors(tree, from).includes(to)
    case 'tree':
      return rootOf(tree, from) === rootOf(tree, to)
    default:
      return sharing === 'system'
  }
}

/** Whether another project can use a version with a value of `sharing`. */
const reaches = (tree: Tree, from: number, sharing: string, to: number): boolean =>
  Boolean(tree.rows.get(from)?.active && tree.rows.get(to)?.active) && spans(tree, from, sharing, to)

/** The ids of the projects in which a version can be used, whether or not the viewer sees them. */
export async function projectsOf(context: Context, version: Row): Promise<number[]> {
  const tree = await treeOf(context)
  return [...tree.rows.keys()].filter((id) => reaches(tree, version.project_id, version.sharing, id))
}

/** The ids of the versions that work packages of a project can have: its own and those shared with it, of any status. */
export const sharedVersionIds = (context: Context, projectId: number): Promise<ReadonlySet<number>> =>
  context.snapshot.remember(`versions in project ${projectId}`, ['projects', 'versions'], async () => {
    const tree = await treeOf(context)
    const versions = await allRows(context.db, context.snapshot, 'versions', 'name')
    const isUsable = (version: Row) => reaches(tree, version.project_id, version.sharing, projectId)
    return new Set([...versions.values()].filter(isUsable).map((version) => version.id))
  })

/** Tables of what projects share, and the columns in which work packages have one of them. */
const columns = { versions: 'version_id', sprints: 'sprint_id' } as const

export type Shared = keyof typeof columns

/**
 * Rows that other projects share with one in which the viewer holds a permission. Those shared with everybody are left out.
 * @param permissions any of them will do
 */
export const sharedRows = (table: Shared, permissions: readonly string[]): NamedSet => ({
  name: `shared ${table}`,
  reads: permissions.map((one) => `project:${one}`),
  query: (viewer, engine) => sql`
    with recursive
      mine (id) as (
        select project_id from ${heldIn(viewer, engine, ...permissions)} held
      ),
      up (id, above) as (
        select id, id from projects
        union all
        select up.id, p.parent_id from up join projects p on p.id = up.above where p.parent_id is not null
      ),
      roots (id) as (
        select up.above from mine join up on up.id = mine.id join projects p on p.id = up.above where p.parent_id is null
      )
    select v.id from ${name(table)} v join projects p on p.id = v.project_id and p.active
    where (v.sharing in ('descendants', 'hierarchy') and v.project_id in (select up.above from mine join up on up.id = mine.id))
      or (v.sharing = 'hierarchy' and v.project_id in (select up.id from mine join up on up.above = mine.id))
      or (v.sharing = 'tree' and v.project_id in (select up.id from roots join up on up.above = roots.id))`,
})

export const sharedVersions = sharedRows('versions', ['view_work_packages', 'manage_versions'])

/** The projects whose rows that are shared with descendants can be used in a project: itself and those above it. */
export async function sharingWith(context: Context, project: number): Promise<number[]> {
  const tree = await treeOf(context)
  return [...tree.rows.keys()].filter((id) => reaches(tree, id, 'descendants', project))
}

/** Work packages that a request changes itself. */
const AT_ONCE = 300

/**
 * Removes versions or sprints from work packages in projects that they are no longer shared with. Runs after the change, in its
 * transaction; of many, a job removes those that are left.
 * @param where the uses that the change can end, of rows `v` by work packages `w`
 */
export async function releaseShared(tx: Transaction, table: Shared, where: Sql, context: Context): Promise<void> {
  const left = await releaseSome(tx, table, where, context, AT_ONCE)
  if (left.length === 0) return
  await enqueue(tx, releaseRest, { payload: { table, ids: left, actor: context.viewer.id } }, context.now)
}

/** What is left of a change for the job: the versions or sprints. */
interface Rest {
  readonly table: Shared
  readonly ids: readonly number[]
  readonly actor: number
}

/** Removes the others in short transactions, by how they are shared then. */
export const releaseRest = job<Rest>('projects.release-shared', {
  attempts: PERSISTENT,
  lane: 'tasks',
  about: ({ table, ids }) => ({ table, ids }),
  run: async (services) => {
    const { payload, step, signal, now } = services
    const { table, actor } = payload
    const context = await contextOfActor({ ...services, cache: createCache() }, actor, now)
    const pace = paced()
    for (let { ids } = payload; ids.length > 0; ) {
      if (signal.aborted) throw new Error('The process ends.')
      ids = await step((tx) =>
        pace.timed(() => {
          const within: Context = { ...inside(context, tx), now: currentTime() }
          return releaseSome(tx, table, among(tx.engine, sql`v.id`, ids), within, pace.size)
        }),
      )
    }
  },
})

/**
 * Removes versions or sprints from some work packages.
 * @returns the versions or sprints of which there may be more; none if these were all
 */
async function releaseSome(
  tx: Transaction,
  table: Shared,
  where: Sql,
  context: Context,
  most: number,
): Promise<readonly number[]> {
  const column = name(columns[table])
  const uses = await tx.all<{ id: number; to: number; from: number; sharing: string }>(sql`
    select distinct v.id, w.project_id as "to", v.project_id as "from", v.sharing
    from work_packages w join ${name(table)} v on v.id = w.${column}
    where v.project_id <> w.project_id and v.sharing <> 'system' and ${where}`)
  if (uses.length === 0) return []
  const projects = await tx.all(sql`select id, parent_id from projects`)
  const tree = treeFrom(new Map(projects.map((row) => [row.id, row])))
  const lost = uses.filter(({ from, sharing, to }) => !spans(tree, from, sharing, to))
  if (lost.length === 0) return []
  const pairs = recordset(tx.engine, { id: 'integer', to: 'integer' }, lost)
  const some = sql`select id from work_packages where (${column}, project_id) in (${pairs}) order by id limit ${most}`
  const change = { set: sql`${column} = null`, where: sql`id in (${some})` }
  const changed = await rewriteWhere(tx, context.model.of('WorkPackage'), change, { ...entryOf(context), announced: false })
  return changed.length < most ? [] : [...new Set(lost.map(({ id }) => id))]
}
