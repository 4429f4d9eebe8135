/** Measures Halyard against two floors on both engines: the program behind `npm run bench`. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from '#db/connect.ts'
import { postgresMissing, startPostgres } from '../scripts/postgres.ts'
import { cases, type Engine } from './cases.ts'
import { measure, type Plan, type Result } from './measure.ts'
import { comparison, legend, report, verdicts } from './report.ts'
import { type ShapeName, shapeNames, shapes } from './shapes.ts'
import { stallNames } from './stalls.ts'
import { hasWrk } from './wrk.ts'

const names = [...cases.map((one) => one.name), ...stallNames, 'start']

const usage = `Usage: npm run bench -- [OPTION…]

  --quick                    10,000 work packages in few projects, on SQLite, in about two minutes
  --engine sqlite|postgres   on this engine only
  --shape few|many           of this shape only
                             ${shapeNames.map((shape) => `${shape}: ${shapes[shape].meaning}`).join('\n                             ')}
  --size NUMBER,…            numbers of work packages (100000), such as 100000,1000000 to see what grows
  --case NAME,…              only these: ${names.join(', ')}
  --connections NUMBER,…     numbers of connections (16)
  --without-past             of no work package is kept what it was, to see that this makes no difference
  --keep FOLDER              keep filled databases of SQLite there, and use those of the same day again
  --json FILE                write the results there as well
  --compare FILE             compare with the results of a former run`

interface Wishes {
  engines: readonly Engine[]
  shapes: readonly ShapeName[]
  sizes: readonly number[]
  plan: Plan
  json: string | undefined
  former: readonly Result[] | undefined
}

/** Reads the command line; undefined when it asks for help. Throws an Error in one sentence for invalid arguments. */
function readWishes(args: string[]): Wishes | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      engine: { type: 'string' },
      shape: { type: 'string' },
      size: { type: 'string' },
      case: { type: 'string' },
      connections: { type: 'string' },
      'without-past': { type: 'boolean', default: false },
      keep: { type: 'string' },
      json: { type: 'string' },
      compare: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const { quick, engine, json, compare } = values
  if (engine !== undefined && engine !== 'sqlite' && engine !== 'postgres')
    throw new Error(`--engine is sqlite or postgres, not ${engine}.`)
  const shape = shapeNames.find((one) => one === values.shape)
  if (values.shape !== undefined && !shape) throw new Error(`--shape is ${shapeNames.join(' or ')}, not ${values.shape}.`)
  const sizes = (values.size ?? (quick ? '10000' : '100000')).split(',').map(Number)
  const odd = sizes.find((size) => !Number.isInteger(size) || size < 5000 || size % 50 !== 0)
  if (odd !== undefined) throw new Error('--size takes multiples of 50 from 5000 on.')
  const connections = (values.connections ?? '16').split(',').map(Number)
  if (connections.some((one) => !Number.isInteger(one) || one < 1 || one > 64))
    throw new Error('--connections takes numbers from 1 to 64.')
  const wished = values.case?.split(',') ?? names
  const unknown = wished.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`There is no case ${unknown}; there are ${names.join(', ')}.`)
  return {
    engines: engine ? [engine] : quick ? ['sqlite'] : ['sqlite', 'postgres'],
    shapes: shape ? [shape] : quick ? ['few'] : ['few', 'many'],
    sizes,
    plan: {
      cases: cases.filter((one) => wished.includes(one.name)),
      stalls: stallNames.filter((name) => wished.includes(name)),
      connections,
      past: !values['without-past'],
      keep: values.keep,
      seconds: 1,
      floor1: !quick,
      rounds: quick ? 1 : 5,
      warmUp: quick ? 0.5 : 1,
      starts: wished.includes('start') ? (quick ? 2 : 7) : 0,
    },
    json,
    former: compare === undefined ? undefined : JSON.parse(readFileSync(compare, 'utf8')).results,
  }
}

// Cleanup runs when this process exits, which a signal by itself would prevent.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** Creates an empty database for each run, and a function that drops it. */
async function prepareEngine(
  engine: Engine,
): Promise<((size: number) => Promise<{ url: string; drop(): Promise<void> }>) | undefined> {
  if (engine === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-bench-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    return async (size) => {
      const data = join(folder, String(size))
      return { url: `sqlite:${join(data, 'halyard.db')}`, drop: async () => rmSync(data, { recursive: true }) }
    }
  }
  const postgres = await startPostgres({ durable: true })
  if (!postgres) return undefined
  return async (size) => {
    const name = `bench_${size}_${randomBytes(4).toString('hex')}`
    const run = async (text: string) => {
      const db = await connect(postgres.url, { connections: 1 })
      await db.script(text)
      await db.close()
    }
    await run(`create database ${name}`)
    const url = new URL(postgres.url)
    url.pathname = `/${name}`
    // DROP … WITH (FORCE) fails while autovacuum works on the database, as it does after many writes.
    return { url: url.href, drop: () => run(`drop database ${name}`) }
  }
}

async function run({ engines, shapes: measured, sizes, plan, json, former }: Wishes): Promise<void> {
  const machine = `Node ${process.versions.node}, ${availableParallelism()} processors (${cpus()[0]?.model.trim() ?? 'unknown'})`
  const load = hasWrk
    ? 'Reads are sent by wrk, slow ones and writes by the built-in load generator'
    : 'As wrk is not installed, all is sent by the built-in load generator'
  console.log(`${machine}\n${load}.\n${legend}\n`)
  const results: Result[] = []
  for (const engine of engines) {
    const database = await prepareEngine(engine)
    if (!database) {
      console.log(`PostgreSQL was left out. ${postgresMissing}\n`)
      continue
    }
    for (const [shape, size] of measured.flatMap((one) => sizes.map((size) => [one, size] as const))) {
      const { url, drop } = await database(size)
      const say = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${engine} ${shape} ${size}: ${text}`)
      const result = await measure(url, shape, size, plan, say)
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
      results.push(result)
      console.log(`${report(result)}\n`)
      await drop()
    }
  }
  console.log(verdicts(results))
  if (former) console.log(comparison(former, results))
  if (json) writeFileSync(json, `${JSON.stringify({ machine, at: new Date().toISOString(), results }, null, 2)}\n`)
}

try {
  const wishes = readWishes(process.argv.slice(2))
  if (wishes) await run(wishes)
  else console.log(usage)
} catch (error) {
  console.error(error instanceof Error && Object.getPrototypeOf(error) === Error.prototype ? error.message : error)
  process.exitCode = 1
}
// The PostgreSQL server started here ends with this process.
process.exit()
