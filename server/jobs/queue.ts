/**
 * The queue: one table of all jobs. A job is enqueued by the transaction that causes it, claimed with a lease by the process that
 * runs it, and removed by the transaction with its effect. If the process ends before that, the lease expires and another process
 * takes the job over; a late process finds its lease lost, and its effect is rolled back.
 */
import { ConstraintError, type Database, type Engine, type Transaction } from '#db/database.ts'
import { among, amongFirst, amongTexts, moment } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { JobKind } from '#kernel/declaration.ts'

/** The key of the single row of a schedule or a drain. */
export const OWN = 'own'
/** As SQL text rather than a parameter, so that the partial index is used. */
export const isOwn = raw(`key = '${OWN}'`)
const DEFAULT_LEASE = 60
const LONGEST_ERROR = 500

/**
 * The attempts of a job that completes what a request has begun, and others already see: it is given up only where it ends process
 * after process, as an operator who restarts the server may do some times in a row.
 */
export const PERSISTENT = 25

/** A claimed job. */
export interface ClaimedJob<P = unknown> {
  readonly id: number
  readonly key: string | null
  readonly payload: P
  /** The number of attempts, including this one. */
  readonly attempts: number
}

/** Jobs of one kind that belong to this process until their lease expires. */
export interface Claim {
  readonly kind: JobKind
  readonly jobs: readonly ClaimedJob[]
  /** The expiry of the lease; it identifies the claim. */
  readonly until: string
  /** Jobs that were abandoned instead, because a process ended in each attempt. */
  readonly exhausted: readonly ClaimedJob[]
}

/** The lease has expired, and another process has the job. */
export class LeaseLostError extends Error {
  constructor(name: string) {
    super(`The lease of a job ${name} ran out before the job was done; what it came to is rolled back.`)
  }
}

export interface Enqueued<P> {
  readonly payload?: P
  /** A kind has one waiting job per key: a new one replaces it. */
  readonly key?: string
  /** The due time; now by default. */
  readonly due?: Date
}

/**
 * Enqueues a job, which runs after the commit. It replaces a waiting or abandoned job of the same key; it runs after a running
 * one.
 */
export async function enqueue<P extends object>(
  tx: Transaction,
  kind: JobKind<P>,
  { payload, key, due }: Enqueued<P>,
  now: Date,
): Promise<void> {
  const values = sql`(${kind.name}, ${key ?? null}, ${JSON.stringify(payload ?? {})}, ${(due ?? now).toISOString()}, ${now.toISOString()})`
  await tx.run(
    sql`insert into jobs (name, key, payload, due_at, created_at) values ${values}${key === undefined ? raw('') : replacing}`,
  )
}

/**
 * Enqueues a job without a payload for each row of a query.
 * @param rows a query with the columns `key` and `due_at`, no key of which waits already
 */
export const enqueueEach = (tx: Transaction, kind: JobKind, rows: Sql, now: Date): Promise<number> =>
  tx.run(sql`
    insert into jobs (name, key, payload, due_at, created_at)
    select ${text(tx.engine, kind.name)}, r.key, ${raw(tx.engine === 'postgres' ? "'{}'::jsonb" : "'{}'")}, r.due_at,
      ${moment(tx.engine, now.toISOString())} from (${rows}) r`)

const text = (engine: Engine, value: string): Sql => (engine === 'postgres' ? sql`cast(${value} as text)` : sql`${value}`)

/** The end of an insert of jobs with keys: each replaces a waiting or abandoned one of its key. */
export const replacing = raw(` on conflict (name, key) where key is not null and leased_until is null do update set
  payload = excluded.payload, due_at = excluded.due_at, attempts = 0, last_error = null`)

/** The keys of jobs of a kind that wait or run, given-up ones excluded. */
export async function waitingKeys(tx: Transaction, { name }: JobKind): Promise<ReadonlySet<string>> {
  const rows = await tx.all<{ key: string }>(
    sql`select key from jobs where name = ${name} and key is not null and due_at is not null`,
  )
  return new Set(rows.map(({ key }) => key))
}

/**
 * Withdraws the waiting job of a key.
 * @returns whether there was one; a running job does not count
 */
export const withdraw = async (tx: Transaction, { name }: JobKind, key: string): Promise<boolean> =>
  (await tx.run(sql`delete from jobs where name = ${name} and key = ${key} and leased_until is null`)) > 0

const isReady = (now: Date): Sql => sql`due_at <= ${now.toISOString()} and ${isFree(now)}`
const isFree = (now: Date): Sql => sql`(leased_until is null or leased_until <= ${now.toISOString()})`

const leaseOf = ({ lease = DEFAULT_LEASE }: JobKind, now: Date): string => new Date(now.getTime() + lease * 1000).toISOString()

