/** The tables as the migrations lay them out: what columns there are, and what they point to. */
import { readdirSync } from 'node:fs'
import type { Reader } from '#db/database.ts'
import { join, name, type Sql, sql } from '#db/sql.ts'
import { resources } from '#kernel/resource.ts'

export interface Reference {
  readonly table: string
  readonly column: string
  readonly target: string
}

const folder = new URL('../../server/db/migrations/', import.meta.url)
const texts: string[] = []
for (const file of readdirSync(folder).sort()) {
  const parts = Object.values<string | Record<'sqlite', string>>(await import(new URL(file, folder).href))
  texts.push(...parts.map((part) => (typeof part === 'string' ? part : part.sqlite)))
}

/** Every column: its table, its name, and the table it points to, if it does; as the migrations leave them, one after the other. */
let columns: { readonly table: string; readonly column: string; readonly target: string | undefined }[] = []
const STATEMENT =
  /create table (?<made>\w+) \(\n(?<body>[\s\S]*?)\n\);|alter table (?<table>\w+) (?:add column (?<added>\w+) .*?(?:references (?<target>\w+) \(id\).*)?|rename column (?<from>\w+) to (?<to>\w+)|rename to (?<name>\w+));$|drop table (?<dropped>\w+);/gm
const COLUMN = /^ {2}(?!primary key|unique|check|foreign key)(\w+) .*?(?:references (\w+) \(id\).*)?$/gm
for (const text of texts) {
  for (const { groups } of text.matchAll(STATEMENT)) {
    const {
      made,
      body = '',
      table = '',
      added,
      target,
      from,
      to,
      name: renamed,
      dropped,
    } = groups as Record<string, string | undefined>
    if (made) for (const [, column, to] of body.matchAll(COLUMN)) columns.push({ table: made, column: column!, target: to })
    if (added) columns.push({ table, column: added, target })
    if (renamed) columns = columns.map((one) => (one.table === table ? { ...one, table: renamed } : one))
    if (to) columns = columns.map((one) => (one.table === table && one.column === from ? { ...one, column: to } : one))
    if (dropped) columns = columns.filter((one) => one.table !== dropped)
  }
}

/** The names of the columns of every table. */
export const layout: ReadonlyMap<string, readonly string[]> = new Map(
  [...Map.groupBy(columns, (one) => one.table)].map(([table, list]) => [table, list.map((one) => one.column)]),
)

/** The columns that point to another table's id. */
export const references: readonly Reference[] = columns.filter((one): one is Reference => one.target !== undefined)

/** Rows that point to what is not there, in words: foreign keys, and pairs of `entity_type` and `entity_id`. */
export async function orphans(db: Reader): Promise<string[]> {
  const found: string[] = []
  for (const { table, column, target } of references) {
    const row = await db.one<{ n: number }>(sql`
      select count(*) as n from ${name(table)} x
      where x.${name(column)} is not null and not exists (select 1 from ${name(target)} y where y.id = x.${name(column)})`)
    if (row!.n > 0) found.push(`${row!.n} rows of ${table} point by ${column} to no row of ${target}`)
  }
  const tableOf = new Map([...resources()].map((one) => [one.name, one.table as string]))
  for (const [table, columns] of layout) {
    if (!columns.includes('entity_id')) continue
    const types = await db.all<{ type: string }>(
      sql`select distinct entity_type as type from ${name(table)} where entity_type is not null`,
    )
    for (const { type } of types) {
      const target = tableOf.get(type)
      if (!target) {
        found.push(`${table} points to a ${type}, which is no resource`)
        continue
      }
      const row = await db.one<{ n: number }>(sql`
        select count(*) as n from ${name(table)} x
        where x.entity_type = ${type} and not exists (select 1 from ${name(target)} y where y.id = x.entity_id)`)
      if (row!.n > 0) found.push(`${row!.n} rows of ${table} point to a ${type} that is not there`)
    }
  }
  return found
}

/**
 * Journaled rows that their newest version does not tell column by column, in words, and those whose history has a gap: every
 * row has one version that is in force, and each one before it ends where the next begins.
 */
export async function untold(db: Reader): Promise<string[]> {
  const found: string[] = []
  const ids = async (query: Sql, fault: string) => {
    const rows = await db.all<{ id: number }>(query)
    if (rows.length > 0) found.push(`${fault}: ${rows.map((row) => row.id).join(', ')}`)
  }
  for (const { table, journal } of resources()) {
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
