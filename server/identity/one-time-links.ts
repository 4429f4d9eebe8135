/** Links that let somebody in who has no password: each works once, and only the hash of its secret is kept. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import { job } from '#kernel/module.ts'
import { ACTIVE } from './statuses.ts'
import { hashToken, randomKey } from './tokens.ts'

/** What a link is for: choosing a new password, or setting up the first administrator. */
export type Purpose = 'reset' | 'setup'

const HOUR = 3_600_000
const LASTS: Record<Purpose, number> = { reset: HOUR, setup: 24 * HOUR }

/** Makes a link for somebody; gives its secret, which is told this once. */
export async function makeLink(tx: Transaction, purpose: Purpose, userId: number, now: Date): Promise<string> {
  const secret = randomKey()
  const expires_at = new Date(now.getTime() + LASTS[purpose]).toISOString()
  await tx.one(insert('one_time_links', { purpose, user_id: userId, hash: hashToken(secret), expires_at }))
  return secret
}

/** The active user whose link it is, as far as it can be used now. */
export const userOfLink = (db: Reader, purpose: Purpose, secret: string, now: Date): Promise<Row | undefined> =>
  db.one(sql`
    select p.* from one_time_links l join principals p on p.id = l.user_id
    where l.hash = ${hashToken(secret)} and l.purpose = ${purpose} and l.expires_at > ${now.toISOString()}
      and p.type = 'User' and p.status = ${ACTIVE}`)

/** Uses a link up; false where somebody else has done so, or it is over. */
export async function useLink(tx: Transaction, purpose: Purpose, secret: string, now: Date): Promise<boolean> {
  const used = await tx.run(sql`
    delete from one_time_links
    where hash = ${hashToken(secret)} and purpose = ${purpose} and expires_at > ${now.toISOString()}`)
  return used > 0
}

/** Makes all links of somebody for a new password worthless. */
export async function endResets(tx: Transaction, userId: number): Promise<void> {
  await tx.run(sql`delete from one_time_links where purpose = 'reset' and user_id = ${userId}`)
}

/** Makes all links for setting up worthless, for ever: an administrator is there. */
export async function endSetup(tx: Transaction): Promise<void> {
  await tx.run(sql`delete from one_time_links where purpose = 'setup'`)
}

/**
 * A new link for setting up, in place of those that are over; nothing once it has been done. As long as it has not, there is a
 * row of such a link, if only of one that is over.
 */
export async function renewSetup(tx: Transaction, now: Date): Promise<string | undefined> {
  const known = await tx.one<{ user_id: number }>(sql`select user_id from one_time_links where purpose = 'setup' limit 1`)
  if (!known) return undefined
  await tx.run(sql`delete from one_time_links where purpose = 'setup' and expires_at <= ${now.toISOString()}`)
  return makeLink(tx, 'setup', known.user_id, now)
}

export const forgetLinks = job('links.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const isOver = sql`purpose = 'reset' and expires_at <= ${now.toISOString()}`
    await deleteInSlices(db, 'one_time_links', isOver)
  },
})
