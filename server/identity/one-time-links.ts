/** One-time links for users without a usable password. Only the hash of the secret is stored. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import { job } from '#kernel/module.ts'
import { ACTIVE, INVITED, REGISTERED } from './statuses.ts'
import { hashToken, randomKey } from './tokens.ts'

/** The purpose of a link: password reset, setup of the first administrator, an invitation, or the activation of a new account. */
export type Purpose = 'reset' | 'setup' | 'invite' | 'activate'

const HOUR = 3_600_000
export const DAY = 24 * HOUR
const LASTS: Record<Purpose, number> = { reset: HOUR, setup: DAY, invite: 7 * DAY, activate: 3 * DAY }
/** The status of the accounts that it is for. */
const statusFor: Record<Purpose, number> = { reset: ACTIVE, setup: ACTIVE, invite: INVITED, activate: REGISTERED }

/** Creates a link for a user; returns its secret, only here. */
export async function makeLink(
  tx: Transaction,
  purpose: Purpose,
  userId: number,
  now: Date,
  lasts = LASTS[purpose],
): Promise<string> {
  const secret = randomKey()
  const expires_at = new Date(now.getTime() + lasts).toISOString()
  await tx.one(insert('one_time_links', { purpose, user_id: userId, hash: hashToken(secret), expires_at }))
  return secret
}

/** The user of a valid link, if the account has the status that the link is for. */
export const userOfLink = (db: Reader, purpose: Purpose, secret: string, now: Date): Promise<Row | undefined> =>
  db.one(sql`
    select p.* from one_time_links l join principals p on p.id = l.user_id
    where l.hash = ${hashToken(secret)} and l.purpose = ${purpose} and l.expires_at > ${now.toISOString()}
      and p.type = 'User' and p.status = ${statusFor[purpose]}`)

/** Consumes a link; returns false if it is used or expired. */
export async function useLink(tx: Transaction, purpose: Purpose, secret: string, now: Date): Promise<boolean> {
  const used = await tx.run(sql`
    delete from one_time_links
    where hash = ${hashToken(secret)} and purpose = ${purpose} and expires_at > ${now.toISOString()}`)
  return used > 0
}

/** Invalidates all password reset links of a user. */
export async function endResets(tx: Transaction, userId: number): Promise<void> {
  await tx.run(sql`delete from one_time_links where purpose = 'reset' and user_id = ${userId}`)
}

/** Invalidates all links of a user but those for the setup: they were sent to another address, or are not needed any more. */
export async function endLinks(tx: Transaction, userId: number): Promise<void> {
  await tx.run(sql`delete from one_time_links where purpose <> 'setup' and user_id = ${userId}`)
}

/** Invalidates all setup links permanently: an administrator exists. */
export async function endSetup(tx: Transaction): Promise<void> {
  await tx.run(sql`delete from one_time_links where purpose = 'setup'`)
}

/**
 * A new setup link, which replaces expired ones; undefined once the setup is done. Until then, the row of a setup link exists, if
 * only of an expired one.
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
    const isOver = sql`purpose <> 'setup' and expires_at <= ${now.toISOString()}`
    await deleteInSlices(db, 'one_time_links', isOver)
  },
})
