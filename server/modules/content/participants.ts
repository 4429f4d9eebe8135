/** Participants of meetings: the users who are invited, and those who attended. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, name, or, raw, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { columnsOf, holdsFor } from '#kernel/access/rules.ts'
import type { Context, Draft, Filter, LinkOptions, Rule } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { withMe } from '#kernel/read/judge.ts'
import { visibleWhere } from '#kernel/read/load.ts'
import { differs, listHref } from '#kernel/resource.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'
import type { Message } from '#text/messages.ts'
import { cancelInvitations } from './invitations.ts'
import { view } from './meeting-rights.ts'

type Meeting = Tables['meetings']
type Role = 'invited' | 'attended'

/** The condition on principals that a rule holds for them on a row. @param of the column of the row that the rule reads */
export const personWho = (rule: Rule, row: Row, of: string, { engine }: Pick<Context, 'engine'>): Sql =>
  holdsFor(rule, engine, sql`principals.id`, columnsOf({ [of]: row[of] ?? null }))

/** The list of users who could see the meetings of a project: its members. */
export const membersOf = ({ project_id }: Row): string | null =>
  project_id ? listHref('principals', { status: ['!', 3], type: ['=', 'User'], member: ['=', project_id] }) : null

/** Links to the participants of a meeting in one role. A write replaces all of them that the viewer sees. */
export const participants = (role: Role): LinkOptions<Meeting, unknown> => ({
  load: (rows, context) => load(rows, role, context),
  // Those who take part already stay, even if they no longer see the meeting.
  eligible: ({ row, before }, context) =>
    or([
      personWho(view, row, 'project_id', context),
      ...(before ? [sql`principals.id in (${inRole(role, sql`${before.id}`)})`] : []),
    ]),
  allowed: { href: ({ row }) => membersOf(row) },
})

const inRole = (role: Role, meeting: Sql): Sql =>
  sql`select t.user_id from meeting_participants t where t.meeting_id = ${meeting} and t.role = ${role}`

async function load(rows: readonly Row[], role: Role, context: Context): Promise<ReadonlyMap<number, readonly number[]>> {
  const meetings = rows.map((row) => row.id).filter((id) => id !== undefined)
  const where = await visibleWhere(context, context.model.of('User'))
  const found = await context.db.all<{ meeting_id: number; user_id: number }>(sql`
    select t.meeting_id, t.user_id from meeting_participants t join principals on principals.id = t.user_id
    where t.role = ${role} and ${among(context.engine, sql`t.meeting_id`, meetings)} and ${where} order by principals.name, principals.id`)
  const byMeeting = Map.groupBy(found, (one) => one.meeting_id)
  return new Map([...byMeeting].map(([meeting, users]) => [meeting, users.map((one) => one.user_id)]))
}

/**
 * Stores the participants that a payload names, after the meeting. They alone make a new lock version, too.
 * @throws ApiError 409 where another write has changed the meeting in the meantime
 */
export async function storeParticipants(tx: Transaction, draft: Draft<Meeting>, _: unknown, context: Context): Promise<void> {
  const { row, before, many } = draft
  const seen = sql`select principals.id from principals where ${await visibleWhere(context, context.model.of('User'))}`
  let changes = 0
  for (const [property, role] of [
    ['invitedUsers', 'invited'],
    ['attendedUsers', 'attended'],
  ] as const) {
    const ids = many[property]
    if (!ids) continue
    const named = (column: Sql) => among(tx.engine, column, ids)
    const dropped = sql`not (${named(raw('user_id'))}) and user_id in (${seen})`
    if (before && role === 'invited') await cancelInvitations(tx, before, { users: dropped, state: 'withdrawn' }, context)
    changes += await tx.run(sql`
      delete from meeting_participants where meeting_id = ${row.id} and role = ${role} and ${dropped}`)
    changes += await tx.run(sql`
      insert into meeting_participants (meeting_id, role, user_id)
      select m.id, ${role}, p.id from meetings m cross join principals p where m.id = ${row.id} and ${named(raw('p.id'))}
      on conflict do nothing`)
  }
  if (!before || changes === 0 || Object.keys(row).some((column) => differs(draft, column))) return
  const same = sql`id = ${row.id} and lock_version = ${before.lock_version}`
  const changed = await rewriteWhere(tx, context.model.of('Meeting'), { set: sql`state = state`, where: same }, entryOf(context))
  if (changed.length === 0) throw conflict()
}

/** Filters meetings by participants in one role. */
export const participantFilter = (role: Role, label: Message): Filter => ({
  label,
  strategy: 'list',
  to: 'User',
  where: ({ values }, context, table) => {
    const users = withMe(values, context).map(Number)
    return sql`${name(`${table}.id`)} in (select t.meeting_id from meeting_participants t
      where ${and([sql`t.role = ${role}`, among(context.engine, raw('t.user_id'), users)])})`
  },
})
