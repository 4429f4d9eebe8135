/** A server in several processes, and a client for each of its workers. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { resolve } from 'node:path'

const script = resolve(import.meta.dirname, '../../bin/halyard.js')

export interface WorkerReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: any
}

/** A connection that stays with one worker. */
export interface WorkerClient {
  /** What begins the ids of its requests. */
  readonly id: string
  send(method: string, path: string, options?: { body?: string; headers?: Record<string, string> }): Promise<WorkerReply>
  get(path: string): Promise<WorkerReply>
  post(path: string, body: unknown): Promise<WorkerReply>
  patch(path: string, body: unknown): Promise<WorkerReply>
  delete(path: string): Promise<WorkerReply>
  close(): void
}

export interface Served {
  readonly child: ChildProcess
  readonly url: string
  /** The lines of its log so far. */
  readonly log: readonly Record<string, any>[]
  /** Its standard output, and what of its standard error is no log. */
  printed(): { out: string; err: string }
  /** Waits for a line of the log. */
  until(isIt: (line: Record<string, any>) => boolean): Promise<Record<string, any>>
  /** Fulfils when the process has ended, and all that have its output: its workers. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** A new connection, to the worker whose turn it is. */
  connect(token?: string): Promise<WorkerClient>
  /** Connections to so many different workers. */
  connectAll(count: number, token?: string): Promise<WorkerClient[]>
}

/**
 * Starts `halyard serve` with these arguments on a free port, and waits until it is ready.
 * @throws Error with what it printed if it ends before
 */
export async function served(args: readonly string[]): Promise<Served> {
  const child = spawn(process.execPath, [script, 'serve', '--port', '0', '--log-level', 'info', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err, rest] = ['', '', '']
  const log: Record<string, any>[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      if (line.startsWith('{')) log.push(JSON.parse(line))
      else err += `${line}\n`
    }
    child.emit('logged')
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  const url = await new Promise<string>((found, fail) => {
    child.stdout.on('data', () => {
      const [, address] = /^Halyard is ready: (http:\/\/\S+)\n/m.exec(out) ?? []
      if (address) found(address)
    })
    ended.then(() => fail(new Error(err + log.map((line) => line.msg).join('\n'))))
  })
  const connect = (token?: string) => connected(url, token)
  return {
    child,
    url,
    log,
    printed: () => ({ out, err }),
    ended,
    async until(isIt) {
      for (let seen = 0; ; ) {
        const line = log.slice(seen).find(isIt)
        if (line) return line
        seen = log.length
        await once(child, 'logged')
      }
    },
    connect,
    async connectAll(count, token) {
      const found = new Map<string, WorkerClient>()
      for (let tries = 0; found.size < count; tries++) {
        assert.ok(tries < 100, `${found.size} workers of ${count}`)
        const one = await connect(token)
        if (found.has(one.id)) one.close()
        else found.set(one.id, one)
      }
      return [...found.values()]
    },
  }
}

async function connected(url: string, token?: string): Promise<WorkerClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send: WorkerClient['send'] = async (method, path, { body, headers = {} } = {}) => {
    const authorization = token ? { authorization: `Bearer ${token}` } : {}
    const sent = request(url + path, { agent, method, headers: { ...authorization, ...headers } }).end(body)
    const [response] = await once(sent, 'response')
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const isJson = /json/.test(response.headers['content-type'] ?? '')
    return { status: response.statusCode, headers: response.headers, text, body: isJson && text ? JSON.parse(text) : undefined }
  }
  const write = (method: string) => (path: string, body: unknown) =>
    send(method, `/api/v3${path}`, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  const { headers } = await send('GET', '/livez')
  return {
    id: String(headers['x-request-id']).split('-')[0] as string,
    send,
    get: (path) => send('GET', `/api/v3${path}`),
    delete: (path) => send('DELETE', `/api/v3${path}`),
    post: write('POST'),
    patch: write('PATCH'),
    close: () => agent.destroy(),
  }
}
