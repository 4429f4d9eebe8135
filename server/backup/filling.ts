/** Fills a database with rows that another one had, and makes sure that it has them. */

import { inBatches } from '#db/cursor.ts'
import {
  ConstraintError,
  type Database,
  type Reader,
  type SnapshotReader,
  type Transaction,
  UnavailableError,
} from '#db/database.ts'
import { allMigrations, bringUpToDate, migrate } from '#db/migrate.ts'
import { name, sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'
import { reasonOf } from '#server/reason.ts'
import { type Digest, digestOf, insertLines, setCounters, type Table, tablesOf } from './rows.ts'

/** Where rows come from. */
export interface RowSource {
  /** The migrations that the database had. */
  readonly migrations: readonly string[]
  /** Visits all rows, some lines of a table at once; each time from the beginning. */
  each(visit: (table: string, lines: readonly string[]) => Promise<void>): Promise<void>
  /** The digests and counters, once all rows have been visited. */
  totals(): { readonly tables: Readonly<Record<string, Digest>>; readonly counters: Readonly<Record<string, number>> }
}

/** The first of these migrations that this version does not know: it is of a newer one. */
export function newerAmong(migrations: readonly string[]): string | undefined {
  const known = new Set(allMigrations(product.migrations).map((one) => one.name))
  return migrations.find((one) => !known.has(one))
}

/** @throws Error in one sentence if rows are of a newer version than this one */
export function checkAge({ migrations }: Pick<RowSource, 'migrations'>): void {
  const unknown = newerAmong(migrations)
  if (unknown !== undefined) throw new Error(`It was made by a newer version of Halyard, which has the migration ${unknown}.`)
}

/** Fills an empty SQLite file of which nobody else knows, and brings it to the schema of this version. */
export async function fillFile(db: Database, source: RowSource): Promise<void> {
  // Rows come in any order; all references are checked at the end.
  await db.script('pragma foreign_keys = off')
  await db.transaction((tx) => schemaOf(tx, source))
  const tables = await tablesOf(db)
  await source.each((table, lines) => db.transaction((tx) => insertInto(tx, named(tables, table), lines)))
  const [broken] = await db.all<{ table: string }>(sql`select "table" from pragma_foreign_key_check limit 1`)
  if (broken) throw new Error(refersToNothing(broken.table))
  await db.transaction((tx) => setCounters(tx, countersFor(tables, source)))
  await db.snapshot((reader) => compare(reader, tables, source))
  await db.script('pragma foreign_keys = on')
  await migrate(db, product.migrations)
}

/**
 * Replaces all in the schema of a PostgreSQL database, in one transaction, and brings it to the schema of this version.
 * @throws Error if it then has not the same rows; nothing has changed in that case
 */
export const fillSchema = (db: Database, source: RowSource): Promise<void> =>
  db.transaction(
    async (tx) => {
      await clear(tx)
      await schemaOf(tx, source)
      const tables = await tablesOf(tx)
      // References are checked when they are declared again: rows come in any order.
      const references = await referencesOf(tx)
      for (const { table, name: reference } of references) {
        await tx.script(`alter table ${table} drop constraint "${reference}"`)
      }
      await source.each((table, lines) => insertInto(tx, named(tables, table), lines))
      for (const { table, name: reference, definition } of references) {
        await tx.script(`alter table ${table} add constraint "${reference}" ${definition}`).catch((cause: unknown) => {
          throw cause instanceof ConstraintError ? new Error(refersToNothing(table), { cause }) : cause
        })
      }
      await setCounters(tx, countersFor(tables, source))
      await compare(inBatches(tx), tables, source)
      await bringUpToDate(tx, allMigrations(product.migrations))
    },
    { patience: Infinity },
  )

/** Makes the tables that the source had, empty. */
async function schemaOf(tx: Transaction, { migrations }: RowSource): Promise<void> {
  const wanted = new Set(migrations)
  await bringUpToDate(tx, allMigrations(product.migrations), (one) => wanted.has(one))
  // Migrations bring rows of their own.
  const tables = (await tablesOf(tx)).map((one) => one.name)
  if (tx.engine === 'postgres') await tx.script(`truncate ${tables.map((one) => `"${one}"`).join(', ')} restart identity`)
  else {
    for (const table of tables) await tx.run(sql`delete from ${name(table)}`)
    await tx.run(sql`delete from sqlite_sequence`)
  }
}

function named(tables: readonly Table[], wanted: string): Table {
  const found = tables.find((one) => one.name === wanted)
  if (!found) throw new Error(`There is no table ${wanted}.`)
  return found
}

const refersToNothing = (table: string): string => `A row of the table ${table} refers to one that is missing.`

/** Inserts rows. Throws an Error in one sentence if the table does not take them. */
const insertInto = (tx: Transaction, table: Table, lines: readonly string[]): Promise<void> =>
  insertLines(tx, table, lines).catch((cause: unknown) => {
    if (cause instanceof UnavailableError) throw cause
    throw new Error(`The table ${table.name} does not take its rows: ${reasonOf(cause)}.`, { cause })
  })

/** The counters of a source. Throws an Error if one is of no table. */
function countersFor(tables: readonly Table[], source: RowSource): Readonly<Record<string, number>> {
  const { counters } = source.totals()
  for (const table of Object.keys(counters)) named(tables, table)
  return counters
}

/** Throws unless a database has the rows of a source. */
async function compare(db: SnapshotReader, tables: readonly Table[], source: RowSource): Promise<void> {
  const expected = source.totals().tables
  for (const table of tables) {
    const { rows, sum } = await digestOf(db, table)
    const other = expected[table.name] ?? { rows: 0, sum: '' }
    if (rows !== other.rows || (rows > 0 && sum !== other.sum)) {
      throw new Error(`The table ${table.name} has not the rows that it had: ${rows} of ${other.rows}.`)
    }
  }
}

/** The foreign keys of a schema. */
const referencesOf = (db: Reader): Promise<{ table: string; name: string; definition: string }[]> =>
  db.all(sql`
    select conrelid::regclass::text as "table", conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace order by 1, 2`)

/** Removes what Halyard has made in a schema: tables with all that stands on them, and functions. */
async function clear(tx: Transaction): Promise<void> {
  const objects = await tx.all<{ kind: string; name: string }>(sql`
    select case relkind when 'v' then 'view' else 'table' end as kind, oid::regclass::text as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'v', 'p')
        and not exists (select 1 from pg_depend d where d.objid = pg_class.oid and d.deptype = 'e')
    union all
    select 'function', oid::regprocedure::text from pg_proc
      where pronamespace = current_schema()::regnamespace
        and not exists (select 1 from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')`)
  for (const { kind, name } of objects) await tx.script(`drop ${kind} if exists ${name} cascade`)
}
