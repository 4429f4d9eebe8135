/** The worker: runs the jobs that are due, those of each lane one after the other. */
import { UnavailableError } from '#db/database.ts'
import type { JobKind, JobServices } from '#kernel/declaration.ts'
import { type Claim, claim, claimOwn, complete, fail, keepSchedules, LeaseLostError, release } from './queue.ts'

/** A job that has failed, as a log tells of it. */
export interface Failure {
  readonly job: string
  readonly ids: readonly number[]
  readonly error: unknown
  /** Whether it is not tried again. */
  readonly isLast: boolean
  /** What the kind says of it. */
  readonly about: Readonly<Record<string, unknown>>
}

export interface WorkerOptions {
  /** Gives the present. */
  readonly clock?: () => Date
  /** Gives numbers from 0 up to 1, by which repeated attempts are spread. */
  readonly random?: () => number
  /** Is told of each job that has failed. */
  readonly failed?: (failure: Failure) => void
}

/** The kinds of jobs in their lanes. */
export const lanesOf = (kinds: readonly JobKind[]): readonly (readonly JobKind[])[] => [
  ...Map.groupBy(kinds, ({ lane = 'main' }) => lane).values(),
]

/**
 * Runs what is due of these kinds. Of a kind of which one has failed the others wait for the next round: most likely none can
 * be done now.
 * @throws UnavailableError where the database is unavailable: everything else needs it as well, and each would wait for it
 */
export async function runRound(
  services: JobServices,
  kinds: readonly JobKind[],
  { clock = () => new Date(), random = Math.random, failed = () => {} }: WorkerOptions = {},
): Promise<void> {
  const { db, signal } = services

  /** Runs what has been claimed; gives whether it worked. */
  const run = async (claimed: Claim): Promise<boolean> => {
    const { kind, jobs } = claimed
    const payloads = jobs.map(({ payload }) => payload)
    try {
      const context = { ...services, now: clock(), payload: payloads[0], payloads, keys: jobs.map(({ key }) => key) }
      const effect = await kind.run(context)
      await db.transaction(async (tx) => {
        // First, so that of two who believe they have the job only one goes on.
        await complete(tx, claimed, clock())
        if (effect) await effect(tx)
      })
      return true
    } catch (error) {
      if (error instanceof UnavailableError || signal.aborted) {
        // Where not even that can be done the lease runs out.
        await release(db, claimed).catch(() => {})
        if (error instanceof UnavailableError) throw error
        return false
      }
      const isLast = error instanceof LeaseLostError ? false : await fail(db, claimed, error, clock(), random())
      tell(claimed, jobs, error, isLast)
      return false
    }
  }
  const tell = ({ kind }: Claim, jobs: Claim['jobs'], error: unknown, isLast: boolean) =>
    failed({
      job: kind.name,
      ids: jobs.map(({ id }) => id),
      error,
      isLast,
      about: (jobs.length === 1 && kind.about?.(jobs[0]?.payload)) || {},
    })

  const own = await keepSchedules(db, kinds, clock())
  for (const kind of kinds) {
    if (signal.aborted) return
    if (!kind.pending || own.has(kind.name) || !(await kind.pending(db, clock()))) continue
    const claimed = await claimOwn(db, kind, clock())
    if (claimed) await run(claimed)
  }
  const runs = new Map<string, number>()
  let able = kinds
  while (!signal.aborted && able.length > 0) {
    const claimed = await claim(db, able, clock())
    if (!claimed) return
    const { kind, jobs, exhausted } = claimed
    if (exhausted.length > 0) tell(claimed, exhausted, new Error('A process ended with each attempt.'), true)
    if (exhausted.length > 0 && jobs.length === 0) continue
    const count = (runs.get(kind.name) ?? 0) + 1
    runs.set(kind.name, count)
    const isDone = jobs.length > 0 && (await run(claimed))
    if (!isDone || count === kind.perRound) able = able.filter((one) => one !== kind)
  }
}
