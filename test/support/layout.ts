/** The tables as the migrations lay them out: what columns there are, and what they point to. */
import { readdirSync } from 'node:fs'
import type { Reader } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
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

/** What tables, and their columns, are called that were called otherwise before; not those that made room for a new one. */
const renames = new Map(
  texts.flatMap((text) => [
    ...[...text.matchAll(/alter table (\w+) rename to (\w+);/g)]
      .map(([, from, to]) => [from!, to!] as const)
      .filter(([from]) => !text.includes(`create table ${from} (`)),
    ...[...text.matchAll(/alter table (\w+) rename column (\w+) to (\w+);/g)].map(
      ([, table, from, to]) => [`${table}.${from}`, to!] as const,
    ),
  ]),
)

/** Every column: its table, its name, and the table it points to, if it does. */
const declared = texts.flatMap((text) => [
  ...[...text.matchAll(/create table (\w+) \(\n([\s\S]*?)\n\);/g)].flatMap(([, table, body]) =>
    [...body!.matchAll(/^ {2}(?!primary key|unique|check|foreign key)(\w+) .*?(?:references (\w+) \(id\).*)?$/gm)].map(
      ([, column, target]) => ({ table: table!, column: column!, target }),
    ),
  ),
  ...[...text.matchAll(/alter table (\w+) add column (\w+) .*?(?:references (\w+) \(id\).*)?;$/gm)].map(
    ([, table, column, target]) => ({ table: table!, column: column!, target }),
  ),
])

const columns = declared.map(({ table: was, column, target }) => {
  const table = renames.get(was) ?? was
  return { table, column: renames.get(`${table}.${column}`) ?? column, target }
})

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
