/**
 * The file of a backup: a compressed tar. `halyard.json` first says what made it, `tables/` has rows as lines of JSON, `files/`
 * the attachments; `manifest.json` at the end has the checksums of all, so that a file without it is not whole.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { createGunzip, createGzip } from 'node:zlib'
import type { Engine } from '#db/database.ts'
import { syncFolder } from '#files/folder.ts'
import { reasonOf } from '#server/reason.ts'
import type { Digest } from './rows.ts'

/** What made a backup. */
export interface Origin {
  readonly format: 1
  /** The version of Halyard. */
  readonly halyard: string
  readonly engine: Engine
  readonly createdAt: string
  /** The migrations that the database had. */
  readonly migrations: readonly string[]
}

/** What is in a backup. */
export interface Manifest {
  readonly entries: Readonly<Record<string, { readonly size: number; readonly sha256: string }>>
  readonly tables: Readonly<Record<string, Digest>>
  /** The last number that each table has given to a row. */
  readonly counters: Readonly<Record<string, number>>
  readonly files: { readonly count: number; readonly bytes: number; readonly missing: readonly string[] }
}

export type Content = Omit<Manifest, 'entries'>

export const ORIGIN = 'halyard.json'
const MANIFEST = 'manifest.json'
/** The most that one entry of another program's making may need in memory. */
const LARGEST_ENTRY = 512 * 1024 * 1024

/** Adds entries to an archive. */
export interface Packer {
  add(name: string, content: string | Uint8Array): Promise<void>
  /** Adds an entry of a known size. Throws if there are more bytes, or fewer. */
  stream(name: string, size: number, content: AsyncIterable<Uint8Array>): Promise<void>
}

/**
 * Writes an archive: under another name until all is on the disk, so that whatever has the name is whole.
 * @param pack adds the entries, and gives what the manifest says besides
 * @returns its size in bytes
 */
