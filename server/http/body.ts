/**
 * The bodies of requests, read by what needs them: not before it is known who asks, and within limits of size and time. Whatever
 * is left of a body when its request has been answered may still come for a moment, so that its sender hears the answer.
 */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { ApiError } from '#kernel/errors.ts'
import { SLOWEST, type TimeLimits } from './limits.ts'

const tooLarge = (most: number) =>
  Object.assign(new ApiError('InvalidRequestBody', `The request body is too large: at most ${most} bytes are taken here.`), {
    status: 413,
  })

function tooSlow(): ApiError {
  const error = new ApiError('BadRequest', 'The request body came too slowly.')
  return Object.assign(error, { status: 408, headers: { connection: 'close' } })
}

/** Requests whose clients wait to be told that their bodies are wanted. */
const expecting = new WeakMap<IncomingMessage, ServerResponse>()

/**
 * The pieces of a body as they come.
 * @param whole the time for all of it
 * @throws ApiError 408 where nothing comes for too long, or too little; 400 where the connection breaks
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
      // Only the time counts in which we wait for the client, not that in which it waits for us.
      const left = Math.min(pause, pause + (size / SLOWEST) * 1000 - waited, end - start)
      const { done, value } = await within(pieces.next(), left)
      if (done) return
      waited += performance.now() - start
      size += value.length
      yield value
    }
  } finally {
    // Or the rest could not be skipped. Not waited for: where nothing comes it does not end.
    void pieces.return?.()
  }
}

/** What is waited for, or its failure in our words. */
async function within<T>(waited: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), Math.max(0, milliseconds))
  })
  try {
    return await Promise.race([waited, late])
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('BadRequest', 'The connection ended before the request body did.')
  } finally {
    clearTimeout(timer)
    // After a timeout nobody hears of how it ended.
    waited.catch(() => {})
  }
}

/**
 * A body as text; empty where there is none.
 * @param most so many bytes at most
 * @throws ApiError 413 for a larger one, 400 for one that is not UTF-8, and as `piecesOf` does
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
  if (!isUtf8(bytes)) throw new ApiError('InvalidRequestBody', 'The request body is not UTF-8.')
  return bytes.toString()
}

/** Lets bodies that nobody reads end, one way or the other, and asks for one (`Expect: 100-continue`) only where it is read. */
export function watchBodies(server: Server, { rest }: TimeLimits): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    expecting.set(request, response)
    // Where it is not asked for, Node ends the connection with the answer: what follows could be the body or the next request.
    server.emit('request', request, response)
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.once('finish', () => {
      if (request.complete) return
      // Node does so by itself only where nothing at all was read.
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
