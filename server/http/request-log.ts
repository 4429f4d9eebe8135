/** The log line of each request, and the ids by which others find it. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Waited, waited, withOnePatience } from '#db/database.ts'
import type { Observed } from '#db/observer.ts'
import { refusalOf } from './answer.ts'
import { callerOf, operationIn } from './mount.ts'
import { operationIdOf } from './openapi/operations.ts'
import { observeRequest, traceOf } from './traces.ts'

/** Ids of requests are numbers with a prefix for each process, unless clients choose them. */
const instanceId = randomUUID().slice(0, 8)
let requests = 0

/** The id of a request: that of the client, if it is short and cannot be mistaken for anything else in a line. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && /^[\w.:/+=@-]{1,128}$/.test(given)) return given
  return `${instanceId}-${(++requests).toString(36)}`
}

/** What is known of a request from its start. */
interface Started {
  readonly waited: Waited
  /** The bytes that the connection had written by then. */
  readonly written: number
  readonly observed: Observed | undefined
}

const started = new WeakMap<FastifyRequest, Started>()

/** The number of statements that a request has run so far; undefined before its first hook. */
export const statementsOf = (request: FastifyRequest): number | undefined => started.get(request)?.waited.statements

/** Adds ids to responses, and a line to the log for each. Its hooks must be among the first. */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) =>
    withOnePatience(() => {
      const observed = observeRequest(request, reply, pathOf(request.originalUrl))
      started.set(request, { waited: waited.getStore() as Waited, written: request.raw.socket.bytesWritten, observed })
      reply.header('x-request-id', request.id)
      const trace = traceOf(request.raw)
      if (trace) reply.header('traceparent', trace.header)
      if (observed) observed.within(done)
      else done()
    }),
  )
  app.addHook('onResponse', (request, reply, done) => {
    const { written, observed } = started.get(request) ?? {}
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
        trace: observed?.trace ?? traceOf(request.raw)?.trace,
        statements: statementsOf(request),
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
