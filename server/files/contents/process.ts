/** The process that reads one file: its bytes come by standard input, its text goes by standard output. */
import { Buffer } from 'node:buffer'
import { setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { TextKind } from '../types.ts'
import { read } from './read.ts'

/** Answering requests goes before reading. */
const NICE = 10
/** The exit code that tells of a file that cannot be read, today or tomorrow. */
const BROKEN = 3

setPriority(NICE)
const [, , kind, seconds] = process.argv
new Worker(new URL('./watch.ts', import.meta.url), { workerData: Number(seconds) }).unref()
const bytes = Buffer.concat(await Array.fromAsync(process.stdin))
try {
  const text = await read(kind as TextKind, bytes)
  process.stdout.write(text, () => process.exit())
} catch (error) {
  // Where a parser could not be loaded, the file is not to blame.
  process.exit(/^ERR_(ACCESS_DENIED|MODULE_NOT_FOUND)$/.test((error as { code?: string }).code ?? '') ? 1 : BROKEN)
}
