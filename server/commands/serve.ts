/** `halyard serve`: sets up the database, serves requests, and shuts down gracefully. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type Database, type MemoryDatabase, PATIENCE_MS } from '#db/database.ts'
import { isInMemory } from '#db/sqlite.ts'
import type { MemoryStore } from '#files/memory.ts'
import { openStore } from '#files/open.ts'
import { version } from '#files/package.ts'
import type { FileStore } from '#files/store.ts'
import { endLeases } from '#jobs/queue.ts'
import { setClock } from '#kernel/clock.ts'
import { addressOf, answersAt, readSettings } from '#kernel/settings.ts'
import { fetchConfigured, outgoing } from '#outgoing/client.ts'
import type { Config } from '#server/config/read.ts'
import type { Double } from '#server/double/double.ts'
import { type Log, processLog, usualLevel } from '#server/log.ts'
import { reasonOf } from '#server/reason.ts'
import { type SetupResult, setup, setupPath } from '#server/setup.ts'
import { startTraces } from '#server/traces/start.ts'
import { UsageError } from '#server/usage.ts'
import type { Invocation } from './command.ts'
import { lock, openDatabase, secure } from './database.ts'
import { loginLines, metricsLine } from './login.ts'
import { beforeMigrating, logged, startBackups } from './regular-backups.ts'
import { startWorker } from './working.ts'

const CONNECTIONS = 10
/** The time for running requests at shutdown. */
const DRAINING_MS = 10_000
/** The time for the whole shutdown; work that still runs then, such as a statement without a response, is abandoned. */
const ENDING_MS = 30_000
/** Ctrl-C reaches the whole process group, and npm forwards it again: signals within this time count as one. */
const SAME_SIGNAL_MS = 500

/** Serves until a signal arrives; then the process ends by itself. */
export async function serve(invocation: Invocation): Promise<void> {
  const { config } = invocation
  // Before the seed, whose dates follow from it.
  if (config.double?.clock) setClock(config.double.clock)
  const logLevel = config.logLevel ?? usualLevel()
  // Until the application has one.
  const log = processLog(logLevel)
  // The application loads while the database opens.
  const [{ build }, { db, unlock, result }, traces] = await Promise.all([
    import('#server/app.ts'),
    prepare(config, log),
    startTraces(process.env, config.traceHosts, (message) => log.warn({}, message)),
  ])
  const files = openStore(config.attachments, fetchConfigured)
  if (result.fresh && config.seed === 'showcase') await (await import('#server/seeds/showcase-files.ts')).attachReports(db, files)
  const double = config.double && isInMemory(db) ? await doubleOf(db, files, config) : undefined
  const served = double?.db ?? db
  const { trustedProxies, outgoingAllow } = config
  const root = (await readSettings(db)).relative_url_root
  const mail = config.mail !== undefined
  const metrics = config.metrics && (await import('#server/metrics/serving.ts')).serveMetrics(served, config.metrics)
  const options = {
    root,
    files,
    logLevel,
    trustedProxies,
    mail,
    smtp: config.mail,
    outgoing: outgoing({ allow: outgoingAllow }),
    metrics,
    double,
  }
  let metricsUrl: string | undefined
  const built = async () => {
    const app = await build(served, options)
    metricsUrl = await metrics?.listen(app.log)
    return app
  }
  const [app, url] = await listening(built, config).catch((error: unknown) => {
    // The token exists now, and it cannot be shown later.
    process.stdout.write(loginLines(result))
    throw error
  })
  if (traces) traces.warn = (message) => app.log.warn(message)
  const work = config.worker ? () => startWorker(served, files, config.mail, app.log) : undefined
  const setupLink = await setupAddress(db)
  const begun = await double?.begin(work, () => createFixtures(app, served, config, result))
  const worker = double ? undefined : work?.()
  const stopBackups = config.worker ? startBackups(invocation, app.log) : undefined

  let stopping: number | undefined
  const stop = async () => {
    if (stopping !== undefined) {
      if (performance.now() - stopping > SAME_SIGNAL_MS) process.exit(1)
      return
    }
    stopping = performance.now()
    app.log.info('stopping')
    setTimeout(() => {
      app.log.error(`shutdown did not finish within ${ENDING_MS / 1000} s; exiting`)
      process.exit(1)
    }, ENDING_MS).unref()
    const worked = (double ?? worker)?.stop()
    stopBackups?.()
    await app.drain(DRAINING_MS)
    await app.close()
    await worked
    metrics?.close()
    await db.close()
    unlock()
    // Before the last line, as the export may fail. The exporter's attempts would keep the process alive.
    const isWaiting = (await traces?.end())?.isWaiting
    app.log.info({ ms: Math.round(performance.now() - stopping) }, 'stopped')
    if (isWaiting) process.exit()
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)
  outlive(app)

  app.log.info({ version, node: process.versions.node, engine: db.engine, url, worker: config.worker }, 'started')
  if (config.readyFile !== undefined) tellReady(config.readyFile, url)
  const { tokens } = begun ?? {}
  if (invocation.flags.json)
    console.log(JSON.stringify({ url, metrics: metricsUrl, setupLink, token: result.token, tokens, pid: process.pid }))
  else process.stdout.write(`Halyard is ready: ${url}\n${metricsLine(metricsUrl)}${loginLines({ ...result, tokens }, setupLink)}`)
}

