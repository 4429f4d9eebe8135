/**
 * Deletion of a work package with many others below it: the request marks them all, so that nobody sees them any more, and a job
 * deletes them little by little.
 */
import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { paced } from '#db/slices.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { enqueue, PERSISTENT } from '#jobs/queue.ts'
import { createCache, invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { Context, JobContext } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'
import { removeGradually, removeRows } from '#kernel/write/removal.ts'
import { settle } from './settling.ts'

/** What the job knows. */
interface Doomed {
  /** The deleted work package, and the user who deleted it. */
  readonly root: number
  readonly actor: number
}

/** Work packages that a request deletes itself: as many take a few dozen milliseconds, in which SQLite does nothing else. */
export const AT_ONCE = 50

/**
 * Marks a work package and others below it as being deleted, and has a job delete them. Shares end at once, as they make work
 * packages visible.
 * @param below a query of the ids of the others: they may be too many to be read
 * @returns a query of the ids of all
 */
export async function beginDeletion(tx: Transaction, root: number, below: Sql, context: Context): Promise<Sql> {
  await tx.run(sql`insert into work_package_deletions (work_package_id, root)
    select id, ${root} + 0 from (${below}) below where true on conflict do nothing`)
  await tx.run(sql`insert into work_package_deletions (work_package_id, root) values (${root}, ${root}) on conflict do nothing`)
  const marked = sql`select work_package_id from work_package_deletions where root = ${root}`
  await removeShares(tx, sql`entity_id in (${marked})`)
  await invalidate(tx, 'work_package_deletions')
  await enqueue(tx, deleteMarked, { key: String(root), payload: { root, actor: context.viewer.id } }, context.now)
  return marked
}

/**
 * Refuses to take a work package away from those that are being deleted, where that has begun since the request has read it.
 * @throws ApiError 409
 */
export async function refuseDeleted(tx: Transaction, id: number): Promise<void> {
  if (await tx.one(sql`select 1 as one from work_package_deletions where work_package_id = ${id}`)) throw conflict()
}

/**
 * Ends the shares of work packages.
 * @param those the condition on the column `entity_id`
 */
export async function removeShares(tx: Transaction, those: Sql): Promise<void> {
  const shares = sql`delete from memberships where entity_type = 'WorkPackage' and ${those}`
  if ((await tx.run(shares)) > 0) await invalidate(tx, 'memberships')
}

/** Deletes marked work packages in short transactions; another process continues after the last of them. */
export const deleteMarked = job<Doomed>('work_packages.delete', {
  attempts: PERSISTENT,
  lane: 'tasks',
  about: ({ root }) => ({ root }),
  run: async (services) => {
    const { db, payload, now, step, signal } = services
    const { root, actor } = payload
    const context = await contextOfActor({ ...services, cache: createCache() }, actor, now)
    const { model } = context
    const at = (tx: Transaction): Context => ({ ...inside(context, tx), now: currentTime() })
    await releaseChildren(services, root, at)
    await removeGradually(
      {
        ...{ db, model, step, signal, entry: () => entryOf({ ...context, now: currentTime() }) },
        otherwise: { WorkPackage: (tx, ids) => eraseSome(tx, ids, isMarked, root, at(tx)) },
      },
      model.of('WorkPackage'),
      sql`id in (select work_package_id from work_package_deletions where root = ${root})`,
    )
    return (tx: Transaction) => invalidate(tx, 'work_package_deletions')
  },
})

const isMarked = (table: string): Sql =>
  sql`exists (select 1 from work_package_deletions m where m.work_package_id = ${name(`${table}.id`)})`

/** Takes the parent from work packages that stay though their parent is deleted, as the user may not delete them. */
async function releaseChildren(
  { db, step, signal }: JobContext<Doomed>,
  root: number,
  at: (tx: Transaction) => Context,
): Promise<void> {
  const pace = paced()
  for (;;) {
    const left = await db.all<{ id: number }>(sql`
      select c.id from work_package_deletions d join work_packages c on c.parent_id = d.work_package_id
      where d.root = ${root} and not ${isMarked('c')} limit ${pace.size}`)
    if (left.length === 0) return
    if (signal.aborted) throw new Error('The process ends.')
    const where = sql`${among(
      db.engine,
      sql`id`,
      left.map(({ id }) => id),
    )} and parent_id in (select work_package_id from work_package_deletions where root = ${root})`
    await step((tx) =>
      pace.timed(async () => {
        const context = at(tx)
        const change = { set: sql`parent_id = null`, where }
        const entry = { ...entryOf(context), announced: false }
        const origins = await rewriteWhere(tx, context.model.of('WorkPackage'), change, entry)
        if (origins.length > 0) await settle(tx, { origins, because: root }, context)
      }),
    )
  }
}

/**
 * Removes work packages with their time entries and shares, in one of many transactions. Of those that are not to be deleted,
 * children lose their parent, and parents and successors change as after any deletion.
 * @param isDoomed the condition on a row of a table of work packages that it is to be deleted, too
 * @param because the work package that is recorded as the cause; none where the project is deleted
 */
export async function eraseSome(
  tx: Transaction,
  ids: readonly number[],
  isDoomed: (table: string) => Sql,
  because: number | undefined,
  context: Context,
): Promise<void> {
  const { model } = context
  const these = (column: string) => among(tx.engine, name(column), ids)
  await tx.run(sql`delete from time_entries where entity_type = 'WorkPackage' and ${these('entity_id')}`)
  await removeShares(tx, these('entity_id'))
  const parents = await tx.all<{ id: number }>(sql`
    select distinct p.id from work_packages w join work_packages p on p.id = w.parent_id
    where ${these('w.id')} and not ${isDoomed('p')}`)
  const left = await tx.all<{ id: number }>(sql`
    select c.id from work_packages c where ${these('c.parent_id')} and not ${isDoomed('c')}
    union
    select f.from_id from relations f join work_packages s on s.id = f.from_id
    where f.relation_type = 'follows' and ${these('f.to_id')} and not ${isDoomed('s')}`)
  const orphaned = { set: sql`parent_id = null`, where: sql`${these('parent_id')} and not ${isDoomed('work_packages')}` }
  await rewriteWhere(tx, model.of('WorkPackage'), orphaned, { ...entryOf(context), announced: false })
  await removeRows(tx, model, model.of('WorkPackage'), ids, entryOf(context))
  const work = parents.map((parent) => parent.id)
  const origins = [...work, ...left.map((one) => one.id)]
  if (origins.length > 0) await settle(tx, { origins, work, because }, context)
}
