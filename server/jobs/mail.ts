/**
 * Mail: a job written by the transaction that is the reason for it, sent after it, and then removed, because it may hold secrets.
 * A process may end after a mail was sent and before that is noted: then it is sent twice.
 */
import type { Transaction } from '#db/database.ts'
import type { JobKind, Mail } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { enqueue } from './queue.ts'

/** Sends a mail: four times, within an hour and some minutes. */
export const sendOut: JobKind<Mail> = job('mail.send', {
  lane: 'mail',
  attempts: 4,
  // Longer than a try can take.
  lease: 120,
  backOff: { first: 120, factor: 5 },
  about: ({ recipient, subject }) => ({ to: recipient, subject }),
  run: ({ payload, post }) => post(payload),
})

/** Has a mail sent, once the transaction is committed. */
export const sendMail = (tx: Transaction, mail: Mail, now: Date): Promise<void> => enqueue(tx, sendOut, { payload: mail }, now)
