/**
 * JWT access tokens of OpenID Connect providers. A token is verified only if its issuer is a configured provider; nothing in a
 * token makes the server contact any other host.
 */
import type { JWTVerifyResult } from 'jose'
import { COOL_DOWN, keysOf, ProviderUnavailable } from '#identity/provider-client.ts'
import { availableProviders, linkedUser, type Provider } from '#identity/providers.ts'
import { API } from '#identity/scopes.ts'
import { limitsOf } from '#identity/tokens.ts'
import type { Identity } from '#kernel/access/viewer.ts'
import { ApiError } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { said } from '#text/messages.ts'
import { type Asking, type BearerWay, insufficientScope, wrongBearer } from './refusals.ts'

const ALGORITHMS = ['RS256', 'RS384', 'RS512']
/** The tolerated clock skew in seconds. */
const TOLERANCE = 5

interface Decoded {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

function objectIn(part: string): Decoded['claims'] | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The unverified contents of a token. */
function decode(credentials: string): Decoded | undefined {
  const [, head, body] = /^([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(credentials) ?? []
  const header = head && objectIn(head)
  const claims = body && objectIn(body)
  return header && claims ? { header, claims } : undefined
}

/** The description of jose's error. */
function faultOf(error: { code?: unknown; claim?: unknown; reason?: unknown }): string {
  const { code, claim, reason } = error
  if (code === 'ERR_JWT_EXPIRED') return 'The access token has expired'
  if (code === 'ERR_JWKS_NO_MATCHING_KEY' || code === 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') {
    return 'The key that signed the access token is unknown'
  }
  if (code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') return 'The signature of the access token is wrong'
  if (code !== 'ERR_JWT_CLAIM_VALIDATION_FAILED') return 'The access token cannot be verified'
  if (claim === 'aud' && reason === 'check_failed') return 'The access token is meant for another audience'
  if (claim === 'nbf' && reason === 'check_failed') return 'The access token is not valid yet'
  return `The claim ${claim} of the access token is missing or malformed`
}

/** The verified claims of a token. */
async function verified(
  credentials: string,
  provider: Provider,
  { request, db, now }: Asking,
): Promise<JWTVerifyResult['payload']> {
  const { jwtVerify } = await import('jose')
  try {
    const keys = await keysOf(db, provider.issuer)
    const { payload } = await jwtVerify(credentials, keys, {
      algorithms: ALGORITHMS,
      issuer: provider.issuer,
      audience: provider.client_id,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: TOLERANCE,
      currentDate: now,
    })
    return payload
  } catch (error) {
    if (error instanceof ProviderUnavailable) {
      // The token may be valid: a 401 would make its client discard it.
      const unavailable = new ApiError(
        'ServiceUnavailable',
        said`The issuer of the access token, ${provider.name}, does not respond.`,
      )
      unavailable.headers = { 'retry-after': String(COOL_DOWN / 1000) }
      throw unavailable
    }
    throw wrongBearer(request, faultOf(error as object))
  }
}

async function identify(credentials: string, asking: Asking): Promise<Identity> {
  const { request, db, snapshot } = asking
  const { header, claims } = decode(credentials) as Decoded
  const provider = (await availableProviders(db, snapshot)).find(({ issuer }) => issuer === claims.iss)
  if (!provider) throw wrongBearer(request, 'The issuer of the access token is unknown')
  if (!ALGORITHMS.includes(String(header.alg)))
    throw wrongBearer(request, 'The access token is signed by an algorithm that is not accepted')
  if (typeof header.kid !== 'string') throw wrongBearer(request, 'The access token does not name the key that signed it')
  const { sub, scope, exp } = await verified(credentials, provider, asking)
  if (typeof sub !== 'string' || sub === '' || !isStorable(sub)) {
    throw wrongBearer(request, 'The claim sub of the access token is missing or malformed')
  }
  const limits = typeof scope === 'string' ? limitsOf(scope.split(' ')) : undefined
  if (!limits) throw insufficientScope(request, API)
  const user = await snapshot.remember(`identity ${provider.id} ${sub}`, ['auth_providers', 'principals'], () =>
    linkedUser(db, provider, sub),
  )
  if (!user) throw wrongBearer(request, 'The user of the access token is unknown')
  if (user.status !== ACTIVE) throw wrongBearer(request, 'The account of the access token is locked or not active yet')
  return { principal: user, limits, until: new Date(Number(exp) * 1000).toISOString() }
}

const ACTIVE = 1

/** Every JWT counts as the token of a provider. */
export const providerToken: BearerWay = { takes: (credentials) => decode(credentials) !== undefined, identify }
