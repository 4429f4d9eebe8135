/** Serves metrics: on a port of their own, or on that of the server for those who have a token. */
import { hash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Database } from '#db/database.ts'
import { sendError } from '#http/answer.ts'
import { ApiError } from '#kernel/errors.ts'
import type { MetricsChoice } from '#server/config/read.ts'
import type { Log } from '#server/log.ts'
import { reasonOf } from '#server/reason.ts'
import { createMetrics, type Metrics } from './metrics.ts'

const PATH = '/metrics'

/** The metrics of a process, and the ways to them. */
export interface ServedMetrics {
  /** Counts the requests of an application, and adds the metrics to it if there is a token for them. */
  watch(app: FastifyInstance): void
  /**
   * Opens the port of the metrics, if there is one.
   * @returns their address
   * @throws Error in one sentence if the port is not available
   */
  listen(log: Pick<Log, 'error'>): Promise<string | undefined>
  /** Closes the port, without waiting for scrapes. */
  close(): void
}

/** Begins to measure a process that uses this database; serves these metrics, or its own. */
export function serveMetrics(
  db: Database,
  { listen: place, token }: MetricsChoice,
  metrics: Metrics = createMetrics(db),
): ServedMetrics {
  const server = createServer()
  return {
    watch(app) {
      metrics.watch(app)
      if (token !== undefined) offer(app, metrics, token)
    },
    async listen(log) {
      if (!place) return undefined
      const { host, port } = place
      server.on('request', ({ url = '', method = '' }, response) => void answer(metrics, method, url, response, log))
      server.listen(port, host)
      await once(server, 'listening').catch((cause: unknown) => {
        throw new Error(`Halyard cannot listen for scrapes of metrics on ${host}, port ${port}: ${reasonOf(cause)}.`, { cause })
      })
      const { address, family, port: own } = server.address() as AddressInfo
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${own}${PATH}`
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Answers a request to the port of the metrics. */
async function answer(
  metrics: Metrics,
  method: string,
  url: string,
  response: ServerResponse,
  log: Pick<Log, 'error'>,
): Promise<void> {
  const say = (status: number, text: string, headers: Record<string, string> = {}) =>
    void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text)
  if (url.split('?', 1)[0] !== PATH) return say(404, `The metrics are at ${PATH}.\n`)
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'The metrics can only be read, by GET.\n', { allow: 'GET, HEAD' })
  try {
    say(200, await metrics.text(), { 'content-type': metrics.contentType, 'cache-control': 'no-store' })
  } catch (err) {
    log.error({ err }, 'reading metrics failed')
    say(500, 'The metrics cannot be read; the log says why.\n')
  }
}

/** Hashes have one length, so that comparing them takes the same time for each text. */
const hashOf = (text: string): Buffer => hash('sha256', text, 'buffer')

/** Adds the metrics to an application, for requests with the token. */
function offer(app: FastifyInstance, metrics: Metrics, token: string): void {
  const expected = hashOf(token)
  app.get(PATH, async (request, reply) => {
    const [, sent = ''] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? []
    if (!timingSafeEqual(hashOf(sent), expected)) {
      const error = new ApiError('Unauthenticated')
      error.headers = { 'www-authenticate': 'Bearer realm="Halyard metrics"' }
      return sendError(request, reply, error)
    }
    return reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text())
  })
}
