/**
 * Starts a test double of Halyard from a test: `@halyard-server/halyard/testing`. It runs on older versions of Node than the server,
 * and imports nothing of the server.
 *
 * The server is a process of its own: it needs a newer Node than the tests may have, and shares neither globals, mocks and fake timers
 * nor crashes with them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
// Not the globals, which test runners replace.
import { clearTimeout, setTimeout } from 'node:timers'
import { fileURLToPath } from 'node:url'

/** How a server starts. */
export interface StartOptions {
  /** The initial data; `demo` by default. */
  seed?: 'demo' | 'basic' | 'showcase' | 'none'
  /** The time at which the clock stands, or from which it runs; the clock of the system by default. */
  clock?: string | Date | { at: string | Date; runs?: boolean }
  /** What to create: the path of a YAML or JSON file, or its content. */
  fixtures?: string | Record<string, unknown>
  /** The port; any free one by default. */
  port?: number
  /** Called with each line that the server writes, such as errors in its log. */
  output?: (line: string) => void
}

/** A rule by which requests fail. It needs one of `status`, `delay` and `cut`. */
export interface FaultRule {
  /** An `operationId` of the OpenAPI document, such as `postWork_packages`. */
  operation?: string
  method?: string
  /** The path, in which `*` stands for anything. */
  path?: string
  /** Answers this error. */
  status?: number
  message?: string
  /** The seconds of the header `Retry-After`. */
  retryAfter?: number
  /** Waits so many milliseconds first. */
  delay?: number
  /** Breaks the connection: before the request is handled, or afterwards, before the response, after its headers or within its body. */
  cut?: 'request' | 'response' | 'headers' | 'body'
  /** Lets so many matching requests through first. */
  after?: number
  /** How often; always by default. */
  count?: number
  probability?: number
  seed?: number
}

/** A rule on the server. */
export interface Fault extends FaultRule {
  id: number
  /** The matching requests so far. */
  seen: number
  /** The requests that got the fault. */
  injected: number
}

/** A request that the server got. */
export interface RecordedRequest {
  id: number
  at: string
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, string>
  body: any
  /** The id of the user; null before the credentials were known. */
  user: number | null
  /** The `operationId`; null for pages and unknown paths. */
  operation: string | null
  /** null: there was no response. */
  status: number | null
  duration: number | null
  /** The id of the rule of an injected fault. */
  fault: number | null
}

/** The user of a request: the login of one with a token from the fixtures; the administrator by default. */
export interface RequestOptions {
  as?: string
}

