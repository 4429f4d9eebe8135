/** A client, a process of its own, that sends requests at a fixed rate, whether or not the former ones have been answered. */
import { type Request, type StreamName, streams } from './cases.ts'
import { type Connection, expectSuccess, open, readingText, rowOf, writingText } from './client.ts'
import type { Dataset } from './dataset.ts'
import { answerQuestions } from './worker.ts'

/** Begins to send. */
export interface Stream {
  port: number
  stream: StreamName
  everyMs: number
  dataset: Dataset
  /** The lock versions of the work packages that are written, by id. */
  lockVersions: ReadonlyMap<number, number>
}

/** Ends it, and waits for the last answers; fails unless all are successes. The answer: how long each took, in milliseconds. */
export type End = 'end'

let end: () => Promise<Float64Array>
/** Numbers the bodies sent, otherwise than another such process does: a repeated one would change nothing. */
let sent = Date.now()

function begin({ port, stream, everyMs, dataset, lockVersions }: Stream): void {
  const requests: readonly Request[] = streams[stream](dataset)
  const versions = new Map(lockVersions)
  const idle: Connection[] = []
  const latencies: number[] = []
  const free = rowOf(requests[0]!) === undefined ? undefined : [...requests]
  const waiting: ((request: Request) => void)[] = []
  const taken = (n: number): Request | Promise<Request> => {
    if (!free) return requests[n % requests.length]!
    return free.shift() ?? new Promise((resolve) => waiting.push(resolve))
  }
  const giveBack = (request: Request) => {
    const next = waiting.shift()
    if (next) next(request)
    else free?.push(request)
  }
  // The time of an answer begins when the request was due: one that waits for a row waits for the server.
  const send = async (n: number, due: number) => {
    const request = await taken(n)
    let connection = idle.pop()
    while (connection && !connection.isOpen) connection = idle.pop()
    connection ??= await open(port)
    const row = rowOf(request)
    const version = versions.get(row ?? 0) ?? 0
    const text = request.method === 'GET' ? readingText(request) : writingText(request, ++sent, version)
    const reply = await connection.exchange(text)
    latencies.push(performance.now() - due)
    expectSuccess(request, reply)
    if (row !== undefined) versions.set(row, version + 1)
    idle.push(connection)
    giveBack(request)
  }

  const start = performance.now()
  const all: Promise<void>[] = []
  const timer = setInterval(() => {
    while (start + all.length * everyMs <= performance.now()) {
      const one = send(all.length, start + all.length * everyMs)
      // Reported at the end.
      one.catch(() => {})
      all.push(one)
    }
  }, 1)
  end = async () => {
    clearInterval(timer)
    await Promise.all(all)
    for (const connection of idle) connection.close()
    return Float64Array.from(latencies)
  }
}

answerQuestions<Stream | End, Float64Array | undefined>(async (question) => {
  if (question === 'end') return end()
  begin(question)
  return undefined
})
