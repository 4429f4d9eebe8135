/** The storage of oidc-provider in our tables. Codes and tokens are stored as hashes, so a reader of the tables cannot use them. */
import type { Adapter, AdapterFactory, AdapterPayload, errors as Errors } from 'oidc-provider'
import { ConstraintError, type Database, type Transaction } from '#db/database.ts'
import { insert, inserted } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { takeBack } from '#identity/access-tokens.ts'
import { type Application, isConfidential } from '#identity/oauth/applications.ts'
import { scopes as known } from '#identity/scopes.ts'
import { hashToken } from '#identity/tokens.ts'
import { currentSeconds, currentTime } from '#kernel/clock.ts'
import { isStorable } from '#kernel/kinds.ts'

/** The library's models that are stored as tokens. */
const kinds: Readonly<Record<string, string>> = {
  AuthorizationCode: 'code',
  AccessToken: 'access',
  RefreshToken: 'refresh',
  ClientCredentials: 'client',
}

/**
 * Moves the times of a token: the library knows only the time of the system, and we only that of the clock.
 * @param sign 1: from the library; -1: for the library
 */
export function shifted<T extends { iat?: unknown; exp?: unknown }>(content: T, sign: 1 | -1): T {
  const seconds = sign * currentSeconds().ahead
  const moved = { ...content }
  for (const name of ['iat', 'exp'] as const) if (typeof moved[name] === 'number') moved[name] += seconds
  return moved
}

/** A new token of the library, issued now by the clock. */
function issuedNow(content: AdapterPayload): AdapterPayload {
  const { at } = currentSeconds()
  return { ...content, iat: at, exp: at + (content.exp as number) - (content.iat as number) }
}

const nothing: Adapter = {
  async upsert() {},
  async find() {},
  async findByUserCode() {},
  async findByUid() {},
  async consume() {},
  async destroy() {},
  async revokeByGrantId() {},
}

/**
 * The storage. Models without a table are not stored: sessions are ours, and a consent page carries its request.
 * @param resource the audience of all tokens; not stored, as it follows the public URL
 * @param issued receives the time of issue of each stored access token, in seconds
 */
export const storage =
  (db: Database, resource: string, { InvalidGrant }: typeof Errors, issued: (at: number) => void = () => {}): AdapterFactory =>
  (model) => {
    const kind = kinds[model]
    if (kind) return tokens(kind, db, resource, InvalidGrant, issued)
    if (model === 'Client') return { ...nothing, find: (id) => clientOf(id, db) }
    if (model !== 'Grant') return nothing
    return { ...nothing, find: (id) => authorizationOf(id, db, resource), destroy: (id) => end(id, db) }
  }

/** An application as a client of the library; undefined unless it is enabled. */
async function clientOf(clientId: string, db: Database): Promise<AdapterPayload | undefined> {
  const row = isStorable(clientId)
    ? await db.one<Application>(sql`select * from oauth_applications where client_id = ${clientId} and enabled`)
    : undefined
  if (!row) return undefined
  const led = row.redirect_uris.length > 0
  const confidential = isConfidential(row)
  const scope = row.scopes.filter((one) => known().includes(one)).join(' ')
  return {
    client_id: row.client_id,
    client_name: row.name,
    ...(confidential && { client_secret: row.secret_hash as string }),
    token_endpoint_auth_method: confidential ? 'client_secret_basic' : 'none',
    redirect_uris: row.redirect_uris,
    response_types: led ? ['code'] : [],
    response_modes: ['query'],
    grant_types: [...(led ? ['authorization_code', 'refresh_token'] : []), ...(confidential ? ['client_credentials'] : [])],
    ...(scope !== '' && { scope }),
    application_id: row.id,
  }
}

/** The authorization that a consent created; undefined once it is revoked. */
async function authorizationOf(id: string, db: Database, resource: string): Promise<AdapterPayload | undefined> {
  const row = await db.one(sql`
    select g.user_id, g.scopes, a.client_id, a.scopes as allowed
    from oauth_authorizations o join oauth_grants g on g.id = o.grant_id join oauth_applications a on a.id = g.application_id
    where o.id = ${Number(id)}`)
  if (!row) return undefined
  const scopes: string[] = row.scopes.filter((scope: string) => row.allowed.includes(scope))
  return {
    kind: 'Grant',
    jti: id,
    accountId: String(row.user_id),
    clientId: row.client_id,
    resources: { [resource]: scopes.join(' ') },
  }
}

