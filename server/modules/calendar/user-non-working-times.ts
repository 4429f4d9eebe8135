/** Non-working times of users, in addition to the non-working days of the instance. */
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { badRequest, type Violation, violation } from '#kernel/errors.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { belowUsers, changesTimes, seesTimes } from './user-times.ts'

type Time = Tables['user_non_working_times']

interface Facts {
  /** Whether it overlaps another entry of the user. */
  readonly overlaps: boolean
}

async function lookUp({ row, before }: Draft<Time>, { db }: Context): Promise<Facts> {
  const { user_id: user, start_date: start, end_date: end } = row
  if (!start || !end) return { overlaps: false }
  const found = await db.one(sql`
    select 1 as one from user_non_working_times
    where user_id = ${user} and start_date <= ${end} and end_date >= ${start} and id <> ${before?.id ?? 0} limit 1`)
  return { overlaps: found !== undefined }
}

function check({ row }: Draft<Time>, { overlaps }: Facts): Violation[] {
  const { start_date: start, end_date: end } = row
  if (start && end && end < start) return [violation('endDate', said`must not be before the start date`)]
  return overlaps ? [violation('startDate', said`overlaps with another non-working time`)] : []
}

export const UserNonWorkingTime = resource<'user_non_working_times', Facts>('UserNonWorkingTime', 'user_non_working_times', {
  path: 'non_working_times',
  plural: 'non-working times',
  description: 'Days on which a user does not work, in addition to the non-working days of the instance.',
  glossary: {
    startDate: 'The first day.',
    endDate: 'The last day.',
    user: 'The user.',
  },
  pathOf: (row) => `users/${row.user_id}/non_working_times`,
  label: 'non-working times',
  title: 'start_date',
  untitled: true,
  paginated: false,
  order: { column: 'start_date' },
  visible: seesTimes,
  may: { create: changesTimes, update: changesTimes, delete: changesTimes },
  properties: ({ integer, date, link }) => ({
    id: integer(),
    startDate: date({ required: true }),
    endDate: date({ required: true }),
    user: link('User', { readOnly: true, alwaysNamed: true }),
  }),
  facts: lookUp,
  check: [check],
  operations: [],
})

/** Entries that overlap the requested year; by default, the current one. */
function inYear({ params, today }: Context) {
  const year = params.get('year') ?? today.slice(0, 4)
  if (!/^(?!0000)\d{4}$/.test(year)) throw badRequest(said`year must be a number of four digits.`)
  return sql`start_date <= ${`${year}-12-31`} and end_date >= ${`${year}-01-01`}`
}

export const operations = belowUsers(UserNonWorkingTime, inYear, ['year'])
