/** Mail: written by the transaction that is the reason for it, sent after it, and then forgotten, because it may hold secrets. */
import type { Database, Transaction } from '#db/database.ts'
import { forUpdate, insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'

export interface Mail {
  /** An address, as it is. */
  readonly recipient: string
  readonly subject: string
  /** Plain text. */
  readonly text: string
  /** The address in the text that somebody has to be able to follow. */
  readonly link?: string | null
}

/** Sends a mail; rejects where that did not work. */
export type Post = (mail: Mail) => Promise<void>

const MINUTE = 60_000
/** How long it takes after each try until the next one; each is longer than a try can take. After the last there is none. */
const PATIENCE = [2 * MINUTE, 10 * MINUTE, 60 * MINUTE, 60 * MINUTE]

/** Has a mail sent, once the transaction is committed. */
export async function sendMail(tx: Transaction, { recipient, subject, text, link = null }: Mail, now: Date): Promise<void> {
  await tx.one(insert('mails', { recipient, subject, text, link, due_at: now.toISOString() }))
}

interface Claimed extends Mail {
  readonly id: number
  /** How often it was tried before. */
  readonly tries: number
}

/** Takes a mail that is due; for a while no other process takes it. */
async function claim(db: Database, now: Date): Promise<Claimed | undefined> {
  const isDue = sql`due_at <= ${now.toISOString()}`
  if (!(await db.one(sql`select id from mails where ${isDue} limit 1`))) return undefined
  return db.transaction(async (tx) => {
    const mail = await tx.one<Claimed>(sql`select * from mails where ${isDue} order by due_at, id limit 1${forUpdate(tx.engine)}`)
    if (!mail) return undefined
    const next = new Date(now.getTime() + (PATIENCE[mail.tries] ?? MINUTE)).toISOString()
    await tx.run(sql`update mails set tries = ${mail.tries + 1}, due_at = ${next} where id = ${mail.id}`)
    return mail
  })
}

/**
 * Sends all mail that is due, whatever other processes send. Where one cannot be sent the others wait for the next call: most
 * likely none can.
 * @param failed is told of a mail that could not be sent, and whether that was the last try
 */
export async function sendMails(
  db: Database,
  post: Post,
  now: Date,
  failed: (mail: Mail, error: unknown, isLast: boolean) => void,
): Promise<void> {
  for (let mail = await claim(db, now); mail; mail = await claim(db, now)) {
    const { id, tries } = mail
    const error = await post(mail).then(
      () => undefined,
      (reason: unknown) => reason ?? new Error('Sending the mail failed.'),
    )
    const isLast = tries + 1 >= PATIENCE.length
    if (error !== undefined) failed(mail, error, isLast)
    if (error === undefined || isLast) await db.transaction((tx) => tx.run(sql`delete from mails where id = ${id}`))
    if (error !== undefined) return
  }
}
