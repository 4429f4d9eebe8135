/**
 * Mails about memberships: to new members and to those whose roles have changed, where a message is sent along or where their
 * notification settings ask for them.
 */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { inviteUser } from '#identity/invitations.ts'
import { INVITED } from '#identity/statuses.ts'
import type { Letter } from '#jobs/letters.ts'
import { type NoticeContext, notice, notify, notifyEach } from '#jobs/notices.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { addressOf } from '#kernel/settings.ts'
import { entryOf } from '#kernel/write/history.ts'
import { said } from '#text/messages.ts'
import { usersOf } from './inheritance.ts'
import { stopping } from './unsubscribing.ts'

type Membership = Tables['memberships']

/** What a mail is about. */
interface Told {
  /** The membership that was written; of a group, its users have their own. */
  readonly membership: number
  readonly actor: number
  readonly message: string | null
}

const settingFor = { added: 'membership_added', updated: 'membership_updated' } as const
type Change = keyof typeof settingFor

/** The users among these whose settings ask for mails about such a change. */
async function asking(db: Reader, users: readonly number[], change: Change): Promise<number[]> {
  const rows = await db.all<{ user_id: number }>(sql`
    select user_id from notification_settings
    where project_id is null and ${raw(settingFor[change])} and ${among(db.engine, sql`user_id`, users)} order by user_id`)
  return rows.map((row) => row.user_id)
}

async function write(
  change: Change,
  { db, settings, user, asRecipient }: NoticeContext,
  { membership, actor, message }: Told,
): Promise<Letter | undefined> {
  if (message === null && (await asking(db, [user.id], change)).length === 0) return undefined
  const own = await db.one<Membership>(sql`
    select own.* from memberships m join memberships own on own.principal_id = ${user.id}
      and own.project_id is not distinct from m.project_id and own.entity_type is null
    where m.id = ${membership}`)
  if (!own) return undefined
  const context = await asRecipient()
  const project = own.project_id === null ? undefined : await visibleRow(context, context.model.of('Project'), own.project_id)
  if (own.project_id !== null && !project) return undefined
  const roles = await db.all<{ name: string }>(sql`
    select distinct r.name, r.position from membership_roles m join roles r on r.id = m.role_id
    where m.membership_id = ${own.id} order by r.position, r.name`)
  const who = (await db.one<{ name: string }>(sql`select name from principals where id = ${actor}`))?.name ?? settings.app_title
  const { subject, sentence } = wording(change, who, project?.name, settings.app_title)
  return {
    subject,
    blocks: [
      sentence,
      { facts: [[said`Roles`, roles.map((role) => role.name).join(', ')]] },
      ...(message === null ? [] : [{ quote: message }]),
      ...(project ? [{ label: said`Open the project`, href: addressOf(settings, `/projects/${project.identifier}`) }] : []),
    ],
    // A message is a mail of a person, which no setting keeps away.
    ...(message === null && stopping(db, user.id, settingFor[change], settings)),
  }
}

function wording(change: Change, who: string, project: string | undefined, title: string) {
  if (project === undefined)
    return { subject: said`Your roles at ${title}`, sentence: said`${who} has changed your roles at ${title}.` }
  return change === 'added'
    ? { subject: said`[${project}] You have been added`, sentence: said`${who} has added you to the project ${project}.` }
    : {
        subject: said`[${project}] Your roles have changed`,
        sentence: said`${who} has changed your roles in the project ${project}.`,
      }
}

const notices = {
  added: notice<Told>({ name: 'memberships.added', write: (context, told) => write('added', context, told) }),
  updated: notice<Told>({ name: 'memberships.updated', write: (context, told) => write('updated', context, told) }),
}

/** Enqueues the mails about a written membership, unless the request says that nobody is to be told. */
export async function tellMembers(
  tx: Transaction,
  { row, before, meta }: Draft<Membership>,
  { principal, rolesDiffer }: { readonly principal: Row | undefined; readonly rolesDiffer: boolean },
  context: Context,
): Promise<void> {
  const { viewer, settings, now } = context
  if (meta.sendNotifications === false || !entryOf(context).announced || (before && !rolesDiffer)) return
  const message = typeof meta.notificationMessage === 'string' ? meta.notificationMessage.trim() || null : null
  if (principal?.type === 'User' && principal.status === INVITED) {
    if (before || row.project_id === null) return
    const project = await tx.one<{ name: string }>(sql`select name from projects where id = ${row.project_id}`)
    const invitation = { from: viewer.row.name as string, ...(project && { project: project.name }), ...(message && { message }) }
    await inviteUser(tx, principal, invitation, settings, now)
    return
  }
  const users = principal?.type === 'Group' ? await usersOf(tx, row.principal_id) : [row.principal_id]
  const change: Change = before ? 'updated' : 'added'
  const told = message === null ? (await asking(tx, users, change)).filter((id) => id !== viewer.id) : users
  const data: Told = { membership: row.id, actor: viewer.id, message }
  await notify(tx, notices[change], { users: told, data, occasion: `${row.id} ${now.getTime()}` }, now)
}

/** Enqueues the mails about memberships that users inherit by joining a group, unless the request says that nobody is to be told. */
export async function tellJoined(tx: Transaction, group: number, joined: readonly number[], context: Context): Promise<void> {
  const { viewer, now } = context
  if (joined.length === 0 || !entryOf(context).announced) return
  const users = (await asking(tx, joined, 'added')).filter((id) => id !== viewer.id)
  if (users.length === 0) return
  const memberships = await tx.all<{ id: number }>(
    sql`select id from memberships where principal_id = ${group} and entity_type is null order by id`,
  )
  await notifyEach(
    tx,
    memberships.flatMap(({ id: membership }) =>
      users.map((user) => ({
        ...{ user, notice: notices.added.name, occasion: `${membership} ${now.getTime()}` },
        data: { membership, actor: viewer.id, message: null } satisfies Told,
      })),
    ),
    now,
  )
}
