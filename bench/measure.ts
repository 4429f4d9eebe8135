/** One engine and one size, from the empty database to the results. */
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { connect } from '#db/connect.ts'
import { type Case, cases, type Engine, type Request } from './cases.ts'
import { addNets, fill } from './data.ts'
import type { Dataset } from './dataset.ts'
import { type Floor, keyOf } from './floors.ts'
import type { Measured, Preparation, Slice } from './load.ts'
import { ask, type Halyard, memoryOf, startHalyard } from './server.ts'
import type { ShapeName } from './shapes.ts'
import { countStatements } from './statements.ts'
import { startWorker, type Worker } from './worker.ts'

export interface Plan {
  cases: readonly Case[]
  connections: readonly number[]
  /** Seconds of load for each server, case, number of connections and round. */
  seconds: number
  /** Number of measurements of every server in each case, normally; every other round has the opposite order. */
  rounds: number
  /** Number of measurements of the start. */
  starts: number
  /** Whether work packages have been changed since they were made. */
  past: boolean
}

/** The servers, in the order of the first round. */
const servers = ['halyard', 'floor2', 'floor1'] as const
export type Server = (typeof servers)[number]

/** Until a server's code is compiled: more code takes longer. */
const WARM_UP_SECONDS: Record<Server, number> = { halyard: 1.5, floor2: 0.5, floor1: 0.3 }

/** No new round begins after this time: slow requests get fewer rounds. */
const LONGEST_MS = 60_000

export interface Figures {
  /** Requests answered per second: the median of the rounds. */
  perSecond: number
  /** Milliseconds, over all rounds. */
  p50: number
  p99: number
  /** Milliseconds of processor time that the server's process took for a request. */
  cpuMs: number | undefined
}

export interface CaseResult {
  case: string
  connections: number
  servers: Record<Server, Figures>
  /** Halyard's requests per second as a share of each floor's: the median of the rounds' shares. */
  share: { floor1: number; floor2: number }
  /** The second floor's processor time as a share of Halyard's: hardly affected by other load on the machine. */
  cpuShare: number | undefined
}

export interface Result {
  engine: Engine
  shape: ShapeName
  size: number
  /** From the start of the process to the first answer: the median, in milliseconds. */
  startMs: number
  /** Resident memory in megabytes: after the first answers, and after all the load. */
  memory: { idle: number | undefined; loaded: number | undefined }
  statements: Record<string, number>
  results: CaseResult[]
}

/**
 * Fills the database, starts the servers and measures.
 * @param databaseUrl an empty database
 * @param say receives the progress
 */
export async function measure(
  databaseUrl: string,
  shape: ShapeName,
  size: number,
  plan: Plan,
  say: (text: string) => void,
): Promise<Result> {
  say('filling the database')
  const db = await connect(databaseUrl, { durable: false })
  const dataset = await fill(db, shape, size, plan.past)
  const { engine } = db
  await db.close()

  say('starting')
  const { halyard, startMs } = await started(databaseUrl, dataset, plan.starts)
  await setTimeout(1000)
  const idle = memoryOf(halyard.pid)
  const all: Pick<Result, 'statements' | 'results'> = { statements: {}, results: [] }
  const add = async (own: Dataset, cases: readonly Case[]) => {
    const { statements, results } = await measureCases(databaseUrl, own, halyard, { ...plan, cases }, say)
    Object.assign(all.statements, statements)
    all.results.push(...results)
  }
  const [apart = [], others = []] = [true, false].map((own) =>
    plan.cases.filter((one) => one.aims[shape] && (one.apart ?? false) === own),
  )
  if (others.length > 0) await add(dataset, others)
  // The nets would change the results of lists, so they are added after these.
  if (apart.length > 0) await add(await withNets(databaseUrl, dataset), apart)
  const loaded = memoryOf(halyard.pid)
  await halyard.stop()
  return { engine, shape, size, startMs, memory: { idle, loaded }, ...all }
}

async function withNets(databaseUrl: string, dataset: Dataset): Promise<Dataset> {
  const db = await connect(databaseUrl)
  const complete = await addNets(db, dataset)
  await db.close()
  return complete
}

/** Measures cases, after a check that both floors respond like Halyard. */
async function measureCases(
  databaseUrl: string,
  dataset: Dataset,
  halyard: Halyard,
  plan: Plan,
  say: (text: string) => void,
): Promise<Pick<Result, 'statements' | 'results'>> {
  say('preparing')
  const statements = Object.fromEntries(await countStatements(databaseUrl, plan.cases, dataset))
  const requests = plan.cases.flatMap((one) => one.requests(dataset))
  const answers = await capture(halyard, requests)
  const floors: Worker<Floor, number>[] = []
  const { port, pid } = halyard
  const ports: Record<Server, { port: number; pid: number }> = {
    halyard: { port, pid },
    floor1: { port, pid },
    floor2: { port, pid },
  }
  for (const floor of [1, 2] as const) {
    const worker = startWorker<Floor, number>(`${import.meta.dirname}/floors.ts`)
    floors.push(worker)
    ports[`floor${floor}`] = { port: await worker.ask({ floor, databaseUrl, dataset, answers }), pid: worker.pid }
    await compare(`http://127.0.0.1:${ports[`floor${floor}`].port}`, requests, answers)
  }
  const load = startWorker<Preparation | Slice, Measured | undefined>(`${import.meta.dirname}/load.ts`)
  await load.ask({ dataset, lockVersions: await lockVersions(halyard, requests) })

  const results: CaseResult[] = []
  for (const one of plan.cases) {
    say(one.name)
    const slice = async (server: Server, connections: number, seconds: number) =>
      (await load.ask({ ...ports[server], third: servers.indexOf(server), case: one.name, connections, seconds })) as Measured
    for (const server of servers) await slice(server, one.apart ? 1 : 16, WARM_UP_SECONDS[server])
    for (const connections of one.apart ? [1] : plan.connections) {
      const rounds: Record<Server, Measured>[] = []
      const start = performance.now()
      for (let round = 0; round < plan.rounds && performance.now() - start < LONGEST_MS; round++) {
        const measured: Partial<Record<Server, Measured>> = {}
        for (const server of round % 2 === 0 ? servers : servers.toReversed())
          measured[server] = await slice(server, connections, plan.seconds)
        rounds.push(measured as Record<Server, Measured>)
      }
      results.push(summary(one.name, connections, rounds))
    }
  }
  for (const worker of [...floors, load]) worker.stop()
  return { statements, results }
}

