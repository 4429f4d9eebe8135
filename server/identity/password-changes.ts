/** Password changes: validation, side effects, and expiry. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { sendLetter } from '#jobs/mail.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { type Message, said } from '#text/messages.ts'
import { endGrantsOf } from './access-tokens.ts'
import { endLinks, endResets, endSetup } from './one-time-links.ts'
import { weaknesses } from './password-rules.ts'
import { verifyPassword } from './passwords.ts'
import { passwordLimit, resetAttempts } from './rate-limit.ts'
import { endSessionsOf } from './sessions.ts'
import { signInStage } from './sign-in.ts'

const DAY = 86_400_000

/**
 * Faults of a new password, as predicates. Computes hashes, so it must not run in a transaction.
 * @param user the user; undefined for a new one
 * @param another whether the current password is refused
 */
export async function faultsOf(
  password: string,
  user: Row | undefined,
  db: Reader,
  settings: Settings,
  another = false,
): Promise<Message[]> {
  const faults = weaknesses(password, settings)
  if (faults.length > 0 || !user) return faults
  for (const hash of await bannedOf(user, db, settings, another)) {
    if (await verifyPassword(password, hash)) return [said`has been used before`]
  }
  return []
}

/** The hashes of passwords that a user cannot choose again. */
async function bannedOf({ id, password_hash }: Row, db: Reader, settings: Settings, another: boolean): Promise<string[]> {
  const { password_count_former_banned: most } = settings
  const present = most > 0 || another ? [password_hash] : []
  const former =
    most > 1
      ? await db.all<{ hash: string }>(
          sql`select hash from former_passwords where user_id = ${id} order by id desc limit ${most - 1}`,
        )
      : []
  return [...present, ...former.map(({ hash }) => hash)].filter((hash) => hash !== null)
}

/** Keeps the hash of a former password as long as it is banned. */
async function keepFormer(tx: Transaction, { id, password_hash }: Row, settings: Settings): Promise<void> {
  const kept = settings.password_count_former_banned - 1
  if (kept > 0 && password_hash !== null) await tx.one(insert('former_passwords', { user_id: id, hash: password_hash }))
  await tx.run(sql`
    delete from former_passwords where user_id = ${id} and id not in (
      select id from former_passwords where user_id = ${id} order by id desc limit ${Math.max(kept, 0)})`)
}

/**
 * Side effects of a new password, in the transaction that stores it: an attacker with the old one may have sessions, grants to
 * applications, or links, so these end; wrong attempts are reset; and the owner is notified.
 * @param before the user's row before the change
 */
export async function passwordReplaced(tx: Transaction, before: Row, settings: Settings, now: Date): Promise<void> {
  await endSessionsOf(tx, before.id)
  await endGrantsOf(tx, before.id)
  await endResets(tx, before.id)
  if (before.admin) await endSetup(tx)
  await keepFormer(tx, before, settings)
  await tx.run(sql`update principals set failed_logins = 0, failed_login_at = null where id = ${before.id}`)
  await resetAttempts(tx, passwordLimit, String(before.login).toLowerCase())
  if (before.password_hash === null) return
  const blocks = [
    said`The password of your account "${before.login}" at ${settings.app_title} has been changed.`,
    ...(settings.lost_password
      ? [
          said`If you made this change, you can ignore this mail. Otherwise, choose a new password at once:`,
          { label: said`Choose a new password`, href: addressOf(settings, '/account/lost_password') },
        ]
      : [said`If you made this change, you can ignore this mail. Otherwise, contact an administrator at once.`]),
  ]
  const subject = said`Your password at ${settings.app_title} has been changed`
  await sendLetter(tx, before, { subject, blocks }, settings, now)
}

/** Notifies a user at their former address of the change; invalidates links that were mailed there. */
export async function addressReplaced(tx: Transaction, before: Row, settings: Settings, now: Date): Promise<void> {
  await endLinks(tx, before.id)
  // An account that could never sign in needs no warning.
  if (before.password_hash === null && before.identity_url === null) return
  const blocks = [
    said`The e-mail address of your account "${before.login}" at ${settings.app_title} has been changed. This address receives no further mails.`,
    said`If you did not request this change, contact an administrator at once.`,
  ]
  const subject = said`Your e-mail address at ${settings.app_title} has been changed`
  await sendLetter(tx, before, { subject, blocks }, settings, now)
}

/** Whether a user signs in with a password stored here. */
export const hasPassword = ({ password_hash, identity_url }: Row): boolean => password_hash !== null && identity_url === null

/** Whether a user has to change the password before anything else. */
export function mustChangePassword(user: Row, { password_days_valid: days }: Settings, now: Date): boolean {
  if (!hasPassword(user)) return false
  const isOld = days > 0 && Date.parse(user.password_changed_at ?? user.created_at) <= now.getTime() - days * DAY
  return isOld || user.force_password_change
}

export const PASSWORD_STAGE = 'password'
export const PASSWORD_PAGE = '/account/force_password_change'

signInStage({
  name: PASSWORD_STAGE,
  path: PASSWORD_PAGE,
  isDue: (_, user, settings, now) => mustChangePassword(user, settings, now),
})
