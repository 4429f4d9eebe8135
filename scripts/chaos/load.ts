/** Clients that write and read continuously, and record the responses. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** Longer than any response may take: a request without one by then hangs. */
const HANGS_MS = 15_000

export interface Account {
  /** Acknowledged writes, each with a unique subject. */
  readonly acknowledged: Set<string>
  /** Writes with an unknown outcome: the response says so, or there was none. */
  readonly uncertain: Set<string>
  /** Rejected writes, which must not exist. */
  readonly refused: Set<string>
  /** Counts of statuses of writes and reads; 0 for a broken connection. */
  readonly writes: Map<number, number>
  readonly reads: Map<number, number>
  /** The longest response time, in milliseconds. */
  slowest: number
  /** The longest time until a rejection: failures have to be reported in time. */
  slowestRefusal: number
  slowestAlive: number
  /** Responses that are wrong under any circumstances. */
  readonly wrong: string[]
  /** The time of the last acknowledged write, by `performance.now()`. */
  lastAcknowledged: number
}

export const newAccount = (): Account => ({
  acknowledged: new Set(),
  uncertain: new Set(),
  refused: new Set(),
  writes: new Map(),
  reads: new Map(),
  slowest: 0,
  slowestRefusal: 0,
  slowestAlive: 0,
  wrong: [],
  lastAcknowledged: 0,
})

interface Told {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: any
  readonly ms: number
}

/** One request; status 0 for a broken connection, -1 for no response. */
export function ask(agent: Agent, url: string, token: string, method: string, path: string, body?: unknown): Promise<Told> {
  const started = performance.now()
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const sent = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${token}`,
      ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    }
    const told = (status: number, retryAfter?: string, text = '') => {
      const isJson = text.startsWith('{')
      resolve({ status, retryAfter, body: isJson ? JSON.parse(text) : text, ms: performance.now() - started })
    }
    const asked = request({ agent, hostname, port, method, path, headers, timeout: HANGS_MS }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => told(answer.statusCode!, answer.headers['retry-after'], text))
      answer.on('error', () => told(0))
    })
    asked.on('timeout', () => {
      told(-1)
      asked.destroy()
    })
    asked.on('error', () => told(0))
    asked.end(sent)
  })
}

const count = (counts: Map<number, number>, status: number) => counts.set(status, (counts.get(status) ?? 0) + 1)

let number = 0

/**
 * Starts clients that write, read, and check that the server is alive.
 * @returns a function that stops them, and waits for their last responses
 */
export function load(
  url: string,
  token: string,
  account: Account,
  { writers = 12, readers = 2 }: { writers?: number; readers?: number } = {},
): () => Promise<void> {
  let going = true
  const agent = new Agent({ keepAlive: true })
  const look = (told: Told, what: string) => {
    account.slowest = Math.max(account.slowest, told.ms)
    if (told.status >= 500) account.slowestRefusal = Math.max(account.slowestRefusal, told.ms)
    if (told.status === -1) account.wrong.push(`${what} was not answered within ${HANGS_MS / 1000} s`)
    if (told.status >= 500 && told.status !== 503 && told.status !== 507)
      account.wrong.push(`${what} was answered by ${told.status}: ${JSON.stringify(told.body)}`)
    const isHal = told.body?._type === 'Error' && told.retryAfter !== undefined
    if ((told.status === 503 || told.status === 507) && !isHal)
      account.wrong.push(`${what}: ${told.status} without what belongs to it`)
  }
  const again = async (work: () => Promise<number>) => {
    while (going) if ((await work()) !== 200) await sleep(10)
  }
  const write = async () => {
    const subject = `Storm ${++number}`
    const told = await ask(agent, url, token, 'POST', '/api/v3/projects/1/work_packages', {
      subject,
      description: { raw: 'x'.repeat(2000) },
    })
    look(told, 'POST')
    count(account.writes, told.status)
    if (told.status === 201) {
      account.acknowledged.add(subject)
      account.lastAcknowledged = performance.now()
    } else if (told.status <= 0 || /may have been saved/.test(told.body?.message ?? '')) account.uncertain.add(subject)
    else account.refused.add(subject)
    return told.status === 201 ? 200 : told.status
  }
  const read = async () => {
    const told = await ask(agent, url, token, 'GET', '/api/v3/work_packages?pageSize=5')
    look(told, 'GET')
    count(account.reads, told.status)
    return told.status
  }
  const live = async () => {
    const told = await ask(agent, url, token, 'GET', '/livez')
    if (told.status > 0) account.slowestAlive = Math.max(account.slowestAlive, told.ms)
    if (told.status > 0 && told.status !== 200) account.wrong.push(`/livez: ${told.status}`)
    await sleep(50)
    return 200
  }
  const all = Promise.all([
    ...Array.from({ length: writers }, () => again(write)),
    ...Array.from({ length: readers }, () => again(read)),
    again(live),
  ])
  return async () => {
    going = false
    await all
    agent.destroy()
  }
}

/** Compares the stored rows with the responses; gives the differences, in sentences. */
export function audit(account: Account, subjects: readonly string[]): string[] {
  const wrong = [...new Set(account.wrong)]
  const there = new Map<string, number>()
  for (const subject of subjects) there.set(subject, (there.get(subject) ?? 0) + 1)
  const lost = [...account.acknowledged].filter((subject) => !there.has(subject))
  if (lost.length > 0) wrong.push(`${lost.length} acknowledged writes are lost: ${lost.slice(0, 5).join(', ')}`)
  const kept = [...account.refused].filter((subject) => there.has(subject))
  if (kept.length > 0) wrong.push(`${kept.length} refused writes are there: ${kept.slice(0, 5).join(', ')}`)
  const twice = [...there].filter(([, times]) => times > 1)
  if (twice.length > 0) wrong.push(`${twice.length} writes are there twice`)
  return wrong
}
