/** The rows of all tables as lines of text, the same for both engines, and digests of them. */
import { hash } from 'node:crypto'
import type { Engine, Reader, Row, SnapshotReader, Transaction } from '#db/database.ts'
import { join, name, raw, type Sql, sql } from '#db/sql.ts'

/** A table, and its columns by name. */
export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
}

interface Column {
  readonly name: string
  readonly isJson: boolean
}

/** The number of rows of a table, and the sum of their hashes, whatever their order. */
export interface Digest {
  readonly rows: number
  readonly sum: string
}

/** The number of rows of all tables together. */
export const rowsIn = (tables: Readonly<Record<string, Digest>>): number =>
  Object.values(tables).reduce((sum, { rows }) => sum + rows, 0)

/** Tables that are no data: the list of migrations, and indexes of texts and counts, which are made anew. */
const isOurs = (table: string): boolean => table !== 'migrations' && !/^(texts|counts|sqlite)_/.test(table)

/** The tables of a database that hold data, in alphabetical order. */
export async function tablesOf(db: Reader): Promise<Table[]> {
  const rows = await db.all<{ table: string; column: string; type: string }>(
    db.engine === 'sqlite'
      ? sql`select t.name as "table", c.name as "column", c.type as type from sqlite_schema t, pragma_table_info(t.name) c
          where t.type = 'table'`
      : sql`select c.table_name as "table", c.column_name as "column", c.data_type as type from information_schema.columns c
          join information_schema.tables t using (table_schema, table_name)
          where table_schema = current_schema() and table_type = 'BASE TABLE'`,
  )
  const ours = Map.groupBy(
    rows.filter(({ table }) => isOurs(table)),
    ({ table }) => table,
  )
  return [...ours]
    .map(([table, columns]) => ({
      name: table,
      columns: columns.map(({ column, type }) => ({ name: column, isJson: /^json/i.test(type) })).sort(byName),
    }))
    .sort(byName)
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)

/** The number of rows of tables. */
export async function totalOf(db: Reader, tables: readonly Table[]): Promise<number> {
  const each = tables.map((table) => sql`select count(*) as count from ${name(table.name)}`)
  const row = await db.one<{ total: number }>(sql`select sum(count) as total from (${join(each, ' union all ')}) counted`)
  return row?.total ?? 0
}

const ROWS_AT_ONCE = 200

/** Lines, and the same with the members of all objects in order: PostgreSQL does not keep the order in which they were written. */
export interface Lines {
  readonly lines: readonly string[]
  readonly ordered: readonly string[]
}

/** The rows of a table as lines, some at once. */
export async function* linesOf(db: SnapshotReader, table: Table): AsyncGenerator<Lines> {
  // As texts, which tell null from JSON's null.
  const selected = table.columns.map((column) =>
    column.isJson ? sql`cast(${name(column.name)} as text) as ${name(column.name)}` : name(column.name),
  )
  const query = sql`select ${join(selected)} from ${name(table.name)}`
  const hasJson = table.columns.some(({ isJson }) => isJson)
  for await (const rows of db.batches(query, ROWS_AT_ONCE)) {
    const lines = rows.map((row) => lineOf(table, row, (json) => json))
    yield { lines, ordered: hasJson ? rows.map((row) => lineOf(table, row, inOrder)) : lines }
  }
}

/** A row as JSON: columns in order, without nulls. */
function lineOf({ columns }: Table, row: Row, written: (json: unknown) => unknown): string {
  const members: string[] = []
  for (const { name, isJson } of columns) {
    const value = row[name]
    if (value === null || value === undefined) continue
    members.push(`${JSON.stringify(name)}:${JSON.stringify(isJson ? written(JSON.parse(value)) : value)}`)
  }
  return `{${members.join(',')}}`
}

/** A value of JSON with the members of its objects in order. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inOrder)
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, inOrder(one)]),
  )
}

/** Adds up the hashes of lines. */
export function summing(): { add(lines: Lines): void; digest(): Digest } {
  const sum = new BigUint64Array(4)
  let rows = 0
  return {
    add({ ordered }) {
      rows += ordered.length
      for (const line of ordered) {
        const bytes = hash('sha256', line, 'buffer')
        for (let i = 0; i < 4; i++) sum[i]! += bytes.readBigUInt64LE(8 * i)
      }
    },
    digest: () => ({ rows, sum: [...sum].map((part) => part.toString(16).padStart(16, '0')).join('') }),
  }
}

/** The digest of a table of a database. */
export async function digestOf(db: SnapshotReader, table: Table): Promise<Digest> {
  const { add, digest } = summing()
  for await (const lines of linesOf(db, table)) add(lines)
  return digest()
}

/** Inserts rows from their lines. */
export async function insertLines(tx: Transaction, table: Table, lines: readonly string[]): Promise<void> {
  await tx.run(sql`insert into ${name(table.name)} (${join(table.columns.map((one) => name(one.name)))})
    ${valuesFrom(tx.engine, table, `[${lines.join(',')}]`)}`)
}

/** The rows in a list of JSON objects, with the types of the columns. */
function valuesFrom(engine: Engine, { name: table, columns }: Table, json: string): Sql {
  if (engine === 'sqlite') {
    const values = columns.map(({ name, isJson }) => raw(`value ${isJson ? '->' : '->>'} '$."${name}"'`))
    return sql`select ${join(values)} from json_each(${json})`
  }
  const values = columns.map(({ name: column, isJson }) => (isJson ? raw(`r.value -> '${column}'`) : sql`p.${name(column)}`))
  return sql`select ${join(values)} from jsonb_array_elements(${json}::jsonb) r(value),
    jsonb_populate_record(null::${name(table)}, r.value) p`
}

/** The last number that each table has given to a row. */
export async function countersOf(db: Reader): Promise<Record<string, number>> {
  const rows = await db.all<{ table: string; last: number | null }>(
    db.engine === 'sqlite'
      ? sql`select name as "table", seq as last from sqlite_sequence`
      : sql`select c.relname as "table", s.last_value as last from pg_sequences s
          join pg_depend d on d.objid = (quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename))::regclass and d.deptype = 'i'
          join pg_class c on c.oid = d.refobjid where s.schemaname = current_schema()`,
  )
  return Object.fromEntries(
    rows.filter(({ last, table }) => Number(last ?? 0) > 0 && isOurs(table)).map(({ table, last }) => [table, Number(last)]),
  )
}

/** Makes each table go on with its numbers: none is given twice, even if its row is gone. */
export async function setCounters(tx: Transaction, counters: Readonly<Record<string, number>>): Promise<void> {
  for (const [table, last] of Object.entries(counters)) {
    if (tx.engine === 'sqlite') {
      await tx.run(sql`delete from sqlite_sequence where name = ${table}`)
      await tx.run(sql`insert into sqlite_sequence (name, seq) values (${table}, ${last})`)
    } else {
      await tx.one(sql`select setval(pg_get_serial_sequence(${`"${table}"`}, 'id'), ${last}::bigint) as last`)
    }
  }
}
