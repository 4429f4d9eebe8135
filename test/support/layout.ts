/** The tables as defined by the migrations: their columns, and the references between them. */

import type { Reader } from '#db/database.ts'
import { allMigrations } from '#db/migrate.ts'
import { join, name, type Sql, sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'

export interface Reference {
  readonly table: string
  readonly column: string
  readonly target: string
  /** Whether the database itself clears the reference or deletes the row when its target is deleted. */
  readonly isLetGo: boolean
}

const texts = allMigrations(product.migrations).map(({ text }) => (typeof text === 'string' ? text : text.sqlite))

interface Column extends Omit<Reference, 'target'> {
  readonly target: string | undefined
  readonly isJson: boolean
}

/** Every column: its table, its name, and the table that it refers to, if any; by applying the migrations in order. */
let columns: Column[] = []
const STATEMENT =
  /create table (?<made>\w+) \(\n(?<body>[\s\S]*?)\n\);|alter table (?<table>\w+) (?:add column (?<added>\w+) (?<type>\S+?)(?=[\s,;]).*?(?:references (?<target>\w+) \(id\)(?<reaction> on delete)?.*)?|drop column (?<gone>\w+)|rename column (?<from>\w+) to (?<to>\w+)|rename to (?<name>\w+));$|drop table (?<dropped>\w+);/gm
const COLUMN =
  /^ {2}(?!primary key|unique|check|foreign key)(\w+) (\S+?)(?=[\s,]|$).*?(?:references (\w+) \(id\)( on delete)?.*)?$/gm
for (const text of texts) {
  for (const { groups } of text.matchAll(STATEMENT)) {
    const {
      made,
      body = '',
      table = '',
      added,
      type,
      target,
      reaction,
      gone,
      from,
      to,
      name: renamed,
      dropped,
    } = groups as Record<string, string | undefined>
    if (made)
      for (const [, column, type, to, reaction] of body.matchAll(COLUMN))
        columns.push({ table: made, column: column!, target: to, isJson: type === '{json}', isLetGo: Boolean(reaction) })
    if (added) columns.push({ table, column: added, target, isJson: type === '{json}', isLetGo: Boolean(reaction) })
    if (gone) columns = columns.filter((one) => one.table !== table || one.column !== gone)
    if (renamed) columns = columns.map((one) => (one.table === table ? { ...one, table: renamed } : one))
    if (to) columns = columns.map((one) => (one.table === table && one.column === from ? { ...one, column: to } : one))
    if (dropped) columns = columns.filter((one) => one.table !== dropped)
  }
}

/** The names of the columns of every table. */
export const layout: ReadonlyMap<string, readonly string[]> = new Map(
  [...Map.groupBy(columns, (one) => one.table)].map(([table, list]) => [table, list.map((one) => one.column)]),
)

/** The columns that hold JSON, as `table.column`. */
export const documents: ReadonlySet<string> = new Set(
  columns.filter((one) => one.isJson).map(({ table, column }) => `${table}.${column}`),
)

/** The columns that refer to another table's id. */
export const references = columns.filter((one): one is Column & Reference => one.target !== undefined)

/** Columns that may be dangling, or only look like references; with the reasons. */
const excepted: Readonly<Record<string, string>> = {
  'journals.attached': 'the past names files that are gone',
  'journals.cause': 'the past names work packages that are gone; answers tell their numbers and lead nowhere',
  'jobs.payload': 'what a job is about may be gone when it is run; each kind looks',
  'tasks.payload': 'what a task is about may be gone when it is continued; the job looks',
  'tasks.result': 'its outcome may have been removed since',
  'task_rows.*': 'originals and copies may be removed while others are being copied',
  'outbox.resource_id': 'it tells what happened, and that something was deleted is one such thing',
  'outbox.actor_id': 'it tells who did what, those among them who are gone',
  'outbox.changed': 'names of columns',
  'tokens.project_ids': 'a token for projects that are gone opens nothing; without them it would open everything',
  'custom_actions.conditions':
    'an action for projects that are gone is offered nowhere; without them it would be offered everywhere',
  'oauth_applications.client_id': 'the name of the application itself',
  'auth_providers.client_id': 'our own name at the provider',
  'oauth_client_credentials.client_id': 'our own name at the storage',
  'storages.tenant_id': 'a directory of Microsoft',
  'storages.drive_id': 'a drive of Microsoft',
  'project_storages.project_folder_id': 'a folder in the storage',
  'managed_folders.folder_id': 'a folder in the storage',
  'file_links.origin_id': 'a file in the storage',
}

/** Columns of JSON that contain ids of rows, by a custom field's format or as addresses. */
const checked = (column: string) => /\.custom_values$|^custom_actions\.changes$/.test(column)

/** Columns of JSON without ids of rows. */
const plain = [
  ...['settings.value', 'custom_fields.default_value', 'tokens.scopes', 'passkeys.transports', 'auth_providers.claims'],
  ...['daily_reminders', 'immediate_reminders', 'pause_reminders', 'workdays'].map((one) => `principals.${one}`),
  ...['oauth_applications.redirect_uris', 'oauth_applications.scopes', 'oauth_grants.scopes'],
  ...['oauth_tokens.scopes', 'oauth_tokens.content', 'file_links.origin_data', 'managed_folders.rights'],
  // The query that a widget shows has a column of its own; the rest is the client's.
  ...['grids.options', 'grid_widgets.options'],
]

/** The tables of versions: the history may contain deleted rows. */
const versions = new Set(product.resources.flatMap(({ journal }) => (journal ? [journal as string] : [])))

const isExcepted = ({ table, column }: Pick<Column, 'table' | 'column'>) =>
  versions.has(table) || `${table}.*` in excepted || `${table}.${column}` in excepted

/** The columns with ids, and the columns with their types: `entity_type` for `entity_id`, `resource` for `resource_id`. */
const pairs = columns.flatMap(({ table, column }) => {
  const stem = /^(\w+)_id$/.exec(column)?.[1]
  const kind = layout.get(table)!.find((one) => one === `${stem}_type` || one === stem)
  return kind ? [{ table, column, kind }] : []
})

/** Columns that look like references, without a foreign key, a pair or an exception. */
export const unknownReferences: readonly string[] = columns
  .filter((one) => (one.isJson || /_ids?$/.test(one.column)) && !one.target && !isExcepted(one))
  .filter(({ table, column }) => !pairs.some((pair) => pair.table === table && pair.column === column))
  .map(({ table, column }) => `${table}.${column}`)
  .filter((column) => !checked(column) && !plain.includes(column))

/** Rows that refer to missing rows, in words: by foreign keys, by pairs, by values of custom fields and by addresses. */
export async function orphans(db: Reader): Promise<string[]> {
  const found: string[] = []
  for (const { table, column, target } of references) {
    const row = await db.one<{ n: number }>(sql`
      select count(*) as n from ${name(table)} x
      where x.${name(column)} is not null and not exists (select 1 from ${name(target)} y where y.id = x.${name(column)})`)
    if (row!.n > 0) found.push(`${row!.n} rows of ${table} point by ${column} to no row of ${target}`)
  }
  const all = product.resources
  const tables = new Map([
    ...all.map((one) => [one.name, one.table as string] as const),
    ...[...layout.keys()].map((one) => [one, one] as const),
  ])
  for (const { table, column, kind } of pairs) {
    if (isExcepted({ table, column })) continue
    const types = await db.all<{ type: string }>(
      sql`select distinct ${name(kind)} as type from ${name(table)} where ${name(column)} is not null`,
    )
    for (const { type } of types) {
      const target = tables.get(type)
      if (!target) {
        found.push(`${table} points to a ${type}, which is no resource`)
        continue
      }
      const row = await db.one<{ n: number }>(sql`
        select count(*) as n from ${name(table)} x
        where x.${name(kind)} = ${type} and not exists (select 1 from ${name(target)} y where y.id = x.${name(column)})`)
      if (row!.n > 0) found.push(`${row!.n} rows of ${table} point to a ${type} that is not there`)
    }
  }
  return [...found, ...(await orphanedValues(db)), ...(await orphanedChanges(db)), ...(await orphanedOptions(db))]
}

/** The tables of custom values, by the formats of the fields. */
const tablesOfFormats = new Map([
  ['list', 'custom_options'],
  ['hierarchy', 'custom_field_items'],
  ['weighted_item_list', 'custom_field_items'],
  ['user', 'principals'],
  ['version', 'versions'],
])

/** Dangling values of custom fields: of deleted fields, options, users or versions. */
async function orphanedValues(db: Reader): Promise<string[]> {
  const found = new Map<string, number[]>()
  const formats = new Map((await db.all(sql`select id, format from custom_fields`)).map((row) => [String(row.id), row.format]))
  const ids = new Map<string, ReadonlySet<unknown>>()
  for (const table of new Set(tablesOfFormats.values()))
    ids.set(table, new Set((await db.all(sql`select id from ${name(table)}`)).map((row) => row.id)))
  for (const one of columns.filter(({ column }) => column === 'custom_values')) {
    if (isExcepted(one)) continue
    const rows = await db.all(sql`select id, custom_values from ${name(one.table)} where custom_values is not null order by id`)
    for (const { id, custom_values } of rows) {
      for (const [field, value] of Object.entries(custom_values)) {
        const format = formats.get(field)
        const known = ids.get(tablesOfFormats.get(format ?? '') ?? '')
        const isThere = format !== undefined && (!known || [value].flat().every((of) => known.has(of)))
        const where = `${one.table} hold what is gone in field ${field} of ${format ?? 'no format'}`
        if (!isThere) found.getOrInsertComputed(where, () => []).push(id)
      }
    }
  }
  return [...found].map(([where, rows]) => `${where}: ${rows.join(', ')}`)
}

/** Widgets that name a query in their options, where it may be gone: the column `query_id` has it. */
async function orphanedOptions(db: Reader): Promise<string[]> {
  const widgets = await db.all(sql`select id, options from grid_widgets order by id`)
  return widgets
    .filter(({ options }) => (options.queryId ?? null) !== null)
    .map(({ id }) => `widget ${id} names a query by itself`)
}

/** Custom actions with deleted rows. */
async function orphanedChanges(db: Reader): Promise<string[]> {
  const found: string[] = []
  const fields = new Set((await db.all(sql`select id from custom_fields`)).map((row) => `customField${row.id}`))
  for (const { id, changes } of await db.all(sql`select id, changes from custom_actions`)) {
    for (const [property, link] of Object.entries<any>({ ...changes, ...changes._links })) {
      const [, path, row] = /^\/api\/v3\/(\w+)\/(\d+)$/.exec([link].flat()[0]?.href ?? '') ?? []
      const target = product.resources.find((one) => one.path === path)
      const isGone = target && !(await db.one(sql`select id from ${name(target.table)} where id = ${Number(row)}`))
      if (isGone) found.push(`custom action ${id} sets ${property} to ${link.href}`)
      if (/^customField/.test(property) && !fields.has(property)) found.push(`custom action ${id} sets ${property}`)
    }
  }
  return found
}

/**
 * Journaled rows that differ from their newest version in any column, in words, and those with gaps in their history: every
 * row has one current version, and each earlier one ends when the next begins.
 */
export async function versionFaults(db: Reader): Promise<string[]> {
  const found: string[] = []
  const ids = async (query: Sql, fault: string) => {
    const rows = await db.all<{ id: number }>(query)
    if (rows.length > 0) found.push(`${fault}: ${rows.map((row) => row.id).join(', ')}`)
  }
  for (const { table, journal } of product.resources) {
    if (!journal) continue
    const own = join(layout.get(table)!.map((column) => name(column)))
    const [rows, versions] = [name(table), name(journal)]
    await ids(
      sql`select id from (select ${own} from ${rows} except select ${own} from ${versions} where valid_until is null) x order by id`,
      `${table} differ from their newest version`,
    )
    await ids(
      sql`select id from ${versions} v where valid_until is null and not exists (select 1 from ${rows} r where r.id = v.id)
        or valid_until is distinct from (select valid_from from ${versions} n where n.id = v.id and n.version = v.version + 1)
        or not exists (select 1 from journals j where j.id = v.journal_id and j.resource = ${table} and j.resource_id = v.id)
        order by id`,
      `the history of ${table} does not hang together`,
    )
  }
  return found
}
