/** What happens by itself as time passes: tasks that look every now and then whether there is something to do. */
import { type Database, UnavailableError } from '#db/database.ts'
import type { FileStore } from '#files/store.ts'
import type { Model } from '#kernel/declaration.ts'

/** Runs all tasks that work on files once, in the same way; what they throw once they have been told to stop is nobody's concern. */
export const runFileTasks = (model: Model, db: Database, files: FileStore, now: Date, signal?: AbortSignal): Promise<void> =>
  inTurn(model.fileTasks.map((task) => () => task(db, files, now, signal))).catch((error: unknown) => {
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
