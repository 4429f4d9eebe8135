/**
 * Substring search in texts with trigram indexes.
 *
 * PostgreSQL maintains such indexes itself (pg_trgm), and its planner uses them for conditions. SQLite's FTS5 needs a query of
 * its own; and as indexing row by row costs more than the write itself, triggers only enqueue rows, `indexPending` indexes many at
 * a time, and `mergeIndexes` keeps the index small. An index only narrows down: the condition applies to its rows and to pending ones, so results are current and
 * exact.
 */
import type { Database, Engine, Reader, Transaction } from './database.ts'
import { among, contains, lower, only } from './dialect.ts'
import { and, name, raw, type Sql, sql, TRUE } from './sql.ts'

/** The indexed texts, by table and column; each with the indexed expression of a row. */
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

/** The table of texts that may be so long that indexing or reading one takes as long as hundreds of others. */
const LONG = 'attachment_contents'

const indexOf = (table: string, column: string): Sql => name(`texts_${table}_${column}`)

/** The words of a text: at most 50. */
export const wordsOf = (text: string): string[] => text.split(/\s+/).filter(Boolean).slice(0, 50)

/** Whether the column contains every word. */
export const hasWords = (engine: Engine, column: Sql, words: readonly string[]): Sql =>
  and(words.map((word) => contains(engine, column, word)))

/**
 * A condition that all rows whose text contains every word satisfy, and few others: `TRUE` if an index cannot help, or the
 * planner uses it anyway.
 */
export function narrowed(engine: Engine, table: string, column: string, words: readonly string[]): Sql {
  const found = candidates(engine, table, column, words)
  return found ? sql`${name(`${table}.id`)} in (${found})` : TRUE
}

/**
 * The rows of a table, with the alias `x`, whose text may contain every word: the part of a query after `from`, open for further
 * conditions. It uses the index first, even if the engine's planner prefers another one.
 */
export function narrowedRows(engine: Engine, table: string, column: string, words: readonly string[]): Sql {
  if (engine === 'postgres' && column === 'custom_values')
    return sql`${name(table)} x where ${hasWords(engine, sql`texts_in(x.custom_values)`, words)}`
  if (engine === 'postgres' && table === LONG) return sql`${name(table)} x where is_long(${name(`x.${column}`)})`
  const found = candidates(engine, table, column, words)
  return found ? sql`(${found}) found cross join ${name(table)} x where x.id = found.id` : sql`${name(table)} x where ${TRUE}`
}

/** The ids of rows from the index, and of pending ones; undefined if the index is not used. */
function candidates(engine: Engine, table: string, column: string, words: readonly string[]): Sql | undefined {
  const expression = engine === 'sqlite' && trigramsOf(words)
  if (!expression) return undefined
  const index = indexOf(table, column)
  return sql`select rowid as id from ${index} where ${index} match ${expression} union all select id from texts_waiting where of_table = ${table}`
}

/** The other form of a condition that finds rows by an index of texts. */
interface Found {
  /** The same of a row at hand, without the index. */
  readonly test: Sql
  /** Whether it holds only for rows that the viewer sees, so that this need not be asked again. */
  readonly isSeen: boolean
}

const found = new WeakMap<Sql, Found>()

/** Marks a condition that finds rows by an index of texts: costly even where it finds few, so that it should be evaluated once only. */
export function finding(condition: Sql, form: Found): Sql {
  found.set(condition, form)
  return condition
}

/** The other form of a condition that finds rows by an index of texts; undefined for any other condition. */
export const foundBy = (condition: Sql): Found | undefined => found.get(condition)

/** The query of FTS5: the trigrams of the words. */
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

/** More trigrams are hardly more selective. */
const MOST_TRIGRAMS = 24

/** Whether texts are pending. */
export const hasPending = async (db: Reader): Promise<boolean> =>
  db.engine === 'sqlite' && (await db.one(sql`select 1 as one from texts_waiting limit 1`)) !== undefined

/**
 * Indexes pending texts, as many as one short transaction allows: either potentially long ones, or the others. Returns their
 * number.
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

/** Rebuilds the index entries of some rows. */
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

/** Milliseconds that a transaction merges. */
const MERGE_MS = 10

/**
 * Merges segments of the indexes for some milliseconds: each transaction that indexes adds a segment, and a search reads them all.
 * @returns whether there is more to merge
 */
