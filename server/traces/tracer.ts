/** Traces by the packages of OpenTelemetry: the only file that loads them, and that knows the names of attributes. */
import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { type Engine, UnavailableError } from '#db/database.ts'
import type { Activity, Ended, Incoming, Observed, Observer, Outcome } from '#db/observer.ts'
import { version } from '#files/package.ts'
import { hostOf } from '#outgoing/addresses.ts'

/** The result code of an export that has succeeded. */
const SUCCEEDED = 0
const SERVER_ERROR = 500

/** The text of a statement has no values, but it is long: texts that were named once keep their names. */
const KEPT_NAMES = 1000

export interface TracerOptions {
  readonly exporter: SpanExporter
  /** Hosts that are told the trace by outgoing requests. */
  readonly hosts: readonly string[]
  /** Receives sentences for the operator. */
  readonly warn: (message: string) => void
}

/** The observer that writes spans. `end` exports those that are left. All else is set by the variables of OpenTelemetry. */
export function createTracer({ exporter, hosts, warn }: TracerOptions): { observer: Observer; end(): Promise<void> } {
  // Wrong values of variables are told while these are read.
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN)
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'halyard', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(telling(exporter, warn))],
  })
  diag.disable()
  return { observer: observerBy(provider.getTracer('halyard', version), new Set(hosts)), end: () => provider.shutdown() }
}

const ignore = () => {}

/** An exporter that tells when exports begin to fail, and when they succeed again. */
function telling(exporter: SpanExporter, warn: (message: string) => void): SpanExporter {
  let isFailing = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const hasFailed = result.code !== SUCCEEDED
        if (hasFailed !== isFailing)
          warn(
            hasFailed
              ? `traces are not exported: ${result.error?.message || 'the collector is away'}`
              : 'traces are exported again',
          )
        isFailing = hasFailed
        done(result)
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}

function observerBy(tracer: Tracer, hosts: ReadonlySet<string>): Observer {
  const current = new AsyncLocalStorage<Span>()

  const start = (name: string, kind: SpanKind, attributes: Attributes, parent: Context): Span =>
    tracer.startSpan(name, { kind, attributes }, parent)

  const statement = (engine: Engine, text: string): Ended | undefined => {
    const parent = current.getStore()
    // The worker looks for jobs each second, which belongs to nothing and is no trace.
    if (!parent?.isRecording()) return undefined
    const { name, operation } = namesOf(text)
    const attributes = {
      'db.system.name': systems[engine],
      'db.operation.name': operation,
      'db.query.text': text,
      'db.query.summary': name,
    }
    const span = start(name, SpanKind.CLIENT, attributes, trace.setSpan(ROOT_CONTEXT, parent))
    return (error) => ended(span, error)
  }

  const activity = async <T>(activity: Activity, work: (headers: Readonly<Record<string, string>>) => Promise<T>): Promise<T> => {
    const parent = activity.kind === 'job' ? undefined : current.getStore()
    const { name, kind, attributes } = described(activity)
    const span = start(name, kind, attributes, parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT)
    const headers = activity.kind === 'exchange' && hosts.has(hostOf(activity.url)) ? { traceparent: traceparentOf(span) } : {}
    try {
      const result = await current.run(span, () => work(headers))
      if (result instanceof Response) answered(span, result.status)
      ended(span)
      return result
    } catch (error) {
      ended(span, error)
      throw error
    }
  }

  const request = (incoming: Incoming): Observed => {
    const { method, route, parent } = incoming
    const name = route === undefined ? method : `${method} ${route}`
    const context = parent
      ? trace.setSpanContext(ROOT_CONTEXT, {
          traceId: parent.trace,
          spanId: parent.span,
          traceFlags: parent.flags,
          isRemote: true,
        })
      : ROOT_CONTEXT
    const span = start(name, SpanKind.SERVER, attributesOf(incoming), context)
    return {
      trace: span.spanContext().traceId,
      within: (work) => current.run(span, work),
      ended: ({ status, user }: Outcome) => {
        if (user !== undefined) span.setAttribute('enduser.id', String(user))
        if (status !== undefined) span.setAttribute('http.response.status_code', status)
        if (status === undefined) span.setAttribute('error.type', 'aborted')
        else if (status >= SERVER_ERROR) failed(span, String(status))
        span.end()
      },
    }
  }

  return { statement, activity, request }
}

const systems = { sqlite: 'sqlite', postgres: 'postgresql' } as const satisfies Record<Engine, string>

const attributesOf = ({ method, path, route, scheme, version, address, agent }: Incoming): Attributes => ({
  'http.request.method': method,
  'url.path': path,
  'url.scheme': scheme,
  'client.address': address,
  'network.protocol.version': version,
  ...(route !== undefined && { 'http.route': route }),
  ...(agent !== undefined && { 'user_agent.original': agent }),
})

/** The name, kind and attributes of an activity. Addresses of other servers are left out: paths of webhooks are secrets. */
function described(activity: Activity): { name: string; kind: SpanKind; attributes: Attributes } {
  if (activity.kind === 'job') {
    const { name, count } = activity
    return { name, kind: SpanKind.INTERNAL, attributes: { 'halyard.job.name': name, 'halyard.job.count': count } }
  }
  if (activity.kind === 'mail') {
    const { host, port } = activity
    const attributes = { 'server.address': host, 'server.port': port, 'network.protocol.name': 'smtp' }
    return { name: 'send mail', kind: SpanKind.CLIENT, attributes }
  }
  const { method, url } = activity
  const scheme = url.protocol.slice(0, -1)
  const attributes = {
    'http.request.method': method,
    'url.scheme': scheme,
    'server.address': hostOf(url),
    'server.port': Number(url.port) || (scheme === 'https' ? 443 : 80),
  }
  return { name: method, kind: SpanKind.CLIENT, attributes }
}

/** Notes the response of another server: there, what the client has done wrong is an error as well. */
function answered(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status)
  if (status >= 400) failed(span, String(status))
}

/** Ends a span. Messages of errors may contain values, so only the kind of an error is told. */
function ended(span: Span, error?: unknown): void {
  if (error !== undefined) failed(span, typeOf(error))
  span.end()
}

function failed(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

const typeOf = (error: unknown): string =>
  error instanceof UnavailableError ? error.kind : error instanceof Error ? error.constructor.name : 'unknown'

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

interface Names {
  readonly name: string
  readonly operation: string
}

const known = new Map<string, Names>()

/** The operation of a statement, and its name: the operation and the first table, but for queries of queries, which have many. */
function namesOf(text: string): Names {
  const found = known.get(text)
  if (found) return found
  const operation = (/^\s*(\w+)/.exec(text)?.[1] ?? '').toUpperCase()
  const table = operation === 'WITH' ? undefined : /\b(?:from|into|update) "?(\w+)/i.exec(text)?.[1]
  const names = { name: table === undefined ? operation : `${operation} ${table}`, operation }
  if (known.size >= KEPT_NAMES) known.delete(known.keys().next().value as string)
  known.set(text, names)
  return names
}
