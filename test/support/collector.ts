/** A collector of OpenTelemetry for tests: takes spans by OTLP over HTTP, as JSON. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A span, with plain values. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client'
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** The attributes of the process that it is from. */
  readonly resource: Readonly<Record<string, string | number | boolean>>
  /** The nanoseconds that it took. */
  readonly duration: bigint
  /** All of it, as it came. */
  readonly text: string
}

export interface Collector {
  readonly url: string
  readonly spans: readonly Span[]
  /** The headers of each export. */
  readonly exports: readonly IncomingHttpHeaders[]
  /** The first span that satisfies a condition, as soon as it is there. */
  first(condition: (span: Span) => boolean): Promise<Span>
  close(): Promise<void>
}

type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean }
const kinds = [undefined, 'internal', 'server', 'client'] as const
const FAILED = 2

const valuesOf = (list: readonly { key: string; value: Value }[] = []): Span['attributes'] =>
  Object.fromEntries(
    list.map(({ key, value: { stringValue, intValue, boolValue } }) => [key, stringValue ?? boolValue ?? Number(intValue)]),
  )

/** Starts a collector on a free port. */
export async function collector(): Promise<Collector> {
  const spans: Span[] = []
  const exports: IncomingHttpHeaders[] = []
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const { resourceSpans = [] } = (await json(request)) as any
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const one of scopeSpans.flatMap((scope: any) => scope.spans)) {
        const { traceId, spanId, parentSpanId, name, kind, status, attributes, startTimeUnixNano, endTimeUnixNano } = one
        spans.push({
          ...{ traceId, spanId, name, parentSpanId: parentSpanId || undefined, kind: kinds[kind as 1] ?? 'internal' },
          failed: status?.code === FAILED,
          attributes: valuesOf(attributes),
          resource: valuesOf(resource.attributes),
          duration: BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano),
          text: JSON.stringify(one),
        })
      }
    }
    exports.push(request.headers)
    response.setHeader('content-type', 'application/json').end('{}')
    for (const look of waiting) look()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    exports,
    first: (condition) =>
      new Promise((found) => {
        const look = () => {
          const span = spans.find(condition)
          if (!span) return
          waiting.delete(look)
          found(span)
        }
        waiting.add(look)
        look()
      }),
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
