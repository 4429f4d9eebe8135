/**
 * Invitations to meetings: mails with a calendar entry to those who are invited, when a meeting is created, rescheduled or cancelled
 * by somebody who may send invitations. Each participant keeps what the last mail said, so nobody is told the same twice.
 */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { type NoticeContext, notice, notify } from '#jobs/notices.ts'
import { columnsOf, holdsFor } from '#kernel/access/rules.ts'
import type { Context, Subscriber } from '#kernel/declaration.ts'
import { holds } from '#kernel/operation.ts'
import { addressOf } from '#kernel/settings.ts'
import { entryOf } from '#kernel/write/history.ts'
import { isActive } from '#modules/notifications/audience.ts'
import { icalendar } from '#text/icalendar.ts'
import { type Message, said } from '#text/messages.ts'
import { invite, view } from './meeting-rights.ts'

type Meeting = Tables['meetings']
/** The part of a meeting that a mail is about. */
type Told = Pick<
  Meeting,
  | 'id'
  | 'project_id'
  | 'title'
  | 'location'
  | 'start_time'
  | 'end_time'
  | 'lock_version'
  | 'author_id'
  | 'created_at'
  | 'updated_at'
>

/** What a mail says, for comparing it with a later one. */
const gist = ({ title, location, start_time, end_time }: Told): string => JSON.stringify([title, location, start_time, end_time])

const invited = (meeting: number): Sql => sql`p.meeting_id = ${meeting} and p.role = 'invited'`

const reaches = (engine: Transaction['engine'], meeting: Told): Sql =>
  sql`${isActive} and u.email is not null and ${holdsFor(view, engine, sql`u.id`, columnsOf(meeting))}`

type State = 'invited' | 'changed' | 'withdrawn' | 'cancelled'

const sentences: Readonly<Record<State, (title: string) => Message>> = {
  invited: (title) => said`You are invited to the meeting "${title}".`,
  changed: (title) => said`The meeting "${title}" has changed.`,
  withdrawn: (title) => said`You are no longer invited to the meeting "${title}".`,
  cancelled: (title) => said`The meeting "${title}" has been cancelled.`,
}
const subjects: Readonly<Record<State, (title: string) => Message>> = {
  invited: (title) => said`Invitation: ${title}`,
  changed: (title) => said`Meeting changed: ${title}`,
  withdrawn: (title) => said`Invitation withdrawn: ${title}`,
  cancelled: (title) => said`Meeting cancelled: ${title}`,
}

/** A moment in words, in the time zone of the recipient. */
function spoken(at: string, zone: string): string {
  const moment = Temporal.Instant.from(at).toZonedDateTimeISO(zone)
  return `${moment.toPlainDate()} ${moment.toPlainTime().toString({ smallestUnit: 'minute' })}`
}

async function write({ db, settings, user }: NoticeContext, meeting: Told, state: State) {
  const seen = await db.one(sql`select u.id from principals u where u.id = ${user.id} and ${reaches(db.engine, meeting)}`)
  if (!seen) return undefined
  const { title, location, start_time, end_time } = meeting
  const author = await db.one<{ name: string }>(sql`select name from principals where id = ${meeting.author_id}`)
  const zone = user.time_zone ?? settings.user_default_timezone ?? 'UTC'
  const url = addressOf(settings, `/meetings/${meeting.id}`)
  const isOver = state === 'withdrawn' || state === 'cancelled'
  const event = {
    ...{ uid: `meeting-${meeting.id}@${settings.host_name}`, summary: title, description: '', url },
    ...{ start: start_time, end: end_time, createdAt: meeting.created_at, updatedAt: meeting.updated_at },
    ...(location && { location }),
    meeting: {
      sequence: meeting.lock_version,
      organizer: author?.name ?? '',
      attendee: { name: user.name, email: user.email },
      isCancelled: isOver,
    },
  }
  return {
    subject: subjects[state](title),
    blocks: [
      sentences[state](title),
      {
        facts: [
          [said`From`, spoken(start_time, zone)],
          [said`To`, `${spoken(end_time, zone)} (${zone})`],
          ...(location ? [[said`Location`, location] as const] : []),
        ] as const,
      },
      ...(isOver ? [] : [{ label: said`Open the meeting`, href: url }]),
    ],
    thread: `meetings-${meeting.id}`,
    calendar: { method: isOver ? 'CANCEL' : 'REQUEST', text: icalendar(title, [event], isOver ? 'CANCEL' : 'REQUEST') } as const,
  }
}