export async function writeArchive(path: string, pack: (packer: Packer) => Promise<Content>): Promise<number> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.partial`
  const isLeft = () => rm(draft, { force: true })
  const { createTarPacker } = await import('modern-tar')
  const { readable, controller } = createTarPacker()
  const output: WriteStream = createWriteStream(draft, { flags: 'wx', mode: 0o600 })
  const written = pipeline(Readable.fromWeb(readable as ReadableStream), createGzip({ level: 3 }), output)
  // Reported below, by whatever waits for it.
  written.catch(() => {})
  const entries: Record<string, { size: number; sha256: string }> = {}
  const stream = async (name: string, size: number, content: AsyncIterable<Uint8Array>) => {
    const sum = createHash('sha256')
    const body = controller.add({ name, size, mode: 0o600, type: 'file' }).getWriter()
    let bytes = 0
    for await (const piece of content) {
      bytes += piece.length
      if (bytes > size) break
      sum.update(piece)
      await Promise.race([body.write(piece), written])
    }
    if (bytes !== size) throw new Error(`${name} has ${bytes > size ? 'more' : 'fewer'} bytes than the ${size} that are known.`)
    await body.close()
    entries[name] = { size, sha256: sum.digest('hex') }
  }
  const add = async (name: string, content: string | Uint8Array) => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    await stream(name, bytes.length, piecesOf(bytes))
  }
  try {
    const content = await pack({ add, stream })
    await add(MANIFEST, JSON.stringify({ entries, ...content }))
    controller.finalize()
    await written
    const file = await open(draft, 'r+')
    await file.sync()
    const { size } = await file.stat()
    await file.close()
    await rename(draft, path)
    await syncFolder(dirname(path))
    return size
  } catch (error) {
    output.destroy()
    await isLeft()
    throw error
  }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += 64 * 1024) yield bytes.subarray(i, i + 64 * 1024)
}

/** An entry of an archive. Its bytes are to be read before the next entry. */
export interface Entry {
  readonly name: string
  readonly size: number
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * The entries of an archive.
 * @param progress gets the number of compressed bytes that have been read
 * @throws Error in one sentence if the file cannot be read as one
 */
export async function* entriesOf(path: string, progress: (bytes: number) => void = () => {}): AsyncGenerator<Entry> {
  const { createTarDecoder } = await import('modern-tar')
  let read = 0
  const source = createReadStream(path, { highWaterMark: 256 * 1024 }).on('data', (piece) => {
    read += piece.length
    progress(read)
  })
  const plain = createGunzip()
  // A failure ends the reading of entries, which reports it.
  pipeline(source, plain).catch(() => {})
  try {
    const entries = Readable.toWeb(plain).pipeThrough(createTarDecoder({ strict: true }) as never) as ReadableStream<{
      header: { name: string; size: number }
      body: ReadableStream<Uint8Array>
    }>
    for await (const { header, body } of explained(entries, path)) {
      yield { name: header.name, size: header.size, body: explained(body, path) }
    }
  } finally {
    source.destroy()
    plain.destroy()
  }
}

/** What a stream gives; its failure in one sentence. */
async function* explained<T>(stream: AsyncIterable<T>, path: string): AsyncGenerator<T> {
  try {
    yield* stream
  } catch (error) {
    // Streams of the web wrap the reason.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new Error(`${path} cannot be read as a backup: ${reasonOf(cause)}.`, { cause })
  }
}

/** All bytes of an entry. */
export async function contentOf({ name, size, body }: Entry): Promise<Buffer> {
  if (size > LARGEST_ENTRY) throw new Error(`The entry ${name} is too large.`)
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** The lines of an entry. */
export const linesIn = async (entry: Entry): Promise<string[]> => (await contentOf(entry)).toString().split('\n')

/** All that an entry can be named. What is printed of an archive has been compared with a pattern: it may come from anybody. */
const ENTRY =
  /^(halyard\.json|manifest\.json|tables\/[a-z_]+\/\d+\.jsonl|configuration\/(secret\.key|halyard\.yaml)|files\/[0-9a-f]{32})$/
const VERSION = /^[\w.+-]{1,64}$/
const MOMENT = /^[\d:.TZ-]{1,32}$/

/** The table that an entry holds rows of; undefined if it holds none. */
export const tableOf = ({ name }: Entry): string | undefined => /^tables\/([a-z_]+)\//.exec(name)?.[1]

/** The name of the attachment that an entry holds; undefined if it holds none. */
export const fileOf = ({ name }: Entry): string | undefined => /^files\/([0-9a-f]{32})$/.exec(name)?.[1]

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
const isMapOf = (value: unknown, isOne: (one: unknown) => boolean): boolean =>
  isObject(value) && Object.values(value).every(isOne)

const isManifest = (value: unknown): value is Manifest =>
  isObject(value) &&
  isMapOf(value.entries, (one) => isObject(one) && typeof one.sha256 === 'string') &&
  Object.keys(value.entries as object).every((name) => ENTRY.test(name)) &&
  isMapOf(value.tables, (one) => isObject(one) && isCount(one.rows) && typeof one.sum === 'string') &&
  isMapOf(value.counters, isCount) &&
  isObject(value.files) &&
  isCount(value.files.count) &&
  Array.isArray(value.files.missing) &&
  value.files.missing.every((name) => typeof name === 'string')

/** The value of a JSON text; undefined if it is none. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** Reads what an entry must be: the first, which tells what made the archive. Throws an Error in one sentence if it does not. */
export async function originIn(entry: Entry, path: string): Promise<Origin> {
  const origin = entry.name === ORIGIN && entry.size < 1024 * 1024 ? parsed(await contentOf(entry)) : undefined
  const isOrigin =
    isObject(origin) &&
    isText(origin.halyard, VERSION) &&
    isText(origin.createdAt, MOMENT) &&
    (origin.engine === 'sqlite' || origin.engine === 'postgres') &&
    Array.isArray(origin.migrations) &&
    origin.migrations.length > 0 &&
    origin.migrations.every((name) => isText(name, VERSION))
  if (!isOrigin) throw new Error(`${path} is not a backup of Halyard.`)
  if (origin.format !== 1) throw new Error(`${path} was made by a newer version of Halyard (${origin.halyard}).`)
  return origin as unknown as Origin
}

/**
 * Checks all of an archive.
 * @returns what made it, and what is in it
 * @throws Error in one sentence if anything is missing, or is not as it was written
 */
export async function verifyArchive(
  path: string,
  progress: (done: number, total: number) => void = () => {},
): Promise<{ origin: Origin; manifest: Manifest; size: number }> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new Error(`The backup ${path} cannot be read: ${reasonOf(cause)}.`, { cause })
  })
  const found = new Map<string, { size: number; sha256: string }>()
  let origin: Origin | undefined
  let manifest: Manifest | undefined
  for await (const entry of entriesOf(path, (done) => progress(done, size))) {
    if (manifest) throw new Error(`${path} has more than its manifest tells of.`)
    if (origin && !ENTRY.test(entry.name)) throw new Error(`${path} has an entry that is no part of a backup.`)
    // Which of them counted would depend on the reader.
    if (found.has(entry.name)) throw new Error(`${path} has two entries named ${entry.name}.`)
    const sum = createHash('sha256')
    if (!origin || entry.name === MANIFEST) {
      const bytes = await contentOf(entry)
      sum.update(bytes)
      const whole = { ...entry, body: piecesOf(bytes) }
      if (!origin) origin = await originIn(whole, path)
      else {
        const value = parsed(bytes)
        if (!isManifest(value)) throw new Error(`${path} is damaged: its manifest cannot be read.`)
        manifest = value
      }
    } else {
      for await (const piece of entry.body) sum.update(piece)
    }
    if (entry.name !== MANIFEST) found.set(entry.name, { size: entry.size, sha256: sum.digest('hex') })
  }
  if (!origin || !manifest) throw new Error(`${path} is not whole: its end is missing.`)
  const expected = Object.entries(manifest.entries)
  const wrong = expected.find(([name, { sha256 }]) => found.get(name)?.sha256 !== sha256)
  if (wrong) throw new Error(`${path} is damaged: ${wrong[0]} is ${found.has(wrong[0]) ? 'not as it was written' : 'missing'}.`)
  if (found.size !== expected.length) throw new Error(`${path} has more than its manifest tells of.`)
  return { origin, manifest, size }
}