/** A running server. */
export interface Halyard {
  readonly url: string
  /** The token of the administrator. */
  readonly token: string
  /** The tokens of the users of fixtures, by their logins. */
  readonly tokens: Readonly<Record<string, string>>
  /** Sends a request; gives the parsed body. The path may leave out `/api/v3`. Throws a HalyardError unless it succeeds. */
  get(path: string, options?: RequestOptions): Promise<any>
  post(path: string, body?: unknown, options?: RequestOptions): Promise<any>
  patch(path: string, body?: unknown, options?: RequestOptions): Promise<any>
  delete(path: string, options?: RequestOptions): Promise<any>
  /** Goes back to the state at the start. */
  reset(): Promise<void>
  readonly clock: {
    now(): Promise<Date>
    /** Moves the clock forward to a time. It stops there, unless `runs`. */
    set(at: string | Date, options?: { runs?: boolean }): Promise<Date>
    /** Moves the clock by a duration such as `PT30M` or `P3D`; what is due by then has happened afterwards. */
    advance(duration: string): Promise<Date>
  }
  /** Runs the jobs that are due, such as notifications. */
  settle(): Promise<void>
  /** Injects a fault. */
  fault(rule: FaultRule): Promise<{ readonly id: number; remove(): Promise<void> }>
  /** The rules of faults. */
  faults(): Promise<Fault[]>
  /** The recorded requests, oldest first. */
  requests(filter?: { operation?: string; since?: number }): Promise<RecordedRequest[]>
  /** Forgets the recorded requests. */
  clearRequests(): Promise<void>
  /** Ends the server. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The response to a request that did not succeed. */
export class HalyardError extends Error {
  readonly status: number
  /** The parsed body, or its text. */
  readonly body: any
  constructor(status: number, body: any, request: string) {
    super(`${request} was answered by ${status}: ${body?.message ?? body}`)
    this.name = 'HalyardError'
    this.status = status
    this.body = body
  }
}

const OLDEST_NODE = 26
const STARTING_MS = 60_000
const ENDING_MS = 10_000
/** The lines of output that an error shows. */
const SHOWN_LINES = 20

const here = fileURLToPath(import.meta.url)

/** The folder of the package. */
function packageFolder(): string {
  let folder = dirname(here)
  while (!existsSync(join(folder, 'bin', 'halyard.js'))) {
    if (folder === dirname(folder))
      throw new Error('The package @halyard-server/halyard is not complete: bin/halyard.js is missing.')
    folder = dirname(folder)
  }
  return folder
}

/** A Node that can run the server: this one, or the one that comes with the package. */
function findNode(): string {
  if (!('bun' in process.versions) && Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return process.execPath
  let folder: string | undefined
  try {
    folder = dirname(createRequire(here).resolve('node/package.json'))
  } catch {
    // It is not installed.
  }
  const path = folder && join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (path && existsSync(path)) return path
  throw new Error(
    `Halyard needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}. The one that comes with Halyard was not set up: npm rebuild node --ignore-scripts=false`,
  )
}

/** The environment without what configures another server, or the Node of the tests. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:HALYARD_|NODE_OPTIONS$|NODE_V8_COVERAGE$)/i.test(name)))

const isoOf = (at: string | Date): string => (typeof at === 'string' ? at : at.toISOString())

/**
 * Starts a server in memory.
 * @throws Error with what the server has written, if it does not become ready
 */
export async function startHalyard(options: StartOptions = {}): Promise<Halyard> {
  const { seed = 'demo', clock, fixtures, port = 0, output } = options
  const token = `opapi-${randomBytes(20).toString('hex')}`
  const given = typeof fixtures === 'object' ? mkdtempSync(join(tmpdir(), 'halyard-fixtures-')) : undefined
  const args = ['serve', '--ephemeral', '--json', '--log-level', 'error', '--port', String(port), '--seed', seed]
  if (clock !== undefined) {
    const { at, runs } = typeof clock === 'string' || clock instanceof Date ? { at: clock, runs: false } : clock
    args.push('--clock', isoOf(at), ...(runs ? ['--clock-runs'] : []))
  }
  if (given !== undefined) {
    const path = join(given, 'fixtures.json')
    writeFileSync(path, JSON.stringify(fixtures, undefined, 2))
    args.push('--fixtures', path)
  } else if (typeof fixtures === 'string') args.push('--fixtures', resolve(fixtures))
  const folder = packageFolder()
  // The channel says nothing. The server ends when it closes, however this process ends.
  const child = spawn(findNode(), [join(folder, 'bin', 'halyard.js'), ...args], {
    // Not that of the tests, which may have a configuration file.
    cwd: join(folder, 'bin'),
    env: { ...environment(), HALYARD_ADMIN_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  try {
    const { url, tokens } = await readiness(child, output)
    letGo(child)
    return halyardOf(child, url, token, tokens)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    if (given !== undefined) rmSync(given, { recursive: true, force: true })
  }
}

/** Does not keep the tests from ending. */
function letGo(child: ChildProcess): void {
  child.unref()
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref?(): void } | null)?.unref?.()
}

interface Ready {
  readonly url: string
  readonly tokens: Record<string, string>
}

/** Waits for the line of JSON by which the server tells that it is ready. */
function readiness(child: ChildProcess, output: StartOptions['output']): Promise<Ready> {
  const lines: string[] = []
  return new Promise((done, failed) => {
    const fail = (reason: string) => failed(new Error([`Halyard did not start: ${reason}`, ...lines].join('\n')))
    const timer = setTimeout(() => fail(`it was not ready within ${STARTING_MS / 1000} seconds.`), STARTING_MS)
    const read = (line: string) => {
      lines.push(line)
      if (lines.length > SHOWN_LINES) lines.shift()
      const ready = readyIn(line)
      if (!ready) return output?.(line)
      clearTimeout(timer)
      done(ready)
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', read)
    child.once('error', ({ message }) => fail(message))
    // After its output has been read.
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      fail(`it ended with ${signal ?? `code ${code}`}.`)
    })
  })
}

function readyIn(line: string): Ready | undefined {
  if (!line.startsWith('{"url":')) return undefined
  const { url, tokens = {} } = JSON.parse(line) as Partial<Ready>
  return url === undefined ? undefined : { url, tokens }
}

function halyardOf(child: ChildProcess, url: string, token: string, tokens: Record<string, string>): Halyard {
  const ended = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit')
  const send = async (method: string, path: string, body?: unknown, { as }: RequestOptions = {}): Promise<any> => {
    const own = as === undefined ? token : tokens[as]
    if (own === undefined) throw new Error(`The user "${as}" has no token; set "token: true" in the fixtures.`)
    const response = await fetch(url + (path.startsWith('/api/') ? path : `/api/v3${path}`), {
      method,
      headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const content = isJson && text !== '' ? JSON.parse(text) : text
    if (!response.ok) throw new HalyardError(response.status, content, `${method} ${path}`)
    return content
  }
  const moved = async (method: string, to: object) => new Date((await send(method, '/test/clock', to)).at)
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), ENDING_MS)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }
  return {
    ...{ url, token, tokens },
    get: (path, options) => send('GET', path, undefined, options),
    post: (path, body = {}, options) => send('POST', path, body, options),
    patch: (path, body = {}, options) => send('PATCH', path, body, options),
    delete: (path, options) => send('DELETE', path, undefined, options),
    reset: async () => void (await send('POST', '/test/reset', {})),
    clock: {
      now: async () => new Date((await send('GET', '/test/clock')).at),
      set: (at, { runs = false } = {}) => moved('PUT', { at: isoOf(at), runs }),
      advance: (duration) => moved('PATCH', { advance: duration }),
    },
    settle: async () => void (await send('POST', '/test/jobs', {})),
    fault: async (rule) => {
      const { id } = await send('POST', '/test/faults', rule)
      return { id, remove: async () => void (await send('DELETE', `/test/faults/${id}`)) }
    },
    faults: async () => (await send('GET', '/test/faults'))._embedded.elements,
    requests: async ({ operation, since } = {}) => {
      const query = new URLSearchParams({
        ...(operation !== undefined && { operation }),
        ...(since !== undefined && { since: String(since) }),
      })
      return (await send('GET', `/test/requests?${query}`))._embedded.elements
    },
    clearRequests: async () => void (await send('DELETE', '/test/requests')),
    stop,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: stop,
  } as Halyard
}
