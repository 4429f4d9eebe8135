/** A fake of an S3-compatible store: it keeps files in memory and rejects requests without a valid signature. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sign, signatureOf, UNSIGNED } from '#files/sigv4.ts'

export const credentials = { accessKey: 'AKEY', secretKey: 'secret/key+1', region: 'eu-central-1' }
const BUCKET = 'halyard-files'

export interface FakeS3 {
  readonly bucket: { endpoint: string; bucket: string } & typeof credentials
  readonly files: Map<string, Buffer>
  /** Rejected requests with their reasons. */
  readonly refused: string[]
  close(): Promise<void>
}

/** The time of a stamp like `20261124T120000Z`. */
const momentOf = (stamp: string) => new Date(stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))

/** The reason to reject a request; undefined for a valid signature. */
function doubt(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const method = request.method as string
  if (url.searchParams.has('X-Amz-Signature')) {
    const given = url.searchParams.get('X-Amz-Signature')
    const now = momentOf(url.searchParams.get('X-Amz-Date') ?? '')
    const unsigned = new URL(url)
    unsigned.searchParams.delete('X-Amz-Signature')
    const expected = signatureOf(credentials, now, { method, url: unsigned, headers: { host: url.host }, payload: UNSIGNED })
    if (now.getTime() + Number(url.searchParams.get('X-Amz-Expires')) * 1000 < Date.now()) return 'expired'
    return given === expected ? undefined : 'address not signed'
  }
  const [, credential, names, given] =
    /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=(\S+)$/.exec(request.headers.authorization ?? '') ?? []
  if (!credential?.startsWith(`${credentials.accessKey}/`)) return 'no such key'
  const headers = Object.fromEntries(names!.split(';').map((name) => [name, String(request.headers[name] ?? '')]))
  const payload = headers['x-amz-content-sha256'] ?? ''
  if (!headers.host || payload !== createHash('sha256').update(body).digest('hex')) return 'body not signed'
  const now = momentOf(headers['x-amz-date'] ?? '')
  return given === signatureOf(credentials, now, { method, url, headers, payload }) ? undefined : 'not signed'
}

/** The reason to reject a form, if any. */
async function doubtForm(form: FormData): Promise<string | undefined> {
  const fields = Object.fromEntries([...form].filter(([name]) => name !== 'file')) as Record<string, string>
  const file = form.get('file') as File
  const now = momentOf(fields['x-amz-date'] ?? '')
  if (sign(credentials, now, fields.policy ?? '') !== fields['x-amz-signature']) return 'form not signed'
  const { expiration, conditions } = JSON.parse(Buffer.from(fields.policy!, 'base64').toString())
  if (Date.parse(expiration) < Date.now()) return 'expired'
  for (const condition of conditions) {
    if (Array.isArray(condition)) {
      const [, least, most] = condition
      if (file.size < least || file.size > most) return 'wrong size'
    } else {
      const [[name, value]] = Object.entries(condition) as [[string, string]]
      if (fields[name] !== value) return `wrong ${name}`
    }
  }
  const named = new Set(conditions.flatMap((one: object) => (Array.isArray(one) ? [] : Object.keys(one))))
  const open = Object.keys(fields).filter((name) => !named.has(name) && name !== 'policy' && name !== 'x-amz-signature')
  return open.length > 0 ? `${open} not in the policy` : undefined
}

/** Starts a store. */
export async function fakeS3(): Promise<FakeS3> {
  const files = new Map<string, Buffer>()
  const refused: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
    const url = new URL(request.url as string, `http://${request.headers.host}`)
    const end = (status: number, content: string | Buffer = '', headers = {}) => response.writeHead(status, headers).end(content)
    const refuse = (reason: string) => {
      refused.push(`${request.method} ${url.pathname}: ${reason}`)
      return end(403)
    }
    if (request.method === 'POST') {
      const type = request.headers['content-type'] as string
      const form = await new Response(body, { headers: { 'content-type': type } }).formData()
      const reason = url.pathname === `/${BUCKET}` ? await doubtForm(form) : 'no such bucket'
      if (reason) return refuse(reason)
      files.set(String(form.get('key')), Buffer.from(await (form.get('file') as File).arrayBuffer()))
      return end(201)
    }
    const reason = doubt(request, url, body)
    if (reason) return refuse(reason)
    const [, bucket, key = ''] = url.pathname.split('/')
    if (bucket !== BUCKET) return end(404)
    const source = request.headers['x-amz-copy-source']
    if (request.method === 'PUT') {
      const content = source ? files.get(String(source).replace(`/${BUCKET}/`, '')) : body
      if (!content) return end(404)
      files.set(key, content)
      return end(200)
    }
    if (request.method === 'DELETE') {
      files.delete(key)
      return end(204)
    }
    const content = files.get(key)
    if (!content) return end(404)
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const told = {
      'content-type': url.searchParams.get('response-content-type') ?? 'binary/octet-stream',
      'content-disposition': url.searchParams.get('response-content-disposition') ?? '',
    }
    return from ? end(206, content.subarray(Number(from), Number(to) + 1)) : end(200, content, told)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    bucket: { endpoint: `http://127.0.0.1:${port}`, bucket: BUCKET, ...credentials },
    files,
    refused,
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
