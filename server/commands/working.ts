/** The worker of a process: runs due jobs every second, each lane by itself. */
import type { Database } from '#db/database.ts'
import { openStore } from '#files/open.ts'
import { postOf } from '#jobs/post.ts'
import { type Failure, lanesOf, runRound } from '#jobs/worker.ts'
import type { Config } from '#server/config/read.ts'
import { product } from '#server/modules.ts'
import { reasonOf } from '#server/reason.ts'

const WORKING_MS = 1000

/** The log of a process. */
interface Log {
  info(about: object, message: string): void
  error(about: object, message: string): void
}

/**
 * Starts to run jobs.
 * @returns the function that ends it: running jobs stop at their next step, and are continued by another process
 */
export function startWorker(db: Database, { attachments, mail }: Config, log: Log): () => Promise<void> {
  const ending = new AbortController()
  const services = { db, model: product, files: openStore(attachments), post: postOf(mail, log), signal: ending.signal }
  const failed = ({ error: err, job, ids, isLast, about }: Failure) =>
    log.error({ err, job, ids, ...about }, isLast ? 'a job failed, and is given up' : 'a job failed, and is tried again')
  const lanes = lanesOf(product.jobs).map((lane) =>
    repeat(
      WORKING_MS,
      () => runRound(services, lane, { failed }),
      (err) => log.error({ err }, 'running jobs failed'),
    ),
  )
  return async () => {
    ending.abort()
    await Promise.all(lanes.map((stopped) => stopped()))
  }
}

/**
 * Runs work periodically, never concurrently. Returns the function that stops it and waits for the current run.
 * @param failed is called on a failure, but not for the same failure in a row
 */
function repeat(every: number, work: () => Promise<unknown>, failed: (error: unknown) => void): () => Promise<void> {
  let running: Promise<void> | undefined
  let known: string | undefined
  const report = (error: unknown) => {
    const reason = reasonOf(error)
    if (reason !== known) failed(error)
    known = reason
  }
  const run = () => {
    running ??= work()
      .then(() => {
        known = undefined
      }, report)
      .finally(() => {
        running = undefined
      })
  }
  run()
  const timer = setInterval(run, every).unref()
  return async () => {
    clearInterval(timer)
    await running
  }
}
