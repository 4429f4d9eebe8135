/** Authentication: from the request's headers to a principal. */
import type { Reader, Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { accessBy } from '#identity/access-tokens.ts'
import { API } from '#identity/scopes.ts'
import { proofOf } from '#identity/sessions.ts'
import { limitsOf, tokenOf } from '#identity/tokens.ts'
import type { Identity } from '#kernel/access/viewer.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { ApiError } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'
import { counted } from './addresses.ts'
import { providerToken } from './jwt.ts'
import { type Asking, type BearerWay, insufficientScope, unauthenticated, WRONG, wrongBearer } from './refusals.ts'
import { actingSession } from './session.ts'

/** The identity of an API token; undefined if the token is invalid. Throws 403 if its scope does not include the API. */
async function ownerOf(value: string, { request, db, snapshot, now }: Asking): Promise<Identity | undefined> {
  const found = await tokenOf(value, db, snapshot, now)
  if (found === 'insufficient') throw insufficientScope(request, API)
  return found
}

const apiToken: BearerWay = {
  takes: (credentials) => credentials.startsWith('opapi-'),
  async identify(credentials, asking) {
    // Basic authentication has a setting of its own, as in OpenProject.
    const owner = asking.settings.api_tokens_enabled ? await ownerOf(credentials, asking) : undefined
    if (!owner) throw wrongBearer(asking.request)
    return owner
  },
}

/** An OAuth access token, from the consent of a user or from client credentials. */
const accessToken: BearerWay = {
  takes: (credentials) => /^[\w-]+$/.test(credentials),
  async identify(credentials, { request, db, snapshot, now }) {
    const access = await accessBy(credentials, db, snapshot, now)
    if (!access) throw wrongBearer(request)
    const limits = limitsOf(access.scopes)
    if (!limits) throw insufficientScope(request, API)
    return { principal: access.user ?? (await anonymous(db, snapshot)), limits, until: access.expiresAt }
  },
}

/** The first kind that accepts the credentials decides. */
const bearerWays: readonly BearerWay[] = [apiToken, accessToken, providerToken]

async function byBearer(credentials: string, asking: Asking): Promise<Identity> {
  const way = bearerWays.find((one) => one.takes(credentials))
  if (!way) throw wrongBearer(asking.request)
  return way.identify(credentials, asking)
}

async function byBasic(credentials: string, asking: Asking): Promise<Identity> {
  const decoded = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  const isKey = colon >= 0 && decoded.slice(0, colon) === 'apikey' && asking.settings.apiv3_enable_basic_auth
  const owner = isKey ? await ownerOf(decoded.slice(colon + 1), asking) : undefined
  if (!owner) throw unauthenticated(asking.request, WRONG)
  return owner
}

/** Checks credentials, unless the address has sent too many wrong ones. */
async function looked({ request, db, now }: Asking, header: string, identify: () => Promise<Identity>): Promise<Identity> {
  const looked = await counted<Identity | ApiError>(db, header, request.ip, now, async () => {
    try {
      return { outcome: await identify(), were: 'right' }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return { outcome: error, were: error.status === 401 ? 'wrong' : undefined }
    }
  })
  if ('wait' in looked) {
    const error = new ApiError('Throttled', said`This address has sent too many wrong credentials. Try again in a minute.`)
    error.headers = { 'retry-after': String(looked.wait) }
    throw error
  }
  if (looked.outcome instanceof ApiError) throw looked.outcome
  return looked.outcome
}

/** The principal of those who are not signed in. */
export const anonymous = (db: Reader, snapshot: Snapshot): Promise<Row> =>
  snapshot.remember('anonymous', ['principals'], async () => {
    const row = await db.one(sql`select * from principals where type = 'AnonymousUser'`)
    if (!row) throw new Error('The database has no anonymous user: run halyard migrate.')
    return row
  })

/**
 * The identity of a request: its principal and limits. The Authorization header takes precedence over the session.
 * Wrong credentials never fall back to anonymous; an expired session, or one that may not act here, does.
 * @param open whether the operation is available without a login even if one is required
 * @throws ApiError 401; 403 for a token with another scope; 429 after too many wrong credentials
 */
export async function authenticate(asking: Asking, open: boolean): Promise<Identity> {
  const { request, settings } = asking
  const header = request.headers.authorization
  // Addresses end up in logs and histories, so a token in an address is as good as public.
  if (/[?&]access_token=/.test(request.url))
    throw wrongBearer(request, 'Access tokens are accepted only in the Authorization header')
  const count = request.raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization').length
  if (count > 1) throw unauthenticated(request, said`The request has more than one Authorization header.`)
  const identity = header === undefined ? await bySession(asking) : await byHeader(header, asking)
  if (identity.principal.type === 'AnonymousUser' && settings.login_required && !open) throw unauthenticated(request)
  return identity
}

async function bySession({ request, db, snapshot, settings, now }: Asking): Promise<Identity> {
  const session = await actingSession(request.raw, db, snapshot, settings, now)
  return session ? { principal: session.user, proof: proofOf(session, now) } : { principal: await anonymous(db, snapshot) }
}

async function byHeader(header: string, asking: Asking): Promise<Identity> {
  const [scheme = ''] = header.trim().split(/\s/, 1)
  const credentials = header.trim().slice(scheme.length).trim()
  if (/^basic$/i.test(scheme)) return looked(asking, header, () => byBasic(credentials, asking))
  if (/^bearer$/i.test(scheme)) return looked(asking, header, () => byBearer(credentials, asking))
  throw unauthenticated(asking.request, WRONG)
}
