/** Tests a server under load against failures of its database and of its own process: the program behind `npm run chaos`. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { type Random, randomFrom } from '../../bench/random.ts'
import { type Postgres, postgresMissing, startPostgres } from '../postgres.ts'
import { type Halyard, halyard, serve } from '../server.ts'
import { large } from './large.ts'
import { type Account, ask, audit, load, newAccount } from './load.ts'

const usage = `Usage: npm run chaos -- [OPTION…]

  --only NAME,…   only these: kill, lock, full, postgres, postgres-full, large, large-postgres
  --kills N       how often the server is killed on SQLite (100); with large, during each of its large writes (0)
  --size N        work packages of the project that is deleted with large; the chain has a fifth of them (50000)
  --patience MS   how long a request of others may take with large (250)
  --restarts N    how often PostgreSQL is restarted (20)
  --writers N     how many write at once (12)
  --seed N        the seed of a run that is to be repeated`

interface Plan {
  readonly kills: number
  readonly restarts: number
  readonly writers: number
  readonly random: Random
}

/** The result of a scenario: notes and faults. */
interface Outcome {
  readonly told: readonly string[]
  readonly wrong: readonly string[]
}

const token = `opapi-${randomBytes(20).toString('hex')}`
const folder = mkdtempSync(join(tmpdir(), 'halyard-chaos-'))
// PostgreSQL does not run as root, and needs access to a disk in this folder.
chmodSync(folder, 0o711)
const mounts: string[] = []
process.on('exit', () => {
  for (const mount of mounts) spawnSync('umount', [mount])
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const between = (random: Random, least: number, most: number) => least + Math.floor(random() * (most - least))

const countsOf = (counts: ReadonlyMap<number, number>) =>
  [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([status, count]) => `${status === 0 ? 'broken' : status} × ${count}`)
    .join(', ')

const lines = (account: Account) => [
  `${account.acknowledged.size} writes acknowledged, ${account.uncertain.size} uncertain, ${account.refused.size} refused`,
  `writing: ${countsOf(account.writes)}; reading: ${countsOf(account.reads)}`,
  `slowest answer ${Math.round(account.slowest)} ms, slowest refusal ${Math.round(account.slowestRefusal)} ms; /livez ${Math.round(account.slowestAlive)} ms at most`,
]

const spread = (times: readonly number[]) => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN)
  return `${at(0.5)} ms in the middle, ${at(1)} ms at most`
}

/** The milliseconds from a moment until the next acknowledged write; throws if there is none for a minute. */
async function recovery(account: Account, since: number): Promise<number> {
  while (account.lastAcknowledged <= since) {
    if (performance.now() - since > 60_000) throw new Error('Nothing was acknowledged for a minute.')
    await sleep(2)
  }
  return account.lastAcknowledged - since
}

/** The delays of this process's idle event loop: a measure of how slow the machine is. */
const delays = monitorEventLoopDelay()
delays.enable()
const slowness = () => 2 * (delays.max / 1e6)

const late = (account: Account): string[] =>
  account.slowestRefusal > 5000 + slowness() ? [`a refusal took ${Math.round(account.slowestRefusal)} ms`] : []
const deaths = (server: Halyard): string[] => (server.isDead() ? ['the server died'] : [])

function subjectsInFile(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare('select subject from work_packages').all() as { subject: string }[]
  db.close()
  return rows.map(({ subject }) => subject)
}

/** Creates the project for the writes. */
async function prepare(server: Halyard): Promise<void> {
  const agent = new Agent()
  const told = await ask(agent, server.url, token, 'POST', '/api/v3/projects', { name: 'Storm', identifier: 'storm' })
  if (told.status !== 201 || told.body.id !== 1) throw new Error(`The project could not be made: ${JSON.stringify(told)}`)
}

