/** The key that encrypts secrets: from the configuration, or from a file beside the data that the first start creates. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type Key, type KeySource, keysIn, passingKey, randomSecretKey, writtenKey } from '#identity/secrets.ts'

/** The configured source of keys. */
export type KeyChoice =
  | { readonly in: 'memory' }
  | { readonly in: 'text'; readonly text: string; readonly named: string }
  /** `ours`: Halyard creates and rotates the key in the file. */
  | { readonly in: 'file'; readonly path: string; readonly ours: boolean }

/**
 * The configured keys.
 * @throws an Error in one sentence if a given key is invalid; so does `read` of the source
 */
export function keySource(choice: KeyChoice): KeySource {
  if (choice.in === 'memory') return passingKey()
  if (choice.in === 'text') {
    const keys = keysIn(choice.text, choice.named)
    return { where: choice.named, read: () => keys }
  }
  const { path, ours } = choice
  const read = () => {
    try {
      return keysIn(readFileSync(path, 'utf8'), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      if (ours && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw new Error(`The secret key file ${path} cannot be read: ${(error as Error).message}.`, { cause: error })
    }
  }
  if (!ours) return { where: path, read }
  return { where: path, read, create: () => write(path, [randomSecretKey()], true), keep: (keys) => write(path, keys, false) }
}

/** Replaces the file atomically. @param first whether an existing file stays unchanged */
function write(path: string, keys: readonly Key[], first: boolean): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${keys.map(writtenKey).join('\n')}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    if (first) linkSync(draft, path)
    else renameSync(draft, path)
  } catch (error) {
    // Another server was first: all servers use its key.
    if (!first || !existsSync(path)) throw error
  } finally {
    rmSync(draft, { force: true })
  }
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
