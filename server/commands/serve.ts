/** `halyard serve`: sets the database up, answers requests, and ends in good order. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Database } from '#db/database.ts'
import { openStore } from '#files/open.ts'
import type { FileStore } from '#files/store.ts'
import type { Config } from '#server/config.ts'
import { type SetupResult, setup } from '#server/setup.ts'
import type { Invocation } from './command.ts'
import { lock, openDatabase, reasonOf } from './database.ts'
import { loginLines } from './login.ts'

const CONNECTIONS = 10
const DELIVERY_MS = 1000
const READING_MS = 1000
const SWEEP_MS = 60_000
/** A Ctrl-C reaches the whole process group, and npm passes on a second one: within this time they are one. */
const SAME_SIGNAL_MS = 500

/** Serves until a signal ends it; then the process ends by itself. */
export async function serve({ config }: Invocation): Promise<void> {
  // The application is loaded while the database is waited for.
  const [{ build }, { db, unlock, result }] = await Promise.all([import('#server/app.ts'), prepare(config)])
  const logLevel = config.logLevel ?? (process.stdout.isTTY ? 'warn' : 'info')
  const files = openStore(config.attachments)
  const app = await listening(() => build(db, { files, logLevel, trustedProxies: config.trustedProxies }), config).catch(
    (error: unknown) => {
      // The secrets exist now, and this is the only time they can be told.
      process.stdout.write(loginLines(result))
      throw error
    },
  )
  const failed = (what: string) => (error: unknown) => app.log.error({ err: error }, `${what} failed`)
  const stopDelivery = repeat(DELIVERY_MS, () => deliverAll(db), failed('delivering events'))
  const ending = new AbortController()
  const stopReading = repeat(READING_MS, () => workOnFiles(db, files, ending.signal), failed('working on files'))
  const stopSweeping = repeat(SWEEP_MS, () => sweepFiles(db, files), failed('removing files'))

  let stopping: number | undefined
  const stop = async () => {
    if (stopping !== undefined) {
      if (performance.now() - stopping > SAME_SIGNAL_MS) process.exit(1)
      return
    }
    stopping = performance.now()
    ending.abort()
    await app.close()
    await stopDelivery()
    await stopReading()
    await stopSweeping()
    await db.close()
    unlock()
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)

  process.stdout.write(`Halyard is ready: ${urlOf(app.server.address() as AddressInfo, config.host)}\n${loginLines(result)}`)
}

/** Opens the database, for this process alone where it is a file, and sets it up. */
async function prepare(config: Config): Promise<{ db: Database; unlock: () => void; result: SetupResult }> {
  const db = await openDatabase(config.databaseUrl, CONNECTIONS)
  const unlock = lock(config.databaseUrl)
  return { db, unlock, result: await setup(db, config) }
}

/** Builds an application and opens its port. Throws an Error in one sentence when that cannot be had. */
async function listening(build: () => Promise<FastifyInstance>, { host, port }: Config): Promise<FastifyInstance> {
  const app = await build()
  await app.listen({ host, port }).catch((cause: unknown) => {
    throw new Error(`Halyard cannot listen on ${host}, port ${port}: ${reasonOf(cause)}.`, { cause })
  })
  return app
}

/** Does something now and then, never twice at once. Gives the way to end it, which waits for what is being done. */
function repeat(every: number, work: () => Promise<unknown>, failed: (error: unknown) => void): () => Promise<void> {
  let running: Promise<void> | undefined
  const run = () => {
    running ??= work()
      .then(() => {}, failed)
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

async function deliverAll(db: Database): Promise<void> {
  const [{ deliver }, { runTasks }] = await Promise.all([import('#kernel/events.ts'), import('#kernel/tasks.ts')])
  await runTasks(db, new Date())
  while ((await deliver(db)) > 0);
}

async function workOnFiles(db: Database, files: FileStore, signal: AbortSignal): Promise<void> {
  await (await import('#kernel/tasks.ts')).runFileTasks(db, files, new Date(), signal)
}

async function sweepFiles(db: Database, files: FileStore): Promise<void> {
  await (await import('#modules/files/loose.ts')).sweep(db, files)
}

/** Where a browser on this machine finds the server. */
function urlOf({ address, family, port }: AddressInfo, host: string): string {
  const everywhere = address === '0.0.0.0' || address === '::'
  const name = everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : host === 'localhost' ? host : address
  return `http://${name}:${port}`
}
