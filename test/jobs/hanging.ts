/** A process that begins a job and never ends it: started by killed.test.ts with the URL of a database. */
import { runRound } from '#jobs/worker.ts'
import type { JobKind, JobServices } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { openDatabase } from '#server/commands/database.ts'

export const deed: JobKind<{ what: string }> = job('deed', {
  attempts: 2,
  run: async () => {
    process.stdout.write('begun\n')
    // Runs until it is killed.
    setInterval(() => {}, 1000)
    await new Promise(() => {})
  },
})

if (import.meta.main) {
  const db = await openDatabase(process.argv[2] as string)
  await runRound({ db, signal: new AbortController().signal } as JobServices, [deed])
}
