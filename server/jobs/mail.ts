/**
 * Mail: a job enqueued by the transaction that causes it, sent after the commit, and then removed, because it may contain
 * secrets. If a process ends after sending a mail and before recording that, the mail is sent twice.
 */
import type { Transaction } from '#db/database.ts'
import type { JobKind, Mail } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { enqueue } from './queue.ts'

/** Sends a mail: four attempts within an hour and some minutes. */
export const sendOut: JobKind<Mail> = job('mail.send', {
  lane: 'mail',
  attempts: 4,
  // Longer than an attempt can take.
  lease: 120,
  backOff: { first: 120, factor: 5 },
  about: ({ recipient, subject }) => ({ to: recipient, subject }),
  run: ({ payload, post }) => post(payload),
})

/** Enqueues a mail, which is sent after the commit. */
export const sendMail = (tx: Transaction, mail: Mail, now: Date): Promise<void> => enqueue(tx, sendOut, { payload: mail }, now)
