/**
 * Notices: mails to users about what happens. Each is a job of its own, enqueued by whatever causes it, and written when it is sent:
 * whoever has lost sight of the row by then is not told of it, and what is told is as it is then.
 */
import type { Row, Transaction } from '#db/database.ts'
import { moment, recordset } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { createCache } from '#kernel/cache.ts'
import { contextOfUser } from '#kernel/context.ts'
import type { Context, JobContext, JobEffect, JobKind } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { readSettings, type Settings } from '#kernel/settings.ts'
import { type Letter, mailTo } from './letters.ts'
import { replacing } from './queue.ts'

/** What a notice is written from. */
export interface NoticeContext extends Pick<JobContext<unknown>, 'db' | 'now'> {
  readonly settings: Settings
  /** The recipient. */
  readonly user: Row
  /** What the recipient sees and may do now. */
  asRecipient(): Promise<Context>
}

/** A kind of notices; `D` is what it needs to know, as JSON. */
export interface Notice<D> {
  readonly name: string
  /** Writes it; undefined where there is nothing that the recipient may be told. */
  write(context: NoticeContext, data: D): Promise<Letter | undefined>
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
  run: async (services): Promise<JobEffect | undefined> => {
    const { db, payload, post, now } = services
    const user = await db.one(sql`
      select * from principals where id = ${payload.user} and type = 'User' and status = 1 and email is not null`)
    if (!user) return undefined
    const settings = await readSettings(db)
    // The user is there, and the account is removed by a job at most while this one writes.
    const asRecipient = async () => (await contextOfUser({ ...services, cache: createCache() }, user.id, now)) as Context
    const letter = await notices.get(payload.notice)?.write({ db, now, settings, user, asRecipient }, payload.data)
    if (letter) await post(mailTo(user, letter, settings))
    return undefined
  },
})

/**
 * Enqueues a notice for each of these users, in one statement.
 * @param occasion what tells the notices of one event from those of another: while they wait, the same ones are not enqueued again
 */
export async function notify<D extends object>(
  tx: Transaction,
  { name }: Notice<D>,
  { users, data, occasion }: { users: readonly number[]; data: D; occasion: string | number },
  now: Date,
): Promise<void> {
  await notifyEach(
    tx,
    users.map((user) => ({ user, notice: name, data, occasion })),
    now,
  )
}

/** A notice for one user. */
export interface Occasion {
  readonly user: number
  /** The name of its kind. */
  readonly notice: string
  readonly data: object
  readonly occasion: string | number
}

/** Enqueues different notices, in one statement. No two may be the same. */
export async function notifyEach(tx: Transaction, list: readonly Occasion[], now: Date): Promise<void> {
  if (list.length === 0) return
  const at = moment(tx.engine, now.toISOString())
  const rows = list.map(({ user, notice, data, occasion }) => ({
    key: `${notice} ${occasion} ${user}`,
    payload: JSON.stringify({ notice, user, data }),
  }))
  const payload = raw(tx.engine === 'postgres' ? 'x.payload::jsonb' : 'x.payload')
  await tx.run(sql`
    insert into jobs (name, key, payload, due_at, created_at)
    select ${raw(`'${sendNotice.name}'`)}, x.key, ${payload}, ${at}, ${at}
    from (${recordset(tx.engine, { key: 'text', payload: 'text' }, rows)}) x where true${replacing}`)
}
