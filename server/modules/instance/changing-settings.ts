/** Changes of settings: parsing, validation and storage of values. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { defaultSettings, type Settings } from '#kernel/settings.ts'
import { isTimeZone } from '#modules/accounts/preference-kinds.ts'
import { english, type Message, said } from '#text/messages.ts'

export type SettingName = keyof Settings

/** Whether there is a setting of that name. */
export const isSetting = (name: string): name is SettingName => Object.hasOwn(defaultSettings, name)

/** Stores settings in the given transaction. */
export async function storeSettings(tx: Transaction, values: Partial<Settings>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    await tx.run(sql`insert into settings (name, value) values (${name}, ${JSON.stringify(value)})
      on conflict (name) do update set value = excluded.value`)
  }
  await invalidate(tx, 'settings')
}

/** Whether a text is an origin as browsers send it: scheme, host, and a port unless it is the default one. */
export function isOrigin(text: string): boolean {
  const url = /^https?:\/\/[^/*\s]+$/.test(text) ? URL.parse(text) : null
  return url !== null && url.origin === text
}

const LARGEST_PAGE = 10_000

/** Tokens are sent to these addresses. */
const remoteFault = (text: string): Message | undefined =>
  /^https:\/\/[^\s?#@]+[^\s?#@/]$/.test(text) && URL.canParse(text)
    ? undefined
    : said`must be an address such as https://graph.microsoft.com/v1.0, without a slash at its end`

/** Validations of values beyond their type; messages follow the setting's name. */
const faults: { readonly [name in SettingName]?: (value: never) => Message | undefined } = {
  apiv3_cors_origins: (origins: string[]) => {
    const wrong = origins.find((origin) => !isOrigin(origin))
    return wrong === undefined ? undefined : said`must be origins such as https://app.example.org, not “${wrong}”`
  },
  storages_login_url: remoteFault,
  storages_graph_url: remoteFault,
  self_registration: (mode: number) => (mode <= 3 ? undefined : said`must be a number from 0 to ${3}`),
  invitation_expiration_days: (days: number) => (days >= 1 && days <= 365 ? undefined : said`must be a number from 1 to ${365}`),
  apiv3_max_page_size: (size: number) =>
    size >= 1 && size <= LARGEST_PAGE ? undefined : said`must be a number from 1 to ${LARGEST_PAGE}`,
}

/** The fault of a setting's value, in a message that follows the setting's name; undefined for a valid value. */
export const faultOf = (name: SettingName, value: unknown): Message | undefined =>
  (faults[name] as ((value: unknown) => Message | undefined) | undefined)?.(value)

const oneOf = (...names: readonly (string | number | null)[]): Accepted => ({
  what: `one of ${names.map(String).join(', ')}`,
  accepts: (value) => names.includes(value as string),
})
const from = (least: number, most: number): Accepted => ({
  what: `a number from ${least} to ${most}`,
  accepts: (value) => Number(value) >= least && Number(value) <= most,
})
const textLike = (pattern: RegExp, what: string): Accepted => ({
  what,
  accepts: (value) => typeof value === 'string' && pattern.test(value),
})
const listOf = ({ what, accepts }: Accepted): Accepted => ({
  what: `a comma-separated list, each ${what}`,
  accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(accepts),
})

interface Accepted {
  /** What follows "must be". */
  readonly what: string
  readonly accepts: (value: unknown) => boolean
}

/** Values of settings that only a command changes. With others, requests fail, or addresses lead nowhere. */
const accepted: { readonly [name in SettingName]?: Accepted } = {
  app_title: textLike(/^[^\p{Cc}]{1,255}$/u, 'one line of text'),
  host_name: textLike(/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i, 'a host such as work.example.org or localhost:8080'),
  relative_url_root: textLike(/^(\/[\w.~-]+)*$/, 'a path such as /work, without a slash at its end, or empty'),
  per_page_options: listOf(from(1, LARGEST_PAGE)),
  forced_single_page_size: from(1, LARGEST_PAGE),
  user_default_timezone: {
    what: 'a time zone such as Europe/Berlin, or null',
    accepts: (value) => value === null || isTimeZone(String(value)),
  },
  start_of_week: oneOf(1, 6, 7, null),
  hours_per_day: from(1, 24),
  days_per_month: from(1, 31),
  working_days: listOf(from(1, 7)),
  work_package_done_ratio: oneOf('field', 'status'),
  percent_complete_on_status_closed: oneOf('no_change', 'set_100p'),
  total_percent_complete_mode: oneOf('work_weighted_average', 'simple_average'),
  session_cookie_name: textLike(/^[\w-]+$/, 'a name of letters, digits, - and _'),
  two_factor_required: oneOf('nobody', 'administrators', 'everybody'),
}

/** Parses a list from JSON, or from values separated by commas. */
function listIn(text: string, of: unknown): unknown[] | undefined {
  const parts = text.trim().startsWith('[')
    ? parsed(text)
    : text
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean)
  if (!Array.isArray(parts)) return undefined
  const values = typeof of === 'number' ? parts.map(Number) : parts
  return values.every((one) => (typeof of === 'number' ? Number.isInteger(one) : typeof one === 'string')) ? values : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Types of settings whose default is null. */
const emptyAtFirst: { readonly [name in SettingName]?: 'number' } = {
  start_of_week: 'number',
  new_project_user_role_id: 'number',
}

/**
 * Parses the text of a value, by the type of the default value.
 * @throws an Error whose message names the accepted values
 */
export function valueIn(name: SettingName, text: string): unknown {
  const standard: unknown = defaultSettings[name]
  const refuse = (what: string): never => {
    throw new Error(`${name} must be ${what}, not "${text}".`)
  }
  const value = (() => {
    if (standard === null) {
      if (text === 'null') return null
      return emptyAtFirst[name] === undefined ? text : /^\d{1,9}$/.test(text) ? Number(text) : refuse('a number or null')
    }
    if (Array.isArray(standard)) return listIn(text, standard[0]) ?? refuse('a comma-separated list')
    switch (typeof standard) {
      case 'boolean':
        return text === 'true' || text === 'false' ? text === 'true' : refuse('true or false')
      case 'number':
        return /^\d{1,9}$/.test(text) ? Number(text) : refuse('a whole number')
      default:
        return text
    }
  })()
  const limits = accepted[name]
  if (limits && !limits.accepts(value)) refuse(limits.what)
  const fault = faultOf(name, value)
  if (fault) throw new Error(`${name} ${english(fault)}.`)
  return value
}
