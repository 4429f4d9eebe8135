/** SQL conditions for recipients of notifications: users `u` and their settings. */
import { raw, type Sql, sql } from '#db/sql.ts'
import { defaultSetting } from '#modules/accounts/notification-settings.ts'

/** Only active users get notifications. */
export const isActive = sql`u.type = 'User' and u.status = 1`

/** Joins the user's notification settings for the project, and the global ones. */
export const joinSettings = (project: Sql): Sql => sql`
  left join notification_settings own on own.user_id = u.id and own.project_id = ${project}
  left join notification_settings general on general.user_id = u.id and general.project_id is null`

/** The user's setting: settings of the project replace the global ones as a whole. */
export const chosen = (column: string): Sql => {
  const settings: Readonly<Record<string, unknown>> = defaultSetting
  const otherwise = settings[column]
  return raw(`case when own.id is not null then own.${column} when general.id is not null then general.${column}
    else ${otherwise === null ? 'cast(null as integer)' : String(otherwise)} end`)
}
