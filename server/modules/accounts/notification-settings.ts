/** Notification settings: global ones, and those of single projects that replace them. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { among, recordset } from '#db/dialect.ts'
import { join, name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { ref } from '#kernel/bodies.ts'
import type { Context, Draft, Kind } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import * as kinds from '#kernel/kinds.ts'
import { visibleRows } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { hrefOf, snakeCase } from '#kernel/resource.ts'
import { namedIn, sentLink } from '#kernel/write/payload.ts'
import { type Message, said } from '#text/messages.ts'

type Principal = Tables['principals']
type Setting = Omit<Tables['notification_settings'], 'id' | 'user_id'>

/** Settings with their default values. */
const flags = {
  watched: true,
  assignee: true,
  responsible: true,
  mentioned: true,
  shared: true,
  workPackageCreated: false,
  workPackageCommented: false,
  workPackageProcessed: false,
  workPackagePrioritized: false,
  workPackageScheduled: false,
  newsAdded: false,
  newsCommented: false,
  documentAdded: false,
  forumMessages: false,
  wikiPageAdded: false,
  wikiPageUpdated: false,
  membershipAdded: false,
  membershipUpdated: false,
} as const
const flagNames = Object.keys(flags) as (keyof typeof flags)[]
/** Settings for email only are global. */
const globalFlags = flagNames.filter((flag) => /^(news|document|forum|wiki|membership)/.test(flag))

/** Allowed values: days before a date, or days between alerts after it. */
const alertNames = ['startDate', 'dueDate', 'overdue'] as const
const alerts: Readonly<Record<(typeof alertNames)[number], readonly number[]>> = {
  startDate: [0, 1, 3, 7],
  dueDate: [0, 1, 3, 7],
  overdue: [1, 3, 7],
}

const columnTypes: Readonly<Record<string, 'integer' | 'boolean'>> = {
  project_id: 'integer',
  ...Object.fromEntries(flagNames.map((flag) => [snakeCase(flag), 'boolean' as const])),
  ...Object.fromEntries(alertNames.map((alert) => [snakeCase(alert), 'integer' as const])),
}

/** The default settings, for all projects. */
export const defaultSetting = {
  project_id: null,
  ...Object.fromEntries(flagNames.map((name) => [snakeCase(name), flags[name]])),
  start_date: 1,
  due_date: 1,
  overdue: null,
} as Setting

export const settingsKind: Kind = {
  type: '[]NotificationSetting',
  json: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        ...Object.fromEntries(flagNames.map((name) => [name, { type: 'boolean' }])),
        ...Object.fromEntries(alertNames.map((name) => [name, { type: ['string', 'null'], format: 'duration' }])),
        _links: {
          type: 'object',
          properties: { project: ref('Link', 'The project of the settings; empty for the global ones.') },
        },
      },
    },
  },
  render: (value) => value,
  parse: (value) => value,
  strategy: 'list',
}

/** Representations of users' settings, by user id; without those of projects that the viewer does not see. */
export async function loadSettings(rows: readonly Principal[], context: Context): Promise<ReadonlyMap<number, object[]>> {
  const users = rows.map((row) => row.id)
  const stored = await context.db.all<Tables['notification_settings']>(sql`
    select * from notification_settings where ${among(context.engine, sql`user_id`, users)} order by project_id, id`)
  const Project = context.model.of('Project')
  const ids = stored.map((one) => one.project_id).filter((id) => id !== null)
  const projects = new Map((await visibleRows(context, Project, [...new Set(ids)])).map((row) => [row.id, row]))
  const shown = (setting: Setting) => {
    const project = projects.get(setting.project_id)
    const columns: Row = setting
    return {
      ...Object.fromEntries(flagNames.map((name) => [name, columns[snakeCase(name)]])),
      ...Object.fromEntries(alertNames.map((name) => [name, rendered(columns[snakeCase(name)])])),
      _links: { project: project ? { href: hrefOf(Project, project), title: Project.titleOf(project) } : { href: null } },
    }
  }
  return new Map(
    users.map((user) => {
      const own = stored.filter((one) => one.user_id === user)
      const general = own.find((one) => one.project_id === null) ?? defaultSetting
      return [user, [general, ...own.filter((one) => projects.has(one.project_id))].map(shown)]
    }),
  )
}

const rendered = (days: number | null) => (days === null ? null : kinds.days.render(days))

/** The settings in a payload, and their violations. */
export interface Chosen {
  readonly settings: readonly Setting[] | undefined
  readonly violations: readonly Violation[]
}

