/**
 * Requests for password resets. A request only enqueues a job, so that it does the same whether or not there is such an account;
 * the job looks up the address, and writes the mail.
 */
import type { Database, Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { sendLetter } from '#jobs/mail.ts'
import { enqueue } from '#jobs/queue.ts'
import type { JobKind } from '#kernel/declaration.ts'
import { isStorable } from '#kernel/kinds.ts'
import { job } from '#kernel/module.ts'
import { addressOf, readSettings, type Settings } from '#kernel/settings.ts'
import { said } from '#text/messages.ts'
import { makeLink } from './one-time-links.ts'
import { hasPassword } from './password-changes.ts'
import { consume, type RateLimit } from './rate-limit.ts'
import { ACTIVE } from './statuses.ts'

const HOUR = 3_600_000
const LONGEST = 256

/** By email address: the digest's rule. */
const addressDoor: RateLimit = { name: 'lost_password', most: 3, within: HOUR, ban: HOUR }
/** By network address of the request, so that nobody can send mails to all users. */
const networkDoor: RateLimit = { name: 'lost_password_network', most: 30, within: HOUR, ban: HOUR }

/** Whether password reset by mail is available; not if password sign-in is disabled. */
export const isOffered = ({ lost_password, disable_password_login }: Settings): boolean =>
  lost_password && !disable_password_login

/**
 * Requests a password reset.
 * @param network the network address of the request
 * @returns the seconds to wait after too many requests
 */
export function askForPassword(email: string, network: string, db: Database, now: Date): Promise<number | undefined> {
  const address = email.trim()
  return db.transaction(async (tx) => {
    const wait = (await consume(tx, networkDoor, network, now)) ?? (await consume(tx, addressDoor, address.toLowerCase(), now))
    if (wait !== undefined) return wait
    const isOne = isStorable(address) && address.length <= LONGEST
    await enqueue(tx, mailResetLink, { payload: { email: isOne ? address : '' } }, now)
    return undefined
  })
}

/** Writes to active users with this address and a password, at their stored address. */
async function writeTo(tx: Transaction, email: string, settings: Settings, now: Date): Promise<void> {
  const users = await tx.all(sql`
    select * from principals where lower(email) = lower(${email}) and type = 'User' and status = ${ACTIVE}`)
  for (const user of users.filter(hasPassword)) {
    const link = addressOf(settings, `/account/lost_password?token=${await makeLink(tx, 'reset', user.id, now)}`)
    const blocks = [
      said`We received a request to reset the password of your account "${user.login}" at ${settings.app_title}. Choose a new password here:`,
      { label: said`Choose a new password`, href: link },
      said`The link works once and expires in an hour. If you did not make this request, you can ignore this mail. Your password is unchanged.`,
    ]
    await sendLetter(tx, user, { subject: said`Reset your password at ${settings.app_title}`, blocks, link }, settings, now)
  }
}

/** Writes the requested mail, if password reset is available. */
export const mailResetLink: JobKind<{ email: string }> = job('passwords.mail-link', {
  attempts: 5,
  run: async ({ db, now, payload: { email } }) => {
    const settings = await readSettings(db)
    return isOffered(settings) ? (tx) => writeTo(tx, email, settings, now) : undefined
  },
})
