/**
 * Extracts the text of an untrusted file, in a process of its own: a parser there can neither block nor crash the server, has no
 * access to its secrets, and can neither write files nor reach the network.
 */
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { join, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { isBundled, packageFile } from '../package.ts'
import type { Bytes } from '../store.ts'
import type { TextKind } from '../types.ts'
import { MOST_HEAP_MIB, MOST_SECONDS, MOST_TEXT, PATIENCE } from './limits.ts'

export { MOST_BYTES } from './limits.ts'

/** The folder of the program, with all of its own code. */
const here = isBundled ? packageFile('dist', 'contents') : packageFile('server', 'files', 'contents')
const program = join(here, isBundled ? 'process.js' : 'process.ts')
const MODULES = `${sep}node_modules${sep}`
/** The folders of third-party parsers. */
const libraries = ['unpdf', 'htmlparser2'].map((one) => {
  const path = fileURLToPath(import.meta.resolve(one))
  return path.slice(0, path.lastIndexOf(MODULES) + MODULES.length)
})

/** The folder of the module lookup, which may contain links to them. */
const linked = packageFile('node_modules') + sep

/** Node's permissions of the process: it may read its own program, and start its watching thread. */
export const confined: readonly string[] = [
  '--permission',
  ...new Set([here + sep, packageFile('package.json'), linked, ...libraries].map((path) => `--allow-fs-read=${path}`)),
  '--allow-worker',
  '--disallow-code-generation-from-strings',
  `--max-old-space-size=${MOST_HEAP_MIB}`,
  '--no-warnings',
]

/** Grace period after which the process is killed; it ends by itself before. */
const MARGIN_SECONDS = 5
const BROKEN = 3
/** Maximum bytes of a relevant character. */
const MOST_BYTES_EACH = 3

/**
 * The text of a file, in its stored form; empty for a broken file.
 * @param options.signal aborts the extraction
 * @param options.seconds limit of CPU time
 * @throws Error if the bytes are not available, or the extraction exceeds the limits of time or memory
 */
export async function textOf(
  kind: TextKind,
  bytes: Bytes,
  { signal, seconds = MOST_SECONDS }: { signal?: AbortSignal | undefined; seconds?: number } = {},
): Promise<string> {
  const child = spawn(process.execPath, [...confined, program, kind, String(seconds)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {},
    timeout: (PATIENCE * seconds + MARGIN_SECONDS) * 1000,
    killSignal: 'SIGKILL',
    ...(signal && { signal }),
  })
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, by) => resolve(code ?? by))
  })
  // Not awaited: the store may hang in the middle.
  let failure: unknown
  pipeline(Readable.from(bytes), child.stdin).catch((error: unknown) => {
    failure = error
    child.kill('SIGKILL')
  })
  const [end, text] = await Promise.all([ended, collected(child.stdout)])
  if (end === 0) return text
  if (end === BROKEN) return ''
  if (failure && !isGone(failure)) throw failure
  throw new Error(`Reading it took more than there is for one file (${end}).`)
}

/** Whether bytes could not be sent because the receiver has gone. */
const isGone = (error: unknown) =>
  ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as { code?: string }).code ?? '')

/** The output of a process that may be compromised, up to the maximum length of a text. */
async function collected(bytes: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of bytes) {
    size += piece.length
    if (size <= MOST_TEXT * MOST_BYTES_EACH) pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}
