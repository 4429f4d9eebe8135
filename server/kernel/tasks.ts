/** What happens by itself as time passes: tasks that look every now and then whether there is something to do. */
import type { Database } from '#db/database.ts'

/** Does what is due at `now`. It must bear being run by several processes at once. */
export type Task = (db: Database, now: Date) => Promise<void>

const tasks: Task[] = []

/** Declares a task; `halyard serve` runs all of them every second. */
export function periodically(task: Task): void {
  tasks.push(task)
}

/** Runs all tasks once. */
export async function runTasks(db: Database, now: Date): Promise<void> {
  for (const task of tasks) await task(db, now)
}
