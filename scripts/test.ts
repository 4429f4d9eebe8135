/** Runs the tests, once on SQLite and once on PostgreSQL: the program behind `npm test`. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { makePostgresTemplate, makeSqliteTemplate } from '#test/template.ts'
import { build } from './build.ts'
import { postgresMissing, startPostgres } from './postgres.ts'
import { scratch } from './scratch.ts'

const usage = `Usage: npm test -- [OPTION…] [FILE|FOLDER|GLOB…]

  --engine sqlite|postgres   run on this engine only
  --require-postgres         fail where PostgreSQL is missing, as with CI=true, instead of skipping it
  --name PATTERN             run only the tests whose name matches this regular expression
  --all                      let the laws in test/laws walk everything, instead of a random sample
  --seed N                   repeat the sample of this number; a new one is drawn and printed otherwise`

const root = resolve(import.meta.dirname, '..')
const everyTest = ['test/**/*.test.ts', 'server/**/*.test.ts']
/** Tests without a database, or of pages, which are the same on each engine: a second engine would test nothing new. */
const onOneEngine = [
  'test/{text,pure,outgoing,browser,double}/**',
  'test/files/{extracting,multipart,stores}.test.ts',
  'test/contract.test.ts',
]

/** Compiled code, which each test process would otherwise compile again; the same folder as in bin/halyard.js. */
const compileCache = join(root, 'node_modules/.cache/halyard')

const twentyMinutes = 1_200_000
/** One more than the number of cores, as tests sometimes wait; with more than eight, the databases are the bottleneck. */
const processes = Math.min(8, availableParallelism() + 1)
/** Batches for each process: enough to keep all processes busy to the end. */
const BATCHES = 6
/** The highest seed that fast-check accepts. */
const HIGHEST_SEED = 2 ** 31 - 1
const testRunner = ['--test', '--test-reporter=spec', `--test-concurrency=${processes}`, `--test-timeout=${twentyMinutes}`]

/** Reads the command line and runs the tests. Returns whether every test passed; throws an Error for invalid arguments. */
async function main(args: string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: 'string' },
      name: { type: 'string' },
      all: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(randomInt(HIGHEST_SEED)) },
      'require-postgres': { type: 'boolean', default: process.env.CI === 'true' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(usage)
    return true
  }
  if (values.engine !== undefined && values.engine !== 'sqlite' && values.engine !== 'postgres') {
    throw new Error(`--engine is sqlite or postgres, not ${values.engine}.`)
  }
  const seed = Number(values.seed)
  if (!/^\d+$/.test(values.seed) || seed > HIGHEST_SEED) {
    throw new Error(`--seed is an integer from 0 to ${HIGHEST_SEED}, not ${values.seed}.`)
  }
  const files = findTests(positionals)
  const databaseFiles = findTests(positionals, values.all ? [] : onOneEngine)
  if (files.length === 0) throw new Error(`No test file matches ${(positionals.length > 0 ? positionals : everyTest).join(' ')}.`)

  // Some tests start what is installed.
  await build()
  const flags = values.name === undefined ? testRunner : [...testRunner, `--test-name-pattern=${values.name}`]
  const walks: NodeJS.ProcessEnv = { HALYARD_TEST_SEED: values.seed, HALYARD_TEST_ALL: String(values.all) }
  const repeat = `--seed ${values.seed}${values.all ? ' --all' : ''}`
  console.log(values.all ? `The laws walk everything, with ${repeat}.` : `The laws walk a random sample, with ${repeat}.`)
  let passed = true
  if (values.engine !== 'postgres') {
    const template = await makeSqliteTemplate(scratch())
    try {
      const settings = { ...walks, HALYARD_TEST_ENGINE: 'sqlite', HALYARD_TEST_TEMPLATE: template.name }
      passed = await runTests('SQLite', files, flags, settings)
    } finally {
      await template.remove()
    }
  }
  if (values.engine !== 'sqlite' && databaseFiles.length > 0) {
    const required = values['require-postgres'] || values.engine === 'postgres'
    passed = (await runOnPostgres(databaseFiles, flags, walks, required)) && passed
  } else if (values.engine === 'postgres') {
    throw new Error('None of these tests uses a database; run them with --engine sqlite.')
  }
  if (!passed) console.error(`\nTests failed. To repeat them: npm test -- ${repeat}`)
  return passed
}

