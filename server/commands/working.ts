/** The worker of a process: runs due jobs every second, each lane by itself. */
import type { Database } from '#db/database.ts'
import type { FileStore } from '#files/store.ts'
import { type MailChoice, postOf } from '#jobs/post.ts'
import { isAnyDue } from '#jobs/queue.ts'
import { type Failure, lanesOf, runRound } from '#jobs/worker.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Log as ProcessLog } from '#server/log.ts'
import { product } from '#server/modules.ts'
import { reasonOf } from '#server/reason.ts'

const WORKING_MS = 1000
/** More than any chain of jobs that cause each other. */
const MOST_ROUNDS = 50

type Log = Pick<ProcessLog, 'info' | 'error'>

/** A running worker. */
export interface Worker {
  /** Ends it: running jobs stop at their next step, and are continued by another process. */
  stop(): Promise<void>
  /** Runs all jobs that are due, and those that they cause. */
  settle(): Promise<void>
}

/** Starts to run jobs. */
export function startWorker(db: Database, files: FileStore, mail: MailChoice | undefined, log: Log): Worker {
  const ending = new AbortController()
  const services = { db, model: product, files, post: postOf(mail, log), signal: ending.signal }
  const failed = ({ error: err, job, ids, isLast, about }: Failure) =>
    log.error({ err, job, ids, ...about }, isLast ? 'a job failed, and is given up' : 'a job failed, and is tried again')
  const lanes = lanesOf(product.jobs).map((lane) =>
    repeat(
      WORKING_MS,
      () => runRound(services, lane, { failed }),
      (err) => log.error({ err }, 'running jobs failed'),
    ),
  )
  return {
    async stop() {
      ending.abort()
      await Promise.all(lanes.map((lane) => lane.stop()))
    },
    async settle() {
      for (let rounds = 0; rounds < MOST_ROUNDS; rounds++) {
        await Promise.all(lanes.map((lane) => lane.again()))
        if (ending.signal.aborted || !(await isAnyDue(db, product.jobs, currentTime()))) return
      }
    },
  }
}

/** Work that is repeated. */
interface Repeated {
  /** Stops it, and waits for the current run. */
  stop(): Promise<void>
  /** Runs it once more after the current run, and waits for both. */
  again(): Promise<void>
}

/**
 * Runs work periodically, never concurrently.
 * @param failed is called on a failure, but not for the same failure in a row
 */
function repeat(every: number, work: () => Promise<unknown>, failed: (error: unknown) => void): Repeated {
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
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
    async again() {
      await running
      run()
      await running
    },
  }
}
