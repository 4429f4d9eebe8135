/** Ending in good order: requests that are being answered are waited for, new ones are told to come back. */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { ApiError } from '#kernel/errors.ts'
import { sendError } from './answer.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * From now on answers 503 to whatever is asked, `/livez` aside, which tells those who look after the server that it need not
     * be killed.
     * @returns when everything that had been asked before is answered, or after so many milliseconds
     */
    drain(atMost: number): Promise<void>
  }
}

function shuttingDown(): ApiError {
  const error = new ApiError('ServiceUnavailable', 'The server is shutting down. Try again in a few seconds.')
  error.headers = { 'retry-after': '5', connection: 'close' }
  return error
}

/** Makes an application one that can be drained. Its hook has to be the first. */
export function makeDrainable(app: FastifyInstance): void {
  let isDraining = false
  const answering = new Set<ServerResponse>()
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
    await Promise.race([Promise.all(closed), late])
    clearTimeout(timer)
  })
}
