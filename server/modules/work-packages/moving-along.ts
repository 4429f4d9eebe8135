/**
 * Descendants of a work package that move along to another project. As many as hold nobody up move in the transaction of the
 * write; more than these are moved by a job, parents before their children.
 */
import type { Transaction } from '#db/database.ts'
import { among, forUpdate } from '#db/dialect.ts'
import { paced } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { enqueue, PERSISTENT } from '#jobs/queue.ts'
import { both, inProject } from '#kernel/access/rules.ts'
import { allRows, createCache, invalidate, rowOf } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { Context, Rule } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { entryOf } from '#kernel/write/history.ts'
import { reachBelow } from '#kernel/write/reach.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { sharedVersionIds } from '#modules/projects/sharing.ts'
import { AT_ONCE } from './deleting.ts'
import { leaveAllBehind } from './moving.ts'
import { rewrite } from './rewrite.ts'
import { settle } from './settling.ts'

type WorkPackage = Tables['work_packages']
type Moving = Pick<WorkPackage, 'id' | 'project_id' | 'parent_id' | 'category_id' | 'version_id'>

/** A rule for actions that reach descendants: they must also be visible. */
export const seenAnd = (rule: Rule): Rule => both(seesWorkPackage, rule)

/**
 * Moves the descendants that the viewer may move along with their ancestor; the others stay. Time entries, shares and attachments
 * of moved ones move too.
 * @returns the ids to reschedule: those that have lost predecessors or a parent
 */
export async function moveAlong(tx: Transaction, row: WorkPackage, before: WorkPackage, context: Context): Promise<number[]> {
  const { id, project_id: project } = row
  const moves = seenAnd(inProject('move_work_packages'))
  const { within, beyond } = await reachBelow(tx, context, context.model.of('WorkPackage'), moves, id)
  const moving = await lockedOnes(tx, within)
  const isLarge = moving.length + beyond.length > AT_ONCE
  if (isLarge) {
    const payload: Rest = {
      root: id,
      project,
      levels: levelsOf(id, moving),
      beyond,
      actor: context.viewer.id,
      announced: entryOf(context).announced === true,
    }
    await enqueue(tx, moveRest, { payload }, context.now)
  }
  const some = isLarge ? [] : moving
  await change(tx, some, project, context)
  const released = await takeParts(tx, [{ id, project_id: before.project_id }, ...some], project, context)
  return isLarge ? released : [...released, ...(await bereave(tx, beyond, project, context))]
}

const lockedOnes = (tx: Transaction, ids: readonly number[]): Promise<Moving[]> =>
  tx.all<Moving>(sql`
    select id, project_id, parent_id, category_id, version_id from work_packages
    where ${among(tx.engine, sql`id`, ids)} order by id${forUpdate(tx.engine)}`)

/** The ids of descendants, level by level, as a child moves along with its parent. */
function levelsOf(root: number, moving: readonly Moving[]): number[][] {
  const levels: number[][] = []
  const below = Map.groupBy(moving, (one) => one.parent_id)
  for (let parents = [root]; parents.length > 0; ) {
    parents = parents.flatMap((id) => below.get(id) ?? []).map(({ id }) => id)
    levels.push(parents)
  }
  return levels.slice(0, -1)
}

/** Writes the project into work packages, and into the category of the same name. They keep versions that the project can use. */
async function change(tx: Transaction, moving: readonly Moving[], project: number, context: Context): Promise<void> {
  if (moving.length === 0) return
  const categories = await allRows(tx, context.snapshot, 'categories', 'name')
  const versions = await sharedVersionIds(context, project)
  const rewrites = moving.map((one) => {
    const category = rowOf(categories, one.category_id)?.name
    const same = [...categories.values()].find((c) => c.project_id === project && c.name === category)
    const version = one.version_id !== null && versions.has(one.version_id) ? one.version_id : null
    return {
      id: one.id,
      values: { project_id: project, category_id: same?.id ?? null, version_id: version },
      cause: undefined,
    }
  })
  await rewrite(tx, context.model, rewrites, entryOf(context))
}

/**
 * Takes the parts of moved work packages to their project, and deletes their relations where these may not lead across projects.
 * @param moved the work packages, with their former projects
 * @returns the ids of those that have lost predecessors
 */
