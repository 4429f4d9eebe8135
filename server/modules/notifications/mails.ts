/**
 * Mails about notifications: at once about mentions and reminders, and summaries of what is unread at the times of the preferences.
 * A notification notes when it was to be mailed, in the transaction that enqueues the mail, so none is mailed twice or forgotten.
 */
import type { Row, Transaction } from '#db/database.ts'
import { among, moment, recordset } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { Block } from '#jobs/letters.ts'
import { type NoticeContext, notice, notifyEach } from '#jobs/notices.ts'
import type { Context } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { visibleRows, visibleWhere } from '#kernel/read/load.ts'
import { addressOf, readSettings, type Settings } from '#kernel/settings.ts'
import { type MailKind, stopping } from '#modules/accounts/unsubscribing.ts'
import { type Message, plural, said } from '#text/messages.ts'
import { isActive } from './audience.ts'
import { Notification } from './notifications.ts'
import { pausesAt, summaryTime, type Wishes, wishesOf } from './wishes.ts'

/** Work packages in a summary. */
const MOST_SHOWN = 50
const LONGEST_EXCERPT = 200
const LONGEST_QUOTE = 2000
/** Users per transaction. */
const AT_ONCE = 200
/** Local hours begin at quarters of an hour everywhere. */
const QUARTER = 15 * 60

const isUnmailed = sql`notifications.mailed_at is null and notifications.read_ian = false`

/** A notification that its recipient sees, with what a mail says of it. */
interface Told extends Row {
  readonly id: number
  readonly reason: string
  readonly created_at: string
  readonly work_package_id: number
  readonly subject: string
  readonly type: string
  readonly project: string | undefined
  readonly actor: string | null
  readonly notes: string | null
  readonly version: number | null
  readonly note: string | null
  readonly alert: 'startDate' | 'dueDate' | null
  readonly start_date: string | null
  readonly due_date: string | null
}

/** The unread notifications of the recipient that they may see now, oldest first. */
async function unread(context: Context, where: Sql): Promise<Told[]> {
  const visible = await visibleWhere(context, context.model.of(Notification))
  const rows = await context.db.all<Told & { project_id: number }>(sql`
    select notifications.id, notifications.reason, notifications.created_at, notifications.work_package_id, notifications.alert,
      w.subject, w.project_id, w.start_date, w.due_date, y.name as type, a.name as actor, j.notes, j.version, r.note
    from notifications join work_packages w on w.id = notifications.work_package_id join types y on y.id = w.type_id
    left join principals a on a.id = notifications.actor_id left join journals j on j.id = notifications.journal_id
    left join reminders r on r.id = notifications.reminder_id
    where ${visible} and notifications.read_ian = false and ${where} order by notifications.id`)
  const projects = await visibleRows(context, context.model.of('Project'), [...new Set(rows.map((row) => row.project_id))])
  const names = new Map(projects.map((row) => [row.id, row.name as string]))
  return rows.map((row) => ({ ...row, project: names.get(row.project_id) }))
}

const titleOf = ({ type, work_package_id, subject }: Told): string => `${type} #${work_package_id}: ${subject}`
const pathOf = ({ work_package_id }: Told): string => `/work_packages/${work_package_id}`

/** A comment as plain text: mentions are elements in it. */
const plain = (notes: string): string => notes.replace(/<mention\b[^<>]*>([^<>]*)<\/mention>/g, '$1').trim()

const shortened = (text: string, most: number): string => {
  const characters = [...text]
  return characters.length > most ? `${characters.slice(0, most).join('').trimEnd()}…` : text
}

const excerpt = (text: string): string => shortened(plain(text).replace(/\s+/g, ' '), LONGEST_EXCERPT)

/** A date in relation to the current day of the recipient. */
function alertOf({ alert, start_date, due_date }: Told, today: string): Message | undefined {
  const date = alert === 'startDate' ? start_date : due_date
  // The date may have been cleared since.
  if (date === null) return undefined
  const until = Temporal.PlainDate.from(today).until(Temporal.PlainDate.from(date)).days
  if (alert === 'startDate') {
    if (until === 0) return said`Starts today.`
    return until > 0
      ? plural(until, said`Starts in ${until} day, on ${date}.`, said`Starts in ${until} days, on ${date}.`)
      : said`Should have started on ${date}.`
  }
  if (until === 0) return said`Due today.`
  return until > 0
    ? plural(until, said`Due in ${until} day, on ${date}.`, said`Due in ${until} days, on ${date}.`)
    : plural(-until, said`Overdue by ${-until} day, since ${date}.`, said`Overdue by ${-until} days, since ${date}.`)
}

