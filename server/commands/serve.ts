/** `halyard serve`: sets the database up, answers requests, and ends in good order. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type Database, PATIENCE_MS } from '#db/database.ts'
import { openStore } from '#files/open.ts'
import { postOf } from '#jobs/post.ts'
import { endLeases } from '#jobs/queue.ts'
import { type Failure, lanesOf, runRound } from '#jobs/worker.ts'
import { addressOf, answersAt, readSettings } from '#kernel/settings.ts'
import type { Config } from '#server/config.ts'
import { type SetupResult, setup, setupPath } from '#server/setup.ts'
import type { Invocation } from './command.ts'
import { lock, openDatabase, reasonOf, secure } from './database.ts'
import { loginLines } from './login.ts'

const CONNECTIONS = 10
const WORKING_MS = 1000
/** For what is being answered when the server is to end. */
const DRAINING_MS = 10_000
/** For everything: what has not ended by then, as a statement that the database does not answer, is left behind. */
const ENDING_MS = 30_000
/** A Ctrl-C reaches the whole process group, and npm passes on a second one: within this time they are one. */
const SAME_SIGNAL_MS = 500

/** Serves until a signal ends it; then the process ends by itself. */
export async function serve({ config }: Invocation): Promise<void> {
  // The application is loaded while the database is waited for.
  const [{ build }, { product }, { db, unlock, result }] = await Promise.all([
    import('#server/app.ts'),
    import('#server/modules.ts'),
    prepare(config),
  ])
  const logLevel = config.logLevel ?? (process.stdout.isTTY ? 'warn' : 'info')
  const files = openStore(config.attachments)
  const [app, url] = await listening(() => build(db, { files, logLevel, trustedProxies: config.trustedProxies }), config).catch(
    (error: unknown) => {
      // The token exists now, and this is the only time it can be told.
      process.stdout.write(loginLines(result))
      throw error
    },
  )
  const post = postOf(config.mail, app.log)
  const ending = new AbortController()
  const services = { db, model: product, files, post, signal: ending.signal }
  const toldOf = ({ error: err, job, ids, isLast, about }: Failure) =>
    app.log.error({ err, job, ids, ...about }, isLast ? 'a job failed, and is given up' : 'a job failed, and is tried again')
  const stopWorking = lanesOf(product.jobs).map((lane) =>
    repeat(
      WORKING_MS,
      () => runRound(services, lane, { failed: toldOf }),
      (err) => app.log.error({ err }, 'running jobs failed'),
    ),
  )

  let stopping: number | undefined
  const stop = async () => {
    if (stopping !== undefined) {
      if (performance.now() - stopping > SAME_SIGNAL_MS) process.exit(1)
      return
    }
    stopping = performance.now()
    setTimeout(() => {
      app.log.error(`not ended after ${ENDING_MS / 1000} s, and left`)
      process.exit(1)
    }, ENDING_MS).unref()
    ending.abort()
    await app.drain(DRAINING_MS)
    await app.close()
    await Promise.all(stopWorking.map((stopped) => stopped()))
    await db.close()
    unlock()
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)
  outlive(app)

  process.stdout.write(`Halyard is ready: ${url}\n${loginLines(result, await setupAddress(db))}`)
}

/**
 * Goes on after a mistake of ours that nothing has caught, and tells of it in the log. Ended by it, the server could be stopped by
 * anybody who had found one; what it was about has failed by itself, and each request has its own transaction and limits of time.
 */
function outlive({ log }: FastifyInstance): void {
  process.on('uncaughtException', (err, origin) => log.error({ err, origin }, 'a mistake that nothing has caught'))
}

/** Where the first administrator is set up, if that is still to be done: by the address that people use, where it is known. */
async function setupAddress(db: Database): Promise<string | undefined> {
  const path = await setupPath(db)
  return path === undefined ? undefined : addressOf(await readSettings(db), path)
}

/** Opens the database, for this process alone where it is a file, and sets it up. */
async function prepare(config: Config): Promise<{ db: Database; unlock: () => void; result: SetupResult }> {
  const db = await openDatabase(config.databaseUrl, { connections: CONNECTIONS, patience: PATIENCE_MS })
  const unlock = lock(config.databaseUrl)
  const result = await setup(db, config)
  // Whoever had a job here has ended.
  if (db.engine === 'sqlite') await endLeases(db)
  await secure(db, config)
  return { db, unlock, result }
}

/** Builds an application and opens its port; gives the address too. Throws an Error in one sentence when that cannot be had. */
async function listening(build: () => Promise<FastifyInstance>, { host, port }: Config): Promise<[FastifyInstance, string]> {
  const app = await build()
  await app.listen({ host, port }).catch((cause: unknown) => {
    throw new Error(`Halyard cannot listen on ${host}, port ${port}: ${reasonOf(cause)}.`, { cause })
  })
  const url = urlOf(app.server.address() as AddressInfo, host)
  // Before anybody can have asked: what is remembered of the settings has it.
  answersAt(new URL(url).host)
  return [app, url]
}

/**
 * Does something now and then, never twice at once. Gives the way to end it, which waits for what is being done.
 * @param failed is told of a failure; not again of the same one, until something else has come of it
 */
function repeat(every: number, work: () => Promise<unknown>, failed: (error: unknown) => void): () => Promise<void> {
  let running: Promise<void> | undefined
  let known: string | undefined
  const tell = (error: unknown) => {
    const reason = reasonOf(error)
    if (reason !== known) failed(error)
    known = reason
  }
  const run = () => {
    running ??= work()
      .then(() => {
        known = undefined
      }, tell)
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

/** Where a browser on this machine finds the server. */
function urlOf({ address, family, port }: AddressInfo, host: string): string {
  const everywhere = address === '0.0.0.0' || address === '::'
  const name = everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : host === 'localhost' ? host : address
  return `http://${name}:${port}`
}
