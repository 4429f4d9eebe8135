/** What can be learned of a file while its bytes pass by. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Bytes } from './store.ts'

/** More bytes came than were allowed. */
export class TooLarge extends Error {}

export interface Findings {
  size: number
  /** MD5, in hexadecimal digits. */
  digest: string
  /** The first bytes, enough to tell the type by. */
  head: Uint8Array
}

const HEAD = 4096

/**
 * Passes bytes on and looks at them; what was found stands in `findings` once the last one has passed.
 * @throws TooLarge as soon as there are more than `most`
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
