/** Records the requests that a test double gets, without their secrets. */
import type { IncomingMessage, Server } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { currentTime } from '#kernel/clock.ts'

/** A recorded request. What is not known yet is null while it runs. */
export interface Recorded {
  /** Counts the requests since the start; a reset does not begin anew. */
  readonly id: number
  readonly at: string
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** The JSON value or the fields of a form; a text; null if there is none, it is a file, or too large. */
  body: unknown
  /** The id of the user, if the request got that far. */
  user: number | null
  /** The `operationId`; null for pages and unknown paths. */
  readonly operation: string | null
  /** null: the connection was cut before a response. */
  status: number | null
  /** Milliseconds. */
  duration: number | null
  /** The id of the fault that was injected. */
  fault: number | null
}

export interface Recorder {
  /** Copies the bodies of requests to a server. They begin to arrive before any hook runs. */
  listen(server: Server): void
  /**
   * Records a request.
   * @param operation its `operationId`
   * @param userOf gives the id of its user, once that is known
   */
  record(request: FastifyRequest, reply: FastifyReply, operation: string | null, userOf: () => number | undefined): Recorded
  /** The recorded requests, oldest first. */
  all(): readonly Recorded[]
  clear(): void
}

/** The requests that are kept: the latest. */
const MOST = 1000
const LARGEST_BODY = 256 * 1024

const HIDDEN = '***'
const SECRET_HEADERS = /^(?:cookie|proxy-authorization|x-.*(?:token|secret|api-?key))$/
/** Names of values that are secrets: in queries, forms and JSON bodies. */
const SECRET_NAMES = /password|secret|token|api_?key|^(?:code|code_verifier|state|otp)$/i

/** A new recorder. */
export function createRecorder(): Recorder {
  let kept: Recorded[] = []
  let count = 0
  const bodies = new WeakMap<IncomingMessage, () => unknown>()
  return {
    listen: (server) => void server.prependListener('request', (raw: IncomingMessage) => bodies.set(raw, tap(raw))),
    record(request, reply, operation, userOf) {
      const start = performance.now()
      const [path = '', search = ''] = request.url.split(/\?(.*)/s)
      const one: Recorded = {
        id: ++count,
        at: currentTime().toISOString(),
        method: request.method,
        path,
        query: withoutSecrets(Object.fromEntries(new URLSearchParams(search))) as Record<string, string>,
        headers: headersOf(request),
        body: null,
        user: null,
        operation,
        status: null,
        duration: null,
        fault: null,
      }
      kept.push(one)
      if (kept.length > MOST) kept = kept.slice(-MOST)
      const bodyOf = bodies.get(request.raw)
      const { raw } = reply
      raw.once('close', () => {
        one.status = raw.headersSent ? raw.statusCode : null
        one.duration = Math.round((performance.now() - start) * 10) / 10
        one.user = userOf() ?? null
        one.body = bodyOf?.() ?? null
      })
      return one
    },
    all: () => kept,
    clear() {
      kept = []
    },
  }
}

/** Copies the body of a request as it arrives; returns the function that reads what has arrived. */
function tap(raw: IncomingMessage): () => unknown {
  const pieces: Buffer[] = []
  let size = 0
  // A listener would start the body before its reader is there.
  const { push } = raw
  raw.push = (piece: unknown, ...rest) => {
    if (piece instanceof Uint8Array) {
      size += piece.length
      if (size <= LARGEST_BODY) pieces.push(Buffer.from(piece))
    }
    return push.call(raw, piece, ...rest)
  }
  return () =>
    size === 0 || size > LARGEST_BODY ? null : readBody(Buffer.concat(pieces).toString(), raw.headers['content-type'] ?? '')
}

function readBody(text: string, type: string): unknown {
  if (/json/.test(type)) {
    try {
      return withoutSecrets(JSON.parse(text))
    } catch {
      return text
    }
  }
  if (/x-www-form-urlencoded/.test(type)) return withoutSecrets(Object.fromEntries(new URLSearchParams(text)))
  return /^text\//.test(type) ? text : null
}

function headersOf({ headers }: FastifyRequest): Record<string, string> {
  const shown = ([name, value]: [string, unknown]): [string, string] => {
    const text = String(value)
    if (name === 'authorization') return [name, `${text.split(' ', 1)[0]} ${HIDDEN}`]
    return [name, SECRET_HEADERS.test(name) ? HIDDEN : text]
  }
  return Object.fromEntries(Object.entries(headers).map(shown))
}

/** A JSON value whose secrets are hidden, by their names. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  const shown = ([name, inner]: [string, unknown]) => {
    const isSecret = SECRET_NAMES.test(name) && (typeof inner === 'string' || typeof inner === 'number')
    return [name, isSecret ? HIDDEN : withoutSecrets(inner)]
  }
  return Object.fromEntries(Object.entries(value).map(shown))
}
