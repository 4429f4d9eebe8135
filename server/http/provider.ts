/**
 * Asking OpenID Connect providers: what they say of themselves, and their keys. Only addresses that an operator configured, or
 * that a provider named over HTTPS, are ever asked; never for long, never for much, and no redirect is followed.
 */
import type { RemoteJWKSet } from 'jose'
import type { ServerMetadata } from 'openid-client'

/** Milliseconds after which no answer is waited for, unless people know what they wait for. */
const PATIENCE = 2_000
const LARGEST_ANSWER = 256 * 1024
/** What failed is not asked for again before that, so that a provider that is down costs one request this time and no others. */
export const COOL_DOWN = 10_000
/** How long what a provider says of itself is believed. */
const BELIEVED = 60 * 60_000
/** Keys are fetched anew after `age`; one that is not among them makes us look again, but not more often than after `pause`. */
const KEYS = { age: 10 * 60_000, pause: 30_000 }

/** What a provider says of itself. */
export type ProviderMetadata = ServerMetadata & { readonly jwks_uri: string }

/** A provider does not answer, or not as it has to. */
export class ProviderUnavailable extends Error {}

const isLocal = ({ hostname }: URL) => ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

/** Whether an address can be that of a provider: nobody between us reads or changes what is said. */
export function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.username || url.password || /[?#\s]/.test(text)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url))
}

/** Whether a provider may lead us there: one that is elsewhere cannot make us talk to what listens here without encryption. */
export function mayLeadTo(address: unknown, issuer: string): boolean {
  const url = typeof address === 'string' ? URL.parse(address) : null
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal(url) && issuer.startsWith('http:'))
}

/**
 * `fetch` for requests to a provider.
 * @throws ProviderUnavailable after a while, for too long an answer, and where there is none
 */
export async function askProvider(address: string | URL, options: RequestInit = {}, patience = PATIENCE): Promise<Response> {
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(new Error('There was no answer in time.')), patience)
  try {
    const response = await fetch(address, { ...options, redirect: 'manual', signal: ending.signal })
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > LARGEST_ANSWER) throw new Error('The answer is too long.')
      chunks.push(chunk)
    }
    return new Response(size > 0 ? Buffer.concat(chunks) : null, { status: response.status, headers: response.headers })
  } catch (cause) {
    throw new ProviderUnavailable(`${new URL(address).origin} does not answer as it has to.`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

type Document = Readonly<Record<string, unknown>>

const pending = new Map<string, Promise<Document>>()
/** When what could not be had was asked for. */
const failures = new Map<string, number>()

/**
 * A document of a provider. It is asked for once, however many wait for it.
 * @throws ProviderUnavailable also where somebody else was disappointed just before
 */
async function documentAt(address: string, isFit: (document: Document) => boolean): Promise<Document> {
  const failedAt = failures.get(address)
  if (failedAt !== undefined && Date.now() < failedAt + COOL_DOWN) throw new ProviderUnavailable(`${address} did not answer.`)
  const document = pending.get(address) ?? load(address, isFit).finally(() => pending.delete(address))
  pending.set(address, document)
  return document
}

async function load(address: string, isFit: (document: Document) => boolean): Promise<Document> {
  try {
    const response = await askProvider(address, { headers: { accept: 'application/json' } })
    const document = response.status === 200 ? JSON.parse(await response.text()) : undefined
    if (typeof document !== 'object' || document === null || !isFit(document)) {
      throw new Error(`It answers ${response.status}, or something else than it has to.`)
    }
    failures.delete(address)
    return document
  } catch (cause) {
    failures.set(address, Date.now())
    throw new ProviderUnavailable(`${address} does not answer as it has to.`, { cause })
  }
}

const known = new Map<string, { metadata: ProviderMetadata; at: number }>()

/**
 * What a provider says of itself; what it said last, where it does not answer now.
 * @throws ProviderUnavailable
 */
export async function metadataOf(issuer: string): Promise<ProviderMetadata> {
  const before = known.get(issuer)
  if (before && Date.now() < before.at + BELIEVED) return before.metadata
  try {
    const isFit = (document: Document) =>
      document['issuer'] === issuer &&
      ['jwks_uri', 'authorization_endpoint', 'token_endpoint'].every((name) => mayLeadTo(document[name], issuer)) &&
      (document['userinfo_endpoint'] === undefined || mayLeadTo(document['userinfo_endpoint'], issuer))
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const metadata = (await documentAt(address, isFit)) as unknown as ProviderMetadata
    known.set(issuer, { metadata, at: Date.now() })
    return metadata
  } catch (error) {
    if (before) return before.metadata
    throw error
  }
}

const keySets = new Map<string, RemoteJWKSet>()

/**
 * Finds the key that signed something of a provider.
 * @throws ProviderUnavailable by itself and when asked for a key
 */
export async function keysOf(issuer: string): Promise<RemoteJWKSet> {
  const { jwks_uri } = await metadataOf(issuer)
  const { createRemoteJWKSet, customFetch } = await import('jose')
  const before = keySets.get(jwks_uri)
  if (before) return before
  const keys = createRemoteJWKSet(new URL(jwks_uri), {
    cacheMaxAge: KEYS.age,
    cooldownDuration: KEYS.pause,
    timeoutDuration: 2 * PATIENCE,
    [customFetch]: async (address: string) => Response.json(await documentAt(address, ({ keys }) => Array.isArray(keys))),
  })
  keySets.set(jwks_uri, keys)
  return keys
}
