/** Sends generated requests, and prints them for a replay. */
import { Agent, request } from 'node:http'

/** A request; a body that is not UTF-8 is its bytes in base64. */
export interface Sent {
  readonly method: string
  /** Path and query, of characters that a request line can contain. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly base64?: string
}

export interface Got {
  readonly status: number
  readonly text: string
}

/** The time limit of a request, on a machine with other load. */
const LONGEST_MS = 30_000

/** The number of concurrent connections. */
export const ABREAST = 8

const agent = new Agent({ keepAlive: true, maxSockets: ABREAST })

/** Closes all connections. */
export const hangUp = (): void => agent.destroy()

/**
 * The response to a request.
 * @throws Error without a response within half a minute, or if the connection ended before
 */
export function send(url: string, { method, target, headers, body, base64 }: Sent): Promise<Got> {
  const { hostname, port } = new URL(url)
  const bytes = base64 === undefined ? Buffer.from(body ?? '') : Buffer.from(base64, 'base64')
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(LONGEST_MS)
    const length = method === 'GET' && bytes.length === 0 ? {} : { 'content-length': bytes.length }
    const asked = request(
      { agent, hostname, port, method, path: target, headers: { ...headers, ...length }, signal },
      (answer) => {
        let text = ''
        answer.setEncoding('latin1').on('data', (chunk: string) => {
          if (text.length < 1_000_000) text += chunk
        })
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    asked.on('error', (error: Error) => reject(signal.aborted ? new Error(`no answer within ${LONGEST_MS / 1000} s`) : error))
    asked.end(bytes)
  })
}
