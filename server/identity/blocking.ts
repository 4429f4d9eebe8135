/** Temporary lockout of accounts after wrong passwords. */
import type { Row } from '#db/database.ts'
import { FALSE, type Sql, sql } from '#db/sql.ts'
import type { Settings } from '#kernel/settings.ts'

const MINUTE = 60_000

/** The start of the period in which wrong passwords count. */
export const countsSince = ({ brute_force_block_minutes: minutes }: Settings, now: Date): string =>
  new Date(now.getTime() - minutes * MINUTE).toISOString()

/** The condition for blocked rows of principals, with the alias `p`. */
export const blocked = (settings: Settings, now: Date): Sql => {
  const { brute_force_block_after_failed_logins: most } = settings
  return most > 0 ? sql`p.failed_logins >= ${most} and p.failed_login_at > ${countsSince(settings, now)}` : FALSE
}

/** The number of a row's wrong passwords that count. */
export const failuresOf = ({ failed_logins, failed_login_at }: Row, settings: Settings, now: Date): number =>
  failed_login_at !== null && failed_login_at > countsSince(settings, now) ? failed_logins : 0

/** Whether a row is blocked, like `blocked` in SQL. */
export const isBlocked = (row: Row, settings: Settings, now: Date): boolean => {
  const { brute_force_block_after_failed_logins: most } = settings
  return most > 0 && failuresOf(row, settings, now) >= most
}
