/** Settings with their default values. Stored values take precedence. */
import type { Reader } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Snapshot } from './cache.ts'

export type PasswordRule = 'lowercase' | 'uppercase' | 'numeric' | 'special'

export const defaultSettings = {
  app_title: 'Halyard',
  login_required: true,
  host_name: 'localhost:8080',
  /** The path below which people reach the server, such as `/halyard`; empty where it has the host for itself. */
  relative_url_root: '',
  /** Whether the host is reached by HTTPS, for absolute addresses. */
  https: false,
  api_tokens_enabled: true,
  apiv3_enable_basic_auth: true,
  apiv3_max_page_size: 1000,
  apiv3_docs_enabled: true,
  apiv3_cors_enabled: false,
  apiv3_cors_origins: [] as string[],
  apiv3_write_readonly_attributes: false,
  per_page_options: [20, 100],
  /** Maximum number of work packages in a list in manual order, which has a single page. */
  forced_single_page_size: 250,
  attachment_max_size: 5120,
  attachment_whitelist: [] as string[],
  /** Minutes after which an unclaimed upload is removed. */
  attachments_grace_period: 180,
  /** Whether queries can be read as calendars. */
  ical_enabled: true,
  default_language: 'en',
  date_format: null as string | null,
  time_format: null as string | null,
  duration_format: 'hours_only',
  user_default_timezone: null as string | null,
  start_of_week: null as number | null,
  hours_per_day: 8,
  days_per_month: 20,
  working_days: [1, 2, 3, 4, 5],
  default_projects_public: false,
  default_projects_modules: ['work_package_tracking', 'gantt', 'board_view', 'calendar_view', 'news', 'costs', 'wiki'],
  new_project_user_role_id: null as number | null,
  /** Whether users who manage members can give only roles whose permissions they hold; administrators can give any. */
  members_given_held_permissions_only: false,
  display_subprojects_work_packages: true,
  cross_project_work_package_relations: true,
  work_package_list_default_columns: ['id', 'subject', 'type', 'status', 'assigned_to', 'priority'],
  work_package_list_default_highlighting_mode: 'inline',
  work_package_list_default_highlighted_attributes: ['status', 'priority', 'due_date'],
  work_package_done_ratio: 'field' as 'field' | 'status',
  percent_complete_on_status_closed: 'no_change' as 'no_change' | 'set_100p',
  total_percent_complete_mode: 'work_weighted_average' as 'work_weighted_average' | 'simple_average',
  work_package_startdate_is_adddate: false,
  /** Minutes within which further changes by the same user extend a history entry. */
  journal_aggregation_time_minutes: 5,
  /** Days after which notifications are removed. */
  notification_retention_period_days: 30,
  allow_tracking_start_and_end_times: false,
  users_deletable_by_admins: false,
  users_deletable_by_self: false,
  session_cookie_name: '_open_project_session',
  /** Whether sessions expire, and after how many minutes of inactivity. */
  session_ttl_enabled: false,
  session_ttl: 120,
  /** Whether all other sessions of a user end when they sign out, or sign in. */
  drop_old_sessions_on_logout: true,
  drop_old_sessions_on_login: false,
  /** Wrong passwords that block an account, and for how many minutes; 0 for never. */
  brute_force_block_after_failed_logins: 20,
  brute_force_block_minutes: 30,
  /** Days until an invitation expires. */
  invitation_expiration_days: 7,
  /** Self-registration: 0 no, 1 by mail, 2 with activation by an administrator, 3 immediate. */
  self_registration: 2 as 0 | 1 | 2 | 3,
  /** Whether users can sign in by providers only. */
  disable_password_login: false,
  /** The slug of the provider that the sign-in page redirects to. */
  omniauth_direct_login_provider: null as string | null,
  /** Whether a verified address from a provider links the account with the same address. */
  oauth_allow_remapping_of_existing_users: true,
  /** Users who need two-factor authentication. */
  two_factor_required: 'nobody' as 'nobody' | 'administrators' | 'everybody',
  password_min_length: 10,
  /** Character classes for passwords, and the minimum number of them in a password. */
  password_active_rules: ['lowercase', 'uppercase', 'numeric', 'special'] as PasswordRule[],
  password_min_adhered_rules: 0,
  /** Days after which a password expires; 0 for never. */
  password_days_valid: 0,
  /** Number of a user's last passwords, including the current one, that cannot be chosen again. */
  password_count_former_banned: 0,
  /** Where Microsoft signs users in, and its Graph; other clouds, such as national ones, have other addresses. */
  storages_login_url: 'https://login.microsoftonline.com',
  storages_graph_url: 'https://graph.microsoft.com/v1.0',
  /** Whether users can reset a password by a mailed link. */
  lost_password: true,
}

export type Settings = Readonly<typeof defaultSettings>

/** The origin at which people reach the server. */
export const originOf = ({ https, host_name }: Settings): string => `${https ? 'https' : 'http'}://${host_name}`

/** The absolute address of a path. */
export const addressOf = (settings: Settings, path: string): string => `${originOf(settings)}${settings.relative_url_root}${path}`

/** The host of this process, until a public one is configured. */
let ownHost = defaultSettings.host_name

/** Sets the host of this process: absolute addresses use it until a public host is configured. */
export const answersAt = (host: string): void => {
  ownHost = host
}

/** Whether a public host is configured. Processes that do not listen do not know where another one does. */
export const hasPublicHost = async (db: Reader): Promise<boolean> =>
  (await db.one(sql`select 1 as one from settings where name = 'host_name'`)) !== undefined

/** The current settings, cached until one changes. */
export function settingsOf(db: Reader, snapshot: Snapshot): Promise<Settings> {
  return snapshot.remember('settings', ['settings'], () => readSettings(db))
}

/** The current settings, read without the cache: for work outside requests. */
export async function readSettings(db: Reader): Promise<Settings> {
  const stored = await db.all<{ name: string; value: unknown }>(sql`select name, value from settings`)
  return Object.freeze({ ...defaultSettings, host_name: ownHost, ...Object.fromEntries(stored.map((s) => [s.name, s.value])) })
}
