/** Runs the jobs that are due at a time. */
import type { Database } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { keepSchedules } from '#jobs/queue.ts'
import { type Failure, lanesOf, runRound } from '#jobs/worker.ts'
import type { JobKind, JobServices, Model } from '#kernel/declaration.ts'
import { product } from '#server/modules.ts'

export interface Due extends Partial<Pick<JobServices, 'files' | 'post' | 'signal'>> {
  readonly now?: Date
  readonly model?: Pick<Model, 'jobs'>
  /** The names of the kinds to run; all by default. */
  readonly only?: readonly string[]
  /** Receives the failures, which are thrown otherwise. */
  readonly failed?: (failure: Failure) => void
}

/**
 * Runs one round of due jobs; schedules are always due. Jobs that need files or send mail run only with these services.
 * Delays of retries are not randomised.
 * @throws the errors of failed jobs
 */
export async function runDue(
  db: Database,
  { now = new Date(), model = product, only, failed, files, post, signal = new AbortController().signal }: Due = {},
): Promise<void> {
  const has = {
    main: true,
    tasks: true,
    storages: true,
    scheduling: true,
    search: true,
    files: files !== undefined,
    mail: post !== undefined,
  }
  const kinds = model.jobs.filter(({ name, lane = 'main' }) => has[lane] && (only?.includes(name) ?? true))
  await keepSchedules(db, model.jobs, now)
  await makeDue(db, kinds, now)
  const failures: Failure[] = []
  // Jobs that need a missing service must not run.
  const services = { db, model, files, post, signal } as JobServices
  const options = { clock: () => now, random: () => 0, failed: failed ?? ((failure: Failure) => void failures.push(failure)) }
  for (const lane of lanesOf(kinds)) await runRound(services, lane, options)
  if (failures.length === 1) throw failures[0]?.error
  if (failures.length > 1) throw new AggregateError(failures.map(({ error }) => error))
}

/** Makes all schedules due. */
async function makeDue(db: Database, kinds: readonly JobKind[], now: Date): Promise<void> {
  const names = kinds.filter(({ every }) => every !== undefined).map(({ name }) => name)
  if (names.length === 0) return
  await db.transaction((tx) =>
    tx.run(sql`update jobs set due_at = ${now.toISOString()}
      where key = 'own' and leased_until is null and ${amongTexts(tx.engine, raw('name'), names)}`),
  )
}

/** A job as a row of the table. */
export interface StoredJob {
  readonly id: number
  readonly name: string
  readonly key: string | null
  readonly payload: Record<string, unknown>
  readonly due_at: string | null
  readonly attempts: number
  readonly leased_until: string | null
  readonly last_error: string | null
}

/** The remaining jobs of a kind, oldest first. */
export const jobsOf = (db: Database, { name }: Pick<JobKind, 'name'>): Promise<StoredJob[]> =>
  db.all<StoredJob>(sql`select * from jobs where name = ${name} order by id`)
