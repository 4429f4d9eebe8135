/** Inspects a file as a stream. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Bytes } from './store.ts'

/** The file exceeds the allowed size. */
export class TooLarge extends Error {}

export interface Findings {
  size: number
  /** MD5, hexadecimal. */
  digest: string
  /** The first bytes, enough to detect the type. */
  head: Uint8Array
}

const HEAD = 4096

/**
 * Passes bytes through and inspects them; `findings` is complete after the last byte.
 * @throws TooLarge after more than `most` bytes
 */
export function inspected(bytes: Bytes, most: number): { bytes: Bytes; findings: Findings } {
  const findings: Findings = { size: 0, digest: '', head: new Uint8Array() }
  async function* pass(): AsyncGenerator<Uint8Array> {
    const hash = createHash('md5')
    for await (const piece of bytes) {
      findings.size += piece.length
      if (findings.size > most) throw new TooLarge()
      hash.update(piece)
      if (findings.head.length < HEAD)
        findings.head = Buffer.concat([findings.head, piece.subarray(0, HEAD - findings.head.length)])
      yield piece
    }
    findings.digest = hash.digest('hex')
  }
  return { bytes: pass(), findings }
}
