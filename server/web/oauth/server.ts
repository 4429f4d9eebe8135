/** The authorization server of a database, created on first use, and the normalisation of requests to it. */
import type { Database } from '#db/database.ts'
import { API } from '#identity/scopes.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import type { AuthorizationServer } from './provider.ts'

/** One server for each database, for the latest issuer. */
const servers = new WeakMap<Database, { issuer: string; server: Promise<AuthorizationServer> }>()

/** The authorization server for the public URL of the settings. The library is loaded on first use. */
export function serverOf(db: Database, settings: Settings): Promise<AuthorizationServer> {
  const issuer = addressOf(settings, '')
  const known = servers.get(db)
  if (known?.issuer === issuer) return known.server
  const server = provider().then(({ authorizationServer }) => authorizationServer(db, issuer))
  servers.set(db, { issuer, server })
  return server
}

/** Loads the library without its warning about Node releases that are not LTS, as operators cannot act on it. */
async function provider(): Promise<typeof import('./provider.ts')> {
  const { warn } = console
  console.warn = (...args) => String(args[0]).includes('Unsupported runtime') || warn(...args)
  try {
    return await import('./provider.ts')
  } finally {
    console.warn = warn
  }
}

/** The supported parameters of an authorization request; others are ignored. */
const PARAMETERS = [
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'response_mode',
  'prompt',
  'resource',
  // Neither is supported, but ignoring them would change the meaning of the request.
  'request',
  'request_uri',
]

/** An authorization request in the form that the authorization server expects. */
export function authorizationRequest(given: URLSearchParams, settings: Settings): URLSearchParams {
  const asked = new URLSearchParams()
  for (const name of PARAMETERS) for (const value of given.getAll(name)) asked.append(name, value)
  // Other response modes need scripts or forms to other sites, so they are refused, with the error in the query.
  if (asked.getAll('response_mode').some((mode) => mode !== 'query')) asked.set('response_mode', 'none of ours')
  if (asked.getAll('response_type').some((type) => type !== 'code')) asked.set('response_type', 'none')
  return completed(asked, settings)
}

/** Adds the default scope to a request without a scope. */
export function completed(asked: URLSearchParams, settings: Settings): URLSearchParams {
  understoodBy(asked, settings)
  if (asked.getAll('scope').every((scope) => scope === '')) asked.set('scope', API)
  return asked
}

/** Normalises a request: all spellings of our resource become one, and scopes without effect are removed. */
export function understoodBy(asked: URLSearchParams, settings: Settings): URLSearchParams {
  const issuer = addressOf(settings, '')
  const resources = new Set(asked.getAll('resource').map((one) => (ownResource(one, issuer) ? issuer : one)))
  // `offline_access` has no effect: all tokens outlast the session.
  const scopes = asked.getAll('scope').map((scope) => scope.split(' ').filter((one) => one !== '' && one !== 'offline_access'))
  asked.delete('resource')
  asked.delete('scope')
  for (const resource of resources) asked.append('resource', resource)
  for (const scope of scopes) asked.append('scope', scope.join(' '))
  return asked
}

const ownResource = (resource: string, issuer: string) =>
  [issuer, `${issuer}/`, `${issuer}/api/v3`, `${issuer}/api/v3/`].includes(resource)
