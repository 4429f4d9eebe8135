/** The SQL that differs between the two engines. */
import type { Database, Engine, Reader, Transaction } from './database.ts'
import { FALSE, join, name, raw, type Sql, sql } from './sql.ts'

/** Whether an expression's value is one of `ids`: a single parameter for all, so that the SQL text stays the same. */
export function among(engine: Engine, expression: Sql, ids: readonly number[]): Sql {
  if (ids.length === 0) return FALSE
  if (ids.length === 1) return sql`${expression} = ${ids[0]}`
  return engine === 'sqlite'
    ? sql`${expression} in (select value from json_each(${ids}))`
    : sql`${expression} = any(${ids}::int[])`
}

/**
 * Whether an expression's value is among the ids of a query with a limit, which runs once. As a subquery, PostgreSQL may run it anew
 * for each row that it tests: that takes ever longer, and locks other rows each time.
 */
export const amongFirst = (engine: Engine, expression: Sql, some: Sql): Sql =>
  engine === 'sqlite' ? sql`${expression} in (${some})` : sql`${expression} = any(array(${some}))`

/** The same as `among` for texts. */
export function amongTexts(engine: Engine, expression: Sql, texts: readonly string[]): Sql {
  if (texts.length === 0) return FALSE
  return engine === 'sqlite'
    ? sql`${expression} in (select value from json_each(${texts}))`
    : sql`${expression} = any(${texts}::text[])`
}

/**
 * Whether a text contains a token, ignoring case, with literal wildcards.
 * SQLite's LIKE folds ASCII only, so a token with other letters goes through `fold`.
 */
