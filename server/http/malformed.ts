/** Responses to malformed HTTP, which Node rejects before any route. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { http } from '#files/http.ts'
import { ApiError } from '#kernel/errors.ts'
import { type Message, said } from '#text/messages.ts'
import { HAL } from './answer.ts'

/** Node's error code → the status and the message. All other errors are 400. */
const known: Readonly<Record<string, readonly [number, Message]>> = {
  HPE_HEADER_OVERFLOW: [431, said`The request line and headers are larger than 16 KiB.`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, said`The chunk extensions of the request body are too large.`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, said`The request arrived too slowly.`],
}

const OTHER = [400, said`The request is not well-formed HTTP.`] as const

const bodyOf = (message: Message) => JSON.stringify(new ApiError('BadRequest', message).body)

/** Responds on a connection and closes it. */
function end(socket: Duplex, status: number, message: Message): void {
  const body = bodyOf(message)
  socket.write(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\ncontent-type: ${HAL}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
  ;(socket as Duplex & { destroySoon(): void }).destroySoon()
}

/** Responds to a malformed request, unless an earlier response has started or the client has gone. */
export function answerMalformed(error: Error & { code?: string }, socket: Duplex): void {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse }
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent) return void socket.destroy()
  end(socket, ...(known[error.code ?? ''] ?? OTHER))
}

/** Refuses requests that Node would answer without a body or by closing the connection. */
export function refuseOddities(server: Server): void {
  server.on('connect', (_: IncomingMessage, socket: Duplex) => end(socket, 405, said`This server is not a proxy.`))
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const body = bodyOf(said`The server supports only the expectation 100-continue.`)
    response.writeHead(417, { 'content-type': HAL, 'content-length': Buffer.byteLength(body), connection: 'close' }).end(body)
  })
}