/** Revokes an authorization with its code and tokens. A concurrent token request fails on the foreign key. */
const end = (id: string, db: Database): Promise<void> =>
  db.transaction(async (tx) => void (await takeBack(tx, 'oauth_authorizations', sql`id = ${Number(id)}`)))

function tokens(
  kind: string,
  db: Database,
  resource: string,
  InvalidGrant: typeof Errors.InvalidGrant,
  issued: (at: number) => void,
): Adapter {
  /** Creates an authorization for a code, which refers to the grant; tokens inherit the authorization of their code. */
  async function authorizationFor(tx: Transaction, grantId: string | undefined): Promise<number | null> {
    if (grantId === undefined) return null
    if (kind !== 'code') return Number(grantId)
    return inserted(tx, 'oauth_authorizations', { grant_id: Number(grantId) })
  }

  return {
    ...nothing,

    async upsert(id, { jti: _, aud: __, resource: ___, grantId, clientId, ...given }) {
      const content = issuedNow(given)
      const store = async (tx: Transaction) => {
        const application = await tx.one<{ id: number }>(sql`
          select id from oauth_applications where client_id = ${clientId} and enabled`)
        if (!application) throw new InvalidGrant('the application is disabled or deleted')
        await tx.one(
          insert('oauth_tokens', {
            kind,
            hash: hashToken(id),
            application_id: application.id,
            authorization_id: await authorizationFor(tx, grantId),
            scopes: JSON.stringify(content.scope?.split(' ') ?? []),
            content: JSON.stringify(content),
            created_at: new Date((content.iat as number) * 1000).toISOString(),
            expires_at: new Date((content.exp as number) * 1000).toISOString(),
          }),
        )
      }
      await db.transaction(store).catch((error: unknown) => {
        throw error instanceof ConstraintError ? new InvalidGrant('the authorization has been revoked') : error
      })
      if (kind === 'access' || kind === 'client') issued(content.iat as number)
    },

    async find(id) {
      const row = await db.one(sql`
        select t.content, t.consumed_at, t.authorization_id, a.client_id
        from oauth_tokens t
        join oauth_applications a on a.id = t.application_id
        left join oauth_authorizations o on o.id = t.authorization_id
        left join oauth_grants g on g.id = o.grant_id
        left join principals p on p.id = coalesce(g.user_id, a.acting_user_id)
        where t.hash = ${hashToken(id)} and t.kind = ${kind} and a.enabled and (p.id is null or p.status = 1 and p.type = 'User')`)
      if (!row) return undefined
      return {
        ...shifted(row.content, -1),
        jti: id,
        clientId: row.client_id,
        ...(row.authorization_id !== null && { grantId: String(row.authorization_id) }),
        ...(row.consumed_at !== null && { consumed: Math.floor(Date.parse(row.consumed_at) / 1000) }),
        ...(kind === 'code' || kind === 'refresh' ? { resource } : { aud: resource }),
      }
    },

    /** Consumes a code or token once, even under concurrency. A second use counts as theft and revokes the authorization. */
    async consume(id) {
      const hash = hashToken(id)
      const isFirst = await db.transaction(async (tx) => {
        const now = currentTime().toISOString()
        const count = await tx.run(
          sql`update oauth_tokens set consumed_at = ${now} where hash = ${hash} and kind = ${kind} and consumed_at is null`,
        )
        if (count === 0) {
          const of = sql`select authorization_id from oauth_tokens where hash = ${hash}`
          await takeBack(tx, 'oauth_authorizations', sql`id in (${of})`)
        }
        return count > 0
      })
      if (!isFirst) throw new InvalidGrant(`${kind} already used`)
    },

    destroy: (id) => db.transaction(async (tx) => void (await takeBack(tx, 'oauth_tokens', sql`hash = ${hashToken(id)}`))),
    revokeByGrantId: (id) => end(id, db),
  }
}