export function contains(engine: Engine, expression: Sql, token: string): Sql {
  const literal = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`
  if (engine === 'postgres') return sql`${expression} ilike ${literal(token)} escape '\\'`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is the ASCII range
  if (/^[\x00-\x7f]*$/.test(token)) return sql`${expression} like ${literal(token)} escape '\\'`
  return sql`fold(${expression}) like ${literal(lower(token))} escape '\\'`
}

/** A query of the size of the database: one row with `bytes`. */
export const databaseSize = (engine: Engine): Sql =>
  engine === 'sqlite'
    ? sql`select page_count * page_size as bytes from pragma_page_count, pragma_page_size`
    : sql`select pg_database_size(current_database()) as bytes`

/**
 * A text that is another one after every commit on PostgreSQL, as an expression of any query; null on SQLite, whose `Reader.state`
 * tells it without one.
 */
export const dataState = (engine: Engine): Sql => (engine === 'postgres' ? sql`cast(pg_current_snapshot() as text)` : sql`null`)

/** A text folded like a column in `folded`. */
export const lower = (text: string): string => text.toLowerCase()

/** An expression for order or equality that ignores case. */
export const folded = (engine: Engine, expression: Sql): Sql =>
  engine === 'sqlite' ? sql`fold(${expression})` : sql`lower(${expression})`

/** An expression for natural order that ignores case: 1.10 comes after 1.9. */
export const natural = (engine: Engine, expression: Sql): Sql =>
  engine === 'sqlite'
    ? sql`natural(${expression})`
    : sql`regexp_replace(regexp_replace(lower(${expression}), '(\\d+)', '00000000000000000000\\1', 'g'), '\\d*(\\d{20})', '\\1', 'g') collate "C"`

/**
 * An order in which null comes last when ascending, first when descending, which is PostgreSQL's default; with `emptyFirst` the
 * other way round, which is SQLite's default. The clause is omitted where it is the default or no value is null, because it keeps
 * SQLite from using an index.
 */
export function ordered(engine: Engine, expression: Sql, descending: boolean, nullable = true, emptyFirst = false): Sql {
  const isOwn = emptyFirst === (engine === 'sqlite')
  const nulls = nullable && !isOwn ? (emptyFirst === descending ? ' nulls last' : ' nulls first') : ''
  return sql`${expression} ${raw((descending ? 'desc' : 'asc') + nulls)}`
}

/**
 * Appended to a select, locks its rows against other writers; on SQLite writers are serialised anyway. New foreign keys to these
 * rows do not wait, otherwise two writers of such keys would deadlock.
 */
export const forUpdate = (engine: Engine): Sql => raw(engine === 'postgres' ? ' for no key update' : '')

/** An insert of one row that returns its id. */
export function insert(table: string, values: Record<string, unknown>): Sql {
  const columns = Object.keys(values)
  return sql`insert into ${name(table)} (${join(columns.map(name))}) values (${join(Object.values(values))}) returning id`
}

/**
 * The statements that insert rows, and then others that are made of them: one on PostgreSQL, which need not find the rows again.
 * @param rows the insert
 * @param found the inserted rows, as a table named `one`: of `returned` columns, or on SQLite of a query that finds them
 * @param then the insert that reads `one`
 */
export function insertInTurn(
  engine: Engine,
  rows: Sql,
  found: { readonly returned: readonly string[]; readonly query: Sql },
  then: Sql,
): Sql[] {
  if (engine === 'sqlite') return [rows, sql`with one as (${found.query}) ${then}`]
  return [sql`with one as (${rows} returning ${join(found.returned.map(name))}) ${then}`]
}

/**
 * The first row of a query that always returns one.
 * @throws Error if there is no row, which is a bug
 */
export async function only<R>(db: Reader, query: Sql): Promise<R> {
  const row = await db.one<R>(query)
  if (row === undefined) throw new Error('A query that always returns a row returned none.')
  return row
}

/** Inserts one row and returns its id. */
export const inserted = async (tx: Transaction, table: string, values: Record<string, unknown>): Promise<number> =>
  (await only<{ id: number }>(tx, insert(table, values))).id

/** A timestamp with its type, where the statement does not imply it. */
export const moment = (engine: Engine, at: string): Sql => (engine === 'postgres' ? sql`cast(${at} as timestamptz)` : sql`${at}`)

/** The same for a date. */
export const day = (engine: Engine, date: string): Sql => (engine === 'postgres' ? sql`cast(${date} as date)` : sql`${date}`)

/** The assignments of an update. */
export const assignments = (values: Record<string, unknown>): Sql =>
  join(Object.entries(values).map(([column, value]) => sql`${name(column)} = ${value}`))

/** The object in a JSON column with some members changed; null removes a member. */
export const merged = (engine: Engine, column: string, changes: Record<string, unknown>): Sql =>
  engine === 'sqlite'
    ? sql`json_patch(coalesce(${name(column)}, '{}'), ${changes})`
    : sql`jsonb_strip_nulls(coalesce(${name(column)}, '{}'::jsonb) || ${changes}::jsonb)`

/** Whether the object in a JSON column has a member. */
export const has = (engine: Engine, column: string, key: string): Sql =>
  engine === 'sqlite'
    ? sql`json_type(${name(column)}, ${`$."${key}"`}) is not null`
    : sql`coalesce(jsonb_exists(${name(column)}, ${key}), false)`

/** The object in a JSON column, without one member. */
export const without = (engine: Engine, column: string, key: string): Sql =>
  engine === 'sqlite' ? sql`json_remove(${name(column)}, ${`$."${key}"`})` : sql`${name(column)} - ${key}::text`

/**
 * Replaces ids in one member of a JSON column's object, a single id or a list, by another id or by none. An empty member is
 * removed.
 */
export function exchanged(
  engine: Engine,
  column: string,
  key: string,
  ids: readonly number[],
  by: number | null,
): { readonly set: Sql; readonly where: Sql } {
  const own = name(column)
  const path = `$."${key}"`
  const [value, each] =
    engine === 'sqlite'
      ? [raw('e.value'), sql`json_each(${own}, ${path}) e`]
      : [
          raw('cast(e.value #>> array[]::text[] as integer)'),
          sql`jsonb_array_elements(case jsonb_typeof(${own} -> ${key}) when 'array' then ${own} -> ${key}
            else jsonb_build_array(${own} -> ${key}) end) e`,
        ]
  const where = sql`${has(engine, column, key)} and exists (select 1 from ${each} where ${among(engine, value, ids)})`
  const gone = by === null ? ids : [...ids, by]
  const rest = sql`select ${value} as id from ${each} where not (${among(engine, value, gone)})`
  const left =
    by === null ? rest : sql`select id from (${rest}) r union all select ${by}${raw(engine === 'postgres' ? '::int' : '')}`
  const set =
    engine === 'sqlite'
      ? sql`${own} = json_patch(${own}, json_object(${key}, json(coalesce(case json_type(${own}, ${path})
          when 'array' then (select nullif(json_group_array(id), '[]') from (${left})) else ${by} end, 'null'))))`
      : sql`${own} = jsonb_strip_nulls(${own} || jsonb_build_object(${key}::text, case jsonb_typeof(${own} -> ${key})
          when 'array' then (select jsonb_agg(id) from (${left}) l) else to_jsonb(${by}::int) end))`
  return { set, where }
}

/** Aggregates keys and values of rows into a JSON object; null without rows. */
export const objectOf = (engine: Engine, key: Sql, value: Sql): Sql =>
  engine === 'sqlite' ? sql`nullif(json_group_object(${key}, ${value}), '{}')` : sql`jsonb_object_agg(${key}, ${value})`

/**
 * The rows of a table that satisfy a condition, as a JSON array of objects in the order of their ids: a value, or its text on SQLite.
 * @param documents the columns that hold JSON, besides the others
 */
export function objectsOf(
  engine: Engine,
  columns: readonly string[],
  documents: readonly string[],
  table: string,
  where: Sql,
): Sql {
  const isText = engine === 'sqlite'
  const own = (column: string) => name(`${table}.${column}`)
  const members = [
    ...columns.flatMap((column) => [raw(`'${column}'`), own(column)]),
    ...documents.flatMap((column) => [raw(`'${column}'`), isText ? sql`json(${own(column)})` : own(column)]),
  ]
  const object = sql`${raw(isText ? 'json_object' : 'json_build_object')}(${join(members)})`
  const list = sql`${raw(isText ? 'json_group_array' : 'json_agg')}(${object} order by ${own('id')})`
  return sql`(select coalesce(${list}, '[]') from ${name(table)} where ${where})`
}

/**
 * An update that sets different values in each of many rows; `alike` are assignments that all rows share.
 * @param rows the id and the columns, the same columns in every row
 */
export function updateEach(
  engine: Engine,
  table: string,
  columns: readonly string[],
  rows: readonly Record<string, unknown>[],
  alike: Sql,
): Sql {
  const values = JSON.stringify(rows)
  const own = name(table)
  return engine === 'sqlite'
    ? sql`update ${own} set ${join(columns.map((column) => sql`${name(column)} = v.value ->> ${`$.${column}`}`))}, ${alike}
        from json_each(${values}) v where ${own}.id = v.value ->> '$.id'`
    : sql`update ${own} set ${join(columns.map((column) => sql`${name(column)} = v.${name(column)}`))}, ${alike}
        from json_populate_recordset(null::${own}, ${values}::json) v where ${own}.id = v.id`
}

/**
 * The recursive part of a recursive query with several steps, each a query over the table it is passed. PostgreSQL allows only
 * one self-reference, SQLite only direct ones.
 */
export const onward = (engine: Engine, table: string, ways: readonly ((found: Sql) => Sql)[]): Sql =>
  engine === 'sqlite'
    ? join(
        ways.map((way) => way(name(table))),
        ' union ',
      )
    : sql`(with found as (select * from ${name(table)}) ${join(
        ways.map((way) => way(raw('found'))),
        ' union ',
      )})`

/**
 * Runs work whose overwritten data must not remain on disk. SQLite keeps overwritten data in its file by default, and in its log
 * until a checkpoint; PostgreSQL's own maintenance removes it.
 */
export async function leavingNothing<T>(db: Database, work: () => Promise<T>): Promise<T> {
  if (db.engine !== 'sqlite') return work()
  await db.script('pragma secure_delete = on')
  try {
    return await work()
  } finally {
    await db.script('pragma secure_delete = off; pragma wal_checkpoint(truncate)')
  }
}

/** Serialises transactions that lock the same thing; on SQLite writers are serialised anyway. */
export async function takeTurns(tx: Transaction, thing: number): Promise<void> {
  if (tx.engine === 'postgres') await tx.one(sql`select pg_advisory_xact_lock(${thing})`)
}

/** In-memory rows as a query, with their members as columns: a single parameter for all. */
export function recordset(
  engine: Engine,
  columns: Readonly<Record<string, 'integer' | 'boolean' | 'text'>>,
  rows: readonly object[],
): Sql {
  const values = JSON.stringify(rows)
  const names = Object.keys(columns)
  return engine === 'sqlite'
    ? sql`select ${join(names.map((one) => sql`value ->> ${raw(`'$.${one}'`)} as ${name(one)}`))} from json_each(${values})`
    : sql`select * from json_to_recordset(${values}::json) as rows_of (${join(names.map((one) => sql`${name(one)} ${raw(columns[one] as string)}`))})`
}

/**
 * The statements that refresh the statistics of the planner for each table that has grown or shrunk much since they were taken; none
 * on PostgreSQL, which does so by itself. Each looks at some rows of a table only.
 */
export async function staleStatistics(db: Reader): Promise<string[]> {
  if (db.engine === 'postgres') return []
  // All tables, by their sizes; the last bit asks for the statements instead of running them.
  const statements = (await db.all(sql`pragma optimize(0x10003)`)).map((row) => String(Object.values(row)[0]))
  const tables = statements.map((one) => /"(\w+)"$/.exec(one)?.[1]).filter((one) => one !== undefined)
  if (tables.length === 0) return []
  // Of an empty table there are never any.
  const filled = await db.all<{ of: string }>(
    join(
      tables.map((one) => sql`select ${one} as "of" where exists (select 1 from ${name(one)})`),
      ' union all ',
    ),
  )
  return filled.map(({ of }) => `analyze "${of}"`)
}

/** Deletes some rows that match a condition: those of tables without a key as well. */
export function deleteSome(engine: Engine, table: string, where: Sql, most: number): Sql {
  const row = raw(engine === 'sqlite' ? 'rowid' : 'ctid')
  const some = sql`select ${row} from ${name(table)} where ${where} limit ${most}`
  return sql`delete from ${name(table)} where ${amongFirst(engine, row, some)} and ${where}`
}

/** A query of the columns whose rows the database deletes with the row of a table that they refer to: `by` and `column`. */
export const cascades = (engine: Engine, table: string): Sql =>
  engine === 'sqlite'
    ? sql`select m.name as by, f."from" as "column" from sqlite_schema m, pragma_foreign_key_list(m.name) f
        where m.type = 'table' and f."table" = ${table} and f.on_delete = 'CASCADE' order by 1, 2`
    : sql`select c.conrelid::regclass::text as by, a.attname::text as "column" from pg_constraint c
        join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
        where c.contype = 'f' and c.confdeltype = 'c' and c.confrelid = cast(cast(${table} as text) as regclass) order by 1, 2`

/** The number of days between two dates. */
export const daysBetween = (engine: Engine, from: Sql, to: Sql): Sql =>
  engine === 'sqlite'
    ? sql`cast(julianday(${to}) - julianday(${from}) as integer)`
    : sql`(cast(${to} as date) - cast(${from} as date))`
