/** Files in a bucket of an S3-compatible store. */
import { createHash } from 'node:crypto'
import { createWriteStream, openAsBlob } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Credentials, presigned, signed, signedForm } from './sigv4.ts'
import { type Bytes, checkName, type FileStore } from './store.ts'

export interface Bucket extends Credentials {
  /** The URL of the store, without the bucket's name. */
  readonly endpoint: string
  readonly bucket: string
}

const NOTHING = createHash('sha256').digest('hex')

/** Sends a request to a store. */
export type Fetch = (url: URL, request: RequestInit & { method: string }) => Promise<Response>

/** A store in a bucket, which must exist. */
export function s3Store(bucket: Bucket, send: Fetch = fetch): FileStore {
  const root = `${bucket.endpoint.replace(/\/$/, '')}/${bucket.bucket}`
  const addressOf = (name: string): URL => {
    checkName(name)
    return new URL(`${root}/${name}`)
  }
  const ask = async (
    method: string,
    name: string,
    { headers = {}, body, payload = NOTHING }: { headers?: Record<string, string>; body?: Blob; payload?: string } = {},
  ): Promise<Response | undefined> => {
    const url = addressOf(name)
    const own = signed(bucket, new Date(), { method, url, headers, payload })
    const response = await send(url, { method, headers: own, ...(body && { body }), redirect: 'error' })
    if (response.ok) return response
    await response.body?.cancel()
    if (response.status === 404) return undefined
    throw new Error(`The store of attachments answers ${response.status} to ${method}.`)
  }

  return {
    write: async (name, bytes) => {
      checkName(name)
      await spooled(bytes, async (body, payload) => {
        if (!(await ask('PUT', name, { body, payload })))
          throw new Error(`The store of attachments has no bucket ${bucket.bucket}.`)
      })
    },
    read: async (name, range) => {
      const response = await ask('GET', name, range ? { headers: { range: `bytes=${range.start}-${range.end}` } } : {})
      return response && (response.body ?? none())
    },
    remove: async (name) => {
      const response = await ask('DELETE', name)
      await response?.body?.cancel()
    },
    direct: {
      upload: (name, { size, type, seconds }) => {
        checkName(name)
        const fields = { key: name, bucket: bucket.bucket, 'Content-Type': type, success_action_status: '201' }
        const conditions = [['content-length-range', size, size]]
        return { href: root, fields: signedForm(bucket, new Date(), { fields, conditions, seconds }) }
      },
      download: (name, { type, disposition, seconds }) => {
        const url = addressOf(name)
        url.searchParams.set('response-content-type', type)
        url.searchParams.set('response-content-disposition', disposition)
        return presigned(bucket, new Date(), url, seconds)
      },
      copy: async (from, to) => {
        checkName(from)
        const response = await ask('PUT', to, { headers: { 'x-amz-copy-source': `/${bucket.bucket}/${from}` } })
        await response?.body?.cancel()
        return response !== undefined
      },
    },
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** Buffers bytes in a file before the upload: the store requires their number and checksum in advance. */
async function spooled(bytes: Bytes, use: (body: Blob, sha256: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'halyard-upload-'))
  try {
    const [path, hash] = [join(folder, 'file'), createHash('sha256')]
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const piece of bytes) {
        hash.update(piece)
        yield piece
      }
    }
    await pipeline(hashed, createWriteStream(path, { mode: 0o600 }))
    await use(await openAsBlob(path), hash.digest('hex'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
