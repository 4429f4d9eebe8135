/** Builds the HTTP server without opening its port: tests inject requests, and `serve` opens the port. */
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Database } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import { memoryStore } from '#files/memory.ts'
import type { FileStore } from '#files/store.ts'
import { sendError, withoutBody } from '#http/answer.ts'
import { watchBodies } from '#http/body.ts'
import { addCors } from '#http/cors.ts'
import { describe } from '#http/documents.ts'
import { makeDrainable } from '#http/draining.ts'
import { addHealthChecks } from '#http/health.ts'
import { type TimeLimits, usualTimes } from '#http/limits.ts'
import { answerMalformed, refuseOddities } from '#http/malformed.ts'
import { mount } from '#http/mount.ts'
import { logRequests, pathOf, requestId } from '#http/request-log.ts'
import { setRoot, withoutRoot } from '#http/root.ts'
import { hasKeys, passingKey, useKeys } from '#identity/secrets.ts'
import type { MailChoice } from '#jobs/post.ts'
import { createCache } from '#kernel/cache.ts'
import type { Subscriber } from '#kernel/declaration.ts'
import { ApiError } from '#kernel/errors.ts'
import { type Outgoing, useOutgoing } from '#outgoing/client.ts'
import type { Double } from '#server/double/double.ts'
import type { ServedMetrics } from '#server/metrics/serving.ts'
import { product } from '#server/modules.ts'
import { oauthEndpoints } from '#server/web/oauth/endpoints.ts'
import { sendNotFound } from '#server/web/page.ts'
import { pages } from '#server/web/pages.ts'
import { said } from '#text/messages.ts'

export interface AppOptions {
  /** pino's level, or `silent`. */
  logLevel?: string
  /** Receives the log line by line, instead of standard error. */
  logTo?: { write(line: string): void }
  /** The file store; in memory by default. */
  files?: FileStore
  /** Trusted proxies: addresses, networks such as 10.0.0.0/8, or `loopback`. */
  trustedProxies?: readonly string[]
  /** The client for requests to other servers; by default it contacts only public addresses. */
  outgoing?: Outgoing
  /** Whether there is a mail server, so that pages can say that mails are on their way. */
  mail?: boolean
  /** Time limits for clients. */
  times?: Partial<TimeLimits>
  /** The path of the host below which the server is reached; empty for none. */
  root?: string
  /** Subscribers of events, besides those that modules declare. */
  subscribers?: readonly Subscriber[]
  /** The SMTP server, which a health check asks. */
  smtp?: MailChoice | undefined
  /** The metrics, if somebody wants them. */
  metrics?: ServedMetrics | undefined
  /** The controls of a test double. */
  double?: Double | undefined
}

/** Builds the application on a migrated database. Without keys, a temporary key encrypts its secrets. */
export async function build(
  db: Database,
  {
    logLevel = 'silent',
    logTo = process.stderr,
    files = memoryStore(),
    trustedProxies = ['loopback'],
    outgoing,
    mail = false,
    times: givenTimes,
    subscribers = [],
    root = '',
    smtp,
    metrics,
    double,
  }: AppOptions = {},
): Promise<FastifyInstance> {
  const times = { ...usualTimes, ...givenTimes }
  const app = Fastify({
    logger: logLevel === 'silent' ? false : { level: logLevel, serializers: { req: summary }, stream: logTo },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    trustProxy: [...trustedProxies],
    // Operations validate by themselves; without these, Fastify loads a validator and a serialiser at each start.
    schemaController: { compilersFactory: { buildValidator: anything as never, buildSerializer: anything as never } },
    exposeHeadRoutes: false,
    rewriteUrl: (request) => withoutRoot(mended(request), root),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 1000 },
    http: {
      headersTimeout: times.head,
      requestTimeout: times.request,
      // How often Node checks for timeouts.
      connectionsCheckingInterval: times.head / 4,
      requireHostHeader: false,
    },
    requestTimeout: times.request,
    keepAliveTimeout: times.idle,
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, request, reply) => void sendError(request, reply, error),
    return503OnClosing: false,
    // `drain` has waited for running requests by then.
    forceCloseConnections: true,
  })
  if (!hasKeys(db)) useKeys(db, passingKey())
  if (outgoing) useOutgoing(db, outgoing)
  setRoot(app, root)
  watchBodies(app.server, times)
  refuseOddities(app.server)
  makeDrainable(app)
  const cacheOf = perDatabase(createCache)
  logRequests(app)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff')
    const needsHost = request.raw.httpVersion === '1.1' && request.headers.host === undefined
    done(needsHost ? new ApiError('BadRequest', said`The request has no Host header.`) : undefined)
  })

  metrics?.watch(app)
  double?.watch(app)

  const own = double?.model ?? product
  const model = { ...own, subscribers: [...own.subscribers, ...subscribers] }
  const services = {
    ...{ model, db, files, times, mail },
    get cache() {
      return cacheOf(db)
    },
  }
  addCors(app, services)

  app.setErrorHandler((error, request, reply) => sendError(request, reply, error))

  mount(app, services, (request, reply) => sendNotFound(request, reply, services))
  describe(app, services)
  pages(app, services)
  oauthEndpoints(app, services)

  app.get('/livez', async () => 'ok')
  const ready = async () => {
    await db.ready()
    return 'ok'
  }
  app.get('/readyz', ready)
  addHealthChecks(app, db, smtp)
  return app
}

const anything = () => () => () => true

/**
 * Normalises sloppy requests first: HEAD becomes GET without a response body (Node omits the body of a response to HEAD), and the
 * content type of a GET or DELETE is ignored.
 */
function mended(request: IncomingMessage): string {
  if (request.method === 'HEAD') {
    request.method = 'GET'
    withoutBody(request)
  }
  if (request.method === 'GET' || request.method === 'DELETE') delete request.headers['content-type']
  // The absolute form of the request target, as sent to proxies.
  const [, path] = /^https?:\/\/[^/?#]*(.*)$/is.exec(request.url as string) ?? []
  return path === undefined ? (request.url as string) : path.startsWith('/') ? path : `/${path}`
}

const summary = (request: { method: string; url: string }) => ({ method: request.method, path: pathOf(request.url) })