/**
 * Claims the job of these kinds that has been due for the longest time, with others of its kind up to the batch size. A job that
 * failed before is claimed alone, so that it cannot fail others. Returns undefined if no job is due; a claim without jobs if
 * other processes were faster.
 */
export async function claim(db: Database, kinds: readonly JobKind[], now: Date): Promise<Claim | undefined> {
  // A read first, so that nothing is written if no job is due.
  const first = await db.one<{ name: string; attempts: number }>(sql`
    select name, attempts from jobs
    where ${isReady(now)} and ${amongTexts(
      db.engine,
      raw('name'),
      kinds.map(({ name }) => name),
    )}
    order by due_at, id limit 1`)
  const kind = kinds.find(({ name }) => name === first?.name)
  if (!first || !kind) return undefined
  const until = leaseOf(kind, now)
  const alone = first.attempts > 0
  return db.transaction(async (tx) => {
    const some = sql`
      select id from jobs where name = ${kind.name} and ${isReady(now)}${raw(alone ? '' : ' and attempts = 0')}
      order by due_at, id limit ${alone ? 1 : (kind.batch ?? 1)}${raw(tx.engine === 'postgres' ? ' for update skip locked' : '')}`
    const rows = await tx.all<ClaimedJob & { due_at: string }>(sql`
      update jobs set attempts = attempts + 1, leased_until = ${until},
        last_error = case when leased_until is null then last_error else ${text(tx.engine, ENDED)} end
      where ${amongFirst(tx.engine, raw('id'), some)} returning id, key, payload, attempts, due_at`)
    const jobs = rows.toSorted((a, b) => a.due_at.localeCompare(b.due_at) || a.id - b.id)
    const isExhausted = ({ attempts }: ClaimedJob) => kind.attempts !== undefined && attempts > kind.attempts
    const exhausted = jobs.filter(isExhausted)
    for (const job of exhausted)
      await putBack(tx, job, until, sql`due_at = null, attempts = ${job.attempts - 1}, leased_until = null`)
    return { kind, jobs: jobs.filter((job) => !isExhausted(job)), until, exhausted }
  })
}

const ENDED = 'The process that ran it ended, or took longer than the lease.'

/** Whether a job of these kinds is due and nobody runs it. */
export async function isAnyDue(db: Database, kinds: readonly JobKind[], now: Date): Promise<boolean> {
  if (await db.one(sql`select 1 as one from jobs where ${isReady(now)} limit 1`)) return true
  for (const { pending } of kinds) if (await pending?.(db, now)) return true
  return false
}

/** Inserts the row of a drain, already claimed; undefined if it exists. */
export async function claimOwn(db: Database, kind: JobKind, now: Date): Promise<Claim | undefined> {
  const until = leaseOf(kind, now)
  const at = now.toISOString()
  const made = await db.transaction((tx) =>
    tx.one<ClaimedJob>(sql`
      insert into jobs (name, key, payload, due_at, attempts, leased_until, created_at)
      values (${kind.name}, ${OWN}, '{}', ${at}, 1, ${until}, ${at}) on conflict do nothing returning id, key, payload, attempts`),
  )
  return made && { kind, jobs: [made], until, exhausted: [] }
}

/**
 * Ensures that each schedule among these kinds has a row; a new one is due now.
 * @returns the names of the schedules and drains that have a row
 */
export async function keepSchedules(db: Database, kinds: readonly JobKind[], now: Date): Promise<ReadonlySet<string>> {
  if (!kinds.some(({ every, pending }) => every !== undefined || pending)) return new Set()
  const rows = await db.all<{ name: string }>(sql`select name from jobs where ${isOwn}`)
  const known = new Set(rows.map(({ name }) => name))
  const missing = kinds.filter(({ name, every }) => every !== undefined && !known.has(name))
  if (missing.length === 0) return known
  const at = now.toISOString()
  await db.transaction(async (tx) => {
    for (const { name } of missing)
      await tx.run(sql`insert into jobs (name, key, payload, due_at, created_at)
        values (${name}, ${OWN}, '{}', ${at}, ${at}) on conflict do nothing`)
  })
  return known
}

/**
 * Completes jobs in the transaction of their effect: removes them, or sets a schedule to its next time.
 * @throws LeaseLostError if the lease has expired and another process has one of them
 */
export async function complete(tx: Transaction, { kind, jobs, until }: Claim, now: Date): Promise<void> {
  const { name, every } = kind
  const mine = sql`${among(
    tx.engine,
    raw('id'),
    jobs.map(({ id }) => id),
  )} and leased_until = ${until}`
  const count = await tx.run(
    every === undefined
      ? sql`delete from jobs where ${mine}`
      : sql`update jobs set due_at = ${nextTime(every, now)}, leased_until = null, attempts = 0, last_error = null where ${mine}`,
  )
  if (count !== jobs.length) throw new LeaseLostError(name)
}