/** The server is killed during writes, repeatedly, on the same file. */
async function kill({ kills, writers, random }: Plan): Promise<Outcome> {
  const data = join(folder, 'kill')
  const account = newAccount()
  const starts: number[] = []
  const wrong: string[] = []
  for (let n = 0; n <= kills; n++) {
    const before = performance.now()
    const server = await serve(token, '--data', data)
    starts.push(performance.now() - before)
    if (n === 0) await prepare(server)
    const stop = load(server.url, token, account, { writers })
    await recovery(account, before)
    await sleep(between(random, 0, 400))
    if (n < kills) await server.kill()
    const stopped = stop()
    await stopped
    if (n === kills) await server.stop()
    wrong.push(...audit(account, subjectsInFile(join(data, 'halyard.db'))))
    if (n % 20 === 19) console.log(`  ${n + 1} kills, ${account.acknowledged.size} writes acknowledged`)
  }
  const check = new DatabaseSync(join(data, 'halyard.db'))
  const integrity = check.prepare('pragma integrity_check').get() as Record<string, string>
  check.close()
  if (Object.values(integrity)[0] !== 'ok') wrong.push(`integrity_check: ${JSON.stringify(integrity)}`)
  return {
    told: [`${kills} kills`, ...lines(account), `from a start to being ready: ${spread(starts)}`],
    wrong: [...new Set(wrong)],
  }
}

/** Takes the lock of a file as soon as it is free. */
async function begun(db: DatabaseSync): Promise<void> {
  for (;;) {
    try {
      db.exec('begin immediate')
      return
    } catch {
      await sleep(1)
    }
  }
}

/** Another program holds the lock of an SQLite file for various times; commands use the file meanwhile. */
async function lock({ writers, random }: Plan): Promise<Outcome> {
  const data = join(folder, 'lock')
  const path = join(data, 'halyard.db')
  const server = await serve(token, '--data', data)
  await prepare(server)
  const account = newAccount()
  const stop = load(server.url, token, account, { writers })
  await recovery(account, performance.now())
  const recoveries: number[] = []
  for (const ms of [50, 500, 2000, 3500, 6000, 12_000, ...Array.from({ length: 6 }, () => between(random, 10, 3000))]) {
    const other = new DatabaseSync(path, { timeout: 0 })
    await begun(other)
    await sleep(ms)
    other.close()
    recoveries.push(await recovery(account, performance.now()))
  }
  const refusedByLock = account.refused.size
  const wrong: string[] = []
  if (countsOf(account.reads).replace(/200 × \d+/, '') !== '') wrong.push(`reading: ${countsOf(account.reads)}`)
  for (const name of ['app_title', 'per_page_options', 'app_title']) {
    const value = name === 'app_title' ? 'Storm' : '20, 100'
    if ((await halyard('setting', 'set', name, value, '--data', data)) !== 0) wrong.push(`halyard setting set ${name} failed`)
  }
  const repository = join(folder, 'repository')
  mkdirSync(repository)
  const commits = Array.from({ length: 5000 }, (_, n) =>
    `commit refs/heads/main\ncommitter A <a@example.net> ${1_700_000_000 + n} +0000\ndata 8\nSee #${n % 90 || 1}\n`.replace(
      /data 8\n(.*)\n$/,
      (_all, text: string) => `data ${text.length}\n${text}\n`,
    ),
  )
  execFileSync('git', ['init', '-q', repository])
  execFileSync('git', ['-C', repository, 'fast-import', '--quiet'], { input: commits.join('') })
  const slowestBefore = account.slowest
  account.slowest = 0
  const began = performance.now()
  if ((await halyard('revisions', 'import', 'storm', repository, '--data', data)) !== 0)
    wrong.push('halyard revisions import failed')
  const imported = performance.now() - began
  const slowestImport = account.slowest
  if (account.refused.size > refusedByLock)
    wrong.push(`${account.refused.size - refusedByLock} writes were refused because of commands`)
  account.slowest = Math.max(slowestBefore, slowestImport)
  await stop()
  wrong.push(...deaths(server), ...late(account))
  if (account.slowestAlive > 3000 + slowness()) wrong.push(`/livez took ${Math.round(account.slowestAlive)} ms`)
  await server.stop()
  return {
    told: [
      ...lines(account),
      `from the end of a lock to the next write: ${spread(recoveries)}`,
      `5000 revisions imported under load in ${Math.round(imported)} ms; slowest answer meanwhile ${Math.round(slowestImport)} ms`,
    ],
    wrong: [...wrong, ...audit(account, subjectsInFile(path))],
  }
}

/** A small disk of its own; undefined if mounting is not possible. */
function smallDisk(name: string, megabytes: number): string | undefined {
  const place = join(folder, name)
  mkdirSync(place)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place])
  if (status !== 0) return undefined
  mounts.push(place)
  chmodSync(place, 0o777)
  return place
}

