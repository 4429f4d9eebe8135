/** Accounts that nobody can sign in to for a while, because wrong passwords were tried. */
import type { Row } from '#db/database.ts'
import { FALSE, type Sql, sql } from '#db/sql.ts'
import type { Settings } from '#kernel/settings.ts'

const MINUTE = 60_000

/** The moment after which a wrong password still counts. */
export const countsSince = ({ brute_force_block_minutes: minutes }: Settings, now: Date): string =>
  new Date(now.getTime() - minutes * MINUTE).toISOString()

/** The condition that a row of principals, known as `p`, is blocked. */
export const blocked = (settings: Settings, now: Date): Sql => {
  const { brute_force_block_after_failed_logins: most } = settings
  return most > 0 ? sql`p.failed_logins >= ${most} and p.failed_login_at > ${countsSince(settings, now)}` : FALSE
}

/** How many wrong passwords of a row count. */
export const failuresOf = ({ failed_logins, failed_login_at }: Row, settings: Settings, now: Date): number =>
  failed_login_at !== null && failed_login_at > countsSince(settings, now) ? failed_logins : 0

/** Whether a row is blocked, as `blocked` tells it of many. */
export const isBlocked = (row: Row, settings: Settings, now: Date): boolean => {
  const { brute_force_block_after_failed_logins: most } = settings
  return most > 0 && failuresOf(row, settings, now) >= most
}
