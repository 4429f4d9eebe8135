/** `halyard serve`: sets up the database, serves requests, and shuts down gracefully. */
import type { FastifyInstance } from 'fastify'
import type { Database, MemoryDatabase } from '#db/database.ts'
import { isInMemory } from '#db/sqlite.ts'
import type { MemoryStore } from '#files/memory.ts'
import { openStore } from '#files/open.ts'
import { version } from '#files/package.ts'
import type { FileStore } from '#files/store.ts'
import { setClock } from '#kernel/clock.ts'
import { fetchConfigured } from '#outgoing/client.ts'
import type { Config } from '#server/config/read.ts'
import type { Double } from '#server/double/double.ts'
import { processLog, usualLevel } from '#server/log.ts'
import type { SetupResult } from '#server/setup.ts'
import { startTraces } from '#server/traces/start.ts'
import { UsageError } from '#server/usage.ts'
import type { Invocation } from './command.ts'
import { loginLines } from './login.ts'
import { startBackups } from './regular-backups.ts'
import { announce, applicationOptions, DRAINING_MS, endBySignal, listening, outlive, prepare, setupAddress } from './serving.ts'
import { startWorker } from './working.ts'

const CONNECTIONS = 10

/** Serves until a signal arrives; then the process ends by itself. */
export async function serve(invocation: Invocation): Promise<void> {
  const { config } = invocation
  if (config.workers > 1) return (await import('./serve-workers.ts')).serveByWorkers(invocation)
  // Before the seed, whose dates follow from it.
  if (config.double?.clock) setClock(config.double.clock)
  // Until the application has one.
  const log = processLog(config.logLevel ?? usualLevel())
  // The application loads while the database opens.
  const [{ build }, { db, unlock, result }, traces] = await Promise.all([
    import('#server/app.ts'),
    prepare(config, log, { connections: CONNECTIONS }),
    startTraces(process.env, config.traceHosts, (message) => log.warn({}, message)),
  ])
  const files = openStore(config.attachments, fetchConfigured)
  if (result.fresh && config.seed === 'showcase') await (await import('#server/seeds/showcase-files.ts')).attachReports(db, files)
  const double = config.double && isInMemory(db) ? await doubleOf(db, files, config) : undefined
  const served = double?.db ?? db
  const metrics = config.metrics && (await import('#server/metrics/serving.ts')).serveMetrics(served, config.metrics)
  const options = { ...(await applicationOptions(db, config, files)), metrics, double }
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

  endBySignal(app.log, traces, async () => {
    const worked = (double ?? worker)?.stop()
    stopBackups?.()
    await app.drain(DRAINING_MS)
    await app.close()
    await worked
    metrics?.close()
    await db.close()
    unlock()
  })
  outlive(app.log)
  app.log.info({ version, node: process.versions.node, engine: db.engine, url, worker: config.worker }, 'started')
  announce(invocation, { ...result, url, metrics: metricsUrl, setupLink, tokens: begun?.tokens })
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
