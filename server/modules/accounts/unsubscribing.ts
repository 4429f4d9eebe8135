/**
 * The end of mails of one kind, for one user, by an address in each of them that needs no sign-in: by the button of a mail program
 * (RFC 8058) or by a person. The address is signed, so that nobody can make it for others.
 */
import type { Database, Transaction } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { keysOf } from '#identity/secrets.ts'
import type { Letter } from '#jobs/letters.ts'
import { invalidate } from '#kernel/cache.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { type Message, said } from '#text/messages.ts'
import { defaultDailyReminders, defaultImmediateReminders } from './preference-kinds.ts'

type Principal = Tables['principals']

/** Kinds of mails that the preferences ask for, with the column and the member that does. */
const preferences = {
  mentioned: {
    column: 'immediate_reminders',
    member: 'mentioned',
    otherwise: defaultImmediateReminders,
    named: said`mails about mentions`,
  },
  reminder: {
    column: 'immediate_reminders',
    member: 'personalReminder',
    otherwise: defaultImmediateReminders,
    named: said`mails about your reminders`,
  },
  digest: {
    column: 'daily_reminders',
    member: 'enabled',
    otherwise: defaultDailyReminders,
    named: said`daily summaries of notifications`,
  },
} as const

/** Kinds of mails that the global notification settings ask for. */
const settings = {
  news_added: said`mails about news`,
  news_commented: said`mails about comments on news`,
  document_added: said`mails about documents`,
  forum_messages: said`mails about posts in forums`,
  wiki_page_added: said`mails about new wiki pages`,
  wiki_page_updated: said`mails about changed wiki pages`,
  membership_added: said`mails about new memberships`,
  membership_updated: said`mails about changed memberships`,
} as const

export type MailSetting = keyof typeof settings
export type MailKind = keyof typeof preferences | MailSetting

const PURPOSE = 'unsubscribe'
export const UNSUBSCRIBE = '/mail/unsubscribe'

const isPreference = (kind: MailKind): kind is keyof typeof preferences => Object.hasOwn(preferences, kind)
const isKind = (text: string): text is MailKind => Object.hasOwn(preferences, text) || Object.hasOwn(settings, text)

/** What mails of a kind are called. */
export const namedMails = (kind: MailKind): Message => (isPreference(kind) ? preferences[kind].named : settings[kind])

/** The address that stops mails of a kind to a user, and the reason for them, for a letter. */
export function stopping(db: Database, user: number, kind: MailKind, instance: Settings): Pick<Letter, 'unsubscribe' | 'reason'> {
  const token = `${user}.${kind}.${keysOf(db).sign(PURPOSE, `${user}.${kind}`)}`
  return {
    unsubscribe: addressOf(instance, `${UNSUBSCRIBE}?token=${token}`),
    reason: said`Your notification settings ask for ${namedMails(kind)}.`,
  }
}

/** The user and the kind that a token is about; undefined unless it is one of ours. */
export function subscriptionOf(db: Database, token: string): { user: number; kind: MailKind } | undefined {
  const [, user = '', kind = '', signature = ''] = /^(\d{1,10})\.([a-z_]+)\.([\w-]+)$/.exec(token) ?? []
  if (!isKind(kind) || !keysOf(db).isSigned(PURPOSE, `${user}.${kind}`, signature)) return undefined
  return { user: Number(user), kind }
}

/** Switches off mails of a kind for a user. Nothing else changes. */
export async function unsubscribe(tx: Transaction, user: number, kind: MailKind, now: Date): Promise<void> {
  if (!isPreference(kind)) {
    // Without a row the default is not to be told.
    await tx.run(sql`update notification_settings set ${name(kind)} = false where user_id = ${user} and project_id is null`)
    return
  }
  const { column, member, otherwise } = preferences[kind]
  const row = await tx.one<Principal>(sql`select * from principals where id = ${user}${forUpdate(tx.engine)}`)
  if (!row) return
  const chosen: unknown = row[column]
  const value = JSON.stringify({ ...otherwise, ...(chosen as object | null), [member]: false })
  await tx.run(sql`update principals set ${name(column)} = ${value}, updated_at = ${now.toISOString()} where id = ${user}`)
  await invalidate(tx, 'principals')
}
