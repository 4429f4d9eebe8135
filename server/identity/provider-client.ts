/**
 * The client for OpenID Connect providers: their metadata and keys. It contacts only addresses that an operator configured or a
 * provider named over HTTPS, with limits on time and size, and follows no redirects. The host of an issuer may be anywhere, because
 * an operator configured it; other hosts that its metadata names are contacted only at public or allowed addresses.
 */
import type { RemoteJWKSet } from 'jose'
import type { Configuration, ServerMetadata } from 'openid-client'
import type { Database } from '#db/database.ts'
import { currentTime } from '#kernel/clock.ts'
import { hostOf } from '#outgoing/addresses.ts'
import { outgoingOf } from '#outgoing/client.ts'
import type { Provider } from './providers.ts'
import { keysOf as secretsOf } from './secrets.ts'

/** The timeout in milliseconds, unless a user waits for the response. */
const PATIENCE = 2_000
/** The timeout where a user waits, as a provider may be slow. */
const LONG_PATIENCE = 10_000
const LARGEST_ANSWER = 256 * 1024
/** The pause in milliseconds after a failure, so that an unavailable provider delays one request and no others. */
export const COOL_DOWN = 10_000
/** How long metadata is cached. */
const BELIEVED = 60 * 60_000
/** Keys are refreshed after `age`; an unknown key triggers a refresh too, but not more often than every `pause`. */
const KEYS = { age: 10 * 60_000, pause: 30_000 }

/** The metadata of a provider. */
export type ProviderMetadata = ServerMetadata & { readonly jwks_uri: string }

/** A provider does not respond, or its response is invalid. */
export class ProviderUnavailable extends Error {}

const isLocal = ({ hostname }: URL) => ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

/** Whether an address can be an issuer: the connection must be protected from third parties. */
export function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.username || url.password || /[?#\s]/.test(text)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url))
}

/** Whether a provider may name this endpoint: a remote provider cannot make the server contact unencrypted local services. */
export function mayLeadTo(address: unknown, issuer: string): boolean {
  const url = typeof address === 'string' ? URL.parse(address) : null
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal(url) && issuer.startsWith('http:'))
}

/** The hosts that an issuer may lead to at any address: its own, and this machine if it is there. */
const trustedBy = (issuer: string): readonly string[] => {
  const url = new URL(issuer)
  return isLocal(url) ? ['localhost', '127.0.0.1', '::1'] : [hostOf(url)]
}

/**
 * `fetch` for requests to the provider of an issuer, by the server of a database.
 * @throws ProviderUnavailable after a timeout, for an oversized response, and without a response
 */
export async function askProvider(
  db: Database,
  issuer: string,
  address: string | URL,
  options: RequestInit = {},
  patience = PATIENCE,
): Promise<Response> {
  const limits = { patience, largest: LARGEST_ANSWER, trusted: trustedBy(issuer) }
  try {
    return await outgoingOf(db).ask(address, options, limits)
  } catch (cause) {
    throw new ProviderUnavailable(`${new URL(address).origin} does not respond correctly.`, { cause })
  }
}

type Document = Readonly<Record<string, unknown>>

const pending = new Map<string, Promise<Document>>()
/** The times of failed requests. */
const failures = new Map<string, number>()

/**
 * A document of a provider. Concurrent callers share one request.
 * @throws ProviderUnavailable also if a request has just failed
 */
async function documentAt(
  db: Database,
  issuer: string,
  address: string,
  isFit: (document: Document) => boolean,
): Promise<Document> {
  const failedAt = failures.get(address)
  if (failedAt !== undefined && currentTime().getTime() < failedAt + COOL_DOWN)
    throw new ProviderUnavailable(`${address} did not respond.`)
  const document = pending.get(address) ?? load(db, issuer, address, isFit).finally(() => pending.delete(address))
  pending.set(address, document)
  return document
}

async function load(db: Database, issuer: string, address: string, isFit: (document: Document) => boolean): Promise<Document> {
  try {
    const response = await askProvider(db, issuer, address, { headers: { accept: 'application/json' } })
    const document = response.status === 200 ? JSON.parse(await response.text()) : undefined
    if (typeof document !== 'object' || document === null || !isFit(document)) {
      throw new Error(`The response has the status ${response.status} or an invalid body.`)
    }
    failures.delete(address)
    return document
  } catch (cause) {
    failures.set(address, currentTime().getTime())
    throw new ProviderUnavailable(`${address} does not respond correctly.`, { cause })
  }
}

const known = new Map<string, { metadata: ProviderMetadata; at: number }>()

/**
 * The metadata of a provider; the cached metadata if the provider is unavailable.
 * @throws ProviderUnavailable
 */
export async function metadataOf(db: Database, issuer: string): Promise<ProviderMetadata> {
  const before = known.get(issuer)
  if (before && currentTime().getTime() < before.at + BELIEVED) return before.metadata
  try {
    const isFit = (document: Document) =>
      document.issuer === issuer &&
      ['jwks_uri', 'authorization_endpoint', 'token_endpoint'].every((name) => mayLeadTo(document[name], issuer)) &&
      (document.userinfo_endpoint === undefined || mayLeadTo(document.userinfo_endpoint, issuer))
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const metadata = (await documentAt(db, issuer, address, isFit)) as unknown as ProviderMetadata
    known.set(issuer, { metadata, at: currentTime().getTime() })
    return metadata
  } catch (error) {
    if (before) return before.metadata
    throw error
  }
}

const keySets = new Map<string, RemoteJWKSet>()

/**
 * The signing keys of a provider.
 * @throws ProviderUnavailable here and when a key is requested
 */
export async function keysOf(db: Database, issuer: string): Promise<RemoteJWKSet> {
  const { jwks_uri } = await metadataOf(db, issuer)
  const { createRemoteJWKSet, customFetch } = await import('jose')
  const before = keySets.get(jwks_uri)
  if (before) return before
  const keys = createRemoteJWKSet(new URL(jwks_uri), {
    cacheMaxAge: KEYS.age,
    cooldownDuration: KEYS.pause,
    timeoutDuration: 2 * PATIENCE,
    [customFetch]: async (address: string) =>
      Response.json(await documentAt(db, issuer, address, ({ keys }) => Array.isArray(keys))),
  })
  keySets.set(jwks_uri, keys)
  return keys
}

/**
 * The client configuration of this server at a provider.
 * @throws ProviderUnavailable
 */
export async function clientOf({ id, issuer, client_id, client_secret: sealed }: Provider, db: Database) {
  const client_secret = sealed && secretsOf(db).open({ table: 'auth_providers', column: 'client_secret', id }, sealed)
  const [openid, metadata] = await Promise.all([import('openid-client'), metadataOf(db, issuer)])
  const methods = metadata.token_endpoint_auth_methods_supported
  const isPosted = Array.isArray(methods) && !methods.includes('client_secret_basic')
  const authentication =
    client_secret === null ? openid.None() : (isPosted ? openid.ClientSecretPost : openid.ClientSecretBasic)(client_secret)
  const configuration: Configuration = new openid.Configuration(metadata, client_id, {}, authentication)
  configuration[openid.customFetch] = (address, options) =>
    askProvider(db, issuer, address, options as RequestInit, LONG_PATIENCE)
  openid.enableNonRepudiationChecks(configuration)
  // Only on this machine: `isIssuer` requires HTTPS of all others.
  if (issuer.startsWith('http:')) openid.allowInsecureRequests(configuration)
  return { openid, configuration }
}
