/** The worker: runs due jobs, sequentially in each lane. */
import { type Transaction, UnavailableError } from '#db/database.ts'
import { active } from '#db/observer.ts'
import { resting } from '#db/slices.ts'
import { currentTime } from '#kernel/clock.ts'
import type { JobKind, JobServices } from '#kernel/declaration.ts'
import { type Claim, claim, claimOwn, complete, extend, fail, keepSchedules, LeaseLostError, release } from './queue.ts'

/** A failed job, for the log. */
export interface Failure {
  readonly job: string
  readonly ids: readonly number[]
  readonly error: unknown
  /** Whether it was the last attempt. */
  readonly isLast: boolean
  /** Details from its kind. */
  readonly about: Readonly<Record<string, unknown>>
}

export interface WorkerOptions {
  /** Returns the current time. */
  readonly clock?: () => Date
  /** Returns numbers from 0 up to 1, for the jitter of retries. */
  readonly random?: () => number
  /** Called for each failed job. */
  readonly failed?: (failure: Failure) => void
}

/** The kinds of jobs, grouped by lane. */
export const lanesOf = (kinds: readonly JobKind[]): readonly (readonly JobKind[])[] => [
  ...Map.groupBy(kinds, ({ lane = 'main' }) => lane).values(),
]

/**
 * Runs the due jobs of these kinds. After a failure, the other jobs of the kind wait for the next round, as they would probably
 * fail too.
 * @throws UnavailableError if the database is unavailable: all other jobs need it too, and each would wait for it
 */
export async function runRound(
  services: JobServices,
  kinds: readonly JobKind[],
  { clock = currentTime, random = Math.random, failed = () => {} }: WorkerOptions = {},
): Promise<void> {
  const { db, signal } = services

  /** Runs claimed jobs; returns whether they succeeded. */
  const run = async (first: Claim): Promise<boolean> => {
    const { kind, jobs } = first
    const payloads = jobs.map(({ payload }) => payload)
    let claimed = first
    const step = resting(async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
      const { extended, result } = await db.transaction(async (tx) => ({
        extended: await extend(tx, claimed, clock()),
        result: await work(tx),
      }))
      claimed = extended
      return result
    })
    try {
      const context = { ...services, now: clock(), payload: payloads[0], payloads, keys: jobs.map(({ key }) => key), step }
      await active({ kind: 'job', name: kind.name, count: jobs.length }, async () => {
        const effect = await kind.run(context)
        await db.transaction(async (tx) => {
          // First, so that of two processes that believe to have the job only one continues.
          await complete(tx, claimed, clock())
          if (effect) await effect(tx)
        })
      })
      return true
    } catch (error) {
      if (error instanceof UnavailableError || signal.aborted) {
        // If even that fails, the lease expires.
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
