/** Non-working days of the instance, such as holidays. */
import { sql } from '#db/sql.ts'
import { admin, everyone } from '#kernel/access/rules.ts'
import { badRequest, violation } from '#kernel/errors.ts'
import { isDate } from '#kernel/kinds.ts'
import { condition } from '#kernel/read/operators.ts'
import { differs, resource } from '#kernel/resource.ts'
import { recount } from '#modules/time/durations.ts'
import { said } from '#text/messages.ts'

/** Parses a date. Throws 400 if it is invalid. */
export function dateFrom(text: string): string {
  if (!isDate(text)) throw badRequest(said`"${text}" is not a date of the form YYYY-MM-DD.`)
  return text
}

export const NonWorkingDay = resource<'non_working_days', { isTaken: boolean }>('NonWorkingDay', 'non_working_days', {
  path: 'days/non_working',
  description: 'A non-working day: a date on which nobody works, in addition to non-working week days.',
  glossary: { date: 'The date.', name: 'Name, such as that of a holiday.' },
  example: { name: 'Labour Day', date: '2026-05-01' },
  addressOf: (row) => `days/non_working/${row.date}`,
  resolve: async ([text = ''], { db }) => {
    const found = await db.one<{ id: number }>(sql`select id from non_working_days where date = ${dateFrom(text)}`)
    return new Map(found && [[text, found.id]])
  },
  title: 'name',
  cached: 'all',
  order: { column: 'date' },
  paginated: false,
  visible: everyone,
  may: { create: admin, update: admin, delete: admin },
  /** Days of the current year by default. */
  index: ({ today }) => {
    const year = today.slice(0, 4)
    return { byDefault: [{ name: 'date', operator: '<>d', values: [`${year}-01-01`, `${year}-12-31`] }] }
  },
  properties: ({ text, integer, date }) => ({
    id: integer(),
    date: date({ required: true }),
    name: text({ required: true, max: 255 }),
  }),
  filters: {
    date: {
      strategy: 'date',
      operators: ['=d', '<>d'],
      where: (use, context) => condition('date', use, sql`non_working_days.date`, context),
    },
  },
  facts: async (draft, { db }) => {
    const { date } = draft.row
    if (!date || !differs(draft, 'date')) return { isTaken: false }
    return { isTaken: (await db.one(sql`select 1 as one from non_working_days where date = ${date}`)) !== undefined }
  },
  check: [
    ({ row }, { isTaken }) =>
      isTaken ? [violation('date', said`A non-working day on ${row.date} already exists.`, { complete: true })] : [],
  ],
  after: [
    async (tx, { row, before }, _, context) => {
      const dates = [row.date, ...(before ? [before.date] : [])]
      if (row.date !== before?.date) await recount(tx, context, context.settings.working_days, dates)
    },
  ],
  remove: async (tx, { id, date }, context) => {
    await tx.run(sql`delete from non_working_days where id = ${id}`)
    await recount(tx, context, context.settings.working_days, [date])
    return false
  },
  operations: ['index', 'show', 'create', 'update', 'delete'],
})
