/** What `halyard serve` does in one process, and what it does in several: how it opens, listens and ends. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type Database, PATIENCE_MS } from '#db/database.ts'
import type { FileStore } from '#files/store.ts'
import { endLeases } from '#jobs/queue.ts'
import { addressOf, answersAt, readSettings } from '#kernel/settings.ts'
import { outgoing } from '#outgoing/client.ts'
import type { AppOptions } from '#server/app.ts'
import type { Config } from '#server/config/read.ts'
import { type Log, usualLevel } from '#server/log.ts'
import { reasonOf } from '#server/reason.ts'
import { type SetupResult, setup, setupPath } from '#server/setup.ts'
import type { Traces } from '#server/traces/start.ts'
import type { Invocation } from './command.ts'
import { lock, openDatabase, secure } from './database.ts'
import { loginLines, metricsLine } from './login.ts'
import { beforeMigrating, logged } from './regular-backups.ts'

/** The time for running requests at shutdown. */
export const DRAINING_MS = 10_000
/** The time for the whole shutdown; work that still runs then, such as a statement without a response, is abandoned. */
const ENDING_MS = 30_000
/** Ctrl-C reaches the whole process group, and npm forwards it again: signals within this time count as one. */
const SAME_SIGNAL_MS = 500

/**
 * Opens the database, locks it if it is a file, and sets it up.
 * @param opening how it is opened
 */
export async function prepare(
  config: Config,
  log: Log,
  opening: Parameters<typeof openDatabase>[1],
): Promise<{ db: Database; unlock: () => void; result: SetupResult }> {
  const db = await openDatabase(config.databaseUrl, { ...opening, patience: PATIENCE_MS })
  const unlock = lock(config.databaseUrl)
  const progress = await beforeMigrating(db, config, logged(log))
  const result = await setup(db, { ...config, progress })
  // The process that held leases here has ended, unless another one runs the jobs.
  if (db.engine === 'sqlite' && config.worker) await endLeases(db)
  await secure(db, config)
  return { db, unlock, result }
}

/** The options of the application that follow from the configuration and the database. */
export async function applicationOptions(db: Database, config: Config, files: FileStore): Promise<AppOptions> {
  return {
    root: (await readSettings(db)).relative_url_root,
    files,
    logLevel: config.logLevel ?? usualLevel(),
    trustedProxies: config.trustedProxies,
    mail: config.mail !== undefined,
    smtp: config.mail,
    outgoing: outgoing({ allow: config.outgoingAllow }),
  }
}

/** Builds the application and opens its port. Throws an Error in one sentence if the port is not available. */
export async function listening(
  build: () => Promise<FastifyInstance>,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<[FastifyInstance, string]> {
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

/** The setup link for the first administrator, at the public URL if known; undefined once the setup is done. */
export async function setupAddress(db: Database): Promise<string | undefined> {
  const path = await setupPath(db)
  return path === undefined ? undefined : addressOf(await readSettings(db), path)
}

/** Tells the operator, and whoever waits for the ready file, that the server is ready. */
export function announce(
  { config, flags }: Invocation,
  {
    token,
    tokens,
    ...known
  }: Pick<SetupResult, 'token'> & {
    readonly url: string
    readonly metrics: string | undefined
    readonly setupLink: string | undefined
    readonly tokens?: Readonly<Record<string, string>> | undefined
  },
): void {
  const { url, metrics, setupLink } = known
  if (config.readyFile !== undefined) tellReady(config.readyFile, url)
  if (flags.json) console.log(JSON.stringify({ url, metrics, setupLink, token, tokens, pid: process.pid }))
  else
    process.stdout.write(
      `Halyard is ready: ${url}\n${metricsLine(metrics)}${loginLines({ ...(token && { token }), tokens }, setupLink)}`,
    )
}

/** Writes the file that tells others the address; it is removed when the process ends. */
function tellReady(path: string, url: string): void {
  // Under another name first: readers find all of it, or nothing.
  writeFileSync(`${path}.${process.pid}`, `${url}\n`)
  renameSync(`${path}.${process.pid}`, path)
  process.once('exit', () => rmSync(path, { force: true }))
}

/**
 * Ends the process at SIGTERM or SIGINT, or at once at the second one.
 * @param end ends everything but traces, whose export may fail
 * @returns the function that ends it without a signal
 */
export function endBySignal(log: Log, traces: Traces | undefined, end: () => Promise<unknown>): () => void {
  let stopping: number | undefined
  const stop = async () => {
    if (stopping !== undefined) return
    stopping = performance.now()
    log.info({}, 'stopping')
    setTimeout(() => {
      log.error({}, `shutdown did not finish within ${ENDING_MS / 1000} s; exiting`)
      process.exit(1)
    }, ENDING_MS).unref()
    await end()
    // Before the last line, as the export may fail. The exporter's attempts would keep the process alive.
    const isWaiting = (await traces?.end())?.isWaiting
    log.info({ ms: Math.round(performance.now() - stopping) }, 'stopped')
    if (isWaiting) process.exit()
  }
  let first: number | undefined
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => {
      if (first !== undefined && performance.now() - first > SAME_SIGNAL_MS) process.exit(1)
      first ??= performance.now()
      void stop()
    })
  return () => void stop()
}

/**
 * Logs an uncaught exception and keeps the server running. Otherwise anyone who found such a bug could stop the server. The failed
 * request has ended by itself, since each request has its own transaction and time limits.
 */
export function outlive(log: Log): void {
  process.on('uncaughtException', (err, origin) => log.error({ err, origin }, 'uncaught exception'))
}
