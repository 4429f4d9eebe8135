/** The log line of each request, and the ids by which others find it. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Waited, waited, withOnePatience } from '#db/database.ts'
import { refusalOf } from './answer.ts'
import { callerOf, operationIn } from './mount.ts'
import { operationIdOf } from './openapi/operations.ts'

/** Ids of requests are numbers with a prefix for each process, unless clients choose them. */
const instanceId = randomUUID().slice(0, 8)
let requests = 0

/** The id of a request: that of the client, if it is short and cannot be mistaken for anything else in a line. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && /^[\w.:/+=@-]{1,128}$/.test(given)) return given
  return `${instanceId}-${(++requests).toString(36)}`
}

/** The trace context of a request (W3C); undefined if it is absent or malformed. */
function traceOf({ headers }: IncomingMessage): { header: string; id: string } | undefined {
  const { traceparent } = headers
  if (typeof traceparent !== 'string') return undefined
  const [, id, parent] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent) ?? []
  return id === undefined || /^0+$/.test(id) || /^0+$/.test(parent as string) ? undefined : { header: traceparent, id }
}

/** What is known of a request from its start. */
interface Started {
  readonly waited: Waited
  /** The bytes that the connection had written by then. */
  readonly written: number
}

/** Adds ids to responses, and a line to the log for each. Its hooks must be among the first. */
export function logRequests(app: FastifyInstance): void {
  const started = new WeakMap<FastifyRequest, Started>()
  app.addHook('onRequest', (request, reply, done) =>
    withOnePatience(() => {
      started.set(request, { waited: waited.getStore() as Waited, written: request.raw.socket.bytesWritten })
      reply.header('x-request-id', request.id)
      const trace = traceOf(request.raw)
      if (trace) reply.header('traceparent', trace.header)
      done()
    }),
  )
  app.addHook('onResponse', (request, reply, done) => {
    const { waited, written } = started.get(request) ?? {}
    const caller = callerOf(request)
    const operation = operationIn(request)
    request.log.info(
      {
        method: request.method,
        path: pathOf(request.url),
        operation: operation && operationIdOf(operation),
        status: reply.statusCode,
        error: refusalOf(request),
        user: caller?.viewer.id,
        token: caller?.token,
        address: request.ip,
        trace: traceOf(request.raw)?.id,
        statements: waited?.statements,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        bytes: written === undefined ? undefined : request.raw.socket.bytesWritten - written,
      },
      'answered',
    )
    done()
  })
}

/** Logs contain no query strings, which may hold secrets. */
export const pathOf = (url: string): string => url.split('?', 1)[0] as string
