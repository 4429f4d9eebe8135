/** `halyard worker`: runs background jobs, and serves nothing. */
import { PATIENCE_MS } from '#db/database.ts'
import { openStore } from '#files/open.ts'
import { version } from '#files/package.ts'
import { hasPublicHost } from '#kernel/settings.ts'
import { fetchConfigured, outgoing, useOutgoing } from '#outgoing/client.ts'
import { processLog, usualLevel } from '#server/log.ts'
import { startTraces } from '#server/traces/start.ts'
import type { Invocation } from './command.ts'
import { missingMigrations, openDatabase, secure, shown } from './database.ts'
import { metricsLine } from './login.ts'
import { startBackups } from './regular-backups.ts'
import { endBySignal } from './serving.ts'
import { startWorker } from './working.ts'

/** Enough for a statement in each lane. */
const CONNECTIONS = 6

/**
 * Runs jobs until a signal arrives. It waits for the current step of each job.
 * @throws Error in one sentence if the schema is not of this version, which only a server or `halyard migrate` changes
 */
export async function work(invocation: Invocation): Promise<void> {
  const { config } = invocation
  const db = await openDatabase(config.databaseUrl, { connections: CONNECTIONS, patience: PATIENCE_MS })
  if ((await missingMigrations(db)).length > 0) {
    await db.close()
    throw new Error(`${shown(config.databaseUrl)} has the schema of another version; run halyard migrate first.`)
  }
  await secure(db, config)
  useOutgoing(db, outgoing({ allow: config.outgoingAllow }))
  const log = processLog(config.logLevel ?? usualLevel())
  const traces = await startTraces(process.env, config.traceHosts, (message) => log.warn({}, message))
  const metrics = config.metrics?.listen && (await import('#server/metrics/serving.ts')).serveMetrics(db, config.metrics)
  const metricsUrl = await metrics?.listen(log)
  const worker = startWorker(db, openStore(config.attachments, fetchConfigured), config.mail, log)
  const stopBackups = startBackups(invocation, log)
  // Nothing else keeps the process alive.
  const alive = setInterval(() => {}, 60_000)
  endBySignal(log, traces, async () => {
    stopBackups()
    await worker.stop()
    clearInterval(alive)
    metrics?.close()
    await db.close()
  })
  if (!(await hasPublicHost(db))) log.warn({}, 'links in mails lead nowhere: start halyard serve with --public-url once')
  log.info({ version, node: process.versions.node, engine: db.engine }, 'started')
  process.stdout.write(`Halyard runs the jobs of ${shown(config.databaseUrl)}.\n${metricsLine(metricsUrl)}`)
}
