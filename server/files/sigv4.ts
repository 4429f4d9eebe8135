/** Signatures of S3 requests: AWS Signature Version 4 in headers, URLs and forms. */
import { createHmac, hash } from 'node:crypto'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
  readonly region: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
export const UNSIGNED = 'UNSIGNED-PAYLOAD'

const sha256 = (text: string) => hash('sha256', text)
const hmac = (key: string | Uint8Array, text: string) => createHmac('sha256', key).update(text).digest()

/** `20261124T120000Z` */
const stampOf = (now: Date) => now.toISOString().replace(/[-:]|\.\d{3}/g, '')
const scopeOf = ({ region }: Credentials, now: Date) => `${stampOf(now).slice(0, 8)}/${region}/s3/aws4_request`

/** Percent-encodes all characters except the unreserved ones of RFC 3986. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Signs a text with the key of the day. */
export function sign(credentials: Credentials, now: Date, text: string): string {
  const { secretKey, region } = credentials
  const key = [stampOf(now).slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Uint8Array>(hmac, `AWS4${secretKey}`)
  return hmac(key, text).toString('hex')
}

/** The signature of a request with these headers, whose names are in lower case. */
export function signatureOf(
  credentials: Credentials,
  now: Date,
  request: { method: string; url: URL; headers: Readonly<Record<string, string>>; payload: string },
): string {
  const { method, url, headers, payload } = request
  const names = Object.keys(headers).sort()
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
  const lines = names.map((name) => `${name}:${headers[name]?.trim()}\n`).join('')
  const canonical = [method, url.pathname, query, lines, names.join(';'), payload].join('\n')
  return sign(credentials, now, [ALGORITHM, stampOf(now), scopeOf(credentials, now), sha256(canonical)].join('\n'))
}

/**
 * The headers of a request, including its signature.
 * @param payload the SHA-256 of its body
 */
export function signed(
  credentials: Credentials,
  now: Date,
  request: { method: string; url: URL; headers?: Readonly<Record<string, string>>; payload: string },
): Record<string, string> {
  const { url, payload } = request
  const headers = { ...request.headers, 'x-amz-content-sha256': payload, 'x-amz-date': stampOf(now) }
  const all = { ...headers, host: url.host }
  const signature = signatureOf(credentials, now, { ...request, headers: all })
  const credential = `${credentials.accessKey}/${scopeOf(credentials, now)}`
  const names = Object.keys(all).sort().join(';')
  return { ...headers, authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}` }
}

/** A presigned URL, valid for some time. */
export function presigned(credentials: Credentials, now: Date, address: URL, seconds: number): string {
  const url = new URL(address)
  const query = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKey}/${scopeOf(credentials, now)}`,
    'X-Amz-Date': stampOf(now),
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  const signature = signatureOf(credentials, now, { method: 'GET', url, headers: { host: url.host }, payload: UNSIGNED })
  url.searchParams.set('X-Amz-Signature', signature)
  return url.href
}

/** The fields of a form that is valid for some time, for files that meet the conditions. */
export function signedForm(
  credentials: Credentials,
  now: Date,
  form: { fields: Readonly<Record<string, string>>; conditions: readonly unknown[]; seconds: number },
): Record<string, string> {
  const fields = {
    ...form.fields,
    'x-amz-algorithm': ALGORITHM,
    'x-amz-credential': `${credentials.accessKey}/${scopeOf(credentials, now)}`,
    'x-amz-date': stampOf(now),
  }
  const expiration = new Date(now.getTime() + form.seconds * 1000).toISOString()
  const conditions = [...Object.entries(fields).map(([name, value]) => ({ [name]: value })), ...form.conditions]
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  return { ...fields, policy, 'x-amz-signature': sign(credentials, now, policy) }
}
