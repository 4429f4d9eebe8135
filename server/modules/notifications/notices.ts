/**
 * Notices: mails to users about what happens. Each is a job of its own, enqueued by whatever causes it, and written when it is sent:
 * whoever has lost sight of the row by then is not told of it, and what is told is as it is then.
 */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { enqueue } from '#jobs/queue.ts'
import type { JobKind, Mail } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { readSettings, type Settings } from '#kernel/settings.ts'

/** What a notice is written from. */
export interface NoticeContext {
  readonly db: Reader
  readonly settings: Settings
  /** The recipient. */
  readonly user: Row
}

/** A kind of notices; `D` is what it needs to know, as JSON. */
export interface Notice<D> {
  readonly name: string
  /** Writes it; undefined where there is nothing that the recipient may be told. Lines of the text follow a salutation. */
  write(context: NoticeContext, data: D): Promise<(Pick<Mail, 'subject' | 'calendar'> & { lines: readonly string[] }) | undefined>
}

const notices = new Map<string, Notice<unknown>>()

/**
 * Declares a kind of notices.
 * @throws Error if there is one of that name already
 */
export function notice<D extends object>(one: Notice<D>): Notice<D> {
  if (notices.has(one.name)) throw new Error(`There are two kinds of notices named "${one.name}".`)
  notices.set(one.name, one)
  return one
}

interface Payload {
  readonly notice: string
  readonly user: number
  readonly data: unknown
}

/** Writes a notice and sends it, unless there is nothing left to tell the recipient. */
export const sendNotice: JobKind<Payload> = job<Payload>('notices.send', {
  lane: 'mail',
  attempts: 4,
  lease: 120,
  backOff: { first: 120, factor: 5 },
  about: ({ notice, user }) => ({ notice, user }),
  run: async ({ db, payload, post }) => {
    const user = await db.one(sql`
      select * from principals where id = ${payload.user} and type = 'User' and status = 1 and email is not null`)
    const context = { db, settings: await readSettings(db), user: user as Row }
    const written = user && (await notices.get(payload.notice)?.write(context, payload.data))
    if (!written) return
    const { lines, ...mail } = written
    await post({ ...mail, recipient: user.email, text: [`Hello ${user.name},`, '', ...lines, ''].join('\n') })
  },
})

/**
 * Enqueues a notice for each of these users.
 * @param occasion what tells the notices of one event from those of another: while they wait, the same ones are not enqueued again
 */
export async function notify<D extends object>(
  tx: Transaction,
  { name }: Notice<D>,
  { users, data, occasion }: { users: readonly number[]; data: D; occasion: string | number },
  now: Date,
): Promise<void> {
  for (const user of users)
    await enqueue(tx, sendNotice, { key: `${name} ${occasion} ${user}`, payload: { notice: name, user, data } }, now)
}
