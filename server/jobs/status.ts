/** The queue for operators: status, retry, discard. */
import type { Database, Reader } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import { isOwn, OWN } from './queue.ts'

export const JOB_STATES = ['given up', 'failing', 'running', 'waiting', 'scheduled'] as const
export type JobState = (typeof JOB_STATES)[number]

/** The status of a job. */
export interface JobStatus {
  readonly id: number
  readonly name: string
  readonly payload: unknown
  readonly state: JobState
  readonly attempts: number
  /** The time of the next attempt; null if there is none. */
  readonly due: string | null
  /** The expiry of the running process's lease. */
  readonly leasedUntil: string | null
  readonly lastError: string | null
}

interface Stored {
  readonly id: number
  readonly name: string
  readonly key: string | null
  readonly payload: unknown
  readonly due_at: string | null
  readonly attempts: number
  readonly leased_until: string | null
  readonly last_error: string | null
  readonly state: JobState
}

/** Overdue for so long that no process seems to run it. */
const OVERDUE_MS = 10 * 60_000
/** Failures after which a schedule or a drain is unlikely to recover by itself. */
const SEVERAL = 3

const stateAt = (now: Date): Sql => sql`
  case when leased_until > ${now.toISOString()} then 'running'
    when due_at is null then 'given up'
    when last_error is not null and attempts > 0 then 'failing'
    when ${isOwn} then 'scheduled'
    else 'waiting' end`

const statusOf = (job: Stored): JobStatus => ({
  id: job.id,
  name: job.name,
  payload: job.payload,
  state: job.state,
  attempts: job.attempts,
  due: job.due_at,
  leasedUntil: job.state === 'running' ? job.leased_until : null,
  lastError: job.last_error,
})

/** All jobs: abandoned ones first, then failed ones, then the others by due time. */
export async function listJobs(db: Reader, now: Date, most: number): Promise<{ jobs: readonly JobStatus[]; count: number }> {
  const rows = await db.all<Stored>(sql`
    select jobs.*, ${stateAt(now)} as state from jobs
    order by case when due_at is null and leased_until is null then 0 when last_error is not null then 1 else 2 end, due_at, id
    limit ${most}`)
  const all = await db.one<{ n: number }>(sql`select count(*) as n from jobs`)
  return { jobs: rows.map(statusOf), count: all?.n ?? 0 }
}

/** The number of jobs in each state. */
export async function countJobs(db: Reader, now: Date): Promise<Readonly<Record<JobState, number>>> {
  const rows = await db.all<{ state: JobState; n: number }>(
    sql`select state, count(*) as n from (select ${stateAt(now)} as state from jobs) j group by state`,
  )
  const counts = new Map(rows.map(({ state, n }) => [state, n]))
  return Object.fromEntries(JOB_STATES.map((state) => [state, counts.get(state) ?? 0])) as Record<JobState, number>
}

/** The jobs that are due and that nobody runs, without schedules: their number, and since when the oldest is due. */
export async function backlog(db: Reader, now: Date): Promise<{ count: number; oldest: string | null }> {
  const at = now.toISOString()
  const row = await db.one<{ count: number; oldest: string | null }>(sql`
    select count(*) as count, min(due_at) as oldest from jobs
    where due_at <= ${at} and (leased_until is null or leased_until <= ${at}) and (key is null or not ${isOwn})`)
  return row ?? { count: 0, oldest: null }
}

/** Stuck jobs, counted by name. */
export async function stuckJobs(
  db: Reader,
  now: Date,
): Promise<{ name: string; count: number; state: 'given up' | 'failing' | 'overdue' }[]> {
  const late = new Date(now.getTime() - OVERDUE_MS).toISOString()
  const isFree = sql`(leased_until is null or leased_until < ${late})`
  const counted = (where: Sql) =>
    db.all<{ name: string; count: number }>(
      sql`select name, count(*) as count from jobs where ${where} group by name order by name`,
    )
  // Schedules are excluded: they are overdue whenever no server has run for a while.
  const [givenUp, failing, overdue] = [
    await counted(sql`due_at is null and leased_until is null`),
    await counted(sql`due_at is not null and ${isOwn} and last_error is not null and attempts >= ${SEVERAL}`),
    await counted(sql`due_at < ${late} and ${isFree} and (key is null or not ${isOwn})`),
  ]
  return [
    ...givenUp.map((one) => ({ ...one, state: 'given up' as const })),
    ...failing.map((one) => ({ ...one, state: 'failing' as const })),
    ...overdue.map((one) => ({ ...one, state: 'overdue' as const })),
  ]
}

/**
 * Retries a job now, with its attempts reset.
 * @throws Error in one sentence if there is no such job, or it is running
 */
export async function retryJob(db: Database, id: number, now: Date): Promise<JobStatus> {
  return db.transaction(async (tx) => {
    await atRest(tx, id, now)
    await tx.run(sql`update jobs set due_at = ${now.toISOString()}, attempts = 0, leased_until = null where id = ${id}`)
    return statusOf(await atRest(tx, id, now))
  })
}

/**
 * Discards a job without running it.
 * @throws Error in one sentence if there is no such job, it is running, or it recurs
 */
export async function discardJob(db: Database, id: number, now: Date): Promise<JobStatus> {
  return db.transaction(async (tx) => {
    const job = await atRest(tx, id, now)
    if (job.key === OWN) throw new Error(`The job ${id} (${job.name}) is no single deed: it comes again by itself.`)
    await tx.run(sql`delete from jobs where id = ${id}`)
    return statusOf(job)
  })
}

async function atRest(tx: Reader, id: number, now: Date): Promise<Stored> {
  const job = await tx.one<Stored>(sql`select jobs.*, ${stateAt(now)} as state from jobs where id = ${id}${forUpdate(tx.engine)}`)
  if (!job) throw new Error(`There is no job ${id}; halyard jobs lists them.`)
  if (job.state === 'running') throw new Error(`The job ${id} (${job.name}) is running; wait until it has ended.`)
  return job
}
