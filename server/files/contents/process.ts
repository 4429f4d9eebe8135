/** The process for one file: bytes on standard input, text on standard output. */
import { Buffer } from 'node:buffer'
import { setPriority } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { TextKind } from '../types.ts'
import { read } from './read.ts'

/** Requests have priority over the extraction. */
const NICE = 10
/** The exit code for a permanently unreadable file. */
const BROKEN = 3

setPriority(NICE)
const [, , kind, seconds] = process.argv
new Worker(new URL(`./watch${extname(import.meta.url)}`, import.meta.url), { workerData: Number(seconds) }).unref()
const bytes = Buffer.concat(await Array.fromAsync(process.stdin))
try {
  const text = await read(kind as TextKind, bytes)
  process.stdout.write(text, () => process.exit())
} catch (error) {
  // A parser that could not be loaded is not the file's fault.
  process.exit(/^ERR_(ACCESS_DENIED|MODULE_NOT_FOUND)$/.test((error as { code?: string }).code ?? '') ? 1 : BROKEN)
}
