/** Measures Halyard against two floors on both engines: the program behind `npm run bench`. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from '#db/connect.ts'
import { postgresMissing, startPostgres } from '../scripts/postgres.ts'
import { cases, type Engine } from './cases.ts'
import { measure, type Plan, type Result } from './measure.ts'
import { legend, report, verdicts } from './report.ts'
import { type ShapeName, shapeNames, shapes } from './shapes.ts'

const usage = `Usage: npm run bench -- [OPTION…]

  --quick                    10,000 work packages in few projects, on SQLite, in about two minutes
  --shape few|many           on this shape only: ${shapeNames.map((shape) => `${shape}, ${shapes[shape].meaning}`).join(';\n                             ')}
  --engine sqlite|postgres   on this engine only
  --size NUMBER,…            numbers of work packages (100000)
  --case NAME,…              only these: ${cases.map((one) => one.name).join(', ')}
  --without-past             of no work package is kept what it was, to see that this makes no difference
  --json FILE                write the results there as well`

interface Wishes {
  engines: readonly Engine[]
  shapes: readonly ShapeName[]
  sizes: readonly number[]
  plan: Plan
  json: string | undefined
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
      'without-past': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const { quick, engine, json } = values
  if (engine !== undefined && engine !== 'sqlite' && engine !== 'postgres')
    throw new Error(`--engine is sqlite or postgres, not ${engine}.`)
  const shape = shapeNames.find((one) => one === values.shape)
  if (values.shape !== undefined && !shape) throw new Error(`--shape is ${shapeNames.join(' or ')}, not ${values.shape}.`)
  const sizes = (values.size ?? (quick ? '10000' : '100000')).split(',').map(Number)
  const odd = sizes.find((size) => !Number.isInteger(size) || size < 5000 || size % 50 !== 0)
  if (odd !== undefined) throw new Error('--size takes multiples of 50 from 5000 on.')
  const names = values.case?.split(',') ?? cases.map((one) => one.name)
  const unknown = names.find((name) => !cases.some((one) => one.name === name))
  if (unknown !== undefined) throw new Error(`There is no case ${unknown}; there are ${cases.map((one) => one.name).join(', ')}.`)
  return {
    engines: engine ? [engine] : quick ? ['sqlite'] : ['sqlite', 'postgres'],
    shapes: shape ? [shape] : quick ? ['few'] : ['few', 'many'],
    sizes,
    plan: {
      cases: cases.filter((one) => names.includes(one.name)),
      connections: [1, 16],
      past: !values['without-past'],
      ...(quick ? { seconds: 0.15, rounds: 3, starts: 3 } : { seconds: 0.4, rounds: 10, starts: 7 }),
    },
    json,
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

async function run({ engines, shapes: measured, sizes, plan, json }: Wishes): Promise<void> {
  const machine = `Node ${process.versions.node}, ${availableParallelism()} processors (${cpus()[0]?.model.trim() ?? 'unknown'})`
  console.log(`${machine}\n${legend}\n`)
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
