/** Grants of users to applications, and their revocation. */
import type { Reader, Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { takeBack } from '#identity/access-tokens.ts'
import { notFound } from '#kernel/errors.ts'

export interface Grant {
  readonly id: number
  readonly application: string
  readonly scopes: readonly string[]
  /** The time of the first consent. */
  readonly createdAt: string
  /** The creation time of the application's latest token; null if it has none left. */
  readonly usedAt: string | null
}

/** The grants of a user, by name of the application. */
export async function grantsOf(userId: number, db: Reader): Promise<Grant[]> {
  const rows = await db.all<{ id: number; name: string; scopes: string[]; created_at: string; used_at: string | null }>(sql`
    select g.id, a.name, g.scopes, g.created_at, (
      select max(t.created_at) from oauth_tokens t join oauth_authorizations o on o.id = t.authorization_id where o.grant_id = g.id
    ) as used_at
    from oauth_grants g join oauth_applications a on a.id = g.application_id
    where g.user_id = ${userId} order by a.name, g.id`)
  return rows.map((row) => ({
    id: row.id,
    application: row.name,
    scopes: row.scopes,
    createdAt: row.created_at,
    usedAt: row.used_at,
  }))
}

/** Revokes a grant of a user, with its tokens. Throws ApiError 404 for grants of other users. */
export async function revokeGrant(tx: Transaction, id: number, userId: number): Promise<void> {
  if ((await takeBack(tx, 'oauth_grants', sql`id = ${id} and user_id = ${userId}`)) === 0) throw notFound()
}

/** The grant of a user to an application: its id and scopes. */
export const grantOf = (
  applicationId: number,
  userId: number,
  db: Reader,
): Promise<{ id: number; scopes: string[] } | undefined> =>
  db.one(sql`select id, scopes from oauth_grants where application_id = ${applicationId} and user_id = ${userId}`)

/** Adds scopes to the grant of a user to an application. */
export async function allow(
  tx: Transaction,
  applicationId: number,
  userId: number,
  scopes: readonly string[],
  now: Date,
): Promise<{ id: number; scopes: string[] }> {
  const at = now.toISOString()
  // A concurrent consent waits for this row, whether it is new or not.
  const row = await tx.one<{ id: number; scopes: string[] }>(sql`
    insert into oauth_grants (application_id, user_id, scopes, created_at, updated_at)
    values (${applicationId}, ${userId}, ${JSON.stringify(scopes)}, ${at}, ${at})
    on conflict (application_id, user_id) do update set updated_at = excluded.updated_at
    returning id, scopes`)
  const { id, scopes: before } = row as { id: number; scopes: string[] }
  const all = [...new Set([...before, ...scopes])]
  if (all.length > before.length) await tx.run(sql`update oauth_grants set scopes = ${JSON.stringify(all)} where id = ${id}`)
  return { id, scopes: all }
}