/** Fills a disk; gives a function that frees the space. */
async function fill(place: string): Promise<() => void> {
  const ballast = join(place, 'ballast')
  await once(spawn('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k'], { stdio: 'ignore' }), 'exit')
  return () => rmSync(ballast)
}

const isFull = async (account: Account, status: number) => {
  const before = account.writes.get(status) ?? 0
  const until = performance.now() + 30_000
  while ((account.writes.get(status) ?? 0) < before + 50 && performance.now() < until) await sleep(5)
}

/** The disk of an SQLite file is full, and has space again; in one round the server is killed meanwhile. */
async function full({ writers }: Plan): Promise<Outcome> {
  const place = smallDisk('full', 64)
  if (!place) return { told: ['skipped: nothing can be mounted here'], wrong: [] }
  let server = await serve(token, '--data', place)
  await prepare(server)
  const account = newAccount()
  const recoveries: number[] = []
  const wrong: string[] = []
  for (let n = 0; n < 6; n++) {
    const stop = load(server.url, token, account, { writers })
    await recovery(account, performance.now())
    const free = await fill(place)
    await isFull(account, 507)
    if (n % 2 === 0) {
      free()
      recoveries.push(await recovery(account, performance.now()))
      await stop()
    } else {
      await server.kill()
      await stop()
      free()
      server = await serve(token, '--data', place)
    }
    wrong.push(...deaths(server), ...audit(account, subjectsInFile(join(place, 'halyard.db'))))
  }
  if (!account.writes.has(507)) wrong.push('nothing was answered by 507')
  if (!account.reads.has(200) || account.reads.has(503)) wrong.push(`reading: ${countsOf(account.reads)}`)
  await server.stop()
  return {
    told: [
      'full 6 times, killed meanwhile 3 times',
      ...lines(account),
      `from free space to the next write: ${spread(recoveries)}`,
    ],
    wrong: [...new Set([...wrong, ...late(account)])],
  }
}

async function onPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
const subjectsIn = (url: string) =>
  onPostgres(url, async (client) =>
    (await client.query('select subject from work_packages')).rows.map(({ subject }) => subject as string),
  )