/** Parses the settings of a payload; missing ones are disabled. */
export async function readSettings({ virtual, given }: Draft<Principal>, context: Context): Promise<Chosen> {
  if (!given.has('notifications')) return { settings: undefined, violations: [] }
  const list = virtual?.notifications
  try {
    if (!Array.isArray(list) || list.length > MOST) throw new kinds.FormatError(said`a list of settings`)
    const settings = list.map((one) => readSetting(one, context))
    return { settings, violations: await judge(settings, context) }
  } catch (error) {
    if (!(error instanceof kinds.FormatError)) throw error
    const message = said`Invalid format for property 'notifications': expected ${error.expected}.`
    return { settings: [], violations: [wrong(message, 'PropertyFormatError')] }
  }
}

const MOST = 10_000

const wrong = (message: Message, identifier: Violation['identifier'] = undefined): Violation =>
  violation('notificationSettings', message, { complete: true, ...(identifier && { identifier }) })

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

function readSetting(given: unknown, context: Context): Setting {
  if (!isObject(given)) throw new kinds.FormatError(said`each setting to be an object`)
  return {
    project_id: readProject(sentLink(given, 'project'), context),
    ...Object.fromEntries(flagNames.map((name) => [snakeCase(name), kinds.boolean.parse(given[name] ?? false)])),
    ...Object.fromEntries(
      alertNames.map((name) => [snakeCase(name), given[name] === null || given[name] === undefined ? null : days(given[name])]),
    ),
  } as Setting
}

/** Whole days, or a value that is not allowed. */
function days(value: unknown): number {
  const hours = kinds.parseHours(value)
  return hours % 24 === 0 ? hours / 24 : NO_CHOICE
}

const NO_CHOICE = -1

function readProject(link: unknown, context: Context): number | null {
  if (isObject(link) && link.href === null) return null
  // Identifiers are not accepted: each would need a query of its own.
  const named = namedIn(context.model.of('Project'), link, context)
  if (named === undefined || !isId(named))
    throw new kinds.FormatError(said`each setting to link to its project, or to none by {"href":null}`)
  return Number(named)
}

async function judge(settings: readonly Setting[], context: Context): Promise<Violation[]> {
  const violations: Violation[] = []
  const projects = settings.map((one) => one.project_id).filter((id) => id !== null)
  if (settings.length - projects.length !== 1) violations.push(wrong(said`There must be exactly one setting for all projects.`))
  const seen = new Set((await visibleRows(context, context.model.of('Project'), [...new Set(projects)])).map((row) => row.id))
  if (!projects.every((id) => seen.has(id))) violations.push(wrong(said`The project of a setting does not exist.`))
  else if (new Set(projects).size < projects.length) violations.push(wrong(said`There can be only one setting for each project.`))
  const ofProjects: Row[] = settings.filter((one) => one.project_id !== null)
  if (ofProjects.some((one) => globalFlags.some((flag) => one[snakeCase(flag)])))
    violations.push(wrong(said`Notifications by mail alone can be chosen only for all projects.`))
  const isChoice = (one: Row, alert: keyof typeof alerts) =>
    one[snakeCase(alert)] === null || alerts[alert].includes(one[snakeCase(alert)])
  if (!settings.every((one) => alertNames.every((alert) => isChoice(one, alert))))
    violations.push(wrong(said`Alerts come 0, 1, 3 or 7 days before a date, and every 1, 3 or 7 days after it.`))
  return violations
}

/** Replaces all settings except those of projects that the viewer does not see. */
export async function storeSettings(
  tx: Transaction,
  { row }: Draft<Principal>,
  { settings }: Chosen,
  context: Context,
): Promise<void> {
  if (!settings) return
  const user = row.id
  const kept = await hiddenProjects(tx, user, context)
  await tx.run(sql`
    delete from notification_settings
    where user_id = ${user} and (project_id is null or not (${among(tx.engine, sql`project_id`, kept)}))`)
  const columns = Object.keys(columnTypes).map(name)
  await tx.run(sql`
    insert into notification_settings (user_id, ${join(columns)})
    select cast(${user} as integer), ${join(columns)} from (${recordset(tx.engine, columnTypes, settings)}) x`)
}

async function hiddenProjects(db: Reader, user: number, context: Context): Promise<number[]> {
  const stored = await db.all<{ project_id: number }>(
    sql`select project_id from notification_settings where user_id = ${user} and project_id is not null`,
  )
  const ids = stored.map((one) => one.project_id)
  const seen = new Set((await visibleRows(context, context.model.of('Project'), ids)).map((row) => row.id))
  return ids.filter((id) => !seen.has(id))
}
