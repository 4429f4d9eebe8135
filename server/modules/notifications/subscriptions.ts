/** Notices about new and changed rows, to the members of their projects whose settings ask for them. */
import type { Reader, Row } from '#db/database.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import { notice, notify } from '#jobs/notices.ts'
import { columnsOf, holdsFor } from '#kernel/access/rules.ts'
import type { Declared, Subscriber } from '#kernel/declaration.ts'
import { addressOf } from '#kernel/settings.ts'
import { type MailSetting, stopping } from '#modules/accounts/unsubscribing.ts'
import { type Message, said } from '#text/messages.ts'
import { isActive } from './audience.ts'

type Setting = MailSetting

/** What is told of which rows to whom. */
export interface Subscription {
  readonly resource: Declared
  readonly event: 'created' | 'updated'
  /** The column of the global notification settings that asks for it. */
  readonly setting: Setting
  /** The columns whose changes are told of an update. */
  readonly columns?: readonly string[]
  /** The id of the project of a row. */
  readonly project: (row: Row) => Sql
  /** What has happened, in words that follow the name of the project. */
  readonly words: (row: Row) => Message
  /** The text of the row, line by line. */
  readonly text: (row: Row) => readonly (string | null)[]
  /** The path of its page. */
  readonly path: (row: Row) => string
}

const rowOf = (db: Reader, { table }: Declared, id: number): Promise<Row | undefined> =>
  db.one(sql`select * from ${name(table)} where id = ${id}`)

/** The condition on users `u` that they see a row of a project that they are members of, and want to be told of such rows. */
const asked = ({ resource, setting, project }: Subscription, { engine }: Reader, row: Row): Sql => sql`
  ${isActive} and u.email is not null
  and exists (select 1 from notification_settings s where s.user_id = u.id and s.project_id is null and ${name(`s.${setting}`)})
  and exists (select 1 from memberships m where m.principal_id = u.id and m.project_id = ${project(row)} and m.entity_type is null)
  and ${holdsFor(resource.visible, engine, sql`u.id`, columnsOf(row))}`

/** The subscriber that notifies members of rows, but not the user who has written them. */
export function subscription(one: Subscription): Subscriber {
  const { resource, event: verb, setting, columns, words, text, path, project } = one
  const event = `${resource.table}.${verb}`
  const kind = notice<{ id: number }>({
    name: event,
    write: async ({ db, settings, user }, { id }) => {
      const row = await rowOf(db, resource, id)
      if (!row || !(await db.one(sql`select u.id from principals u where u.id = ${user.id} and ${asked(one, db, row)}`)))
        return undefined
      const place = (await db.one<{ name: string }>(sql`select name from projects where id = ${project(row)}`))?.name ?? ''
      const quotes = text(row).filter((line) => line !== null && line !== '')
      return {
        subject: said`[${place}] ${words(row)}`,
        blocks: [
          said`${place}: ${words(row)}`,
          ...quotes.map((quote) => ({ quote: quote as string })),
          { label: said`Open`, href: addressOf(settings, path(row)) },
        ],
        id: `${event}-${id}-${user.id}`,
        thread: `${resource.table}-${id}`,
        ...stopping(db, user.id, setting, settings),
      }
    },
  })
  return {
    event,
    handle: async ({ id: occasion, resourceId: id, actorId, changed, announced }, { db, now }) => {
      if (!announced || (columns && !columns.some((column) => changed.includes(column)))) return
      const row = await rowOf(db, resource, id)
      if (!row) return
      const users = await db.all<{ id: number }>(
        sql`select u.id from principals u where u.id <> ${actorId} and ${asked(one, db, row)} order by u.id`,
      )
      if (users.length === 0) return
      await db.transaction((tx) => notify(tx, kind, { users: users.map((user) => user.id), data: { id }, occasion }, now))
    },
  }
}
