/**
 * Mail: a job enqueued by the transaction that causes it, sent after the commit, and then removed, because it may contain
 * secrets. If a process ends after sending a mail and before recording that, the mail is sent twice.
 */
import type { Row, Transaction } from '#db/database.ts'
import type { JobKind, Mail } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import type { Settings } from '#kernel/settings.ts'
import { type Letter, mailTo } from './letters.ts'
import { enqueue } from './queue.ts'

/** Sends a mail: four attempts within an hour and some minutes. */
export const sendOut: JobKind<Mail> = job('mail.send', {
  lane: 'mail',
  attempts: 4,
  // Longer than an attempt can take.
  lease: 120,
  backOff: { first: 120, factor: 5 },
  about: ({ recipient, subject }) => ({ to: recipient, subject }),
  run: async ({ payload, post }) => {
    await post(payload)
  },
})

/** Enqueues a mail, which is sent after the commit. */
export const sendMail = (tx: Transaction, mail: Mail, now: Date): Promise<void> => enqueue(tx, sendOut, { payload: mail }, now)

/** Enqueues a letter to a user. One without an address is not written to. */
export async function sendLetter(tx: Transaction, user: Row, letter: Letter, settings: Settings, now: Date): Promise<void> {
  if (user.email) await sendMail(tx, mailTo(user, letter, settings), now)
}
