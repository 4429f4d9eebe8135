/** The load generator wrk, which takes a fraction of the time that one in Node takes. */
import { execFile, spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Reading } from './cases.ts'
import { readingText } from './client.ts'

/** Whether wrk is installed. */
export const hasWrk = spawnSync('wrk', ['--version']).error === undefined

export interface Wrk {
  requests: number
  seconds: number
  /** Of every request, in milliseconds. */
  latencies: Float64Array
  /** Processor time of wrk itself. */
  generatorSeconds: number
}

const run = promisify(execFile)

/**
 * Sends requests by turns, on several connections and one thread.
 * @param seconds a whole number, as wrk measures by whole seconds
 * @throws an Error unless all are answered with success
 */
export async function byWrk(requests: readonly Reading[], port: number, connections: number, seconds: number): Promise<Wrk> {
  const file = join(tmpdir(), `halyard-bench-requests-${process.pid}`)
  writeFileSync(file, requests.map(readingText).join(''))
  const script = `${import.meta.dirname}/wrk.lua`
  const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', script, `http://127.0.0.1:${port}`, file]
  const { stdout } = await run('wrk', load, { maxBuffer: 100_000_000 })
  rmSync(file)
  const told = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{')))
  if (told.errors > 0) throw new Error(`${told.errors} of ${told.requests} requests like GET ${requests[0]?.path} failed.`)
  return {
    requests: told.requests,
    seconds: told.micros / 1e6,
    latencies: Float64Array.from(told.latencies.flatMap(([micros, count]: [number, number]) => Array(count).fill(micros / 1000))),
    generatorSeconds: told.cpuSeconds,
  }
}
