/** The authorization server of a database, made when it is first asked; and requests to it, put as it understands them. */
import type { Database } from '#db/database.ts'
import { API } from '#identity/scopes.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import type { AuthorizationServer } from './provider.ts'

/** One for each database, at the address that it was last asked for by. */
const servers = new WeakMap<Database, { issuer: string; server: Promise<AuthorizationServer> }>()

/** The authorization server at the address that the settings say. The library is loaded when somebody needs it. */
export function serverOf(db: Database, settings: Settings): Promise<AuthorizationServer> {
  const issuer = addressOf(settings, '')
  const known = servers.get(db)
  if (known?.issuer === issuer) return known.server
  const server = provider().then(({ authorizationServer }) => authorizationServer(db, issuer))
  servers.set(db, { issuer, server })
  return server
}

/** Loads the library. It complains of each Node that is not called LTS, which an operator can do nothing about. */
async function provider(): Promise<typeof import('./provider.ts')> {
  const { warn } = console
  console.warn = (...said) => String(said[0]).includes('Unsupported runtime') || warn(...said)
  try {
    return await import('./provider.ts')
  } finally {
    console.warn = warn
  }
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
  // Other ways of sending an answer need scripts, or forms that lead elsewhere: what is refused is refused in the address too.
  if (asked.getAll('response_mode').some((mode) => mode !== 'query')) asked.set('response_mode', 'none of ours')
  if (asked.getAll('response_type').some((type) => type !== 'code')) asked.set('response_type', 'none')
  return completed(asked, settings)
}

/** The same with the scope that is meant where none is named. */
export function completed(asked: URLSearchParams, settings: Settings): URLSearchParams {
  understoodBy(asked, settings)
  if (asked.getAll('scope').every((scope) => scope === '')) asked.set('scope', API)
  return asked
}

/** A request in the words of the authorization server: all names of what tokens are for as one, and no scope that says nothing. */
export function understoodBy(asked: URLSearchParams, settings: Settings): URLSearchParams {
  const issuer = addressOf(settings, '')
  const resources = new Set(asked.getAll('resource').map((one) => (ownResource(one, issuer) ? issuer : one)))
  // Tokens that outlast a session need not be asked for: there are no others.
  const scopes = asked.getAll('scope').map((scope) => scope.split(' ').filter((one) => one !== '' && one !== 'offline_access'))
  asked.delete('resource')
  asked.delete('scope')
  for (const resource of resources) asked.append('resource', resource)
  for (const scope of scopes) asked.append('scope', scope.join(' '))
  return asked
}

const ownResource = (resource: string, issuer: string) =>
  [issuer, `${issuer}/`, `${issuer}/api/v3`, `${issuer}/api/v3/`].includes(resource)