const because: Readonly<Record<string, Message>> = {
  mentioned: said`you are mentioned`,
  assigned: said`assigned to you`,
  responsible: said`you are accountable`,
  watched: said`you are watching`,
  shared: said`shared with you`,
}

/** What has happened, in a sentence; undefined if nothing is left to tell. */
function sentenceOf(told: Told, today: string): Message | undefined {
  const { reason, actor, notes, version, note } = told
  if (reason === 'dateAlert') return alertOf(told, today)
  if (reason === 'reminder') return note ? said`Your reminder: ${note}` : said`Your reminder is due.`
  const who = actor ?? ''
  const what = notes
    ? said`${who} commented: ${excerpt(notes)}`
    : version === 1
      ? said`${who} created the work package.`
      : said`${who} changed the work package.`
  const why = because[reason]
  return why ? said`${what} (${why})` : what
}

/** Mails of their own: by the reason, the preference that asks for them and what they say. */
const immediate = {
  mentioned: { wish: 'mentioned', kind: 'mentioned' },
  reminder: { wish: 'personalReminder', kind: 'reminder' },
} as const satisfies Readonly<Record<string, { wish: keyof Wishes['immediate']; kind: MailKind }>>
type Immediate = keyof typeof immediate

const atOnce = notice<{ id: number; at: string }>({
  name: 'notifications.immediate',
  write: async ({ db, settings, user, asRecipient }, { id, at }) => {
    const [told] = await unread(await asRecipient(), sql`notifications.id = ${id}`)
    if (!told || !Object.hasOwn(immediate, told.reason)) return undefined
    const { reason, project, subject, work_package_id, actor, notes, note } = told
    const prefix = project === undefined ? '' : `[${project}] `
    const title = `${subject} (#${work_package_id})`
    const isReminder = reason === 'reminder'
    const quote = isReminder ? note : notes && shortened(plain(notes), LONGEST_QUOTE)
    return {
      subject: isReminder ? said`${prefix}Reminder: ${title}` : said`${prefix}${actor ?? ''} mentioned you: ${title}`,
      blocks: [
        isReminder ? said`You asked to be reminded of this work package:` : said`${actor ?? ''} mentioned you:`,
        { heading: titleOf(told) },
        ...(quote ? [{ quote }] : []),
        { label: said`Open the work package`, href: addressOf(settings, pathOf(told)) },
      ],
      id: `notification-${id}-${Date.parse(at)}`,
      thread: `work_package-${work_package_id}`,
      ...stopping(db, user.id, immediate[reason as Immediate].kind, settings),
    }
  },
})

/**
 * Enqueues the mails that recipients want at once, in the transaction that writes the notifications.
 * @param where the condition on the notifications
 */
export async function mailAtOnce(tx: Transaction, where: Sql, now: Date): Promise<void> {
  const found = await tx.all(sql`
    select notifications.id as notification_id, notifications.reason, u.* from notifications
    join principals u on u.id = notifications.recipient_id and ${isActive} and u.email is not null
    where ${isUnmailed} and notifications.reason in (${raw(reasons)}) and ${where} order by notifications.id`)
  if (found.length === 0) return
  const settings = await readSettings(tx)
  const wanted = found.filter((row) => {
    const wishes = wishesOf(row, settings)
    return wishes.immediate[immediate[row.reason as Immediate].wish] && !pausesAt(wishes, now)
  })
  if (wanted.length === 0) return
  const at = now.toISOString()
  const ids = wanted.map((row) => row.notification_id as number)
  await tx.run(sql`update notifications set mailed_at = ${at} where ${among(tx.engine, sql`id`, ids)}`)
  await notifyEach(
    tx,
    wanted.map(({ id: user, notification_id: id }) => ({ user, notice: atOnce.name, data: { id, at }, occasion: id })),
    now,
  )
}

