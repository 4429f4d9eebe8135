/** Pages of other origins: which may read what we answer, by the settings in force at each request. */
import type { FastifyInstance } from 'fastify'
import { settingsOf } from '#kernel/settings.ts'
import { varyBy } from './answer.ts'
import { type Services, snapshotFor } from './mount.ts'

/** What programs ask; pages for people are for nobody else's. */
const covered = /^\/(?:api\/v3|oauth\/(?!authorize)|\.well-known\/)/

const METHODS = 'GET, HEAD, POST, PATCH, PUT, DELETE'
const EXPOSED = 'link, location, retry-after, www-authenticate, x-request-id'
/** Seconds for which a browser need not ask again. */
const KNOWN_FOR = '600'

/** Lets pages of the origins that the settings name read answers. All others are answered as if there were no such thing. */
export function addCors(app: FastifyInstance, ground: Services): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!covered.test(request.url)) return
    const { apiv3_cors_enabled, apiv3_cors_origins } = await settingsOf(ground.db, await snapshotFor(request, ground))
    if (!apiv3_cors_enabled) return
    // Of every answer: one that a cache keeps for whoever says nothing of an origin must not be given to those who do.
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
      // Whatever clients like to send: the origin is one that was let in by name.
      ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      'access-control-max-age': KNOWN_FOR,
    })
    return reply.code(204).send()
  })
}
