/** Requests to this server as spans of traces, and the trace contexts that clients send (W3C). */
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Observed, observer } from '#db/observer.ts'
import { callerOf, operationIn, PREFIX } from './mount.ts'
import { withRoot } from './root.ts'

/** A trace context. */
interface TraceContext {
  readonly header: string
  readonly trace: string
  /** The span that the request belongs to. */
  readonly span: string
  readonly flags: number
}

/** The trace context of a request; undefined if it is absent or malformed. */
export function traceOf({ headers }: IncomingMessage): TraceContext | undefined {
  const { traceparent: header } = headers
  if (typeof header !== 'string') return undefined
  const [, trace = '', span = '', flags = ''] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? []
  if (flags === '' || /^0+$/.test(trace) || /^0+$/.test(span)) return undefined
  return { header, trace, span, flags: Number.parseInt(flags, 16) }
}

/**
 * Tells the observer of a request, and of its end.
 * @param path its path without the query string
 * @returns undefined without an observer
 */
export function observeRequest(request: FastifyRequest, reply: FastifyReply, path: string): Observed | undefined {
  if (observer === undefined) return undefined
  const route = routeOf(request)
  const observed = observer.request({
    method: request.method,
    path,
    route: route && withRoot(request.server, route),
    scheme: request.protocol,
    version: request.raw.httpVersion,
    address: request.ip,
    agent: request.headers['user-agent'],
    parent: traceOf(request.raw),
  })
  // Emitted for clients that have gone as well.
  reply.raw.once('close', () => {
    const { viewer } = callerOf(request) ?? {}
    observed.ended({
      status: reply.raw.writableFinished ? reply.raw.statusCode : undefined,
      user: viewer?.signedIn ? viewer.id : undefined,
    })
  })
  return observed
}

/** The pattern of a request's path; undefined for unknown paths. */
function routeOf(request: FastifyRequest): string | undefined {
  const operation = operationIn(request)
  if (operation) return PREFIX + operation.path.replace(/^\/$/, '')
  const { url } = request.routeOptions
  return url?.startsWith(PREFIX) ? undefined : url
}