/** The test double on a database in memory. */
async function doubleOf(db: MemoryDatabase, files: FileStore, { double, publicUrl }: Config): Promise<Double> {
  const { createDouble } = await import('#server/double/double.ts')
  const host = publicUrl === undefined ? undefined : new URL(publicUrl).host
  return createDouble(db, { clock: double?.clock, host, files: 'restore' in files ? (files as MemoryStore) : undefined })
}

/**
 * Creates the fixtures of a test double, if there are any.
 * @throws UsageError if they cannot be created
 */
async function createFixtures(app: FastifyInstance, db: Database, { double, adminToken }: Config, { token }: SetupResult) {
  if (double?.fixtures === undefined) return {}
  const credentials = adminToken ?? token
  if (credentials === undefined)
    throw new UsageError('--fixtures requires an administrator: leave out --seed none, or set --admin-token.')
  const { readFixtures } = await import('#server/double/fixtures.ts')
  return readFixtures(double.fixtures, app, db, credentials)
}

/** Writes the file that tells others the address; it is removed when the process ends. */
function tellReady(path: string, url: string): void {
  // Under another name first: readers find all of it, or nothing.
  writeFileSync(`${path}.${process.pid}`, `${url}\n`)
  renameSync(`${path}.${process.pid}`, path)
  process.once('exit', () => rmSync(path, { force: true }))
}

/**
 * Logs an uncaught exception and keeps the server running. Otherwise anyone who found such a bug could stop the server. The failed
 * request has ended by itself, since each request has its own transaction and time limits.
 */
function outlive({ log }: FastifyInstance): void {
  process.on('uncaughtException', (err, origin) => log.error({ err, origin }, 'uncaught exception'))
}

/** The setup link for the first administrator, at the public URL if known; undefined once the setup is done. */
async function setupAddress(db: Database): Promise<string | undefined> {
  const path = await setupPath(db)
  return path === undefined ? undefined : addressOf(await readSettings(db), path)
}

/** Opens the database, locks it if it is a file, and sets it up. */
async function prepare(config: Config, log: Log): Promise<{ db: Database; unlock: () => void; result: SetupResult }> {
  const db = await openDatabase(config.databaseUrl, { connections: CONNECTIONS, patience: PATIENCE_MS })
  const unlock = lock(config.databaseUrl)
  const progress = await beforeMigrating(db, config, logged(log))
  const result = await setup(db, { ...config, progress })
  // The process that held leases here has ended, unless another one runs the jobs.
  if (db.engine === 'sqlite' && config.worker) await endLeases(db)
  await secure(db, config)
  return { db, unlock, result }
}

/** Builds the application and opens its port. Throws an Error in one sentence if the port is not available. */
async function listening(build: () => Promise<FastifyInstance>, { host, port }: Config): Promise<[FastifyInstance, string]> {
  const app = await build()
  await app.listen({ host, port }).catch((cause: unknown) => {
    throw new Error(`Halyard cannot listen on ${host}, port ${port}: ${reasonOf(cause)}.`, { cause })
  })
  const url = urlOf(app.server.address() as AddressInfo, host)
  // Before the first request, because cached settings include the address.
  answersAt(new URL(url).host)
  return [app, url]
}

/** The server's URL for a browser on this machine. */
function urlOf({ address, family, port }: AddressInfo, host: string): string {
  const everywhere = address === '0.0.0.0' || address === '::'
  const name = everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : host === 'localhost' ? host : address
  return `http://${name}:${port}`
}
