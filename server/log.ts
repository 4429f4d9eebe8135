/** The log of a process: a line of JSON each on standard error, in the shape that Fastify's logger has. */
import { hostname } from 'node:os'

const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Number.POSITIVE_INFINITY } as const

/** Writes lines about something. */
export interface Log {
  info(about: object, message: string): void
  warn(about: object, message: string): void
  error(about: object, message: string): void
}

/** The level without an option: fewer lines where somebody reads them. */
export const usualLevel = (): string => (process.stderr.isTTY ? 'warn' : 'info')

/** A log for what is outside the application: before it is built, and in processes that serve nothing. */
export function processLog(level: string): Log {
  const least = LEVELS[level as keyof typeof LEVELS] ?? LEVELS.info
  const own = { pid: process.pid, hostname: hostname() }
  const writer = (number: number) => (about: object, msg: string) => {
    if (number < least) return
    const { err, ...more } = about as { err?: unknown }
    const line = { level: number, time: Date.now(), ...own, ...more, ...(err !== undefined && { err: described(err) }), msg }
    process.stderr.write(`${JSON.stringify(line)}\n`)
  }
  return { info: writer(LEVELS.info), warn: writer(LEVELS.warn), error: writer(LEVELS.error) }
}

/** An error as a value of JSON. */
function described(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const { name: type, message, stack, cause } = error
  return { type, message, stack, ...(cause !== undefined && { cause: described(cause) }) }
}
