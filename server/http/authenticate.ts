/** Who asks: from the request's headers to a principal. */
import type { Reader, Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { ApiError } from '#kernel/errors.ts'
import { hashToken } from '#kernel/tokens.ts'
import type { Snapshot } from '#kernel/world.ts'
import { sentWrong, waitOf } from './addresses.ts'
import { providerToken } from './jwt.ts'
import { type Asking, type BearerWay, unauthenticated, WRONG, wrongBearer } from './refusals.ts'
import { actingSession } from './session.ts'

/** The active owner of a token that has not expired. */
async function ownerOf(value: string, { db, snapshot, now }: Asking): Promise<Row | undefined> {
  const hash = hashToken(value)
  const row = await snapshot.remember(`token ${hash}`, ['tokens', 'principals'], () =>
    db.one(sql`
      select p.*, t.expires_at as token_expires_at from tokens t join principals p on p.id = t.user_id
      where t.hash = ${hash} and t.query_id is null and p.status = 1 and p.type = 'User'`),
  )
  if (!row || (row['token_expires_at'] !== null && row['token_expires_at'] <= now.toISOString())) return undefined
  return row
}

const apiToken: BearerWay = {
  takes: (credentials) => credentials.startsWith('opapi-'),
  async identify(credentials, asking) {
    const owner = asking.settings.api_tokens_enabled ? await ownerOf(credentials, asking) : undefined
    if (!owner) throw wrongBearer(asking.request)
    return owner
  },
}

/** The first that takes what a request has decides. */
const bearerWays: readonly BearerWay[] = [apiToken, providerToken]

async function byBearer(credentials: string, asking: Asking): Promise<Row> {
  const way = bearerWays.find((one) => one.takes(credentials))
  if (!way) throw wrongBearer(asking.request)
  return way.identify(credentials, asking)
}

async function byBasic(credentials: string, asking: Asking): Promise<Row> {
  const decoded = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  const isKey = colon >= 0 && decoded.slice(0, colon) === 'apikey' && asking.settings.apiv3_enable_basic_auth
  const owner = isKey ? await ownerOf(decoded.slice(colon + 1), asking) : undefined
  if (!owner) throw unauthenticated(asking.request, WRONG)
  return owner
}

/** What was right before, by its hash: it goes on to be asked for, however many wrong ones come from the same address. */
const right = new Set<string>()
const MOST_RIGHT = 10_000

/** Looks at credentials, unless too many wrong ones came from the same address; counts those that are wrong. */
async function counted(header: string, asking: Asking, identify: () => Promise<Row>): Promise<Row> {
  const { request, now } = asking
  const hash = hashToken(header)
  const wait = right.has(hash) ? undefined : waitOf(request.ip, now)
  if (wait !== undefined) {
    const error = new ApiError('Throttled', 'Too many wrong credentials came from this address. Try again in a minute.')
    error.headers = { 'retry-after': String(wait) }
    throw error
  }
  try {
    const principal = await identify()
    if (right.size >= MOST_RIGHT) right.clear()
    right.add(hash)
    return principal
  } catch (error) {
    right.delete(hash)
    if (error instanceof ApiError && error.status === 401) sentWrong(request.ip, now)
    throw error
  }
}

const anonymous = (db: Reader, snapshot: Snapshot): Promise<Row> =>
  snapshot.remember('anonymous', ['principals'], async () => {
    const row = await db.one(sql`select * from principals where type = 'AnonymousUser'`)
    if (!row) throw new Error('The database has no anonymous user: run halyard migrate.')
    return row
  })

/**
 * The principal a request acts as. The first way in that applies decides: what the Authorization header says, then the session.
 * Wrong credentials never fall back to anonymous; a session that is over, or may not act here, does.
 * @param open whether the operation answers without a login even where one is required
 * @throws ApiError 401; 403 where a token is not meant for this; 429 after too many wrong credentials
 */
export async function authenticate(asking: Asking, open: boolean): Promise<Row> {
  const { request, db, snapshot, settings, now } = asking
  const header = request.headers.authorization
  const count = request.raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization').length
  if (count > 1) throw unauthenticated(request, 'Only one Authorization header can be used at a time.')
  if (header === undefined) {
    const session = await actingSession(request.raw, db, snapshot, settings, now)
    if (session) return session.user
    if (settings.login_required && !open) throw unauthenticated(request)
    return anonymous(db, snapshot)
  }
  const [, scheme = '', credentials = ''] = /^(\S+)\s*(.*)$/.exec(header.trim()) ?? []
  if (/^basic$/i.test(scheme)) return counted(header, asking, () => byBasic(credentials, asking))
  if (/^bearer$/i.test(scheme)) return counted(header, asking, () => byBearer(credentials, asking))
  throw unauthenticated(request, WRONG)
}
