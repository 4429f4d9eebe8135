/** Who asks: from the request's headers to a principal. */
import type { IncomingMessage } from 'node:http'
import type { Database, Reader, Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { ApiError } from '#kernel/errors.ts'
import type { Settings } from '#kernel/settings.ts'
import { hashToken } from '#kernel/tokens.ts'
import type { Snapshot } from '#kernel/world.ts'
import { actingSession } from './session.ts'

const WRONG = 'You did not provide the correct credentials.'

/** A 401 with the challenge that fits; browser clients ask for `Session` to be spared the password dialog. */
function unauthenticated(request: IncomingMessage, message?: string, scheme = 'Basic', more = ''): ApiError {
  const error = new ApiError('Unauthenticated', message)
  const wanted = String(request.headers['x-authentication-scheme'] ?? '')
  const named = ['Basic', 'Bearer', 'Session'].includes(wanted) ? wanted : scheme
  error.headers = { 'www-authenticate': `${named} realm="OpenProject API"${more}` }
  return error
}

/** The active owner of a token that has not expired. */
async function ownerOf(value: string, db: Reader, snapshot: Snapshot, now: Date): Promise<Row | undefined> {
  const hash = hashToken(value)
  const row = await snapshot.remember(`token ${hash}`, ['tokens', 'principals'], () =>
    db.one(sql`
      select p.*, t.expires_at as token_expires_at from tokens t join principals p on p.id = t.user_id
      where t.hash = ${hash} and t.query_id is null and p.status = 1 and p.type = 'User'`),
  )
  if (!row || (row['token_expires_at'] !== null && row['token_expires_at'] <= now.toISOString())) return undefined
  return row
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
 * @throws ApiError 401
 */
export async function authenticate(
  request: IncomingMessage,
  db: Database,
  snapshot: Snapshot,
  settings: Settings,
  now: Date,
  open: boolean,
): Promise<Row> {
  const header = request.headers.authorization
  const count = request.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization').length
  if (count > 1) throw unauthenticated(request, 'Only one Authorization header can be used at a time.')
  if (header === undefined) {
    const session = await actingSession(request, db, snapshot, settings, now)
    if (session) return session.user
    if (settings.login_required && !open) throw unauthenticated(request)
    return anonymous(db, snapshot)
  }
  const [, scheme = '', credentials = ''] = /^(\S+)\s*(.*)$/.exec(header.trim()) ?? []
  if (/^basic$/i.test(scheme)) {
    const decoded = Buffer.from(credentials, 'base64').toString('utf8')
    const colon = decoded.indexOf(':')
    const isKey = colon >= 0 && decoded.slice(0, colon) === 'apikey' && settings.apiv3_enable_basic_auth
    const owner = isKey ? await ownerOf(decoded.slice(colon + 1), db, snapshot, now) : undefined
    if (!owner) throw unauthenticated(request, WRONG)
    return owner
  }
  if (/^bearer$/i.test(scheme)) {
    const isToken = credentials.startsWith('opapi-') && settings.api_tokens_enabled
    const owner = isToken ? await ownerOf(credentials, db, snapshot, now) : undefined
    if (!owner) throw unauthenticated(request, WRONG, 'Bearer', ' error="invalid_token"')
    return owner
  }
  throw unauthenticated(request, WRONG)
}
