/** Answers to what is no request: Node reads HTTP, and what it cannot read reaches no route. */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError } from '#kernel/errors.ts'
import { HAL } from './answer.ts'

/** What Node calls it → the status, and what to say of it. Everything else is 400. */
const known: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The head of the request is larger than 16 KiB; its address is a part of it.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunks of the request body say too much of themselves.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request came too slowly.'],
}
const OTHER = [400, 'The request is not well-formed HTTP.'] as const

const bodyOf = (message: string) => JSON.stringify(new ApiError('BadRequest', message).body)

/** Answers on a connection, and ends it. */
function end(socket: Duplex, status: number, message: string): void {
  const body = bodyOf(message)
  socket.write(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${HAL}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  ;(socket as Duplex & { destroySoon(): void }).destroySoon()
}

/** Answers what could not be read as a request, unless an answer to the one before it has begun or nobody listens any more. */
export function answerMalformed(error: Error & { code?: string }, socket: Duplex): void {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse }
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent) return void socket.destroy()
  end(socket, ...(known[error.code ?? ''] ?? OTHER))
}

/** Refuses what Node would answer by a closed connection or without a word. */
export function refuseOddities(server: Server): void {
  server.on('connect', (_: IncomingMessage, socket: Duplex) => end(socket, 405, 'This server is no proxy.'))
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const body = bodyOf('The only expectation that is met is 100-continue.')
    response.writeHead(417, { 'content-type': HAL, 'content-length': Buffer.byteLength(body), connection: 'close' }).end(body)
  })
}
