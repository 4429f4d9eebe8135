/** How far a command is: a bar in a terminal, lines otherwise, JSON with `--json`; always on standard error. */
import type { Progress } from '#server/backup/making.ts'
import { InterruptedError } from '#server/usage.ts'
import type { Invocation } from './command.ts'

const BAR = 24
/** At most so many lines for a step, where there is no terminal. */
const LINES = 10
const REDRAWN_MS = 80

/** Shows progress until the work has ended, and ends the work after Ctrl-C where that changes nothing. */
export async function withProgress<T>({ flags }: Invocation, work: (progress: Progress) => Promise<T>): Promise<T> {
  const isTerminal = process.stderr.isTTY && !flags.json
  let interrupted = false
  const interrupt = () => {
    // The second time it ends at once.
    if (interrupted) process.exit(new InterruptedError().exitCode)
    interrupted = true
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
  let last = { step: '', part: -1, at: 0 }
  const progress: Progress = (step, done, total) => {
    if (interrupted) throw new InterruptedError()
    const share = total === 0 ? 1 : Math.min(done / total, 1)
    const part = isTerminal ? share : Math.floor(share * LINES)
    const isNew = step !== last.step
    const now = performance.now()
    if (!isNew && (part === last.part || (isTerminal && share < 1 && now - last.at < REDRAWN_MS))) return
    if (isTerminal) {
      const full = Math.round(share * BAR)
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
      process.stderr.write(`${isNew && last.step ? '\n' : '\r'}${step.padEnd(12)} ${bar} ${done} of ${total}\u001b[K`)
    } else if (flags.json) process.stderr.write(`${JSON.stringify({ step, done, total })}\n`)
    else process.stderr.write(`${step}: ${done} of ${total}\n`)
    last = { step, part, at: now }
  }
  try {
    return await work(progress)
  } finally {
    if (isTerminal && last.step) process.stderr.write('\n')
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt)
  }
}

/** A number of bytes for people. */
export function bytesOf(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const power = count < 1000 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), units.length - 1)
  return `${power === 0 ? count : (count / 1000 ** power).toPrecision(3)} ${units[power]}`
}
