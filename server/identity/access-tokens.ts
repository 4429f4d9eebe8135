/** OAuth access tokens of applications: their users, and revocation. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { deleteInSlices } from '#db/slices.ts'
import { type Sql, sql } from '#db/sql.ts'
import { invalidate, type Snapshot } from '#kernel/cache.ts'
import { job } from '#kernel/module.ts'
import { hashToken } from './tokens.ts'

export interface Access {
  /** The client id of the application. */
  readonly clientId: string
  /** The user it acts as; undefined for client credentials without an acting user. */
  readonly user: Row | undefined
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string
}

/**
 * The access of a token; undefined unless it is valid: of an enabled application, for an active user, neither expired nor
 * revoked. Scopes that the application has lost are excluded.
 */
export async function accessBy(value: string, db: Reader, snapshot: Snapshot, now: Date): Promise<Access | undefined> {
  const hash = hashToken(value)
  // A new token needs no invalidation: nobody can have looked it up before its creation.
  const access = await snapshot.remember(`access ${hash}`, ['oauth', 'principals'], async (): Promise<Access | undefined> => {
    const row = await db.one(sql`
      select p.*, coalesce(g.user_id, a.acting_user_id) as access_user, a.client_id as access_client, a.scopes as access_allowed,
        t.scopes as access_scopes, t.created_at as access_from, t.expires_at as access_until
      from oauth_tokens t
      join oauth_applications a on a.id = t.application_id
      left join oauth_authorizations o on o.id = t.authorization_id
      left join oauth_grants g on g.id = o.grant_id
      left join principals p on p.id = coalesce(g.user_id, a.acting_user_id)
      where t.hash = ${hash} and t.kind in ('access', 'client') and a.enabled`)
    if (!row) return undefined
    const { access_user, access_client, access_allowed, access_scopes, access_from, access_until, ...user } = row
    if (access_user !== null && !(user.status === 1 && user.type === 'User')) return undefined
    return {
      clientId: access_client,
      user: access_user === null ? undefined : user,
      scopes: access_scopes.filter((one: string) => access_allowed.includes(one)),
      createdAt: access_from,
      expiresAt: access_until,
    }
  })
  return access && access.expiresAt > now.toISOString() ? access : undefined
}

/** Revokes rows of one of these tables, with all dependent rows. Returns their number. */
export async function takeBack(
  tx: Transaction,
  table: 'oauth_tokens' | 'oauth_authorizations' | 'oauth_grants',
  where: Sql,
): Promise<number> {
  const from = {
    oauth_tokens: sql`oauth_tokens`,
    oauth_authorizations: sql`oauth_authorizations`,
    oauth_grants: sql`oauth_grants`,
  }
  const count = await tx.run(sql`delete from ${from[table]} where ${where}`)
  if (count > 0) await invalidate(tx, 'oauth')
  return count
}

/** Revokes all grants of a user. */
export const endGrantsOf = (tx: Transaction, userId: number): Promise<number> =>
  takeBack(tx, 'oauth_grants', sql`user_id = ${userId}`)

// Expired tokens are rejected anyway: their removal is housekeeping, and invalidates no cache.
export const forgetAccessTokens = job('tokens.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const isOver = sql`expires_at <= ${now.toISOString()}`
    await deleteInSlices(db, 'oauth_tokens', isOver)
    // Even if no token has expired: a process may have ended between the two steps.
    const isUnused = sql`not exists (select 1 from oauth_tokens t where t.authorization_id = oauth_authorizations.id)`
    await deleteInSlices(db, 'oauth_authorizations', isUnused)
  },
})
