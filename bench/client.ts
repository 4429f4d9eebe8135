/** A client that implements just enough of HTTP/1.1: Node's own takes as much time as a fast server does. */
import { connect } from 'node:net'
import type { Reading, Request, Writing } from './cases.ts'

export interface Reply {
  status: number
  /** The response, if it is no success. */
  text: string
}

export interface Connection {
  /** False once either side has closed it: a server does so after some idle seconds. */
  readonly isOpen: boolean
  exchange(request: string): Promise<Reply>
  close(): void
}

/** Opens a connection, which takes one request at a time. Its promises reject with an Error when the connection breaks. */
export function open(port: number): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>()
  let waiting: PromiseWithResolvers<Reply> | undefined
  let head: Buffer = Buffer.alloc(0)
  let status = 0
  let rest = -1
  let failed: Buffer[] = []

  const take = (body: Buffer) => {
    rest -= body.length
    if (status >= 300) failed.push(body)
    if (rest > 0) return
    const reply = { status, text: failed.length > 0 ? Buffer.concat(failed).toString() : '' }
    rest = -1
    failed = []
    waiting?.resolve(reply)
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
    resolve({
      get isOpen() {
        return !socket.destroyed
      },
      exchange: (request) => {
        waiting = Promise.withResolvers()
        socket.write(request)
        return waiting.promise
      },
      close: () => socket.destroy(),
    }),
  )
  socket.on('data', (chunk: Buffer) => {
    if (rest >= 0) return take(chunk)
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const text = head.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)
    if (!length) return void socket.destroy(new Error(`An answer without a length: ${text}`))
    const body = head.subarray(end + 4)
    head = Buffer.alloc(0)
    status = Number(text.slice(9, 12))
    rest = Number(length[1])
    take(body)
  })
  const fail = (error: Error) => {
    reject(error)
    waiting?.reject(error)
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('The server closed the connection.')))
  return promise
}

const headOf = ({ method, path, token }: Request) =>
  `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n`

/** A request that is repeated unchanged, as text. */
export const readingText = (request: Reading): string => `${headOf(request)}\r\n`

/** The `n`th request that is sent, as text, given how often its row has been written. */
export function writingText(request: Writing, n: number, lockVersion: number): string {
  const body = request.body(n, lockVersion)
  return `${headOf(request)}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** Throws an Error unless a request is answered as it is when it succeeds. */
export function expectSuccess({ method, path }: Request, { status, text }: Reply): void {
  if (status !== (method === 'POST' ? 201 : 200)) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`)
}

/** The id of the row that a request writes, if it is always the same. */
export const rowOf = ({ method, work }: Request): number | undefined => (method === 'PATCH' && 'id' in work ? work.id : undefined)
