/** A temporary PostgreSQL server for tests and measurements: started on a free loopback port, removed completely afterwards. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Client } from 'pg'
import { scratch } from './scratch.ts'

/** A reachable PostgreSQL database, the function that releases it, and, for a cluster started here, its faults. */
export type Postgres = { url: string; stop(): Promise<void>; cluster?: Cluster }

/** Simulated faults of a cluster. */
export interface Cluster {
  /** Ends the cluster and keeps its data: `fast` is an orderly shutdown, `immediate` simulates a crash. */
  halt(mode?: 'fast' | 'immediate'): Promise<void>
  /** Starts it again, on the same port. */
  resume(): Promise<void>
  /** Sends a signal to all of its processes: SIGSTOP makes it hang, SIGCONT resumes it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

type Account = { uid: number; gid: number } | undefined

/** The message if `startPostgres` found no server to start. */
export const postgresMissing =
  'PostgreSQL was not found. Install it (Debian: apt-get install postgresql) or set HALYARD_TEST_POSTGRES_URL to an empty database.'

/**
 * Provides a PostgreSQL database `halyard`, whose owner may create further databases but is no superuser.
 *
 * If HALYARD_TEST_POSTGRES_URL is set, that database is used and `stop` does not change it. Otherwise a new cluster is
 * made in a temporary folder; it ends with `stop`, or with this process in any case.
 *
 * @param options `durable` keeps fsync and synchronous commits, as in production: for measurements, not for tests;
 *   `within` is the parent folder of the cluster; `own` makes one regardless of HALYARD_TEST_POSTGRES_URL.
 * @returns the database's URL and `stop`, or undefined if no PostgreSQL is installed.
 * @throws Error if the given database cannot be reached, or the installed PostgreSQL cannot be started.
 */
export async function startPostgres(
  options: { durable?: boolean; within?: string; own?: boolean } = {},
): Promise<Postgres | undefined> {
  const given = process.env.HALYARD_TEST_POSTGRES_URL
  if (given && !options.own) {
    await connect(given, async () => {}).catch((cause: unknown) => {
      throw new Error(`The database of HALYARD_TEST_POSTGRES_URL cannot be reached: ${reason(cause)}`, { cause })
    })
    return { url: given, stop: async () => {} }
  }
  const account = unprivilegedAccount()
  const bin = findBinaries(account)
  if (bin === undefined) return undefined

  try {
    const port = await freePort()
    const { stop, cluster } = await startCluster(
      bin,
      account,
      options.within ?? (options.durable ? tmpdir() : scratch()),
      settings(port, options.durable ?? false),
    )
    await createDatabase(port).catch(async (cause: unknown) => {
      await stop()
      throw cause
    })
    return { url: `postgres://halyard@127.0.0.1:${port}/halyard`, stop, cluster }
  } catch (cause) {
    throw new Error(`PostgreSQL in ${bin} could not be started: ${reason(cause)}`, { cause })
  }
}

/** PostgreSQL refuses to run as root: then `postgres` runs it, if that user exists, or `nobody`. */
function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string, name: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: id('-u', name), gid: id('-g', name) }
    } catch {
      // No such user: the next one.
    }
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody".')
}