async function takeParts(
  tx: Transaction,
  moved: readonly Pick<WorkPackage, 'id' | 'project_id'>[],
  project: number,
  { settings }: Context,
): Promise<number[]> {
  const ids = moved.map(({ id }) => id)
  // Parts have the project of their work package; those with another project stay there.
  const left = [...new Set(moved.map((one) => one.project_id))]
  const parts = sql`entity_type = 'WorkPackage' and ${among(tx.engine, sql`entity_id`, ids)} and ${among(tx.engine, sql`project_id`, left)}`
  await tx.run(sql`update time_entries set project_id = ${project} where ${parts}`)
  if ((await tx.run(sql`update memberships set project_id = ${project} where ${parts}`)) > 0) await invalidate(tx, 'memberships')
  if (settings.cross_project_work_package_relations) return []
  const tied = sql`(${among(tx.engine, sql`from_id`, ids)} or ${among(tx.engine, sql`to_id`, ids)})`
  const successors = await tx.all<{ id: number }>(
    sql`select distinct from_id as id from relations where relation_type = 'follows' and ${tied}`,
  )
  await tx.run(sql`delete from relations where ${tied}`)
  return successors.map((one) => one.id)
}

/** Takes the parent from descendants that stay in another project, where parents may not be across projects. Returns their ids. */
async function bereave(tx: Transaction, beyond: readonly number[], project: number, context: Context): Promise<number[]> {
  if (context.settings.cross_project_work_package_relations) return []
  const elsewhere = await tx.all<{ id: number }>(
    sql`select id from work_packages where ${among(tx.engine, sql`id`, beyond)} and project_id <> ${project}`,
  )
  const ids = elsewhere.map((one) => one.id)
  await detach(tx, ids, context)
  return ids
}

/** Removes the parent from work packages whose parent was removed or moved away. */
export async function detach(tx: Transaction, ids: readonly number[], context: Context): Promise<void> {
  await tx.all(sql`select id from work_packages where ${among(tx.engine, sql`id`, ids)} order by id${forUpdate(tx.engine)}`)
  await rewrite(
    tx,
    context.model,
    ids.map((id) => ({ id, values: { parent_id: null }, cause: undefined })),
    entryOf(context),
  )
}

/** What is left of a move for the job. */
interface Rest {
  readonly root: number
  readonly project: number
  /** The descendants to move, level by level, and those that stay. */
  readonly levels: readonly (readonly number[])[]
  readonly beyond: readonly number[]
  readonly actor: number
  readonly announced: boolean
}

/**
 * Moves descendants to the project of their ancestor in short transactions. Another process starts from the beginning, and finds
 * those that have moved already. What others have taken elsewhere meanwhile stays there, with all below it.
 */
export const moveRest = job<Rest>('work_packages.move', {
  attempts: PERSISTENT,
  lane: 'scheduling',
  about: ({ root, project, levels }) => ({ root, project, descendants: levels.flat().length }),
  run: async (services) => {
    const { payload, step, signal, now } = services
    const { root, project, levels, beyond, actor, announced } = payload
    const own = await contextOfActor({ ...services, cache: createCache() }, actor, now)
    const context: Context = { ...own, params: new URLSearchParams(announced ? {} : { notify: 'false' }) }
    const pace = paced()
    const inSteps = async (
      ids: readonly number[],
      work: (tx: Transaction, some: readonly number[], context: Context) => Promise<readonly number[]>,
    ) => {
      for (let start = 0; start < ids.length; ) {
        if (signal.aborted) throw new Error('The process ends.')
        const some = ids.slice(start, start + pace.size)
        start += some.length
        await step((tx) =>
          pace.timed(async () => {
            const within: Context = { ...inside(context, tx), now: currentTime() }
            const origins = await work(tx, some, within)
            if (origins.length > 0) await settle(tx, { origins, because: root }, within)
          }),
        )
      }
    }
    for (const ids of levels) await inSteps(ids, (tx, some, within) => moveSome(tx, some, project, within))
    await inSteps(beyond, (tx, some, within) => bereave(tx, some, project, within))
  },
})

/** Moves those of some work packages whose parents are in the project. Returns the ids to reschedule. */
async function moveSome(tx: Transaction, ids: readonly number[], project: number, context: Context): Promise<number[]> {
  const ready = await tx.all<{ id: number }>(sql`
    select w.id from work_packages w join work_packages p on p.id = w.parent_id
    where ${among(tx.engine, sql`w.id`, ids)} and w.project_id <> ${project} and p.project_id = ${project}`)
  const moving = await lockedOnes(
    tx,
    ready.map(({ id }) => id),
  )
  if (moving.length === 0) return []
  await change(tx, moving, project, context)
  const released = await takeParts(tx, moving, project, context)
  await leaveAllBehind(
    tx,
    moving.map(({ id }) => id),
    project,
    context,
  )
  return released
}
