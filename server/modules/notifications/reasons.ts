/** Why somebody is told of something: the words for it, which of several counts, and what people can choose. */
import { raw, type Sql, sql } from '#db/sql.ts'

/** Reasons that an entry of a history can give, the one that counts most first, with the setting that asks for it. */
export const reasonsOfEntries = {
  mentioned: 'mentioned',
  assigned: 'assignee',
  responsible: 'responsible',
  watched: 'watched',
  shared: 'shared',
  commented: 'work_package_commented',
  created: 'work_package_created',
  processed: 'work_package_processed',
  prioritized: 'work_package_prioritized',
  scheduled: 'work_package_scheduled',
} as const
export type EntryReason = keyof typeof reasonsOfEntries

const ranked = Object.keys(reasonsOfEntries)

/** Whether one reason counts more than another one. */
export const outranks = (one: EntryReason, other: EntryReason): boolean => ranked.indexOf(one) < ranked.indexOf(other)

/** All reasons, in the order in which they sort. */
export const reasons: readonly string[] = [
  ...['mentioned', 'assigned', 'watched', 'subscribed', 'commented', 'created', 'processed', 'prioritized', 'scheduled'],
  ...['responsible', 'dateAlert', 'shared', 'reminder'],
]

/** The place of a reason among all. */
export const reasonOrder = (column: Sql): Sql =>
  sql`case ${column} ${raw(reasons.map((reason, at) => `when '${reason}' then ${at}`).join(' '))} end`
