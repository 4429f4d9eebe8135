/** One engine, one shape and one size, from the empty database to the results. */
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { connect } from '#db/connect.ts'
import { type Case, CREATES_PER_SECOND, cases, type Engine, type Request, streams } from './cases.ts'
import { addNets, fill } from './data.ts'
import type { Dataset } from './dataset.ts'
import { type Floor, keyOf } from './floors.ts'
import { filledOnce } from './kept.ts'
import type { Measured, Preparation, Slice } from './load.ts'
import type { End, Stream } from './paced.ts'
import { ask, type Halyard, lockVersionsOf, type Memory, memoryOf, startHalyard, versionOf } from './server.ts'
import type { ShapeName } from './shapes.ts'
import { measureStall, type Stall, type StallName } from './stalls.ts'
import { countStatements } from './statements.ts'
import { median, quantile } from './statistics.ts'
import { startWorker, type Worker } from './worker.ts'
import { hasWrk } from './wrk.ts'

export interface Plan {
  cases: readonly Case[]
  stalls: readonly StallName[]
  connections: readonly number[]
  /** Seconds of load for each server, case, number of connections and round: whole ones, as wrk knows no others. */
  seconds: number
  /** Number of measurements of every server in each case, normally; every other round has the opposite order. */
  rounds: number
  /** How much of the usual time servers are warmed up. */
  warmUp: number
  /** Whether the first floor is measured, which nothing is compared with but the second one. */
  floor1: boolean
  /** Number of measurements of the start, with a compile cache and without; 0: it is not measured. */
  starts: number
  /** Whether work packages have been changed since they were made. */
  past: boolean
  /** The folder in which filled databases are kept. */
  keep: string | undefined
}

export type Server = 'halyard' | 'floor2' | 'floor1'
/** What is measured by turns: the servers, and Halyard with the case of which this one is a variation. */
type Lane = Server | 'base'

/** Seconds until a server's code is compiled: more code takes longer. */
const WARM_UP: Record<Lane, number> = { halyard: 1.5, floor2: 0.5, floor1: 0.3, base: 0.5 }

/** No new round begins after this time: slow requests get fewer rounds. */
const LONGEST_MS = 60_000

/**
 * The least number of requests of each connection for wrk, which leaves out those that are not answered at the end: of a few
 * slow ones, that would be a good part. Where there are so few, any generator is fast enough.
 */
const FOR_WRK = 20

export interface Figures {
  /** Requests answered per second: the median of the rounds. */
  perSecond: number
  /** Milliseconds, over all rounds. */
  p50: number
  p99: number
  /** Milliseconds of processor time that the server's process took for a request. */
  cpuMs: number | undefined
  /** What generated the load, and the most that this took of a processor. */
  generator: 'wrk' | 'built-in'
  generatorShare: number
}

export interface CaseResult {
  case: string
  connections: number
  servers: { halyard: Figures; floor2: Figures; floor1?: Figures; base?: Figures }
  /** Halyard's requests per second as a share of those of each floor, and of the case that this one varies: the median of the rounds' shares. */
  share: { floor2: number; floor1?: number; base?: number }
  /** The second floor's processor time as a share of Halyard's: hardly affected by other load on the machine. */
  cpuShare: number | undefined
  /** What Halyard answered to those who created work packages meanwhile. */
  creates?: { answered: number; p99: number }
}

export interface Result {
  engine: Engine
  shape: ShapeName
  size: number
  /** From the start of the process to the first answer, with a compile cache and without: the medians, in milliseconds. */
  start?: { cached: number; uncached: number }
  /** After the first answers, and after all the load. */
  memory: { idle: Memory | undefined; loaded: Memory | undefined }
  statements: Record<string, number>
  /** Of an answer, on average. */
  bytes: Record<string, number>
  results: CaseResult[]
  stalls: Stall[]
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
  const filled = async () => {
    const db = await connect(databaseUrl, { durable: false, patience: Infinity })
    const known = await fill(db, shape, size, plan.past)
    await db.close()
    return { engine: db.engine, ...known }
  }
  const name = `${shape}-${size}${plan.past ? '' : '-without-past'}`
  const isKept = plan.keep !== undefined && databaseUrl.startsWith('sqlite:')
  const { engine, dataset, ground } = await (isKept ? filledOnce(plan.keep as string, name, databaseUrl, filled) : filled())

