/** Deletion of projects: the request archives the project with its descendants, and a job deletes them little by little. */
import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { name, raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Letter } from '#jobs/letters.ts'
import { sendLetter } from '#jobs/mail.ts'
import { PERSISTENT } from '#jobs/queue.ts'
import { endTask, openTask, progressed, startTask, type TaskPayload } from '#jobs/tasks.ts'
import { createCache, invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { Context, JobContext } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { entryOf } from '#kernel/write/history.ts'
import { publish } from '#kernel/write/outbox.ts'
import { dependants, type Removing, removeCascades, removeGradually, removeRows } from '#kernel/write/removal.ts'
import { eraseSome } from '#modules/work-packages/deleting.ts'
import { said } from '#text/messages.ts'
import { serialisePlaces, subtree } from './effects.ts'

type Project = Tables['projects']

/** The project to delete; also what the job knows when its task is gone with the user who started it. */
interface Doomed extends TaskPayload {
  readonly project: number
}

/**
 * Archives a project with its descendants, and starts the task that deletes them. Deleting it once more starts another task, as
 * the first one may have been given up.
 * @throws ApiError 409 when projects have come below it, or gone, meanwhile
 */
export async function beginDeletion(tx: Transaction, { id, name }: Project, context: Context): Promise<false> {
  const ids = await subtree(tx, id)
  await tx.run(sql`update projects set active = false, deleting = true, updated_at = ${context.now.toISOString()}
    where ${among(tx.engine, raw('id'), ids)}`)
  // After the update, as those who move a project hold its row when they wait for their turn.
  await serialisePlaces(tx)
  if (new Set(ids).symmetricDifference(new Set(await subtree(tx, id))).size > 0) throw conflict()
  context.told.set('location', await startTask(tx, deleteProject, context, { project: id, name }, { project: id }))
  return false
}

/** Deletes a project and its descendants in short transactions; another process continues after the last of them. */
export const deleteProject = job<Doomed>('projects.delete', {
  attempts: PERSISTENT,
  lane: 'tasks',
  about: ({ task, project }) => ({ task, project }),
  run: async (services) => {
    const { db, payload, now } = services
    const task = await openTask(db, payload.task)
    const context = await contextOfActor({ ...services, cache: createCache() }, task?.user_id, now)
    const project = await db.one<Project>(sql`select * from projects where id = ${payload.project} and deleting`)
    if (project) await deleteContents(services, context, project.id, task?.progress ?? 0)
    return async (tx: Transaction) => {
      if (project) await deleteRows(tx, inside(context, tx), project.id)
      if (!task) return
      const { name } = task.payload as { name: string }
      const message = `The project ${name} has been deleted.`
      await endTask(tx, task.id, { message, payload: { title: 'Delete project' } }, currentTime())
      const user = await tx.one(sql`select * from principals where id = ${task.user_id}`)
      if (project && user) await sendLetter(tx, user, letter(name), context.settings, now)
    }
  },
})

const letter = (name: string): Letter => ({
  subject: said`The project ${name} has been deleted.`,
  blocks: [said`The project "${name}", its subprojects and all that was in them have been deleted, as you asked.`],
})

/** Deletes all that is in a project and its descendants: the work packages first, as they are the most. */
async function deleteContents(services: JobContext<Doomed>, context: Context, id: number, done: number): Promise<void> {
  const { db, payload, step, signal } = services
  const { model } = context
  const project = model.of('Project')
  const workPackages = model.of('WorkPackage')
  const ids = await subtree(db, id)
  const count = await db.one<{ n: number }>(
    sql`select count(*) as n from work_packages where ${among(db.engine, raw('project_id'), ids)}`,
  )
  const share = (100 - done) / ((count?.n ?? 0) + 1)
  let deleted = 0
  const isWithin = (table: string) => among(db.engine, name(`${table}.project_id`), ids)
  const removing: Removing = {
    ...{ db, model, step, signal, entry: () => entryOf({ ...context, now: currentTime() }) },
    otherwise: {
      WorkPackage: (tx, some) => eraseSome(tx, some, isWithin, undefined, { ...inside(context, tx), now: currentTime() }),
    },
    removed: async (tx, resource, n) => {
      if (resource !== workPackages) return
      deleted += n
      await progressed(tx, payload.task, done + deleted * share, currentTime())
    },
  }
  await removeGradually(removing, workPackages, among(db.engine, raw('project_id'), ids))
  for (const { resource, condition } of dependants(db, model, project, ids))
    if (resource !== project) await removeGradually(removing, resource, condition)
  await removeCascades(removing, project, ids, topics)
}

/** Caches of what is deleted with a project. */
const topics = ['projects', 'memberships', 'versions', 'categories'] as const

/** Deletes the emptied rows of a project and its descendants. */
async function deleteRows(tx: Transaction, context: Context, id: number): Promise<void> {
  const ids = await subtree(tx, id)
  await tx.run(sql`update projects set parent_id = null where ${among(tx.engine, raw('id'), ids)}`)
  await removeRows(tx, context.model, context.model.of('Project'), ids, entryOf(context))
  for (const one of ids.filter((other) => other !== id)) await publish(tx, context, 'projects.deleted', one, [])
  await invalidate(tx, ...topics)
}