export async function mergeIndexes(tx: Transaction): Promise<boolean> {
  if (tx.engine === 'postgres') return false
  const until = performance.now() + MERGE_MS
  for (const [table, columns] of Object.entries(indexed))
    for (const column of Object.keys(columns)) {
      const index = indexOf(table, column)
      while (await mergePage(tx, index)) if (performance.now() > until) return true
    }
  return false
}

/** Merges the least that SQLite merges at a time, a page or the entries of one trigram. Returns whether there was anything to merge. */
async function mergePage(tx: Transaction, index: Sql): Promise<boolean> {
  const changes = async () => (await only<{ n: number }>(tx, sql`select total_changes() as n`)).n
  const before = await changes()
  await tx.run(sql`insert into ${index} (${index}, rank) values ('merge', 1)`)
  // The statement itself counts as one.
  return (await changes()) - before > 1
}

/** The number of pending texts. */
export const pendingCount = async (db: Reader): Promise<number> =>
  (await db.one<{ count: number }>(sql`select count(*) as count from texts_waiting`))?.count ?? 0

/** Has all texts indexed anew: on SQLite they are pending then, and read as if there were no index meanwhile. */
export async function rebuildIndexes(db: Database): Promise<void> {
  if (db.engine === 'postgres') {
    const rows = await db.all<{ name: string }>(sql`
      select indexrelid::regclass::text as name from pg_index join pg_class c on c.oid = indexrelid
        join pg_opclass o on o.oid = any(indclass) where opcname like '%trgm%' and relnamespace = current_schema()::regnamespace`)
    for (const { name } of rows) await db.script(`reindex index concurrently ${name}`)
    return
  }
  await db.transaction(async (tx) => {
    for (const [table, columns] of Object.entries(indexed)) {
      for (const column of Object.keys(columns)) {
        await tx.run(sql`insert into ${indexOf(table, column)} (${indexOf(table, column)}) values ('delete-all')`)
      }
      await tx.run(sql`insert or ignore into texts_waiting select ${table}, id from ${name(table)}`)
    }
  })
}

/**
 * Looks whether the indexes of texts are sound. Writes nothing that stays.
 * @throws Error in one sentence if one is not
 */
export async function checkIndexes(db: Database): Promise<string> {
  if (db.engine === 'postgres') {
    const broken = await db.all<{ name: string }>(
      sql`select indexrelid::regclass::text as name from pg_index where not indisvalid or not indisready`,
    )
    if (broken.length > 0) throw new Error(`invalid indexes: ${broken.map(({ name }) => name).join(', ')}; run halyard reindex`)
    return 'valid'
  }
  let count = 0
  for (const [table, columns] of Object.entries(indexed)) {
    for (const [column, text] of Object.entries(columns)) {
      const index = indexOf(table, column)
      const row = name('r')
      const missing = await db.one<{ count: number }>(sql`
        select count(*) as count from ${name(table)} r
        where ${text(row)} is not null and not exists (select 1 from texts_waiting w where w.of_table = ${table} and w.id = r.id)
          and not exists (select 1 from ${raw(`${index.text.replaceAll('"', '')}_docsize`)} d where d.id = r.id)`)
      if ((missing?.count ?? 0) > 0) {
        throw new Error(`${missing!.count} texts of ${table}.${column} are not indexed; run halyard reindex`)
      }
      await checkStructure(db, index)
      count++
    }
  }
  return `${count} indexes are sound`
}

/** Thrown to roll back. */
const UNDO = Symbol('undo')

/** Has SQLite check the structure of an index, which it does by a statement that would write. */
async function checkStructure(db: Database, index: Sql): Promise<void> {
  const check = db.transaction(async (tx) => {
    await tx.run(sql`insert into ${index} (${index}) values ('integrity-check')`)
    throw UNDO
  })
  await check.catch((error: unknown) => {
    if (error !== UNDO) throw new Error(`the index ${index.text} is damaged; run halyard reindex`, { cause: error })
  })
}

/** The name of the search index of this database. Throws an Error in one sentence if it is not available. */
export async function indexer(db: Database): Promise<string> {
  if (db.engine === 'sqlite') return 'FTS5'
  if (!(await db.one(sql`select 1 as one from pg_available_extensions where name = 'pg_trgm'`)))
    throw new Error('the extension pg_trgm is missing; install the package with the extensions of PostgreSQL')
  return 'pg_trgm'
}
