/** `halyard jobs`: what is done in the background, and what has failed of it. */
import { discardJob, type JobStatus, listJobs, retryJob } from '#jobs/status.ts'
import { currentTime } from '#kernel/clock.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { showList } from './output.ts'

const MOST = 200

/** Lists the jobs there are, those first that have failed. */
export async function showJobs(invocation: Invocation): Promise<void> {
  const { config, flags } = invocation
  const { product } = await import('#server/modules.ts')
  const kinds = new Map(product.jobs.map((kind) => [kind.name, kind]))
  const { jobs, count } = await withDatabase(config.databaseUrl, (db) => listJobs(db, currentTime(), MOST))
  if (count === 0 && !flags.json) return console.log('There are no jobs.')
  const about = ({ name, payload, state }: JobStatus) => (state === 'scheduled' ? {} : (kinds.get(name)?.about?.(payload) ?? {}))
  const next = ({ due, leasedUntil }: JobStatus) => (leasedUntil ? `lease until ${leasedUntil}` : (due ?? 'never'))
  // Payloads may hold secrets; what may be shown of them is in `about`.
  const rows = jobs.map(({ payload, ...job }) => ({ ...job, about: about({ ...job, payload }) }))
  showList(invocation, rows, {
    ID: ({ id }) => id,
    JOB: ({ name }) => name,
    STATE: ({ state }) => state,
    ATTEMPTS: ({ attempts }) => attempts,
    NEXT: (job) => next({ ...job, payload: {} }),
    ABOUT: (job) => {
      const words = Object.entries(job.about).map(([key, value]) => `${key}: ${value}`)
      return [words.join(', '), job.lastError].filter(Boolean).join(' | ')
    },
  })
  if (count > jobs.length && !flags.json) console.log(`… and ${count - jobs.length} more`)
}

/** Has a job tried again now. */
export async function retry({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'job', 'jobs')
  const { name } = await withDatabase(config.databaseUrl, (db) => retryJob(db, id, currentTime()))
  console.log(`${name} (${id}) is tried again as soon as a server runs.`)
}

/** Removes a job. */
export async function discard({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'job', 'jobs')
  const { name } = await withDatabase(config.databaseUrl, (db) => discardJob(db, id, currentTime()))
  console.log(`Discarded ${name} (${id}).`)
}