/** PostgreSQL is restarted, crashes, ends sessions, and hangs. */
async function postgres({ restarts, writers, random }: Plan, { url, cluster }: Postgres): Promise<Outcome> {
  const { halt, resume, signal } = cluster!
  const server = await serve(token, '--database-url', url, '--attachments-dir', join(folder, 'attachments'))
  await prepare(server)
  const account = newAccount()
  const wrong: string[] = []
  const recoveries: number[] = []
  const stop = load(server.url, token, account, { writers })
  await recovery(account, performance.now())
  for (let n = 0; n < restarts; n++) {
    await sleep(between(random, 100, 1000))
    await halt(n % 2 === 0 ? 'fast' : 'immediate')
    await sleep(between(random, 0, 1000))
    await resume()
    recoveries.push(await recovery(account, performance.now()))
  }
  const ended: number[] = []
  for (let n = 0; n < 20; n++) {
    await sleep(between(random, 50, 300))
    await onPostgres(url, (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and usename = current_user ${n % 2 === 0 ? '' : 'order by random() limit 1'}`,
      ),
    )
    ended.push(await recovery(account, performance.now()))
  }
  const hung: number[] = []
  for (const ms of [300, 2000, 7000]) {
    await signal('SIGSTOP')
    await sleep(ms)
    await signal('SIGCONT')
    hung.push(await recovery(account, performance.now()))
  }
  await halt('immediate')
  await sleep(200)
  const agent = new Agent()
  const { status, ms } = await ask(agent, server.url, token, 'GET', '/readyz')
  if (status !== 503 || ms > 2500) wrong.push(`/readyz says ${status} after ${Math.round(ms)} ms while PostgreSQL is away`)
  const stopping = stop()
  await stopping
  await server.stop()
  await resume()
  wrong.push(...deaths(server), ...late(account), ...audit(account, await subjectsIn(url)))
  for (const [what, times] of [
    ['a restart', recoveries],
    ['ended sessions', ended],
    ['hanging', hung],
  ] as const)
    if (Math.max(...times) > 1000 + slowness()) wrong.push(`recovering from ${what} took ${Math.round(Math.max(...times))} ms`)
  const subjects = new Set(await subjectsIn(url))
  const kept = [...account.uncertain].filter((subject) => subjects.has(subject)).length
  return {
    told: [
      ...lines(account),
      `of the uncertain ones ${kept} are there`,
      `recovery after ${restarts} restarts: ${spread(recoveries)}; after 20 times ended sessions: ${spread(ended)}; after hanging 3 times: ${spread(hung)}`,
      'stopped in good order while PostgreSQL was away',
    ],
    wrong,
  }
}

/** The disk of PostgreSQL is full, which may end the cluster, and has space again. */
async function postgresFull({ writers }: Plan): Promise<Outcome> {
  const place = smallDisk('postgres-full', 400)
  if (!place) return { told: ['skipped: nothing can be mounted here'], wrong: [] }
  const made = (await startPostgres({ durable: true, own: true, within: place }))!
  try {
    const { url, cluster } = made
    const server = await serve(token, '--database-url', url, '--attachments-dir', join(folder, 'attachments'))
    await prepare(server)
    const account = newAccount()
    const recoveries: number[] = []
    for (let n = 0; n < 3; n++) {
      const stop = load(server.url, token, account, { writers })
      await recovery(account, performance.now())
      const free = await fill(place)
      const until = performance.now() + 30_000
      const before = account.refused.size
      while (account.refused.size < before + 30 && performance.now() < until) await sleep(10)
      free()
      // A cluster without space for its log has ended.
      await cluster!.resume().catch(() => {})
      recoveries.push(await recovery(account, performance.now()))
      await stop()
    }
    const wrong = [...deaths(server), ...late(account), ...audit(account, await subjectsIn(url))]
    if (account.refused.size === 0) wrong.push('the disk was never full')
    await server.stop()
    return { told: ['full 3 times', ...lines(account), `from free space to the next write: ${spread(recoveries)}`], wrong }
  } finally {
    await made.stop()
  }
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    kills: { type: 'string' },
    size: { type: 'string', default: '50000' },
    patience: { type: 'string', default: '250' },
    restarts: { type: 'string', default: '20' },
    writers: { type: 'string', default: '12' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  console.log(usage)
  process.exit()
}

const ofItsOwn = async (work: (made: Postgres) => Promise<Outcome>): Promise<Outcome> => {
  const made = await startPostgres({ durable: true, own: true })
  if (!made) return { told: [`skipped: ${postgresMissing}`], wrong: [] }
  try {
    return await work(made)
  } finally {
    await made.stop()
  }
}
const scenarios: Readonly<Record<string, (plan: Plan) => Promise<Outcome>>> = {
  lock,
  full,
  kill,
  postgres: (plan) => ofItsOwn((made) => postgres(plan, made)),
  'postgres-full': postgresFull,
  large: (plan) => largeOn(plan, `sqlite:${join(folder, 'large', 'halyard.db')}`, ['--data', join(folder, 'large')]),
  'large-postgres': (plan) =>
    ofItsOwn((made) =>
      largeOn(plan, made.url, ['--database-url', made.url, '--attachments-dir', join(folder, 'large-attachments')]),
    ),
}
const largeOn = (plan: Plan, url: string, where: readonly string[]): Promise<Outcome> =>
  large({
    ...{ where, url, token, random: plan.random, kills: Number(values.kills ?? 0), patience: Number(values.patience) },
    size: Number(values.size),
    followers: Number(values.size) / 5,
  })
const names = values.only?.split(',') ?? Object.keys(scenarios)
const unknown = names.find((name) => !Object.hasOwn(scenarios, name))
if (unknown !== undefined) throw new Error(`There is no ${unknown}; there are ${Object.keys(scenarios).join(', ')}.`)

console.log(`Seed ${values.seed}`)
let failed = false
for (const name of names) {
  console.log(`\n${name}`)
  const random = randomFrom(Number(values.seed))
  delays.reset()
  const plan = { kills: Number(values.kills ?? 100), restarts: Number(values.restarts), writers: Number(values.writers), random }
  const { told, wrong } = await scenarios[name]!(plan)
  for (const line of told) console.log(`  ${line}`)
  console.log(`  the machine kept this process waiting for ${Math.round(delays.max / 1e6)} ms at most`)
  for (const line of wrong) console.log(`  WRONG: ${line}`)
  console.log(wrong.length === 0 ? '  0 acknowledged writes lost, 0 deaths' : '  failed')
  failed ||= wrong.length > 0
}
process.exit(failed ? 1 : 0)
