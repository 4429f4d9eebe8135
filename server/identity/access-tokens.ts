/** Access tokens that applications were given: whom they stand for, and how what was given is taken back. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { deleteInSlices } from '#db/slices.ts'
import { type Sql, sql } from '#db/sql.ts'
import { invalidate, type Snapshot } from '#kernel/cache.ts'
import { job } from '#kernel/module.ts'
import { hashToken } from './tokens.ts'

export interface Access {
  /** The client id of the application. */
  readonly clientId: string
  /** Whom it acts as: nobody where an application came by itself and has no user to act as. */
  readonly user: Row | undefined
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string
}

/**
 * What an access token allows; undefined unless it is in force: that of an enabled application, for an active user, not expired,
 * not revoked. What the application may do no more is left out of its scopes.
 */
export async function accessBy(value: string, db: Reader, snapshot: Snapshot, now: Date): Promise<Access | undefined> {
  const hash = hashToken(value)
  // A new token needs no counter: it cannot have been asked for before it was made.
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

/** Takes back what was given: rows of one of these tables, and with them all that follows from them. Gives how many. */
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

/** Takes back all that somebody has allowed applications. */
export const endGrantsOf = (tx: Transaction, userId: number): Promise<number> =>
  takeBack(tx, 'oauth_grants', sql`user_id = ${userId}`)

// What has expired lets nobody in any more: removing it is for tidiness, and raises no counter.
export const forgetAccessTokens = job('tokens.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const isOver = sql`expires_at <= ${now.toISOString()}`
    await deleteInSlices(db, 'oauth_tokens', isOver)
    // Whether or not there were any: a process may have ended just before this.
    const isUnused = sql`not exists (select 1 from oauth_tokens t where t.authorization_id = oauth_authorizations.id)`
    await deleteInSlices(db, 'oauth_authorizations', isUnused)
  },
})
