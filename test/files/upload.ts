/** Uploads files like clients. */
import type { Client, Reply } from '#test/instance.ts'

export interface Sent {
  /** `metadata` of the request: an object is sent as JSON. */
  metadata?: unknown
  content?: string | Uint8Array<ArrayBuffer>
  /** The order of the parts. */
  order?: readonly ('metadata' | 'file')[]
}

/** Uploads a file to a path below /api/v3, by default a short text called note.txt. */
export function upload(client: Client, path: string, sent: Sent = {}): Promise<Reply> {
  const { metadata = { fileName: 'note.txt' }, content = 'A few words.\n', order = ['metadata', 'file'] } = sent
  const body = new FormData()
  for (const part of order) {
    if (part === 'metadata') body.append(part, typeof metadata === 'string' ? metadata : JSON.stringify(metadata))
    else body.append(part, new Blob([content]), 'name-of-the-part.bin')
  }
  return client.send('POST', `/api/v3${path}`, { body })
}
