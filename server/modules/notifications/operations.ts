/** Operations that mark notifications as read or unread, and return their details. */
import { and, type Sql, sql } from '#db/sql.ts'
import type { ApiRequest, Operation } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { guarded, ok, operation, rowAt } from '#kernel/operation.ts'
import { conditionsOf } from '#kernel/read/judge.ts'
import { visibleWhere } from '#kernel/read/load.ts'
import { readFilters } from '#kernel/read/parse.ts'
import { Notification } from './notifications.ts'
import { detailsOf } from './values.ts'

const tag = 'Notification'

/** The notification in the path. 403 for anonymous callers, 404 for notifications of other users. */
async function notification<N extends string>({ context, params }: ApiRequest<N>, parameter: N) {
  await guarded(context.model.of(Notification), context)
  return rowAt(params[parameter], context.model.of(Notification), context)
}

const mark = ({ db, context }: ApiRequest, isRead: boolean, where: Sql): Promise<number> =>
  db.transaction((tx) =>
    tx.run(sql`update notifications set read_ian = ${isRead}, updated_at = ${context.now.toISOString()} where ${where}`),
  )

const markNotifications = (
  [
    ['read_ian', true],
    ['unread_ian', false],
  ] as const
).flatMap(([path, isRead]) => {
  const state = isRead ? 'read' : 'unread'
  return [
    operation({
      method: 'POST',
      path: `/notifications/${path}`,
      summary: `Mark notifications as ${state}`,
      description: 'Marks the caller’s notifications that match the filters; without filters, all of them.',
      tag,
      answers: { status: 204 },
      query: ['filters'],
      run: async (ask) => {
        const { context } = ask
        await guarded(context.model.of(Notification), context)
        const conditions = await conditionsOf(
          readFilters(context.params.get('filters') ?? '[]'),
          context.model.of(Notification),
          context,
        )
        await mark(ask, isRead, and([await visibleWhere(context, context.model.of(Notification)), ...conditions]))
        return { status: 204 }
      },
    }),
    operation({
      method: 'POST',
      path: `/notifications/:id/${path}`,
      summary: `Mark a notification as ${state}`,
      description: 'Marks one of the caller’s notifications. The request is idempotent.',
      tag,
      answers: { status: 204 },
      run: async (ask) => {
        const { id } = await notification(ask, 'id')
        await mark(ask, isRead, sql`id = ${id}`)
        return { status: 204 }
      },
    }),
  ]
})

const viewDetail = operation({
  method: 'GET',
  path: '/notifications/:notification_id/details/:id',
  summary: 'View a detail of a notification',
  description:
    'Returns the value that the notification is about: the date of an alert, or the note of a reminder. Indices start at 0.',
  tag,
  answers: { status: 200, of: 'NotificationDetail', as: 'single' },
  run: async (ask) => {
    const details = detailsOf(await notification(ask, 'notification_id'))
    const at = ask.params.id
    const detail = /^\d{1,9}$/.test(at) ? details[Number(at)] : undefined
    if (!detail) throw notFound()
    return ok(detail)
  },
})

export const operations: readonly Operation[] = [...markNotifications, viewDetail]
