/** The load generator, a process of its own: keeps a number of connections busy for a while and reports the response times. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { cases, type Request } from './cases.ts'
import type { Dataset } from './dataset.ts'
import { answerQuestions } from './worker.ts'

/** Data for all slices. */
export interface Preparation {
  dataset: Dataset
  /** The lock versions of the work packages that are written, by id. */
  lockVersions: ReadonlyMap<number, number>
}

/** Load on one server for a period of time. */
export interface Slice {
  port: number
  /** The server's process. */
  pid: number
  case: string
  /** The third of the rows that this server updates, 0 to 2: no two servers write the same row. */
  third: number
  connections: number
  seconds: number
}

export interface Measured {
  requests: number
  /** From the first request to the last response. */
  seconds: number
  /** Of every request, in milliseconds. */
  latencies: Float64Array
  /** Processor time of the server's process in seconds; undefined if the system does not report it. */
  cpuSeconds: number | undefined
}

interface Connection {
  /** Sends a request; gives the status and, on failure, the response. */
  exchange(request: string): Promise<{ status: number; text: string }>
  close(): void
}

/**
 * A connection that implements just enough of HTTP/1.1. Node's own client takes as much time as a fast server does, and would
 * dominate the measurement.
 */
function open(port: number): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>()
  let waiting: PromiseWithResolvers<{ status: number; text: string }> | undefined
  let head: Buffer = Buffer.alloc(0)
  let status = 0
  let rest = -1
  let failed: Buffer[] = []

  const take = (body: Buffer) => {
    rest -= body.length
    if (status >= 300) failed.push(body)
    if (rest > 0) return
    const reply = { status, text: failed.length > 0 ? Buffer.concat(failed).toString() : '' }
    rest = -1
    failed = []
    waiting?.resolve(reply)
  }
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
    resolve({
      exchange: (request) => {
        waiting = Promise.withResolvers()
        socket.write(request)
        return waiting.promise
      },
      close: () => socket.destroy(),
    }),
  )
  socket.on('data', (chunk: Buffer) => {
    if (rest >= 0) return take(chunk)
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const text = head.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)
    if (!length) return void socket.destroy(new Error(`An answer without a length: ${text}`))
    const body = head.subarray(end + 4)
    head = Buffer.alloc(0)
    status = Number(text.slice(9, 12))
    rest = Number(length[1])
    take(body)
  })
  const fail = (error: Error) => {
    reject(error)
    waiting?.reject(error)
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('The server closed the connection.')))
  return promise
}

const headOf = ({ method, path, token }: Request) =>
  `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n`

/** A request as text. */
function spelled(request: Request, n: number, lockVersion: number): string {
  if (request.method === 'GET') return `${headOf(request)}\r\n`
  const body = request.body(n, lockVersion)
  return `${headOf(request)}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

let dataset: Dataset
const versions = new Map<number, number>()
/** Numbers the bodies sent, so that no text is repeated: a repeated one would change nothing. */
let sent = 1000

/** The number of writes of the request's row. */
const versionOf = ({ work }: Request): number => ('id' in work ? (versions.get(work.id) ?? 0) : 0)

/** The sequential requests of one connection; `first` identifies the connection. */
function* sequence(requests: readonly Request[], first: number): Generator<{ request: Request; text: string }> {
  const constant = new Map<Request, string>()
  for (let i = first; ; i++) {
    const next = requests[i % requests.length] as Request
    const request = next.work.kind === 'cascade' ? (requests[versionOf(next) % requests.length] as Request) : next
    if (request.method === 'GET') {
      let text = constant.get(request)
      if (text === undefined) {
        text = spelled(request, 0, 0)
        constant.set(request, text)
      }
      yield { request, text }
    } else {
      yield { request, text: spelled(request, ++sent, versionOf(request)) }
    }
  }
}

/** The requests of each connection: for a list the same for all, for updates a separate part of the rows. */
function shared(requests: readonly Request[], connections: number, third: number): Request[][] {
  if (requests[0]?.method !== 'PATCH') return Array.from({ length: connections }, () => [...requests])
  const own = requests.filter((_, i) => i % 3 === third)
  return Array.from({ length: connections }, (_, c) => own.filter((__, i) => i % connections === c))
}

/** User and system time of a process in seconds. */
function cpuOf(pid: number): number | undefined {
  try {
    // The name, in parentheses, may contain blanks; after it come the state and then numbers.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}

async function measure({ port, pid, case: name, third, connections, seconds }: Slice): Promise<Measured> {
  const requests = cases.find((one) => one.name === name)!.requests(dataset)
  const latencies: number[] = []
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const cpuBefore = cpuOf(pid)
  const start = performance.now()
  const end = start + seconds * 1000
  const lists = shared(requests, connections, third)
  await Promise.all(
    sockets.map(async (connection, c) => {
      for (const { request, text } of sequence(lists[c]!, Math.floor((c * requests.length) / connections))) {
        const before = performance.now()
        if (before >= end) break
        const reply = await connection.exchange(text)
        latencies.push(performance.now() - before)
        if (reply.status >= 300) throw new Error(`${request.method} ${request.path}: ${reply.status} ${reply.text.slice(0, 500)}`)
        if (request.method === 'PATCH' && 'id' in request.work) versions.set(request.work.id, versionOf(request) + 1)
      }
    }),
  )
  const took = (performance.now() - start) / 1000
  const cpuAfter = cpuOf(pid)
  for (const connection of sockets) connection.close()
  return {
    requests: latencies.length,
    seconds: took,
    latencies: Float64Array.from(latencies),
    cpuSeconds: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
  }
}

answerQuestions<Preparation | Slice, Measured | undefined>(async (question) => {
  if ('port' in question) return measure(question)
  dataset = question.dataset
  for (const [id, version] of question.lockVersions) versions.set(id, version)
  return undefined
})
