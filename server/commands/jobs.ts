/** `halyard jobs`: what is done in the background, and what has failed of it. */
import { discardJob, type JobStatus, listJobs, retryJob } from '#jobs/status.ts'
import { columns } from './columns.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'

const MOST = 200

/** Lists the jobs there are, those first that have failed. */
export async function showJobs({ config }: Invocation): Promise<void> {
  const { product } = await import('#server/modules.ts')
  const kinds = new Map(product.jobs.map((kind) => [kind.name, kind]))
  const { jobs, count } = await withDatabase(config.databaseUrl, (db) => listJobs(db, new Date(), MOST))
  if (count === 0) return console.log('There are no jobs.')
  const about = ({ name, payload, state }: JobStatus) =>
    state === 'scheduled'
      ? ''
      : Object.entries(kinds.get(name)?.about?.(payload) ?? {})
          .map(([key, value]) => `${key}: ${value}`)
          .join(', ')
  const next = ({ due, leasedUntil }: JobStatus) => (leasedUntil ? `lease until ${leasedUntil}` : (due ?? 'never'))
  const rows = jobs.map((job) => [
    String(job.id),
    job.name,
    job.state,
    String(job.attempts),
    next(job),
    [about(job), job.lastError].filter(Boolean).join(' | '),
  ])
  console.log(columns([['ID', 'JOB', 'STATE', 'ATTEMPTS', 'NEXT', 'ABOUT'], ...rows]))
  if (count > jobs.length) console.log(`… and ${count - jobs.length} more`)
}

/** Has a job tried again now. */
export async function retry({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'job', 'jobs')
  const { name } = await withDatabase(config.databaseUrl, (db) => retryJob(db, id, new Date()))
  console.log(`${name} (${id}) is tried again as soon as a server runs.`)
}

/** Removes a job. */
export async function discard({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'job', 'jobs')
  const { name } = await withDatabase(config.databaseUrl, (db) => discardJob(db, id, new Date()))
  console.log(`Discarded ${name} (${id}).`)
}