const reasons = Object.keys(immediate)
  .map((reason) => `'${reason}'`)
  .join(', ')

/** The parts of a summary: work packages with alerts first, then in the order of what happened. */
function partsOf(list: readonly Told[], today: string, settings: Settings): Block[] {
  const works = [...Map.groupBy(list, (told) => told.work_package_id).values()]
    .map((some) => ({ first: some[0] as Told, sentences: some.map((told) => sentenceOf(told, today)).filter(isGiven), some }))
    .filter(({ sentences }) => sentences.length > 0)
    .toSorted((a, b) => Number(hasAlert(b.some)) - Number(hasAlert(a.some)))
  const more = works.length - MOST_SHOWN
  return [
    ...works.slice(0, MOST_SHOWN).flatMap(({ first, sentences }) => [
      {
        heading: first.project === undefined ? titleOf(first) : said`${titleOf(first)} (${first.project})`,
        href: addressOf(settings, pathOf(first)),
      },
      { list: sentences },
    ]),
    ...(more > 0 ? [plural(more, said`And 1 more work package.`, said`And ${more} more work packages.`)] : []),
  ]
}

const isGiven = (message: Message | undefined): message is Message => message !== undefined
const hasAlert = (some: readonly Told[]): boolean => some.some(({ reason }) => reason === 'dateAlert')

async function writeSummary({ db, settings, user, asRecipient }: NoticeContext, { slot }: { slot: string }) {
  const context = await asRecipient()
  const list = await unread(context, sql`notifications.mailed_at = ${moment(db.engine, slot)}`)
  const parts = partsOf(list, context.today, settings)
  if (parts.length === 0) return undefined
  const count = list.length
  const unreadOnes = plural(count, said`1 unread notification`, said`${count} unread notifications`)
  return {
    subject: said`${settings.app_title}: ${unreadOnes}`,
    blocks: [
      plural(count, said`You have 1 unread notification:`, said`You have ${count} unread notifications:`),
      ...parts,
      { label: said`Open the notifications`, href: addressOf(settings, '/notifications') },
    ],
    id: `summary-${user.id}-${Date.parse(slot)}`,
    ...stopping(db, user.id, 'digest', settings),
  }
}

const summary = notice<{ slot: string }>({ name: 'notifications.summary', write: writeSummary })

/** Enqueues the summaries that are due. All unread notifications up to the time of a summary belong to it. */
export const mailSummaries = job('notifications.summaries', {
  every: QUARTER,
  lease: 600,
  run: async ({ db, now, step }) => {
    const settings = await readSettings(db)
    const waiting = await db.all(sql`
      select u.*, n.oldest from (
        select recipient_id, min(created_at) as oldest from notifications where ${isUnmailed} group by recipient_id
      ) n join principals u on u.id = n.recipient_id and ${isActive} and u.email is not null order by u.id`)
    const due = waiting.flatMap((row) => {
      const slot = summaryTime(wishesOf(row, settings), now)
      return slot !== undefined && row.oldest <= slot ? [{ user_id: row.id as number, slot }] : []
    })
    for (let i = 0; i < due.length; i += AT_ONCE) await step((tx) => enqueueSummaries(tx, due.slice(i, i + AT_ONCE), now))
  },
})

async function enqueueSummaries(tx: Transaction, due: readonly { user_id: number; slot: string }[], now: Date): Promise<void> {
  const slot = raw(tx.engine === 'postgres' ? 'x.slot::timestamptz' : 'x.slot')
  // Another process may have been faster.
  const claimed = await tx.all<{ recipient_id: number }>(sql`
    update notifications set mailed_at = ${slot} from (${recordset(tx.engine, { user_id: 'integer', slot: 'text' }, due)}) x
    where recipient_id = x.user_id and ${isUnmailed} and created_at <= ${slot} returning recipient_id`)
  const users = new Set(claimed.map((row) => row.recipient_id))
  await notifyEach(
    tx,
    due
      .filter(({ user_id }) => users.has(user_id))
      .map(({ user_id, slot: at }) => ({ user: user_id, notice: summary.name, data: { slot: at }, occasion: at })),
    now,
  )
}
