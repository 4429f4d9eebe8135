/** The authorization server of a database, made when it is first asked; and requests to it, put as it understands them. */
import type { Database } from '#db/database.ts'
import { API } from '#kernel/scopes.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import type { AuthorizationServer } from './provider.ts'

/** One for each database, at the address that it was last asked for by. */
const servers = new WeakMap<Database, { issuer: string; server: Promise<AuthorizationServer> }>()

/** The authorization server at the address that the settings say. The library is loaded when somebody needs it. */
export function serverOf(db: Database, settings: Settings): Promise<AuthorizationServer> {
  const issuer = addressOf(settings, '')
  const known = servers.get(db)
  if (known?.issuer === issuer) return known.server
  const server = import('./provider.ts').then(({ authorizationServer }) => authorizationServer(db, issuer))
  servers.set(db, { issuer, server })
  return server
}

/** What of an authorization request is understood; the rest is to be ignored. */
const UNDERSTOOD = [
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
  // Neither is supported, and neither may be ignored: the request would not be the one that was meant.
  'request',
  'request_uri',
]

/** An authorization request as the authorization server is to see it. */
export function authorizationRequest(given: URLSearchParams, settings: Settings): URLSearchParams {
  const asked = new URLSearchParams()
  for (const name of UNDERSTOOD) for (const value of given.getAll(name)) asked.append(name, value)
  // Other ways of sending an answer need scripts, or forms that lead elsewhere.
  if (asked.getAll('response_mode').some((mode) => mode !== 'query')) asked.set('response_mode', 'none of ours')
  return completed(asked, settings)
}

/** A request with the scope that is meant where none is named, and all names of what tokens are for as one. */
export function completed(asked: URLSearchParams, settings: Settings): URLSearchParams {
  if (asked.getAll('scope').every((scope) => scope.trim() === '')) asked.set('scope', API)
  const issuer = addressOf(settings, '')
  const resources = new Set(asked.getAll('resource').map((one) => (ownResource(one, issuer) ? issuer : one)))
  asked.delete('resource')
  for (const resource of resources) asked.append('resource', resource)
  return asked
}

const ownResource = (resource: string, issuer: string) =>
  [issuer, `${issuer}/`, `${issuer}/api/v3`, `${issuer}/api/v3/`].includes(resource)
