/** Reasons of notifications: names, ranks and the settings that enable them. */
import { raw, type Sql, sql } from '#db/sql.ts'

/** Reasons from history entries by descending rank, with the setting that enables each. */
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

/** Whether one reason has a higher rank than another. */
export const outranks = (one: EntryReason, other: EntryReason): boolean => ranked.indexOf(one) < ranked.indexOf(other)

/** All reasons, in sort order. */
export const reasons: readonly string[] = [
  ...['mentioned', 'assigned', 'watched', 'subscribed', 'commented', 'created', 'processed', 'prioritized', 'scheduled'],
  ...['responsible', 'dateAlert', 'shared', 'reminder'],
]

/** The sort position of a reason. */
export const reasonOrder = (column: Sql): Sql =>
  sql`case ${column} ${raw(reasons.map((reason, at) => `when '${reason}' then ${at}`).join(' '))} end`
