/**
 * Request bodies. The handler that needs a body reads it after the authentication, within limits of size and time. The rest of an
 * unread body is drained for a moment after the response, so that the client can read the response.
 */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { ApiError } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'
import { SLOWEST, type TimeLimits } from './limits.ts'

const tooLarge = (most: number) =>
  Object.assign(new ApiError('InvalidRequestBody', said`The request body is too large (maximum is ${most} bytes).`), {
    status: 413,
  })

function tooSlow(): ApiError {
  const error = new ApiError('BadRequest', said`The request body arrived too slowly.`)
  return Object.assign(error, { status: 408, headers: { connection: 'close' } })
}

/** Requests whose clients wait for `100 Continue`. */
const expecting = new WeakMap<IncomingMessage, ServerResponse>()

/**
 * The chunks of a body as they arrive.
 * @param whole the time for the whole body
 * @throws ApiError 408 if the body arrives too slowly; 400 if the connection breaks
 */
export async function* piecesOf(
  request: IncomingMessage,
  { pause }: TimeLimits,
  whole: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  goOn(request)
  const pieces = request.iterator({ destroyOnReturn: false })
  const end = performance.now() + whole
  let waited = 0
  let size = 0
  try {
    for (;;) {
      const start = performance.now()
      // Only the time counts during which the server waits for the client.
      const left = Math.min(pause, pause + (size / SLOWEST) * 1000 - waited, end - start)
      const { done, value } = await within(pieces.next(), left)
      if (done) return
      waited += performance.now() - start
      size += value.length
      yield value
    }
  } finally {
    // Otherwise the rest could not be skipped. Not awaited: without further data it does not end.
    void pieces.return?.()
  }
}

/** Awaits a promise with a timeout, and translates its errors. */
async function within<T>(waited: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), Math.max(0, milliseconds))
  })
  try {
    return await Promise.race([waited, late])
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('BadRequest', said`The connection ended before the request body did.`)
  } finally {
    clearTimeout(timer)
    // After a timeout its rejection is ignored.
    waited.catch(() => {})
  }
}

/**
 * A body as text; empty if there is none.
 * @param most the maximum size in bytes
 * @throws ApiError 413 for a larger body, 400 for a body that is not UTF-8, and the errors of `piecesOf`
 */
export async function readText(request: IncomingMessage, most: number, times: TimeLimits): Promise<string> {
  if (Number(request.headers['content-length']) > most) throw tooLarge(most)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of piecesOf(request, times, times.body)) {
    size += piece.length
    if (size > most) throw tooLarge(most)
    pieces.push(piece)
  }
  const bytes = Buffer.concat(pieces)
  if (!isUtf8(bytes)) throw new ApiError('InvalidRequestBody', said`The request body is not UTF-8.`)
  return bytes.toString()
}

/** Drains or aborts unread bodies, and sends `100 Continue` only when a handler reads the body. */
export function watchBodies(server: Server, { rest }: TimeLimits): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    expecting.set(request, response)
    // Without `100 Continue`, Node closes the connection after the response: the next bytes could be the body or another request.
    server.emit('request', request, response)
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.once('finish', () => {
      if (request.complete) return
      // Node does this by itself only if nothing was read.
      request.resume()
      const timer = setTimeout(() => request.socket.destroy(), rest).unref()
      request.once('close', () => clearTimeout(timer))
    })
  })
}

function goOn(request: IncomingMessage): void {
  const response = expecting.get(request)
  if (!response || response.headersSent) return
  expecting.delete(request)
  response.writeContinue()
}