/** Starts Halyard several times and leaves the last one running. */
async function started(
  databaseUrl: string,
  { seen, viewer }: Dataset,
  times: number,
): Promise<{ halyard: Halyard; startMs: number }> {
  const probe = { path: `/api/v3/work_packages/${seen[0]}`, token: viewer.token }
  const took: number[] = []
  for (;;) {
    const halyard = await startHalyard(databaseUrl, probe)
    took.push(halyard.startMs)
    // The first start compiles what later ones find compiled.
    if (took.length > times) return { halyard, startMs: median(took.slice(1)) }
    await halyard.stop()
  }
}

/** Halyard's responses to every request that is repeated unchanged, and to one write of each kind. */
async function capture({ url }: Halyard, requests: readonly Request[]): Promise<Map<string, string>> {
  const answers = new Map<string, string>()
  const samples = new Map<string, string>()
  // Writes come first, because they change the results of reads.
  for (const request of requests) {
    const { method, path, token, work } = request
    if (method === 'GET') continue
    if (!samples.has(work.kind))
      samples.set(work.kind, await ask(url, path, token, method, request.body(0, await versionOf(url, request))))
    answers.set(keyOf(method, path, token), samples.get(work.kind)!)
  }
  for (const { method, path, token } of requests) {
    if (method === 'GET') answers.set(keyOf(method, path, token), await ask(url, path, token))
  }
  return answers
}

/** The lock version of the work package that a request updates. */
async function versionOf(url: string, { work, path, token }: Request): Promise<number> {
  return 'id' in work ? JSON.parse(await ask(url, path, token)).lockVersion : 0
}

async function lockVersions({ url }: Halyard, requests: readonly Request[]): Promise<Map<number, number>> {
  const versions = new Map<number, number>()
  for (const request of requests) {
    if (request.method === 'PATCH' && 'id' in request.work) versions.set(request.work.id, await versionOf(url, request))
  }
  return versions
}

/** Throws an Error unless a floor responds like Halyard. */
async function compare(url: string, requests: readonly Request[], answers: ReadonlyMap<string, string>): Promise<void> {
  for (const { method, path, token } of requests) {
    if (method !== 'GET') continue
    const [expected, actual] = [answers.get(keyOf(method, path, token))!, await ask(url, path, token)]
    if (!isDeepStrictEqual(JSON.parse(actual), JSON.parse(expected))) {
      throw new Error(
        `A floor answers GET ${path} otherwise than Halyard:\n${difference(JSON.parse(actual), JSON.parse(expected))}`,
      )
    }
  }
}

/** The first place at which two bodies differ. */
function difference(actual: any, expected: any, path = ''): string {
  if (isDeepStrictEqual(actual, expected)) return ''
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null)
    return `${path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`
  const key = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].find(
    (k) => !isDeepStrictEqual(actual[k], expected[k]),
  )
  return difference(actual[key as string], expected[key as string], `${path}/${key}`)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const perSecond = ({ requests, seconds }: Measured) => requests / seconds

function summary(name: string, connections: number, rounds: readonly Record<Server, Measured>[]): CaseResult {
  const shareOf = (floor: Server) => median(rounds.map((round) => perSecond(round.halyard) / perSecond(round[floor])))
  const all = Object.fromEntries(
    servers.map((server) => [server, figures(rounds.map((round) => round[server]))]),
  ) as CaseResult['servers']
  const { halyard, floor2 } = all
  return {
    case: name,
    connections,
    servers: all,
    share: { floor1: shareOf('floor1'), floor2: shareOf('floor2') },
    cpuShare: halyard.cpuMs && floor2.cpuMs && floor2.cpuMs / halyard.cpuMs,
  }
}

function figures(slices: readonly Measured[]): Figures {
  const latencies = Float64Array.from(slices.flatMap((slice) => [...slice.latencies])).sort()
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!
  const cpu = slices.map((slice) => slice.cpuSeconds)
  return {
    perSecond: median(slices.map(perSecond)),
    p50: at(0.5),
    p99: at(0.99),
    cpuMs: cpu.includes(undefined) ? undefined : (1000 * cpu.reduce<number>((sum, one) => sum + one!, 0)) / latencies.length,
  }
}

export const caseNamed = (name: string): Case | undefined => cases.find((one) => one.name === name)