/** The test files that the patterns select, a folder standing for all tests below it; without patterns all tests. */
function findTests(patterns: string[], exclude: string[] = []): string[] {
  const isFolder = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory()
  const globs = patterns
    .map((pattern) => relative(root, resolve(root, pattern)))
    .map((pattern) => (isFolder(pattern) ? join(pattern, '**/*.test.ts') : pattern))
  return globSync(globs.length > 0 ? globs : everyTest, { cwd: root, exclude })
    .filter((path) => !isFolder(path))
    .sort()
}

async function runOnPostgres(files: string[], flags: string[], walks: NodeJS.ProcessEnv, required: boolean): Promise<boolean> {
  const postgres = await startPostgres()
  if (postgres === undefined) {
    if (required) throw new Error(postgresMissing)
    console.log(`\nThe tests on PostgreSQL were skipped. ${postgresMissing}`)
    return true
  }
  try {
    const template = await makePostgresTemplate(postgres.url)
    const settings = {
      ...walks,
      HALYARD_TEST_ENGINE: 'postgres',
      HALYARD_TEST_DATABASE_URL: postgres.url,
      HALYARD_TEST_TEMPLATE: template.name,
    }
    const passed = await runTests('PostgreSQL', files, flags, settings)
    await template.remove()
    return passed
  } finally {
    await postgres.stop()
  }
}

async function runTests(engine: string, files: string[], flags: string[], settings: NodeJS.ProcessEnv): Promise<boolean> {
  console.log(`\nTests on ${engine}`)
  const env = { ...process.env, TMPDIR: scratch(), NODE_COMPILE_CACHE: compileCache, ...settings }
  const folder = mkdtempSync(join(scratch(), 'halyard-batches-'))
  try {
    const child = spawn(process.execPath, [...flags, ...writeBatches(files, folder)], { cwd: root, stdio: 'inherit', env })
    const [code] = await once(child, 'exit')
    return code === 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Changes of a whole process that affect other tests in it: its clock, its environment, its declarations. */
const PROCESS_WIDE =
  /\bmock\.(timers|method)|clock: 'stopped'|process\.env\.\w+ = |#test\/(?:command|double)\.ts|\bsetClock\(|process\.umask|\bassemble\(/

/**
 * Writes files that each run a share of the test files in one process, one after the other: starting a process and loading the
 * server takes longer than most of them. Test files that change their process get their own. Returns the paths of all.
 */
function writeBatches(files: readonly string[], folder: string): string[] {
  const alone = files.filter((file) => PROCESS_WIDE.test(readFileSync(join(root, file), 'utf8')))
  const shared = files.filter((file) => !alone.includes(file))
  const count = Math.min(shared.length, processes * BATCHES)
  // Neighbours are similar, so each batch gets some of all folders.
  const batches = Array.from({ length: count }, (_, batch) => shared.filter((_, i) => i % count === batch))
  const addressOf = (file: string) => pathToFileURL(join(root, file)).href
  return [...alone.map((file) => [file]), ...batches].map((batch, i) => {
    const path = join(folder, `${i}.test.mjs`)
    writeFileSync(
      path,
      `import { untrace } from ${JSON.stringify(addressOf('test/support/untraced.ts'))}
const { describe } = await import('node:test')
for (const [name, address] of ${JSON.stringify(batch.map((file) => [file, addressOf(file)]))})
  await new Promise((loaded) => void describe(name, () => import(address).finally(loaded)))
untrace()
`,
    )
    return path
  })
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
