/** How long Halyard keeps others waiting during large writes: what clients see that ask all the time, each at a fixed rate. */
import { setTimeout } from 'node:timers/promises'
import { connect } from '#db/connect.ts'
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { streams } from './cases.ts'
import { addLargeProject } from './data.ts'
import type { Dataset } from './dataset.ts'
import { AWAY, HOME } from './net.ts'
import type { End, Stream } from './paced.ts'
import { ask, type Halyard, lockVersionsOf } from './server.ts'
import { quantile } from './statistics.ts'
import type { Ground } from './work-packages.ts'
import { startWorker } from './worker.ts'

interface LargeWrite {
  /** Number of rows that it writes. */
  rows: number
  /** Sends the request. */
  send(): Promise<unknown>
  /** Whether all that it asks for is done. */
  isDone(): Promise<boolean>
}

interface Waits {
  /** Milliseconds. */
  p99: number
  longest: number
  requests: number
}

export interface Stall {
  name: StallName
  rows: number
  /** Seconds until the request was answered, and until all was done. */
  answered: number
  done: number
  /** What others waited for a project and for an update of a work package meanwhile, and what they wait in quiet. */
  waits: Record<'reads' | 'updates', { during: Waits; quiet: Waits }>
}

/** How often each client asks. */
const EVERY_MS = 10
const QUIET_MS = 2000
/** The deleted project is at most this large, and at most half as large as all others together. */
const DELETED = 50_000

type Making = (db: Database, halyard: Halyard, dataset: Dataset, ground: Ground) => Promise<LargeWrite>

export const stalls = {
  deletion: {
    meaning: 'a large project is deleted',
    make: async (db, { url }, { admin, size }, ground) => {
      const rows = Math.min(DELETED, size / 2)
      const project = await addLargeProject(db, ground, rows)
      return {
        rows,
        send: () => ask(url, `/api/v3/projects/${project}`, admin.token, 'DELETE'),
        isDone: async () => {
          const rest = sql`select 1 as one from work_packages where project_id = ${project} limit 1`
          return !(await db.one(rest)) && !(await db.one(sql`select 1 as one from projects where id = ${project}`))
        },
      }
    },
  },
  chain: {
    meaning: 'a work package is moved that 10,000 follow',
    make: async (_, { url }, { admin, nets }) => {
      const { root, rows } = nets[0]!
      const path = `/api/v3/work_packages/${root}`
      const move = async () => {
        const { lockVersion, startDate } = JSON.parse(await ask(url, path, admin.token))
        const to = startDate === HOME.startDate ? AWAY : HOME
        await ask(url, `${path}?notify=false`, admin.token, 'PATCH', JSON.stringify({ ...to, lockVersion }))
      }
      return {
        rows,
        send: move,
        isDone: async () => true,
      }
    },
  },
} as const satisfies Record<string, { meaning: string; make: Making }>

export type StallName = keyof typeof stalls
export const stallNames = Object.keys(stalls) as StallName[]

/** Prepares a large write and sends it while clients read projects and update work packages of others. */
export async function measureStall(
  name: StallName,
  databaseUrl: string,
  halyard: Halyard,
  dataset: Dataset,
  ground: Ground,
): Promise<Stall> {
  const db = await connect(databaseUrl)
  const write = await stalls[name].make(db, halyard, dataset, ground)
  const whileAsking = async (run: () => Promise<void>): Promise<Record<Kind, Waits>> => {
    const lockVersions = await lockVersionsOf(halyard, streams.updates(dataset))
    const begin = { port: halyard.port, everyMs: EVERY_MS, dataset, lockVersions }
    const clients = kinds.map((kind) => ({
      kind,
      worker: startWorker<Stream | End, Float64Array>(`${import.meta.dirname}/paced.ts`),
    }))
    for (const { kind, worker } of clients) await worker.ask({ ...begin, stream: STREAMS[kind] })
    await run()
    const waits: Partial<Record<Kind, Waits>> = {}
    for (const { kind, worker } of clients) {
      const latencies = await worker.ask('end')
      waits[kind] = { p99: quantile(latencies, 0.99), longest: quantile(latencies, 1), requests: latencies.length }
      worker.stop()
    }
    return waits as Record<Kind, Waits>
  }
  // The first requests are slower.
  await whileAsking(() => setTimeout(QUIET_MS / 4))
  const quiet = await whileAsking(() => setTimeout(QUIET_MS))
  let answered = 0
  let done = 0
  const during = await whileAsking(async () => {
    const start = performance.now()
    await write.send()
    answered = (performance.now() - start) / 1000
    while (!(await write.isDone())) await setTimeout(50)
    done = (performance.now() - start) / 1000
  })
  await db.close()
  const waits = { reads: { quiet: quiet.reads, during: during.reads }, updates: { quiet: quiet.updates, during: during.updates } }
  return { name, rows: write.rows, answered, done, waits }
}

type Kind = keyof typeof STREAMS
const STREAMS = { reads: 'projects', updates: 'updates' } as const
const kinds = ['reads', 'updates'] as const
