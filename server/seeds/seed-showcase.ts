/** The past of the showcase: its work packages as they were planned, and how they came to their present state. */
import type { Transaction } from '#db/database.ts'
import { updateEach } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Resource } from '#kernel/declaration.ts'
import { type Rewrite, record, rewrite } from '#kernel/write/history.ts'
import { insertRows } from './rows.ts'

type Task = Pick<
  Tables['work_packages'],
  | 'id'
  | 'subject'
  | 'start_date'
  | 'due_date'
  | 'status_id'
  | 'assigned_to_id'
  | 'author_id'
  | 'estimated_hours'
  | 'remaining_hours'
> & { readonly done_ratio: number | null; readonly status: string }

/** A change of one work package on its way to the present. */
interface Step {
  readonly at: string
  readonly actor: number
  readonly rewrite: Rewrite
  readonly notes?: string
}

/** Days from the plan of a task to its start. */
const DAYS_AHEAD = 28
const DAY_MS = 86_400_000

const remarks = [
  'Done as planned, nothing unusual.',
  'It took a little longer, as one part was missing.',
  'Finished; the report is with **Mira**.',
  'Done. Two small defects are noted in the list.',
]

/**
 * Sets the work packages of a project back to their plan. To be called before their first versions are recorded.
 * @returns a function that makes their later changes, with the history of these
 */
export async function rewind(tx: Transaction, project: number, now: string): Promise<(resource: Resource) => Promise<void>> {
  const tasks = await tx.all<Task>(sql`
    select w.id, w.start_date, w.due_date, w.status_id, w.assigned_to_id, w.author_id, w.estimated_hours,
      w.remaining_hours, w.done_ratio, s.name as status
    from work_packages w join statuses s on s.id = w.status_id where w.project_id = ${project} order by w.id`)
  const ids = new Map((await tx.all<{ id: number; name: string }>(sql`select id, name from statuses`)).map((s) => [s.name, s.id]))
  const [fresh, begun] = [ids.get('New') as number, ids.get('In progress') as number]
  const planned = tasks.map(({ id, start_date: start, estimated_hours: hours, done_ratio }) => {
    const before = new Date(Date.parse(start as string) - DAYS_AHEAD * DAY_MS).toISOString()
    const at = before < now ? before : now
    return { id, created_at: at, updated_at: at, remaining_hours: hours, done_ratio: hours === null ? done_ratio : 0 }
  })
  const columns = ['created_at', 'updated_at', 'remaining_hours', 'done_ratio']
  await tx.run(updateEach(tx.engine, 'work_packages', columns, planned, sql`status_id = ${fresh}`))
  const steps = tasks.flatMap((task) => stepsOf(task, begun, now)).toSorted((a, b) => a.at.localeCompare(b.at))
  return async (resource) => {
    for (const alike of Map.groupBy(steps, ({ at, actor }) => `${at} ${actor}`).values()) {
      const { at, actor } = alike[0] as Step
      const entry = { at, actor, window: 0 }
      await rewrite(
        tx,
        resource,
        alike.map((one) => one.rewrite),
        entry,
      )
      for (const { notes, rewrite: of } of alike) if (notes) await record(tx, resource, [of.id], { ...entry, notes })
    }
    await bookTime(tx, project, tasks, now)
  }
}

/** The start and the end of a task, as far as they have come; `begun` is the status in between. */
function stepsOf(task: Task, begun: number, now: string): Step[] {
  const { id, status, start_date: start, due_date: due, status_id, remaining_hours, done_ratio } = task
  if (status === 'New') return []
  const actor = task.assigned_to_id ?? task.author_id
  const hours = task.estimated_hours === null ? {} : { remaining_hours, done_ratio }
  const first: Step = { at: `${start}T07:30:00.000Z`, actor, rewrite: { id, values: { status_id: begun } } }
  const atEnd = `${due}T15:30:00.000Z`
  const end: Step = {
    at: atEnd < now ? atEnd : now,
    actor,
    rewrite: { id, values: { status_id, ...hours } },
    ...(status === 'Closed' && id % 4 === 0 && { notes: remarks[(id / 4) % remarks.length] as string }),
  }
  return [first, end]
}

/** Logs the time of the tasks that are done, by those who did them. */
async function bookTime(tx: Transaction, project: number, tasks: readonly Task[], now: string): Promise<void> {
  const [activity] = await tx.all<{ id: number }>(sql`select id from time_entry_activities where is_default`)
  const entries = tasks.flatMap(({ id, status, due_date: due, assigned_to_id: user, estimated_hours: hours }) => {
    if (status !== 'Closed' || user === null || hours === null) return []
    return [
      {
        project_id: project,
        entity_type: 'WorkPackage',
        entity_id: id,
        user_id: user,
        logged_by_id: user,
        activity_id: activity?.id ?? null,
        spent_on: due as string,
        hours: Math.min(hours, 8) + (id % 5) / 2,
        comment: null,
        ongoing: false,
        created_at: now,
        updated_at: now,
      },
    ]
  })
  await insertRows(tx, 'time_entries', entries)
}
