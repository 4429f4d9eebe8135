/** User preferences: part of the principal's row, exposed as a resource of its own. */
import type { Row } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
import { both, either, globally, having, oneself, own, unconfined } from '#kernel/access/rules.ts'
import type { ApiRequest, Operation } from '#kernel/declaration.ts'
import { ApiError } from '#kernel/errors.ts'
import { demandAnywhere, idFrom, ok, operation, respondSaved } from '#kernel/operation.ts'
import { single } from '#kernel/read/single.ts'
import { resource } from '#kernel/resource.ts'
import { findRow, prepareWrite } from '#kernel/write/prepare.ts'
import { type Chosen, loadSettings, readSettings, settingsKind, storeSettings } from './notification-settings.ts'
import * as kinds from './preference-kinds.ts'
import { User } from './users.ts'

const managesUsers = globally('manage_user')
const isPerson = having('type', 'User', 'AnonymousUser')

const changes = both(isPerson, either(both(unconfined, own('id')), managesUsers))

const addressOf = ({ id }: Tables['principals']) => `users/${id}/preferences`

export const UserPreferences = resource<'principals', Chosen>('UserPreferences', 'principals', {
  path: 'my_preferences',
  description: 'Preferences of a user, with their notification settings.',
  glossary: {
    timeZone: 'Time zone such as `Europe/Berlin`.',
    disableKeyboardShortcuts: 'Whether clients should disable keyboard shortcuts.',
    warnOnLeavingUnsaved: 'Whether clients should warn before unsaved changes are lost.',
    commentSortDescending: 'Whether clients should show the newest entries of a history first.',
    autoHidePopups: 'Whether clients should hide messages after some time.',
    dailyReminders: 'Times of daily emails about unread notifications, at full hours in the user’s time zone.',
    immediateReminders: 'Notifications that are sent by email immediately.',
    pauseReminders: 'Period without emails about notifications, first and last day included.',
    workdays: 'Week days with daily emails: 1 for Monday to 7 for Sunday.',
    notifications: 'Notification settings: global ones, and those of single projects.',
    user: 'The user.',
  },
  addressOf,
  label: 'preferences',
  title: 'name',
  untitled: true,
  cached: 'some',
  visible: both(isPerson, either(oneself, managesUsers)),
  may: { update: changes },
  properties: ({ text, boolean, link, of }) => ({
    timeZone: text({
      column: 'time_zone',
      value: (row, { context }) => row.time_zone ?? context.settings.user_default_timezone,
    }),
    disableKeyboardShortcuts: boolean(),
    warnOnLeavingUnsaved: boolean(),
    commentSortDescending: boolean(),
    autoHidePopups: boolean(),
    dailyReminders: of(kinds.dailyReminders, {
      column: 'daily_reminders',
      value: (row) => row.daily_reminders ?? kinds.defaultDailyReminders,
    }),
    immediateReminders: of(kinds.immediateReminders, {
      column: 'immediate_reminders',
      value: (row) => row.immediate_reminders ?? kinds.defaultImmediateReminders,
    }),
    pauseReminders: of(kinds.pauseReminders, {
      column: 'pause_reminders',
      value: (row) => row.pause_reminders ?? kinds.defaultPauseReminders,
    }),
    workdays: of(kinds.workdays, { column: 'workdays', value: (row) => row.workdays ?? kinds.defaultWorkdays }),
    notifications: of(settingsKind, { value: (row, { loaded }) => loaded.settings.get(row.id), writable: true }),
    user: link('User', { column: 'id', readOnly: true, alwaysNamed: true }),
  }),
  actions: { updateImmediately: { href: (row) => `/api/v3/${addressOf(row)}`, method: 'patch', may: changes } },
  pageLoaders: { settings: loadSettings },
  facts: readSettings,
  derive: [kinds.completed],
  check: [kinds.check, (_, { violations }) => violations],
  after: [storeSettings],
  operations: [],
})

/** The principal in the path. 403 for viewers who may not read the preferences, whether or not the principal exists. */
async function principal({ context, params }: ApiRequest<'id'>): Promise<Row> {
  const id = await idFrom(params.id, context.model.of(User), context)
  if (id !== context.viewer.id) await demandAnywhere(context, managesUsers)
  return findRow(context, context.model.of(UserPreferences), id)
}

const tag = 'UserPreferences'
const common = { path: '/users/:id/preferences', tag, answers: { status: 200, of: tag, as: 'single' } } as const

const viewPreferences = operation({
  ...common,
  method: 'GET',
  summary: 'View the preferences of a user',
  description:
    'Returns the preferences of a user. Those of the caller are at `users/me/preferences`; those of others need the permission to manage users.',
  run: async (ask) => ok(await single(ask.context, ask.context.model.of(UserPreferences), await principal(ask))),
})

const updatePreferences = operation({
  ...common,
  method: 'PATCH',
  summary: 'Update the preferences of a user',
  description: 'Changes the properties in the body and leaves the rest. `notifications` replaces the whole list.',
  takes: tag,
  run: async (ask) => {
    if (!ask.context.viewer.signedIn) throw new ApiError('Unauthenticated')
    return respondSaved(
      ask,
      ask.context.model.of(UserPreferences),
      await prepareWrite(ask.context, ask.context.model.of(UserPreferences), await principal(ask), ask.body),
    )
  },
})

/** Redirects to the viewer's own preferences; 308 keeps the method. */
const elsewhere = (status: 301 | 308) => async () => ({ status, headers: { location: '/api/v3/users/me/preferences' } })
const mine = { path: '/my_preferences', tag } as const

const redirectToOwnPreferences = operation({
  ...mine,
  method: 'GET',
  summary: 'Redirect to the own preferences',
  description: 'Redirects to `/api/v3/users/me/preferences`.',
  answers: { status: 301 },
  run: elsewhere(301),
})

const redirectUpdateOfOwnPreferences = operation({
  ...mine,
  method: 'PATCH',
  summary: 'Redirect to the own preferences for an update',
  description: 'Redirects to `/api/v3/users/me/preferences`; send the same request there.',
  answers: { status: 308 },
  run: elsewhere(308),
})

export const operations: readonly Operation[] = [
  viewPreferences,
  updatePreferences,
  redirectToOwnPreferences,
  redirectUpdateOfOwnPreferences,
]
