/** The parts of a ZIP archive, decompressed within limits. */
import type { Buffer } from 'node:buffer'
import { inflateRawSync } from 'node:zlib'

/** The end record of an archive: its size without the comment, and the maximum length of the comment. */
const END = { mark: 0x06054b50, size: 22, comment: 0xffff }
const ENTRY = { mark: 0x02014b50, size: 46 }
const LOCAL = { mark: 0x04034b50, size: 30 }
const ENCRYPTED = 1
const [STORED, DEFLATED] = [0, 8]

interface Entry {
  readonly name: string
  readonly method: number
  readonly packed: number
  readonly at: number
}

/**
 * The parts of an archive with wanted names, by name, up to `most` decompressed bytes: the sizes in the archive are not trusted.
 * @throws Error for a malformed archive
 */
export function* partsOf(bytes: Buffer, wanted: RegExp, most: number): Generator<{ name: string; bytes: Buffer }> {
  const entries = [...entriesOf(bytes)].filter(({ name }) => wanted.test(name))
  let left = most
  for (const { name, method, packed, at } of entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
    if (bytes.readUInt32LE(at) !== LOCAL.mark) throw new Error('A part is not where the archive says.')
    const start = at + LOCAL.size + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
    const body = bytes.subarray(start, start + packed)
    if (method !== STORED && method !== DEFLATED) continue
    let unfolded: Buffer
    try {
      unfolded = method === STORED ? body : inflateRawSync(body, { maxOutputLength: left })
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return
      throw error
    }
    left -= unfolded.length
    yield { name, bytes: unfolded }
    if (left <= 0) return
  }
}

/** The directory at the end of an archive. */
function* entriesOf(bytes: Buffer): Generator<Entry> {
  const end = endOf(bytes)
  let at = bytes.readUInt32LE(end + 16)
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count--) {
    if (bytes.readUInt32LE(at) !== ENTRY.mark) throw new Error('The directory of the archive is broken.')
    const name = bytes.toString('utf8', at + ENTRY.size, at + ENTRY.size + bytes.readUInt16LE(at + 28))
    if ((bytes.readUInt16LE(at + 8) & ENCRYPTED) === 0)
      yield { name, method: bytes.readUInt16LE(at + 10), packed: bytes.readUInt32LE(at + 20), at: bytes.readUInt32LE(at + 42) }
    at += ENTRY.size + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
}

function endOf(bytes: Buffer): number {
  const last = bytes.length - END.size
  for (let at = last; at >= Math.max(0, last - END.comment); at--) if (bytes.readUInt32LE(at) === END.mark) return at
  throw new Error('It is no archive.')
}
