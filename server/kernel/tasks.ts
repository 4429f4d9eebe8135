/** What happens by itself as time passes: tasks that look every now and then whether there is something to do. */
import type { Database } from '#db/database.ts'

/** Does what is due at `now`. It must bear being run by several processes at once. */
export type Task = (db: Database, now: Date) => Promise<void>

const tasks: Task[] = []

/** Declares a task; `halyard serve` runs all of them every second. */
export function periodically(task: Task): void {
  tasks.push(task)
}

/** Runs all tasks once. One that fails keeps no other one from being run; what it threw is thrown in the end. */
export async function runTasks(db: Database, now: Date): Promise<void> {
  const errors: unknown[] = []
  for (const task of tasks) await task(db, now).catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Several tasks failed')
}
