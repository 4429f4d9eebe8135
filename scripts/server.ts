/** The server under test: the installed command, in a process of its own that must not end unexpectedly. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { build } from './build.ts'

// Started is what is installed.
await build()
const script = resolve(import.meta.dirname, '../bin/halyard.js')
/** The environment without the variables that configure the developer's own Halyard. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HALYARD_')))

export interface Halyard {
  readonly url: string
  /** Whether it has ended unexpectedly. */
  isDead(): boolean
  /** Ends it by SIGKILL. */
  kill(): Promise<void>
  /** Ends it by SIGTERM; throws unless it ends without an error, in time. */
  stop(): Promise<void>
}

/** Runs a command of halyard to its end; gives its exit code. */
export async function halyard(...args: string[]): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'inherit'], env: environment })
  const [code] = await once(child, 'exit')
  return code ?? 1
}

/**
 * Starts a server and waits until it is ready.
 * @param where the flags that name its database
 * @throws an Error with the output of a server that does not start
 */
export async function serve(token: string, ...where: readonly string[]): Promise<Halyard> {
  const args = ['serve', '--port', '0', '--seed', 'basic', '--admin-token', token, '--log-level', 'fatal', ...where]
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
  })
  const end = () => child.kill('SIGKILL')
  process.on('exit', end)
  const ended = once(child, 'exit')
  let told = false
  let dead = false
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  void ended.then(([code, signal]) => {
    process.off('exit', end)
    dead = !told
    if (dead && url !== '') console.log(`  DEATH: the server ended with ${code ?? signal}. ${said.slice(0, 2000)}`)
  })
  let out = ''
  let url = ''
  const ready = new Promise<void>((found) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text
      const [, address] = /ready: (http:\/\/\S+)\n/.exec(out) ?? []
      if (address === undefined) return
      url = address
      found()
    })
  })
  await Promise.race([
    ready,
    ended.then(() => {
      throw new Error(`The server did not start. ${said}`)
    }),
  ])
  return {
    url,
    isDead: () => dead,
    kill: async () => {
      told = true
      child.kill('SIGKILL')
      await ended
    },
    stop: async () => {
      told = true
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP_MS)
      const [code, signal] = await ended
      clearTimeout(timer)
      if (code !== 0) throw new Error(`Told to stop, the server ended with ${code ?? signal}. ${said}`)
    },
  }
}
const LONGEST_STOP_MS = 30_000