  say('starting')
  const { halyard, start } = await started(databaseUrl, dataset, plan.starts)
  await setTimeout(1000)
  const idle = memoryOf(halyard.pid)
  const all: Pick<Result, 'statements' | 'bytes' | 'results'> = { statements: {}, bytes: {}, results: [] }
  const add = async (own: Dataset, some: readonly Case[]) => {
    if (some.length === 0) return
    const { statements, bytes, results } = await measureCases(databaseUrl, own, halyard, { ...plan, cases: some }, say)
    Object.assign(all.statements, statements)
    Object.assign(all.bytes, bytes)
    all.results.push(...results)
  }
  const wanted = Map.groupBy(
    plan.cases.filter((one) => one.aims[shape]),
    (one) => (one.apart ? 'apart' : one.whileCreating || isWriting(one, dataset) ? 'writing' : 'reading'),
  )
  // New rows come first in lists, so all that is only read is measured before any are written; the nets are the largest addition.
  await add(dataset, wanted.get('reading') ?? [])
  await add(dataset, wanted.get('writing') ?? [])
  const complete = wanted.has('apart') || plan.stalls.includes('chain') ? await withNets(databaseUrl, dataset) : dataset
  await add(complete, wanted.get('apart') ?? [])
  const loaded = memoryOf(halyard.pid)
  const stalls: Stall[] = []
  for (const name of plan.stalls) {
    say(name)
    stalls.push(await measureStall(name, databaseUrl, halyard, complete, ground))
  }
  await halyard.stop()
  return { engine, shape, size, ...(start && { start }), memory: { idle, loaded }, ...all, stalls }
}

const isWriting = (one: Case, dataset: Dataset) => one.requests(dataset).some(({ method }) => method !== 'GET')

async function withNets(databaseUrl: string, dataset: Dataset): Promise<Dataset> {
  const db = await connect(databaseUrl)
  const complete = await addNets(db, dataset)
  await db.close()
  return complete
}

/** Measures cases, after a check that both floors respond like Halyard, in as many bytes. */
async function measureCases(
  databaseUrl: string,
  dataset: Dataset,
  halyard: Halyard,
  plan: Plan,
  say: (text: string) => void,
): Promise<Pick<Result, 'statements' | 'bytes' | 'results'>> {
  say('preparing')
  const statements = Object.fromEntries(await countStatements(databaseUrl, plan.cases, dataset))
  const creates = plan.cases.some((one) => one.whileCreating) ? streams.creates(dataset) : []
  const requests = [...plan.cases.flatMap((one) => one.requests(dataset)), ...creates]
  const answers = await capture(halyard, requests)
  const bytes = Object.fromEntries(plan.cases.map((one) => [one.name, bytesOf(one.requests(dataset), answers)]))
  const workers: { stop(): void }[] = []
  const work = <Question, Answer>(file: string): Worker<Question, Answer> => {
    const worker = startWorker<Question, Answer>(`${import.meta.dirname}/${file}`)
    workers.push(worker)
    return worker
  }
  const floor = async (number: 1 | 2) => {
    const worker = work<Floor, number>('floors.ts')
    const port = await worker.ask({ floor: number, databaseUrl, dataset, answers })
    await compare(`http://127.0.0.1:${port}`, requests, answers)
    return { port, pid: worker.pid }
  }
  const { port, pid } = halyard
  const own = { port, pid }
  const places = { halyard: own, floor2: await floor(2), floor1: plan.floor1 ? await floor(1) : own, base: own }
  const load = work<Preparation | Slice, Measured | undefined>('load.ts')
  const lockVersions = await lockVersionsOf(halyard, requests)
  await load.ask({ dataset, lockVersions })
  const creator = work<Stream | End, Float64Array | undefined>('paced.ts')

  /** Measures something while work packages are created on a server, and tells how long each of these took. */
  const whileCreating = async <T>(on: Lane, run: () => Promise<T>): Promise<[T, Float64Array]> => {
    await creator.ask({ port: places[on].port, stream: 'creates', everyMs: 1000 / CREATES_PER_SECOND, dataset, lockVersions })
    const value = await run()
    return [value, (await creator.ask('end')) as Float64Array]
  }

  const measureCase = async (one: Case, connections: number): Promise<CaseResult> => {
    const lanes: Lane[] = [
      'halyard',
      'floor2',
      ...(plan.floor1 ? ['floor1' as const] : []),
      ...(one.against ? ['base' as const] : []),
    ]
    const created: number[] = []
    const slice = async (lane: Lane, seconds: number, wrk: boolean): Promise<Measured> => {
      const third = Math.max(0, ['halyard', 'floor2', 'floor1'].indexOf(lane))
      const name = lane === 'base' ? one.against!.case : one.name
      const run = () => load.ask({ ...places[lane], third, case: name, connections, seconds, wrk }) as Promise<Measured>
      if (!one.whileCreating || lane === 'base') return run()
      const [measured, latencies] = await whileCreating(lane, run)
      if (lane === 'halyard') created.push(...latencies)
      return measured
    }
    const byWrk = new Map<Lane, boolean>()
    for (const lane of lanes) {
      const rate = perSecond(await slice(lane, plan.warmUp * WARM_UP[lane], false))
      byWrk.set(lane, hasWrk && !isWriting(one, dataset) && rate * plan.seconds >= FOR_WRK * connections)
    }
    created.length = 0
    const rounds: Round[] = []
    const start = performance.now()
    for (let round = 0; round < plan.rounds && performance.now() - start < LONGEST_MS; round++) {
      const measured: Partial<Round> = {}
      for (const lane of round % 2 === 0 ? lanes : lanes.toReversed())
        measured[lane] = await slice(lane, plan.seconds, byWrk.get(lane)!)
      rounds.push(measured as Round)
    }
    return {
      ...summary(one.name, connections, rounds, byWrk),
      ...(one.whileCreating && { creates: { answered: created.length, p99: quantile(created, 0.99) } }),
    }
  }

  const results: CaseResult[] = []
  for (const one of plan.cases) {
    for (const connections of one.apart ? [1] : plan.connections) {
      say(one.name)
      results.push(await measureCase(one, connections))
    }
  }
  for (const worker of workers) worker.stop()
  return { statements, bytes, results }
}

