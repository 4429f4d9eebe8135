/** Reminders of work packages at a given time. */

import { among, amongFirst, moment } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, own, satisfying, signedIn, through } from '#kernel/access/rules.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Context, Draft, Operation } from '#kernel/declaration.ts'
import { conflict, type Violation, violation } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { ok, operation, respondCreated, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { differs, resource } from '#kernel/resource.ts'
import { publish } from '#kernel/write/outbox.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { said } from '#text/messages.ts'
import { mailAtOnce } from './mails.ts'

interface Facts {
  /** Whether the viewer has an upcoming reminder of the work package. */
  readonly isReminded: boolean
}

/** Whether the reminder is not due yet. */
const upcoming = satisfying(
  (own) => sql`(${own('completed_at')} is null and ${own('remind_at')} > ${currentTime().toISOString()})`,
  (row) => row.completed_at === null && row.remind_at > currentTime().toISOString(),
)

const mine = own('creator_id')

async function lookUp({ row, before }: Draft<Tables['reminders']>, { db, viewer }: Context): Promise<Facts> {
  if (before) return { isReminded: false }
  const active = await db.one(sql`
    select 1 as one from reminders
    where creator_id = ${viewer.id} and work_package_id = ${row.work_package_id} and completed_at is null`)
  return { isReminded: active !== undefined }
}

function check(draft: Draft<Tables['reminders']>, { isReminded }: Facts, { now }: Context): Violation[] {
  if (isReminded) throw conflict(said`You have a reminder for this work package already: change or delete that one.`)
  const { remind_at: at } = draft.row
  const isPast = at && differs(draft, 'remind_at') && at <= now.toISOString()
  return isPast ? [violation('remindAt', said`must be in the future`)] : []
}

export const Reminder = resource<'reminders', Facts>('Reminder', 'reminders', {
  path: 'reminders',
  description: 'A reminder of a work package at a given time. Only its creator sees it.',
  glossary: {
    note: 'Note to show with the reminder.',
    remindAt: 'When.',
    creator: 'The user to remind.',
    remindable: 'The work package.',
  },
  example: {
    note: 'Ask for the sail.',
  },
  title: (row) => `#${row.id}`,
  untitled: true,
  paginated: false,
  order: { column: 'remind_at' },
  visible: both(mine, through('work_package_id', 'work_packages', WorkPackage.visible, { find: () => undefined })),
  addressable: upcoming,
  may: { create: signedIn, update: mine, delete: mine },
  properties: ({ text, integer, dateTime, link }) => ({
    id: integer(),
    note: text({ max: 128 }),
    remindAt: dateTime({ label: said`Date`, required: true }),
    creator: link('User', { readOnly: true, alwaysNamed: true }),
    remindable: link('WorkPackage', { column: 'work_package_id', readOnly: true }),
  }),
  actions: { updateImmediately: null, delete: null },
  facts: lookUp,
  check: [check],
  operations: ['index', 'update', 'delete'],
})

const listReminders = operation({
  method: 'GET',
  path: '/work_packages/:id/reminders',
  summary: 'List the upcoming reminders for a work package',
  description: 'Lists the caller’s upcoming reminders for the work package.',
  tag: 'Reminder',
  answers: { status: 200, of: 'Reminder', as: 'collection' },
  run: async ({ context, params }) => {
    const { id } = await rowFrom(params.id, context.model.of(WorkPackage), context)
    const [right] = await rights(context, upcoming)
    const within = sql`reminders.work_package_id = ${id} and ${right.where('reminders')}`
    return ok(await index(context, context.model.of(Reminder), { path: `/api/v3/work_packages/${id}/reminders`, within }))
  },
})

const createReminder = operation({
  method: 'POST',
  path: '/work_packages/:id/reminders',
  summary: 'Create a reminder for a work package',
  description:
    'Schedules a notification for the caller. A work package has at most one upcoming reminder per user: the server rejects a second one (409).',
  tag: 'Reminder',
  answers: { status: 201, of: 'Reminder', as: 'single' },
  takes: 'Reminder',
  run: async (ask) => {
    const { id } = await rowFrom(ask.params.id, ask.context.model.of(WorkPackage), ask.context)
    const given = { work_package_id: id, creator_id: ask.context.viewer.id }
    return respondCreated(
      ask,
      ask.context.model.of(Reminder),
      await prepareWrite(ask.context, ask.context.model.of(Reminder), undefined, ask.body, given),
    )
  },
})

const MOST_AT_ONCE = 500

const isDue = (now: Date) => sql`completed_at is null and remind_at <= ${now.toISOString()}`

/** Completes due reminders and notifies their creators. The reminders themselves are the queue. */
export const remind = job('notifications.remind', {
  pending: async (db, now) => (await db.one(sql`select 1 as one from reminders where ${isDue(now)} limit 1`)) !== undefined,
  run:
    async ({ now, model }) =>
    async (tx) => {
      const at = now.toISOString()
      // Another process, or a change of the reminder, may have been faster.
      const completed = await tx.all<{ id: number; creator_id: number }>(sql`
      update reminders set completed_at = ${at} where ${isDue(now)}
        and ${amongFirst(tx.engine, raw('id'), sql`select id from reminders where ${isDue(now)} order by remind_at limit ${MOST_AT_ONCE}`)}
      returning id, creator_id`)
      await tx.run(sql`
      insert into notifications (recipient_id, work_package_id, reason, read_ian, reminder_id, created_at, updated_at)
      select creator_id, work_package_id, 'reminder', false, id, ${moment(tx.engine, at)}, ${moment(tx.engine, at)} from reminders
      where ${among(
        tx.engine,
        raw('id'),
        completed.map((one) => one.id),
      )} order by id`)
      const reminders = completed.map((one) => one.id)
      if (reminders.length > 0) await mailAtOnce(tx, among(tx.engine, sql`notifications.reminder_id`, reminders), now)
      for (const { id, creator_id } of completed)
        await publish(tx, { viewer: { id: creator_id }, now, model }, 'reminders.due', id, [])
    },
})

export const operations: readonly Operation[] = [listReminders, createReminder]
