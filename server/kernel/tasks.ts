/** What happens by itself as time passes: tasks that look every now and then whether there is something to do. */
import { type Database, UnavailableError } from '#db/database.ts'
import type { FileStore } from '#files/store.ts'

/** Does what is due at `now`. It must bear being run by several processes at once. */
export type Task = (db: Database, now: Date) => Promise<void>

/** The same with the files of attachments. It may take its time; it stops when told by `signal`. */
export type FileTask = (db: Database, files: FileStore, now: Date, signal?: AbortSignal) => Promise<void>

const tasks: Task[] = []
const fileTasks: FileTask[] = []

/** Declares a task; `halyard serve` runs all of them every second. */
export function periodically(task: Task): void {
  tasks.push(task)
}

/** Declares a task that works on files; `halyard serve` runs these every second as well, and no other task waits for them. */
export function periodicallyOnFiles(task: FileTask): void {
  fileTasks.push(task)
}

/** Runs all tasks once. One that fails keeps no other one from being run, unless the database is unavailable; what it threw is thrown in the end. */
export const runTasks = (db: Database, now: Date): Promise<void> => inTurn(tasks.map((task) => () => task(db, now)))

/** Runs all tasks that work on files once, in the same way; what they throw once they have been told to stop is nobody's concern. */
export const runFileTasks = (db: Database, files: FileStore, now: Date, signal?: AbortSignal): Promise<void> =>
  inTurn(fileTasks.map((task) => () => task(db, files, now, signal))).catch((error: unknown) => {
    if (!signal?.aborted) throw error
  })

async function inTurn(runs: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = []
  for (const run of runs) {
    await run().catch((error: unknown) => {
      // The others need it as well, and each would wait for it.
      if (error instanceof UnavailableError) throw error
      errors.push(error)
    })
  }
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Several tasks failed')
}
