/** CORS: the origins whose pages may read responses, by the current settings. */
import type { FastifyInstance } from 'fastify'
import { settingsOf } from '#kernel/settings.ts'
import { varyBy } from './answer.ts'
import { type Services, snapshotFor } from './mount.ts'

/** The paths for programs; the pages for people are not available to other origins. */
const covered = /^\/(?:api\/v3|oauth\/(?!authorize)|\.well-known\/)/

const METHODS = 'GET, HEAD, POST, PATCH, PUT, DELETE'
const EXPOSED = 'link, location, retry-after, www-authenticate, x-request-id'
/** The seconds for which browsers cache a preflight. */
const KNOWN_FOR = '600'

/** Lets pages of the allowed origins read responses. Other origins get responses without CORS headers. */
export function addCors(app: FastifyInstance, services: Services): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!covered.test(request.url)) return
    const { apiv3_cors_enabled, apiv3_cors_origins } = await settingsOf(services.db, await snapshotFor(request, services))
    if (!apiv3_cors_enabled) return
    // On every response: a cached response to a request without an origin must not serve a request with one.
    varyBy(reply, 'origin')
    const { origin } = request.headers
    if (origin === undefined || origin === 'null' || !apiv3_cors_origins.includes(origin)) return
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' })
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      reply.header('access-control-expose-headers', EXPOSED)
      return
    }
    const asked = request.headers['access-control-request-headers']
    varyBy(reply, 'access-control-request-headers')
    reply.headers({
      'access-control-allow-methods': METHODS,
      // All requested headers, because the origin is explicitly allowed.
      ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      'access-control-max-age': KNOWN_FOR,
    })
    return reply.code(204).send()
  })
}