const invitation = notice<{ meeting: number; state: 'invited' | 'changed' }>({
  name: 'meetings.invitation',
  write: async (context, { meeting: id, state }) => {
    const meeting = await context.db.one<Meeting>(sql`
      select m.* from meetings m join meeting_participants p on ${invited(id)} and p.user_id = ${context.user.id} where m.id = ${id}`)
    return meeting && write(context, meeting, state)
  },
})

// What is cancelled may be gone, so it is kept with the notice.
const cancellation = notice<{ meeting: Told; state: 'withdrawn' | 'cancelled' }>({
  name: 'meetings.cancellation',
  write: (context, { meeting, state }) => write(context, meeting, state),
})

/** Mails those who are invited to a meeting and have not been told of it as it is. */
async function inviteAnew(tx: Transaction, meeting: Meeting, occasion: number, actor: number, now: Date): Promise<void> {
  const said = gist(meeting)
  const users = await tx.all<{ id: number; is_new: boolean }>(sql`
    select u.id, p.mailed is null as is_new from meeting_participants p join principals u on u.id = p.user_id
    where ${invited(meeting.id)} and (p.mailed is null or p.mailed <> ${said}) and u.id <> ${actor}
      and ${reaches(tx.engine, meeting)} order by u.id`)
  for (const [isNew, some] of Map.groupBy(users, (user) => Boolean(user.is_new))) {
    const data = { meeting: meeting.id, state: isNew ? 'invited' : 'changed' } as const
    await notify(tx, invitation, { users: some.map(({ id }) => id), data, occasion }, now)
  }
  const ids = users.map(({ id }) => id)
  await tx.run(sql`
    update meeting_participants set mailed = ${said}
    where meeting_id = ${meeting.id} and role = 'invited' and ${among(tx.engine, sql`user_id`, ids)}`)
}

const onWrite = (event: 'meetings.created' | 'meetings.updated'): Subscriber => ({
  event,
  handle: async ({ id: occasion, resourceId, actorId, announced }, { db, now }) => {
    if (!announced) return
    const meeting = await db.one<Meeting>(sql`
      select * from meetings where id = ${resourceId} and state = 'open' and end_time > ${now.toISOString()}`)
    if (!meeting) return
    const may = await db.one(sql`
      select id from principals where id = ${actorId} and ${holdsFor(invite, db.engine, sql`principals.id`, columnsOf(meeting))}`)
    if (may) await db.transaction((tx) => inviteAnew(tx, meeting, occasion, actorId, now))
  },
})

export const subscribes = [onWrite('meetings.created'), onWrite('meetings.updated')]

/**
 * Tells participants that a meeting is not theirs any more, before their rows are removed: those who were mailed about it, if the
 * viewer may send invitations and the meeting is not over.
 * @param users the condition on the participants
 * @param state what has happened to the meeting, or to their invitation
 */
export async function cancelInvitations(
  tx: Transaction,
  meeting: Row,
  { users, state }: { users: Sql; state: 'withdrawn' | 'cancelled' },
  context: Context,
): Promise<void> {
  const { viewer, now } = context
  if (!entryOf(context).announced || meeting.end_time <= now.toISOString() || !(await holds(context, invite, meeting))) return
  const found = await tx.all<{ id: number }>(sql`
    select p.user_id as id from meeting_participants p
    where ${invited(meeting.id)} and p.mailed is not null and p.user_id <> ${viewer.id} and ${users} order by p.user_id`)
  const { id, project_id, title, location, start_time, end_time, author_id, created_at } = meeting as Meeting
  const told: Told = {
    ...{ id, project_id, title, location, start_time, end_time, author_id, created_at },
    ...{ lock_version: meeting.lock_version + 1, updated_at: now.toISOString() },
  }
  const occasion = `${id} ${told.lock_version}`
  await notify(tx, cancellation, { users: found.map((user) => user.id), data: { meeting: told, state }, occasion }, now)
}
