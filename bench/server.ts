/** The measured Halyard: the installed command, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from '../scripts/build.ts'

// Started is what is installed.
await build()
const script = resolve(import.meta.dirname, '../bin/halyard.js')

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
 * @throws an Error with the output of a server that does not start
 */
export async function startHalyard(
  databaseUrl: string,
  probe: { path: string; token: string },
  nodeFlags: readonly string[] = [],
): Promise<Halyard> {
  const start = performance.now()
  const args = [
    ...nodeFlags,
    script,
    'serve',
    '--port',
    '0',
    '--database-url',
    databaseUrl,
    '--seed',
    'none',
    '--log-level',
    'error',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: environment })
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

/** Resident memory of a process in megabytes (10^6 bytes); undefined if the system does not report it. */
export function memoryOf(pid: number): number | undefined {
  try {
    const kilobytes = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6
  } catch {
    return undefined
  }
}
