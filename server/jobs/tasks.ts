/** Tasks: long jobs started by a user, who can ask for their status at `/api/v3/job_statuses`. */
import { randomUUID } from 'node:crypto'
import type { Reader, Transaction } from '#db/database.ts'
import { inserted } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { type BodyType, hal, ref } from '#kernel/bodies.ts'
import type { Context, JobKind, Operation } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { ok, operation } from '#kernel/operation.ts'
import { said, type Text } from '#text/messages.ts'
import { enqueue } from './queue.ts'

/** The payload of the job that runs a task. */
export interface TaskPayload {
  readonly task: number
}

/** The outcome of a task. */
export interface TaskResult {
  /** A sentence. */
  readonly message: string
  /** Whether it could not do what it was started for. */
  readonly failed?: true
  /** Details for the client, with links of its own. */
  readonly payload?: object
}

export type Task = Tables['tasks']

/**
 * Starts a task in the transaction that causes it.
 * @param payload what it needs to run, and to be continued by another process
 * @param more what its job needs even if the task is removed with its user
 * @returns the address of its status
 */
export async function startTask<P extends TaskPayload>(
  tx: Transaction,
  kind: JobKind<P>,
  { viewer, now }: Context,
  payload: object,
  ...[more]: Exclude<keyof P, 'task'> extends never ? [] : [Omit<P, 'task'>]
): Promise<string> {
  const uuid = randomUUID()
  const at = now.toISOString()
  const task = await inserted(tx, 'tasks', {
    uuid,
    name: kind.name,
    user_id: viewer.id,
    payload: JSON.stringify(payload),
    created_at: at,
    updated_at: at,
  })
  await enqueue(tx, kind, { key: uuid, payload: { task, ...more } as P }, now)
  return addressOf(uuid)
}

const addressOf = (uuid: string) => `/api/v3/job_statuses/${uuid}`

/** A task that has not ended; undefined if it has, or its user is gone. */
export const openTask = (db: Reader, id: number): Promise<Task | undefined> =>
  db.one<Task>(sql`select * from tasks where id = ${id} and result is null`)

/** Keeps how much of a task is done, of 100. */
export const progressed = (tx: Transaction, id: number, progress: number, now: Date): Promise<number> =>
  tx.run(sql`update tasks set progress = ${Math.floor(progress)}, updated_at = ${now.toISOString()} where id = ${id}`)

/** Ends a task, in the transaction of the job's effect. */
export async function endTask(tx: Transaction, id: number, result: TaskResult, now: Date): Promise<void> {
  await tx.run(sql`update tasks set progress = 100, result = ${JSON.stringify(result)}, updated_at = ${now.toISOString()}
    where id = ${id}`)
  await tx.run(sql`delete from task_rows where task_id = ${id}`)
}

type Status = 'in_queue' | 'in_process' | 'success' | 'error' | 'failure' | 'cancelled'

type Progress = Task &
  Pick<Tables['jobs'], 'due_at' | 'leased_until' | 'last_error' | 'attempts'> & { readonly job: number | null }

/** The status, from the task and from its job in the queue, which is there until it ends. */
function statusOf(task: Progress): { status: Status; message: Text | null } {
  const { result, job: queued, due_at, leased_until, last_error, attempts } = task
  if (result !== null) {
    const { message, failed } = result as TaskResult
    return { status: failed ? 'failure' : 'success', message }
  }
  if (queued === null) return { status: 'cancelled', message: said`The job was discarded.` }
  if (leased_until !== null) return { status: 'in_process', message: said`${task.progress} % done.` }
  if (due_at === null)
    return { status: 'failure', message: said`The job was abandoned: ${last_error ?? said`its process ended.`}` }
  if (last_error !== null && attempts > 0) return { status: 'error', message: said`The job failed and will be tried again.` }
  return { status: 'in_queue', message: null }
}

const viewStatus = operation({
  method: 'GET',
  path: '/job_statuses/:id',
  summary: 'View the status of a job',
  description: 'Returns the status of a background job, such as the copy of a project, to the user who started it.',
  tag: 'JobStatus',
  extension: true,
  answers: { status: 200, of: 'JobStatus', as: 'single' },
  run: async ({ context, params }) => {
    const { db, viewer } = context
    const task = await db.one<Progress>(sql`
      select t.*, j.id as job, j.due_at, j.leased_until, j.last_error, j.attempts
      from tasks t left join jobs j on j.name = t.name and j.key = t.uuid
      where t.uuid = ${params.id} and t.user_id = ${viewer.id}`)
    if (!task) throw notFound()
    return ok({
      _type: 'JobStatus',
      jobId: task.uuid,
      ...statusOf(task),
      payload: (task.result as TaskResult | null)?.payload ?? null,
      percentageDone: task.progress,
      createdAt: task.created_at,
      updatedAt: task.updated_at,
      _links: { self: { href: addressOf(task.uuid) } },
    })
  },
})

export const operations: readonly Operation[] = [viewStatus]

const DAY = 86_400_000
const KEPT_DAYS = 30

/** Removes tasks long after they were last worked on. */
export const forgetTasks = job('tasks.forget', {
  every: 3600,
  run:
    async ({ now }) =>
    async (tx) => {
      await tx.run(sql`delete from tasks where updated_at < ${new Date(now.getTime() - KEPT_DAYS * DAY).toISOString()}`)
    },
})

export const bodies: Readonly<Record<string, BodyType>> = {
  JobStatus: {
    description: 'The status of a background job. Only the user who started the job sees it, for 30 days.',
    schema: hal(
      'JobStatus',
      {
        jobId: { type: 'string', format: 'uuid', description: 'Identifier of the job.' },
        status: {
          type: 'string',
          enum: ['in_queue', 'in_process', 'success', 'error', 'failure', 'cancelled'],
          description: '`error`: the job failed and will be tried again. `failure`: it was abandoned, or could not do its work.',
        },
        message: { type: ['string', 'null'], description: 'The status in words.' },
        payload: {
          type: ['object', 'null'],
          description: 'The outcome of a successful job, with links of its own: `_links.project` is the copy of a project.',
          properties: {
            title: { type: 'string', description: 'Title of the job.' },
            redirect: { type: 'string', description: 'Path of the page of the outcome.' },
            _links: { type: 'object', properties: { project: ref('Link', 'The project that was created.') } },
          },
        },
        percentageDone: { type: 'integer', description: 'Progress in percent.' },
        createdAt: { type: 'string', format: 'date-time', description: 'When the job was started.' },
        updatedAt: { type: 'string', format: 'date-time', description: 'When the job was last worked on.' },
      },
      {},
    ),
    example: {
      _type: 'JobStatus',
      jobId: '2f1d6d5c-8a0e-4d3b-9a57-0d6a5a3f7c11',
      status: 'in_process',
      message: '40 % done.',
      payload: null,
      percentageDone: 40,
      createdAt: '2026-11-02T09:30:00.000Z',
      updatedAt: '2026-11-02T09:30:01.000Z',
      _links: { self: { href: '/api/v3/job_statuses/2f1d6d5c-8a0e-4d3b-9a57-0d6a5a3f7c11' } },
    },
  },
}