/** The first folder whose initdb, pg_ctl and postgres all run for the account: a lone postgres on PATH is no installation. */
function findBinaries(account: Account): string | undefined {
  const installed = globSync(['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin', '/opt/homebrew/opt/postgresql@*/bin'])
  const newestFirst = installed.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...newestFirst, '/usr/local/bin', '/usr/local/pgsql/bin']
  const runs = (file: string) => {
    try {
      execFileSync(file, ['--version'], { ...account, cwd: '/', stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
  return folders.find((folder) => {
    const files = ['initdb', 'pg_ctl', 'postgres'].map((name) => join(folder, name))
    return files.every((file) => existsSync(file)) && files.every(runs)
  })
}

/**
 * The life cycle of a cluster, as a shell script. It waits for its standard input to close, which happens when `stop` closes it
 * and also when the process that started it ends, even by a signal without a handler; then it removes everything.
 */
const clusterLife = `
trap '' PIPE
bin=$1 settings=$3
folder=$(mktemp -d "$2/halyard-postgres-XXXXXX") || exit
data=$folder/data
export HOME="$folder"
init() { "$bin/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale="$1" "$data" </dev/null >/dev/null; }
start() { echo "$settings" >>"$data/postgresql.conf" && "$bin/pg_ctl" start -s -w -D "$data" -l "$folder/log" </dev/null; }
{ init C.UTF-8 2>/dev/null || init C; } && { start || { cat "$folder/log" >&2; false; }; } && echo "$folder" && cat >/dev/null
"$bin/pg_ctl" stop -s -m fast -D "$data" 2>/dev/null
rm -rf "$folder"
`

/** Starts the server and waits until it accepts connections. Returns the function that stops it and removes its folder. */
async function startCluster(
  bin: string,
  account: Account,
  within: string,
  settings: string,
): Promise<{ stop: () => Promise<void>; cluster: Cluster }> {
  // Only the variables that the programs need: no PG… variable and no locale of the developer.
  const surroundings = { ...account, cwd: '/', env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' } }
  const keeper = spawn('/bin/sh', ['-c', clusterLife, 'cluster', bin, within, settings], {
    ...surroundings,
    // A process group of its own: a Ctrl-C does not reach it.
    detached: true,
  })
  let complaint = ''
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const ended = once(keeper, 'close')
  const folder = await Promise.race([once(keeper.stdout, 'data').then(([line]) => String(line).trim()), ended.then(() => '')])
  if (!folder) throw new Error(complaint)

  // A caller that forgets to stop the server must still be able to end.
  for (const handle of [keeper, keeper.stdin, keeper.stdout, keeper.stderr] as (typeof keeper | Socket)[]) handle.unref()
  const data = join(folder, 'data')
  const control = async (...args: string[]) => {
    // The started process must not keep a pipe of this process open.
    const child = spawn(join(bin, 'pg_ctl'), [...args, '-s', '-w', '-D', data], { ...surroundings, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`pg_ctl ${args.join(' ')} ended with ${code}.`)
  }
  return {
    stop: async () => {
      keeper.ref()
      keeper.stdin.end()
      await ended
    },
    cluster: {
      halt: (mode = 'fast') => control('stop', '-m', mode),
      resume: () => control('start', '-l', join(folder, 'log')),
      signal: async (signal) => {
        const [postmaster = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
        const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
          .split('\n')
          .map((line) => line.trim().split(/\s+/))
        const children = processes.filter(([, parent]) => parent === postmaster).map(([pid]) => pid)
        for (const pid of [postmaster, ...children]) process.kill(Number(pid), signal)
      },
    },
  }
}

/** A role as in a deployment: owner of its database, may create others, no superuser. */
async function createDatabase(port: number): Promise<void> {
  await connect(`postgres://postgres@127.0.0.1:${port}/postgres`, async (client) => {
    await client.query('create role halyard login createdb')
    await client.query('create database halyard owner halyard')
  })
}

function settings(port: number, durable: boolean): string {
  const lines = [
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    // TCP only; the path of a socket file could become longer than systems allow.
    "unix_socket_directories = ''",
    'max_connections = 200',
    // Far from UTC and off the full hour: a response that depends on the server's time zone is wrong everywhere.
    "timezone = 'Pacific/Chatham'",
  ]
  if (!durable) {
    lines.push('fsync = off', 'full_page_writes = off', 'synchronous_commit = off', 'wal_level = minimal', 'max_wal_senders = 0')
    // Test databases live for seconds.
    lines.push('autovacuum = off', 'checkpoint_timeout = 1h', 'max_wal_size = 2GB', 'update_process_title = off')
  }
  return lines.join('\n')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No TCP port could be had.')
  return address.port
}

async function connect(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    await use(client)
  } finally {
    await client.end()
  }
}

function reason(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).trim()
}

/** Runs a command with HALYARD_TEST_POSTGRES_URL set. Returns its exit code, 128 + n if signal n ended it. */
async function runWithPostgres(command: string, args: string[]): Promise<number> {
  const postgres = await startPostgres()
  if (postgres === undefined) throw new Error(postgresMissing)
  const env = { ...process.env, HALYARD_TEST_POSTGRES_URL: postgres.url }
  const child = spawn(command, args, { stdio: 'inherit', env })
  // A terminal sends SIGINT to the command itself; this process only has to outlive it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  try {
    const [code, signal] = await once(child, 'exit')
    return code ?? 128 + constants.signals[signal as NodeJS.Signals]
  } finally {
    await postgres.stop()
  }
}

if (import.meta.main) {
  const [separator, command, ...args] = process.argv.slice(2)
  if (separator !== '--' || command === undefined) {
    console.error('Usage: node scripts/postgres.ts -- COMMAND [ARGUMENT…]')
    process.exit(2)
  }
  try {
    process.exitCode = await runWithPostgres(command, args)
  } catch (error) {
    console.error(reason(error))
    process.exitCode = 1
  }
}
