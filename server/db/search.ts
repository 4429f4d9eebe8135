/**
 * Words found in texts by indexes of trigrams, whatever part of a word they are.
 *
 * PostgreSQL keeps such indexes itself (pg_trgm), and a condition finds them. SQLite's FTS5 has to be asked; and as writing into
 * it row by row costs more than the write itself, triggers only note which rows wait, and `takeIn` takes many in at a time.
 * An index only narrows: the condition itself is asked of what it gives, and of what waits. So nothing is found late or amiss.
 */
import type { Database, Engine, Reader, Transaction } from './database.ts'
import { among, contains, lower } from './dialect.ts'
import { and, name, raw, type Sql, sql, TRUE } from './sql.ts'

/** The texts that are indexed, by their tables; each with what the index is of, given the row. */
const indexed: Readonly<Record<string, Readonly<Record<string, (row: Sql) => Sql>>>> = {
  work_packages: {
    subject: (row) => sql`${row}.subject`,
    description: (row) => sql`${row}.description`,
    custom_values: (row) => sql`(select group_concat(value, char(10)) from json_each(${row}.custom_values))`,
  },
  journals: { notes: (row) => sql`${row}.notes` },
  attachments: { file_name: (row) => sql`${row}.file_name` },
  attachment_contents: { content: (row) => sql`${row}.content` },
}

/** The texts that may be so long that taking in or reading one of them takes as long as hundreds of others. */
const LONG = 'attachment_contents'

const indexOf = (table: string, column: string): Sql => name(`texts_${table}_${column}`)

/** The words of a text: at most 50. */
export const wordsOf = (text: string): string[] => text.split(/\s+/).filter(Boolean).slice(0, 50)

/** Every word occurs somewhere in the column. */
export const hasWords = (engine: Engine, column: Sql, words: readonly string[]): Sql =>
  and(words.map((word) => contains(engine, column, word)))

/**
 * A condition that all rows satisfy whose text contains every word, and not many others: `TRUE` where an index cannot help, or
 * is found without being asked.
 */
export function narrowed(engine: Engine, table: string, column: string, words: readonly string[]): Sql {
  const found = candidates(engine, table, column, words)
  return found ? sql`${name(`${table}.id`)} in (${found})` : TRUE
}

/**
 * The rows of a table, known as `x`, whose text may contain every word: what comes after `from`, up to further conditions. The
 * index is asked first, whatever the engine believes about the table: that it is found by another column, say.
 */
export function narrowedRows(engine: Engine, table: string, column: string, words: readonly string[]): Sql {
  if (engine === 'postgres' && column === 'custom_values')
    return sql`${name(table)} x where ${hasWords(engine, sql`texts_in(x.custom_values)`, words)}`
  if (engine === 'postgres' && table === LONG) return sql`${name(table)} x where is_long(${name(`x.${column}`)})`
  const found = candidates(engine, table, column, words)
  return found ? sql`(${found}) found cross join ${name(table)} x where x.id = found.id` : sql`${name(table)} x where ${TRUE}`
}

/** The ids of the rows that the index gives, and of those that wait for it; undefined where it is not asked. */
function candidates(engine: Engine, table: string, column: string, words: readonly string[]): Sql | undefined {
  const expression = engine === 'sqlite' && trigramsOf(words)
  if (!expression) return undefined
  const index = indexOf(table, column)
  return sql`select rowid as id from ${index} where ${index} match ${expression} union all select id from texts_waiting where of_table = ${table}`
}

const costly = new WeakSet<Sql>()

/** Marks a condition as one that takes long to find out, however few rows are wanted: better once than twice. */
export function marked(condition: Sql): Sql {
  costly.add(condition)
  return condition
}

/** Whether a condition is marked so. */
export const isCostly = (condition: Sql): boolean => costly.has(condition)

/** What FTS5 is asked for: the groups of three letters that words consist of. */
function trigramsOf(words: readonly string[]): string {
  const trigrams = new Set<string>()
  for (const word of words) {
    const letters = [...lower(word)]
    for (let i = 0; i + 3 <= letters.length && trigrams.size < MOST_TRIGRAMS; i++) {
      trigrams.add(
        `"${letters
          .slice(i, i + 3)
          .join('')
          .replaceAll('"', '""')}"`,
      )
    }
  }
  return [...trigrams].join(' AND ')
}

/** More of them tell hardly more. */
const MOST_TRIGRAMS = 24

/** Whether texts wait for their indexes. */
export const hasPending = async (db: Reader): Promise<boolean> =>
  db.engine === 'sqlite' && (await db.one(sql`select 1 as one from texts_waiting limit 1`)) !== undefined

/**
 * Takes texts that wait into their indexes, as many as can be in one short transaction: of those that may be long, or of the
 * others. Gives how many.
 */
export async function indexPending(db: Database, most: number, { long = false } = {}): Promise<number> {
  if (db.engine === 'postgres') return 0
  const some = sql`select of_table, id from texts_waiting where of_table ${raw(long ? '=' : '<>')} ${LONG} limit ${most}`
  if (!(await db.one(some))) return 0
  return db.transaction(async (tx) => {
    const waiting = await tx.all<{ of_table: string; id: number }>(
      sql`delete from texts_waiting where (of_table, id) in (${some}) returning of_table, id`,
    )
    for (const [table, rows] of Map.groupBy(waiting, (one) => one.of_table)) {
      await renew(
        tx,
        table,
        rows.map(({ id }) => id),
      )
    }
    return waiting.length
  })
}

/** Makes the indexes of some rows what they would be if they were made now. */
async function renew(tx: Transaction, table: string, ids: readonly number[]): Promise<void> {
  const row = name('r')
  for (const [column, text] of Object.entries(indexed[table] ?? {})) {
    const index = indexOf(table, column)
    await tx.run(sql`delete from ${index} where ${among(tx.engine, sql`rowid`, ids)}`)
    await tx.run(sql`
      insert into ${index} (rowid, text) select id, fold(text) from (
        select r.id as id, ${text(row)} as text from ${name(table)} r where ${among(tx.engine, sql`r.id`, ids)}
      ) where text is not null order by id`)
  }
}

/** What finds words in this database, in words. Throws an Error in one sentence where nothing can. */
export async function indexer(db: Database): Promise<string> {
  if (db.engine === 'sqlite') return 'FTS5'
  if (!(await db.one(sql`select 1 as one from pg_available_extensions where name = 'pg_trgm'`)))
    throw new Error('the extension pg_trgm is missing; install the package with the extensions of PostgreSQL')
  return 'pg_trgm'
}
