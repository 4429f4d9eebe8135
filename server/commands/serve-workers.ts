/**
 * `halyard serve` in several processes: a primary one that sets up the database, runs the jobs and hands out connections, and
 * workers that serve requests.
 */
import { type Database, PATIENCE_MS } from '#db/database.ts'
import { openStore } from '#files/open.ts'
import { version } from '#files/package.ts'
import { noteRight, rightElsewhere, shareRight } from '#http/addresses.ts'
import { useKeys } from '#identity/secrets.ts'
import { createPlaces, type Limited, sharePlaces, type TakePlace } from '#kernel/places.ts'
import { answersAt } from '#kernel/settings.ts'
import { fetchConfigured, outgoing, useOutgoing } from '#outgoing/client.ts'
import type { Config } from '#server/config/read.ts'
import { keySource } from '#server/keys.ts'
import { processLog, usualLevel } from '#server/log.ts'
import { startTraces } from '#server/traces/start.ts'
import type { Ask } from '#server/workers/channel.ts'
import { type Pool, startPool } from '#server/workers/pool.ts'
import { isWorker, placesAt, primary } from '#server/workers/primary.ts'
import type { Invocation } from './command.ts'
import { openDatabase } from './database.ts'
import { loginLines } from './login.ts'
import { startBackups } from './regular-backups.ts'
import { announce, applicationOptions, DRAINING_MS, endBySignal, listening, outlive, prepare, setupAddress } from './serving.ts'
import { startWorker } from './working.ts'

/** The connections of each process to PostgreSQL. */
const CONNECTIONS = 5
/** The time that a worker has to tell its metrics. */
const MEASURING_MS = 1000

/** One process writes at a time, as SQLite has it; all others stand in a queue. */
const WRITING: Limited = { name: 'writing', atOnce: 1, mostWaiting: Number.POSITIVE_INFINITY }
const turnBy = (takePlace: TakePlace) => async () => (await takePlace(WRITING)) ?? (() => {})

/** Serves in several processes until a signal arrives: as the primary one, or, where that has started this one, as a worker. */
export const serveByWorkers = (invocation: Invocation): Promise<void> =>
  isWorker() ? serveAsWorker() : serveAsPrimary(invocation)

async function serveAsPrimary(invocation: Invocation): Promise<void> {
  const { config } = invocation
  const log = processLog(config.logLevel ?? usualLevel())
  const takePlace = createPlaces()
  sharePlaces(takePlace)
  const [{ db, unlock, result }, traces] = await Promise.all([
    prepare(config, log, { connections: CONNECTIONS, turn: turnBy(takePlace) }),
    startTraces(process.env, config.traceHosts, (message) => log.warn({}, message)),
  ])
  const files = openStore(config.attachments, fetchConfigured)
  if (result.fresh && config.seed === 'showcase') await (await import('#server/seeds/showcase-files.ts')).attachReports(db, files)
  useOutgoing(db, outgoing({ allow: config.outgoingAllow }))

  let pool: Pool | undefined
  const measured = config.metrics && (await import('#server/metrics/workers.ts')).jointMetrics(db, () => askAll(pool))
  const metrics =
    config.metrics && measured && (await import('#server/metrics/serving.ts')).serveMetrics(db, config.metrics, measured.metrics)
  /** Hashes of credentials that were right: no worker throttles what another one has let in. */
  const right = new Set<string>()
  const open = async () => {
    const metricsUrl = await metrics?.listen(log)
    pool = await startPool({
      count: config.workers,
      port: config.port,
      log,
      configuration: { config },
      known: () => [...right],
      takePlace,
      answers: {
        metrics: () => measured?.metrics.text(),
        right: (hash) => {
          noteRight(right, hash as string)
          pool?.tellAll('right', hash)
        },
      },
      ended: (worker) => measured?.ended(worker),
    })
    return { metricsUrl, pool }
  }
  const { metricsUrl, pool: started } = await open().catch((error: unknown) => {
    // The token exists now, and it cannot be shown later.
    process.stdout.write(loginLines(result))
    throw error
  })
  const { url } = started
  answersAt(new URL(url).host)
  const worker = config.worker ? startWorker(db, files, config.mail, log) : undefined
  const setupLink = await setupAddress(db)
  const stopBackups = config.worker ? startBackups(invocation, log) : undefined

  endBySignal(log, traces, async () => {
    const worked = worker?.stop()
    stopBackups?.()
    await started.stop()
    await worked
    metrics?.close()
    await db.close()
    unlock()
  })
  outlive(log)
  const about = { version, node: process.versions.node, engine: db.engine, url, worker: config.worker, workers: config.workers }
  log.info(about, 'started')
  announce(invocation, { ...result, url, metrics: metricsUrl, setupLink })
}

const askAll = async (pool: Pool | undefined): Promise<ReadonlyMap<number, unknown>> =>
  pool ? pool.askAll('measure', MEASURING_MS) : new Map()

async function serveAsWorker(): Promise<void> {
  const answers: Record<string, (about: unknown) => unknown> = {}
  const ask = primary(answers)
  // Until the port keeps the process alive.
  process.channel?.ref()
  // The file and the variables may have changed since the primary process read them.
  const { config, port } = (await ask('configuration')) as { readonly config: Config; readonly port: number }
  try {
    const { db, url, read, stop } = await serveFor(ask, { ...config, port })
    if (read) answers.measure = read
    answers.stop = stop
    answers.right = (hash) => rightElsewhere(db, [hash as string])
    shareRight((hash) => void ask('right', hash).catch(() => {}))
    rightElsewhere(db, (await ask('started', url)) as readonly string[])
  } catch (error) {
    // The primary process tells the operator.
    await ask('failed', error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
}

/** Serves requests, and nothing else, until a signal arrives or the primary process ends. */
async function serveFor(
  ask: Ask,
  config: Config,
): Promise<{ db: Database; url: string; read: (() => unknown) | undefined; stop: () => void }> {
  const log = processLog(config.logLevel ?? usualLevel())
  const takePlace = placesAt(ask)
  sharePlaces(takePlace)
  const [{ build }, db, traces] = await Promise.all([
    import('#server/app.ts'),
    openDatabase(config.databaseUrl, { connections: CONNECTIONS, patience: PATIENCE_MS, turn: turnBy(takePlace) }),
    startTraces(process.env, config.traceHosts, (message) => log.warn({}, message)),
  ])
  useKeys(db, keySource(config.secretKey))
  const measured =
    config.metrics && (await import('#server/metrics/workers.ts')).workerMetrics(db, async () => String(await ask('metrics')))
  const metrics =
    measured &&
    (await import('#server/metrics/serving.ts')).serveMetrics(
      db,
      { listen: undefined, token: config.metrics?.token },
      measured.metrics,
    )
  const options = { ...(await applicationOptions(db, config, openStore(config.attachments, fetchConfigured))), metrics }
  const [app, url] = await listening(() => build(db, options), config)
  if (traces) traces.warn = (message) => app.log.warn(message)
  const stop = endBySignal(app.log, traces, async () => {
    await app.drain(DRAINING_MS)
    await app.close()
    await db.close()
  })
  outlive(app.log)
  process.channel?.unref()
  return { db, url, read: measured?.read, stop }
}