/** Starts Halyard several times and leaves the last one running. */
async function started(
  databaseUrl: string,
  { seen, viewer }: Dataset,
  times: number,
): Promise<{ halyard: Halyard; start: Result['start'] }> {
  const probe = { path: `/api/v3/work_packages/${seen[0]}`, token: viewer.token }
  const took = { cached: [] as number[], uncached: [] as number[] }
  const once = async (kind: keyof typeof took) => {
    const halyard = await startHalyard(databaseUrl, probe, { compileCache: kind === 'cached' })
    took[kind].push(halyard.startMs)
    return halyard
  }
  // The first start compiles what later ones find compiled.
  if (times > 0) await (await startHalyard(databaseUrl, probe)).stop()
  for (let i = 0; i < times; i++) for (const kind of ['cached', 'uncached'] as const) await (await once(kind)).stop()
  const start = times > 0 ? { cached: median(took.cached), uncached: median(took.uncached) } : undefined
  return { halyard: await startHalyard(databaseUrl, probe), start }
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

/** The average number of bytes of the answers to requests. */
function bytesOf(requests: readonly Request[], answers: ReadonlyMap<string, string>): number {
  const lengths = requests.map(({ method, path, token }) => Buffer.byteLength(answers.get(keyOf(method, path, token))!))
  return lengths.reduce((sum, one) => sum + one, 0) / lengths.length
}

/** Throws an Error unless a floor responds like Halyard, in as many bytes. */
async function compare(url: string, requests: readonly Request[], answers: ReadonlyMap<string, string>): Promise<void> {
  for (const { method, path, token } of requests) {
    if (method !== 'GET') continue
    const [expected, actual] = [answers.get(keyOf(method, path, token))!, await ask(url, path, token)]
    if (!isDeepStrictEqual(JSON.parse(actual), JSON.parse(expected))) {
      throw new Error(
        `A floor answers GET ${path} otherwise than Halyard:\n${difference(JSON.parse(actual), JSON.parse(expected))}`,
      )
    }
    const [own, other] = [expected, actual].map((text) => Buffer.byteLength(text))
    if (own !== other) throw new Error(`Halyard answers GET ${path} in ${own} bytes, a floor in ${other}.`)
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

const perSecond = ({ requests, seconds }: Measured) => requests / seconds

type Round = { halyard: Measured; floor2: Measured; floor1?: Measured; base?: Measured }

function summary(name: string, connections: number, rounds: readonly Round[], byWrk: ReadonlyMap<Lane, boolean>): CaseResult {
  const all = Object.fromEntries(
    Object.keys(rounds[0]!).map((lane) => [
      lane,
      figures(
        rounds.map((round) => round[lane as Lane]!),
        byWrk.get(lane as Lane)!,
      ),
    ]),
  ) as unknown as CaseResult['servers']
  const shareOf = (lane: Lane) =>
    all[lane] && { [lane]: median(rounds.map((round) => perSecond(round.halyard) / perSecond(round[lane]!))) }
  const { halyard, floor2 } = all
  return {
    case: name,
    connections,
    servers: all,
    share: { ...shareOf('floor2'), ...shareOf('floor1'), ...shareOf('base') } as CaseResult['share'],
    cpuShare: halyard.cpuMs && floor2.cpuMs && floor2.cpuMs / halyard.cpuMs,
  }
}

function figures(slices: readonly Measured[], byWrk: boolean): Figures {
  const latencies = Float64Array.from(slices.flatMap((slice) => [...slice.latencies]))
  const cpu = slices.map((slice) => slice.cpuSeconds)
  return {
    perSecond: median(slices.map(perSecond)),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuMs: cpu.includes(undefined) ? undefined : (1000 * cpu.reduce<number>((sum, one) => sum + one!, 0)) / latencies.length,
    generator: byWrk ? 'wrk' : 'built-in',
    generatorShare: Math.max(...slices.map((one) => one.generatorSeconds / one.seconds)),
  }
}

export const caseNamed = (name: string): Case | undefined => cases.find((one) => one.name === name)
