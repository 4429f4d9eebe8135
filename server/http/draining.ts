/** Graceful shutdown: running requests may finish, new ones get 503 with Retry-After. */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { ApiError } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'
import { sendError } from './answer.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * From now on, answers 503 to all requests except `/livez`, which still tells supervisors not to kill the process.
     * @returns when all earlier requests are answered and their handlers have ended, those of clients that have gone as well, or
     *   after this many milliseconds
     */
    drain(atMost: number): Promise<void>
    /** Has `drain` wait for a handler, as it does for those of routes. Returns what the handler returns. */
    untilDone<T>(handling: T): T
  }
}

function shuttingDown(): ApiError {
  const error = new ApiError('ServiceUnavailable', said`The server is shutting down. Try again in a few seconds.`)
  error.headers = { 'retry-after': '5', connection: 'close' }
  return error
}

/** Adds `drain` to an application. Its hook must be the first. */
export function makeDrainable(app: FastifyInstance): void {
  let isDraining = false
  const answering = new Set<ServerResponse>()
  const handling = new Set<PromiseLike<unknown>>()
  app.decorate('untilDone', <T>(handled: T): T => {
    if (handled instanceof Promise) {
      handling.add(handled)
      const done = () => handling.delete(handled)
      handled.then(done, done)
    }
    return handled
  })
  app.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = function (request, reply) {
      return app.untilDone(handler.call(this, request, reply))
    }
  })
  app.addHook('onRequest', async (request, reply) => {
    const { raw } = reply
    answering.add(raw)
    raw.once('close', () => answering.delete(raw))
    if (isDraining && request.url !== '/livez') return sendError(request, reply, shuttingDown())
  })
  app.decorate('drain', async (atMost: number) => {
    isDraining = true
    const closed = [...answering].map((response) => new Promise<void>((done) => response.once('close', done)))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, atMost)
    })
    // A handler goes on when its client has gone, and needs the database.
    await Promise.race([Promise.all(closed).then(() => Promise.allSettled(handling)), late])
    clearTimeout(timer)
  })
}
