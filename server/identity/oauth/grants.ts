/** What people have allowed applications, and take back. */
import type { Reader, Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { takeBack } from '#identity/access-tokens.ts'
import { notFound } from '#kernel/errors.ts'

export interface Grant {
  readonly id: number
  readonly application: string
  readonly scopes: readonly string[]
  /** When it was allowed first. */
  readonly createdAt: string
  /** When the application was last given a token; not at all where it has none left. */
  readonly usedAt: string | null
}

/** What somebody has allowed applications, by their names. */
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

/** Takes back what somebody has allowed an application: its tokens end at once. Throws ApiError 404 where it is not theirs. */
export async function revokeGrant(tx: Transaction, id: number, userId: number): Promise<void> {
  if ((await takeBack(tx, 'oauth_grants', sql`id = ${id} and user_id = ${userId}`)) === 0) throw notFound()
}

/** The scopes that somebody has allowed an application so far, and the grant's id. */
export const grantOf = (
  applicationId: number,
  userId: number,
  db: Reader,
): Promise<{ id: number; scopes: string[] } | undefined> =>
  db.one(sql`select id, scopes from oauth_grants where application_id = ${applicationId} and user_id = ${userId}`)

/** Notes that somebody allows an application these scopes, besides those that they have allowed it before. */
export async function allow(
  tx: Transaction,
  applicationId: number,
  userId: number,
  scopes: readonly string[],
  now: Date,
): Promise<{ id: number; scopes: string[] }> {
  const at = now.toISOString()
  // Whoever allows more at the same moment waits for this row, whether it was there or is new.
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
