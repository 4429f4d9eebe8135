/** The load generator, a process of its own: keeps a number of connections busy for a while and reports the response times. */
import { readFileSync } from 'node:fs'
import { cases, type Reading, type Request } from './cases.ts'
import { expectSuccess, open, readingText, rowOf, writingText } from './client.ts'
import type { Dataset } from './dataset.ts'
import { answerQuestions } from './worker.ts'
import { byWrk } from './wrk.ts'

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
  /** A whole number if `wrk` is to generate the load. */
  seconds: number
  wrk: boolean
}

export interface Measured {
  requests: number
  /** From the first request to the last response. */
  seconds: number
  /** Of every request, in milliseconds. */
  latencies: Float64Array
  /** Processor time of the server's process in seconds; undefined if the system does not report it. */
  cpuSeconds: number | undefined
  /** Processor time of the load generator in seconds. */
  generatorSeconds: number
}

let dataset: Dataset
const versions = new Map<number, number>()
/** Numbers the bodies sent, so that no text is repeated: a repeated one would change nothing. */
let sent = 1000

/** The number of writes of the request's row. */
const versionOf = (request: Request): number => versions.get(rowOf(request) ?? 0) ?? 0

/** The sequential requests of one connection; `first` identifies the connection. */
function* sequence(requests: readonly Request[], first: number): Generator<{ request: Request; text: string }> {
  const constant = new Map<Request, string>()
  for (let i = first; ; i++) {
    const next = requests[i % requests.length] as Request
    const request = next.work.kind === 'cascade' ? (requests[versionOf(next) % requests.length] as Request) : next
    if (request.method === 'GET') {
      const text = constant.getOrInsertComputed(request, () => readingText(request))
      yield { request, text }
    } else {
      yield { request, text: writingText(request, ++sent, versionOf(request)) }
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

type Load = Omit<Measured, 'cpuSeconds'>

async function byNode(requests: readonly Request[], { port, third, connections, seconds }: Slice): Promise<Load> {
  const latencies: number[] = []
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const cpuBefore = process.cpuUsage()
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
        expectSuccess(request, reply)
        const row = rowOf(request)
        if (row !== undefined) versions.set(row, versionOf(request) + 1)
      }
    }),
  )
  const took = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  for (const connection of sockets) connection.close()
  return {
    requests: latencies.length,
    seconds: took,
    latencies: Float64Array.from(latencies),
    generatorSeconds: (user + system) / 1e6,
  }
}

async function measure(slice: Slice): Promise<Measured> {
  const requests = cases.find((one) => one.name === slice.case)!.requests(dataset)
  const { port, pid, connections, seconds } = slice
  const cpuBefore = cpuOf(pid)
  const load = await (slice.wrk ? byWrk(requests as Reading[], port, connections, seconds) : byNode(requests, slice))
  const cpuAfter = cpuOf(pid)
  return { ...load, cpuSeconds: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore }
}

answerQuestions<Preparation | Slice, Measured | undefined>(async (question) => {
  if ('port' in question) return measure(question)
  dataset = question.dataset
  for (const [id, version] of question.lockVersions) versions.set(id, version)
  return undefined
})
