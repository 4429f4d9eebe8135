/** Sending whatever has been thought of, and saying it again. */
import { Agent, request } from 'node:http'

/** A request as it is sent; a body that is not UTF-8 is given as its bytes in base64. */
export interface Sent {
  readonly method: string
  /** Path and query, of characters that a request line can hold. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly base64?: string
}

export interface Got {
  readonly status: number
  readonly text: string
}

/** No request may take longer, on a machine that does other things as well. */
const LONGEST_MS = 30_000

/** Over how many connections requests are sent at a time. */
export const ABREAST = 8

const agent = new Agent({ keepAlive: true, maxSockets: ABREAST })

/** Forgets all connections. */
export const hangUp = (): void => agent.destroy()

/**
 * The answer to a request.
 * @throws Error where none has come within half a minute, or the connection ended before it
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
