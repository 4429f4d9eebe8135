/** Recipients of notifications: pieces of SQL about users `u` and their settings for projects. */
import { raw, type Sql, sql } from '#db/sql.ts'
import { defaultSetting } from '#modules/accounts/notification-settings.ts'

/** Only people who sign in are told anything. */
export const isActive = sql`u.type = 'User' and u.status = 1`

/** Joins what the user has chosen for the project, and for all of them. */
export const joinSettings = (project: Sql): Sql => sql`
  left join notification_settings own on own.user_id = u.id and own.project_id = ${project}
  left join notification_settings general on general.user_id = u.id and general.project_id is null`

/** What the user has chosen: what is chosen for the project takes the place of all that is chosen in general. */
export const chosen = (column: string): Sql => {
  const settings: Readonly<Record<string, unknown>> = defaultSetting
  const otherwise = settings[column]
  return raw(`case when own.id is not null then own.${column} when general.id is not null then general.${column}
    else ${otherwise === null ? 'cast(null as integer)' : String(otherwise)} end`)
}
