/**
 * Sends a great number of invalid and nearly valid requests to a server of its own: the program behind `npm run fuzz`.
 * Fails if any response is missing or 5xx, or if the server is unhealthy afterwards. The server is restarted regularly, since
 * many of the requests delete something.
 */
import { parseArgs } from 'node:util'
import { chance } from '#test/chance.ts'
import { type Server, startServer } from '../contract/load.ts'
import { postgresMissing, startPostgres } from '../postgres.ts'
import { invented, mutated } from './invent.ts'
import { learn } from './learn.ts'
import { ABREAST, hangUp, type Sent, send } from './send.ts'

const usage = `Usage: npm run fuzz -- [OPTION…]

  --count N                  requests made from the description (200000)
  --mutated N                requests that were right, changed (50000)
  --seconds N                end after so many seconds, whatever is left
  --seed N                   repeat what this number gives; a new one is drawn and printed otherwise
  --engine sqlite|postgres   where the server keeps its data (sqlite)
  --replay JSON              send one request, as a failure prints it, and print the answer`

/** The number of requests to one server. */
const ROUND = 25_000
/** Enough failures for a diagnosis. */
const MOST_FAILURES = 20

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '200000' },
    mutated: { type: 'string', default: '50000' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    engine: { type: 'string', default: 'sqlite' },
    replay: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})

/** The whole number of an option. Throws an Error in one sentence for any other value. */
function numberOf(name: 'count' | 'mutated' | 'seconds' | 'seed', standard = 0): number {
  const number = Number(values[name] ?? standard)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number, not ${values[name]}.`)
  return number
}

interface Failure {
  readonly sent: Sent
  readonly what: string
}

/** Sends requests, several at a time, until none or no time is left. */
async function round(server: Server, requests: Iterator<Sent>, counts: Map<string, number>, end: number): Promise<Failure[]> {
  const failures: Failure[] = []
  const sender = async () => {
    while (performance.now() < end && failures.length < MOST_FAILURES) {
      const { done, value: sent } = requests.next()
      if (done) return
      try {
        const { status, text } = await send(server.url, sent)
        counts.set(`${status}`, (counts.get(`${status}`) ?? 0) + 1)
        if (status >= 500) failures.push({ sent, what: `answered ${status}: ${text.slice(0, 300)}` })
      } catch (error) {
        failures.push({ sent, what: (error as Error).message })
      }
    }
  }
  await Promise.all(Array.from({ length: ABREAST }, sender))
  const ready = await send(server.url, { method: 'GET', target: '/readyz', headers: {} }).catch((error: Error) => error.message)
  if (typeof ready === 'string' || ready.status !== 200) {
    failures.push({
      sent: { method: 'GET', target: '/readyz', headers: {} },
      what: `after everything: ${typeof ready === 'string' ? ready : ready.status}`,
    })
  }
  return failures
}

async function main(): Promise<boolean> {
  if (values.help) {
    console.log(usage)
    return true
  }
  if (values.engine !== 'sqlite' && values.engine !== 'postgres')
    throw new Error(`--engine is sqlite or postgres, not ${values.engine}.`)
  const postgres = values.engine === 'postgres' ? await startPostgres() : undefined
  if (values.engine === 'postgres' && !postgres) throw new Error(postgresMissing)
  try {
    return values.replay === undefined ? await fuzz(postgres?.url) : await replay(postgres?.url, JSON.parse(values.replay))
  } finally {
    await postgres?.stop()
  }
}

/** The credentials of most requests; the others are anonymous. */
const signed = (sent: Sent, token: string): Sent => ({ ...sent, headers: { authorization: `Bearer ${token}`, ...sent.headers } })

async function replay(databaseUrl: string | undefined, sent: Sent): Promise<boolean> {
  const server = await startServer({ databaseUrl })
  try {
    const { status, text } = await send(server.url, signed(sent, server.token))
    console.log(status, text)
    return status < 500
  } finally {
    hangUp()
    await server.stop()
  }
}

async function fuzz(databaseUrl: string | undefined): Promise<boolean> {
  const seed = numberOf('seed', Math.floor(Math.random() * 2 ** 32))
  let left = { invented: numberOf('count'), mutated: numberOf('mutated') }
  const start = performance.now()
  const end = start + numberOf('seconds', 1e9) * 1000
  console.log(`Fuzzing on ${values.engine} with --seed ${seed}`)
  const counts = new Map<string, number>()
  const failures: Failure[] = []
  for (let turn = 0; left.invented + left.mutated > 0 && performance.now() < end && failures.length < MOST_FAILURES; turn++) {
    const server = await startServer({ databaseUrl: databaseUrl && (await freshDatabase(databaseUrl, turn)) })
    try {
      const known = await learn(server)
      const draw = chance(seed + turn)
      const size = Math.min(ROUND, left.invented + left.mutated)
      const share = Math.round((size * left.mutated) / (left.invented + left.mutated))
      left = { invented: left.invented - (size - share), mutated: left.mutated - share }
      const requests = function* () {
        for (let i = 0; i < size; i++) {
          const sent = (i * share) % size < share ? mutated(known, draw) : invented(known, draw)
          yield draw.oneIn(10) ? sent : signed(sent, server.token)
        }
      }
      failures.push(...(await round(server, requests(), counts, end)))
    } finally {
      hangUp()
      await server.stop()
    }
  }
  const total = [...counts.values()].reduce((sum, one) => sum + one, 0)
  const seconds = Math.round((performance.now() - start) / 1000)
  const statuses = [...counts].sort().map(([status, count]) => `${status}: ${count}`)
  console.log(`${total} requests in ${seconds} s; ${statuses.join(', ')}`)
  for (const { sent, what } of failures) {
    const { authorization: _, ...headers } = sent.headers
    console.log(`\n${what}\n--replay '${JSON.stringify({ ...sent, headers }).replaceAll("'", `'\\''`)}'`)
  }
  console.log(failures.length === 0 ? 'All is well.' : `\n${failures.length} failed with --seed ${seed}.`)
  return failures.length === 0
}

/** Another database on the same server of PostgreSQL. */
async function freshDatabase(url: string, turn: number): Promise<string> {
  const { Client } = await import('pg')
  const name = `fuzz_${process.pid}_${turn}`
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const own = new URL(url)
  own.pathname = `/${name}`
  return own.href
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