/**
 * Extends the lease of a claim from now on, in a transaction of the job. It has got on, so its attempts are counted anew: a long job
 * is not given up because processes end often.
 * @returns the claim after the commit
 * @throws LeaseLostError if another process has one of the jobs
 */
export async function extend(tx: Transaction, claimed: Claim, now: Date): Promise<Claim> {
  const { kind, jobs, until } = claimed
  const later = leaseOf(kind, now)
  const ids = jobs.map(({ id }) => id)
  const mine = sql`${among(tx.engine, raw('id'), ids)} and leased_until = ${until}`
  if ((await tx.run(sql`update jobs set leased_until = ${later}, attempts = 1 where ${mine}`)) !== jobs.length)
    throw new LeaseLostError(kind.name)
  return { ...claimed, jobs: jobs.map((job) => ({ ...job, attempts: 1 })), until: later }
}

/** Schedules run at multiples of their period, regardless of the last run. */
const nextTime = (every: number, now: Date): string =>
  new Date((Math.floor(now.getTime() / (every * 1000)) + 1) * every * 1000).toISOString()

/**
 * Delays failed jobs with a growing back-off, or abandons them after the last attempt.
 * @param random a number from 0 up to 1 for jitter, so that jobs that failed together are not retried together
 * @returns whether they were abandoned
 */
export async function fail(
  db: Database,
  { kind, jobs, until }: Claim,
  error: unknown,
  now: Date,
  random: number,
): Promise<boolean> {
  let isLast = false
  await whereKeysAreFree(db, async (tx) => {
    for (const job of jobs) {
      isLast = kind.attempts !== undefined && job.attempts >= kind.attempts
      const due = isLast ? null : new Date(now.getTime() + delayAfter(kind, job.attempts, random)).toISOString()
      await putBack(tx, job, until, sql`due_at = ${due}, leased_until = null, last_error = ${reasonOf(error)}`)
    }
  })
  return isLast
}

/** Releases jobs to their state before the claim, without counting the attempt: they did not cause the failure. */
export const release = (db: Database, { jobs, until }: Claim): Promise<void> =>
  whereKeysAreFree(db, async (tx) => {
    for (const job of jobs) await putBack(tx, job, until, sql`leased_until = null, attempts = ${job.attempts - 1}`)
  })

/** Returns a job to the queue, unless a newer job of the same key is waiting. */
async function putBack(tx: Transaction, { id, key }: ClaimedJob, until: string, values: Sql): Promise<void> {
  const mine = sql`id = ${id} and leased_until = ${until}`
  const isReplaced = sql`exists (select 1 from jobs o where o.name = jobs.name and o.key = jobs.key and o.leased_until is null)`
  if (key !== null && (await tx.run(sql`delete from jobs where ${mine} and ${isReplaced}`)) > 0) return
  await tx.run(sql`update jobs set ${values} where ${mine}`)
}

/** Retries once, as on PostgreSQL a concurrent job of the same key may be inserted. */
async function whereKeysAreFree(db: Database, work: (tx: Transaction) => Promise<void>): Promise<void> {
  await db.transaction(work).catch((error: unknown) => {
    if (!(error instanceof ConstraintError)) throw error
    return db.transaction(work)
  })
}

/** Ends all leases: for a process that knows that it is the only one, so that jobs of a former process run at once. */
export async function endLeases(db: Database): Promise<void> {
  if (!(await db.one(sql`select 1 as one from jobs where leased_until is not null limit 1`))) return
  await db.transaction(async (tx) => {
    await tx.run(sql`delete from jobs where leased_until is not null
      and exists (select 1 from jobs o where o.name = jobs.name and o.key = jobs.key and o.id > jobs.id)`)
    await tx.run(sql`update jobs set leased_until = null, last_error = ${ENDED} where leased_until is not null`)
  })
}

/** Milliseconds until the next attempt. A schedule waits its period at most, a drain some minutes. */
export function delayAfter({ backOff = {}, every, pending }: JobKind, attempts: number, random: number): number {
  const { first = pending ? 1 : 60, factor = 4, longest = every ?? (pending ? 300 : 86_400) } = backOff
  return Math.round(Math.min(first * factor ** (attempts - 1), longest) * 1000 * (1 + random * JITTER))
}

const JITTER = 0.2

/** The messages of an error and its causes, shortened and without credentials. */
export function reasonOf(error: unknown): string {
  const messages: string[] = []
  for (let one = error; one !== undefined && messages.length < 3; one = one instanceof Error ? one.cause : undefined)
    messages.push(one instanceof Error ? one.message || one.name : String(one))
  return [...new Set(messages)]
    .join(' ')
    .replaceAll('\0', '')
    .replaceAll(/\/\/[^/@\s]*@/g, '//…@')
    .replaceAll(/\b(token|key|secret|password|signature)=[^&\s]+/gi, '$1=…')
    .slice(0, LONGEST_ERROR)
}
