/** The measured Halyard: the installed command, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from '../scripts/build.ts'
import type { Request } from './cases.ts'
import { rowOf } from './client.ts'

// Started is what is installed.
await build()
/** The installed command, as `npm start` runs it. */
const command = ['--max-semi-space-size=8', resolve(import.meta.dirname, '../bin/halyard.js')]

/** The environment without the variables that configure the developer's own Halyard. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HALYARD_')))

export interface Halyard {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** From the start of the process to its first response, in milliseconds. */
  readonly startMs: number
  stop(): Promise<void>
}

/**
 * Starts Halyard on a prepared database, logging errors only.
 * @param probe the request whose response ends the start
 * @param options whether Node may use what it has compiled before
 * @throws an Error with the output of a server that does not start
 */
export async function startHalyard(
  databaseUrl: string,
  probe: { path: string; token: string },
  { compileCache = true }: { compileCache?: boolean } = {},
): Promise<Halyard> {
  const start = performance.now()
  const args = [...command, 'serve', '--port', '0', '--database-url', databaseUrl, '--seed', 'none', '--log-level', 'error']
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...environment, ...(!compileCache && { NODE_DISABLE_COMPILE_CACHE: '1' }) },
  })
  // However this process ends, that one ends with it.
  const end = () => child.kill('SIGKILL')
  process.on('exit', end)
  const url = await addressOf(child)
  await ask(url, probe.path, probe.token)
  const startMs = performance.now() - start
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid as number,
    startMs,
    stop: async () => {
      child.kill()
      if (child.exitCode === null) await once(child, 'exit')
      process.off('exit', end)
    },
  }
}

/** The address in the line that reports readiness. */
async function addressOf(child: ChildProcess): Promise<string> {
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /^Halyard is ready: (\S+)/.exec(line)?.[1]
    if (url) {
      child.stdout!.resume()
      return url
    }
    said.push(line)
  }
  throw new Error(`Halyard did not start: ${said.join('\n')}`)
}

/** Sends a request; gives the response as text. Throws an Error unless it succeeds. */
export async function ask(url: string, path: string, token: string, method = 'GET', body?: string): Promise<string> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`)
  return text
}

/** The lock version of the work package that a request updates. */
export async function versionOf(url: string, request: Request): Promise<number> {
  return rowOf(request) === undefined ? 0 : JSON.parse(await ask(url, request.path, request.token)).lockVersion
}

/** The lock versions of all work packages that requests update, by id. */
export async function lockVersionsOf({ url }: Halyard, requests: readonly Request[]): Promise<Map<number, number>> {
  const versions = new Map<number, number>()
  for (const request of requests) {
    const row = rowOf(request)
    if (row !== undefined) versions.set(row, await versionOf(url, request))
  }
  return versions
}

/** The memory of a process in megabytes (10^6 bytes). */
export interface Memory {
  /** Resident. */
  rss: number
  /** Resident, of what is shared with other processes its part, without the files of the database. */
  pss: number
}

/** Reads the memory of a process; undefined if the system does not report it. */
export function memoryOf(pid: number): Memory | undefined {
  try {
    const megabytes = (kilobytes: string | undefined) => (Number(kilobytes ?? 0) * 1024) / 1e6
    const mappings = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    const own = mappings.filter((mapping) => !/\.db(?:-shm|-wal)?$/m.test(mapping.slice(0, mapping.indexOf('\n'))))
    return {
      rss: megabytes(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
      pss: own.reduce((sum, mapping) => sum + megabytes(/^Pss:\s*(\d+)/m.exec(mapping)?.[1]), 0),
    }
  } catch {
    return undefined
  }
}
