/** A fast client that exposes every byte of a response, over keep-alive connections. */
import { Agent, type OutgoingHttpHeaders, request } from 'node:http'

/** A request and its response. */
export interface Exchange {
  readonly method: string
  /** Path and query string. */
  readonly path: string
  readonly sent: string | undefined
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The lines of the response's head, without variable ones. */
  readonly head: string
  readonly text: string
  /** The parsed body, if it is JSON. */
  readonly body: any
}

export interface Wire {
  /** Sends a request; a body other than a text is sent as JSON. */
  (method: string, path: string, body?: unknown, headers?: OutgoingHttpHeaders): Promise<Exchange>
  close(): void
}

const passing = new Set(['date', 'x-request-id', 'keep-alive', 'connection'])

function headOf(raw: readonly string[]): string {
  let head = ''
  for (let i = 0; i < raw.length; i += 2) if (!passing.has(raw[i]!.toLowerCase())) head += `${raw[i]}: ${raw[i + 1]}\n`
  return head
}

/**
 * A client of the server at `url`.
 * @param token the bearer token; anonymous without one
 * @param told receives every exchange
 */
export function wire(url: string, token?: string, told?: (exchange: Exchange) => void): Wire {
  const agent = new Agent({ keepAlive: true })
  const { hostname, port } = new URL(url)
  const send = (method: string, path: string, body?: unknown, headers: OutgoingHttpHeaders = {}) =>
    new Promise<Exchange>((resolve, reject) => {
      const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const own: OutgoingHttpHeaders = {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
        ...headers,
      }
      const asked = request({ agent, hostname, port, method, path, headers: own }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isJson = text !== '' && /json/.test(answer.headers['content-type'] ?? '')
          const exchange: Exchange = {
            method,
            path,
            sent,
            status: answer.statusCode!,
            headers: answer.headers,
            head: headOf(answer.rawHeaders),
            text,
            body: isJson ? JSON.parse(text) : undefined,
          }
          told?.(exchange)
          resolve(exchange)
        })
      })
      asked.on('error', reject)
      asked.end(sent)
    })
  return Object.assign(send, { close: () => agent.destroy() })
}
