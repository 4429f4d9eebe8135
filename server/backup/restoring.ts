/** Puts a backup, or another database, in the place of a database: whole, or not at all. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from '#db/connect.ts'
import type { Database } from '#db/database.ts'
import { APPLICATION } from '#db/postgres-name.ts'
import { sql } from '#db/sql.ts'
import { syncFolder } from '#files/folder.ts'
import type { FileStore } from '#files/store.ts'
import { contentOf, type Entry, entriesOf, fileOf, linesIn, type Manifest, type Origin, tableOf } from './archive.ts'
import { checkAge, fillFile, fillSchema, newerAmong, type RowSource } from './filling.ts'
import { originOf, type Progress } from './making.ts'
import { countersOf, type Digest, linesOf, rowsIn, summing, tablesOf, totalOf } from './rows.ts'

/** What is in the place of a database. */
export type Occupant = 'nothing' | 'an empty instance' | 'data' | 'a newer instance' | 'foreign data'

/** What a database holds. */
export async function occupantOf(db: Database): Promise<Occupant> {
  const tables = await db.all<{ name: string }>(
    db.engine === 'sqlite'
      ? sql`select name from sqlite_schema where type = 'table'`
      : sql`select table_name as name from information_schema.tables where table_schema = current_schema()`,
  )
  const names = tables.map(({ name }) => name)
  if (names.length === 0) return 'nothing'
  if (!names.includes('migrations') || !names.includes('principals')) return 'foreign data'
  const applied = await db.all<{ name: string }>(sql`select name from migrations`)
  if (newerAmong(applied.map(({ name }) => name)) !== undefined) return 'a newer instance'
  const [one] = await db.all(sql`select 1 as one from principals where type = 'User' limit 1`)
  return one ? 'data' : 'an empty instance'
}

/** The number of connections that other processes of Halyard have to a PostgreSQL database. */
export async function othersOn(db: Database): Promise<number> {
  const row = await db.one<{ count: number }>(sql`
    select count(*) as count from pg_stat_activity
    where datname = current_database() and application_name = ${APPLICATION} and pid <> pg_backend_pid()`)
  return row?.count ?? 0
}

/** The rows in an archive that has been verified. */
export const archived = (path: string, { migrations }: Origin, manifest: Manifest, progress: Progress): RowSource => {
  const total = rowsIn(manifest.tables)
  return {
    migrations,
    totals: () => manifest,
    async each(visit) {
      let done = 0
      for await (const entry of entriesOf(path)) {
        const table = tableOf(entry)
        if (table === undefined) {
          await skip(entry)
          // Rows come before files.
          if (fileOf(entry) !== undefined) return
          continue
        }
        const lines = await linesIn(entry)
        await visit(table, lines)
        done += lines.length
        progress('rows', done, total)
      }
    },
  }
}

/** The rows that a database has now. */
export async function flowing(db: Database, progress: Progress): Promise<RowSource> {
  const { migrations } = await db.snapshot(originOf)
  let tables: Record<string, Digest> = {}
  let counters: Record<string, number> = {}
  return {
    migrations,
    totals: () => ({ tables, counters }),
    each: (visit) =>
      db.snapshot(async (reader) => {
        tables = {}
        counters = await countersOf(reader)
        const all = await tablesOf(reader)
        const total = await totalOf(reader, all)
        let done = 0
        for (const table of all) {
          const { add, digest } = summing()
          for await (const some of linesOf(reader, table)) {
            add(some)
            await visit(table.name, some.lines)
            done += some.lines.length
            progress('rows', done, total)
          }
          tables[table.name] = digest()
        }
      }),
  }
}

async function skip({ body }: Entry): Promise<void> {
  for await (const _ of body);
}

/**
 * Writes the attachments of an archive that a store does not have. Those that it has with other bytes may be of the former
 * instance, so they stay until that is gone.
 * @returns the function that replaces them
 */
export async function restoreFiles(
  path: string,
  store: FileStore,
  { entries, files }: Manifest,
  progress: Progress,
): Promise<() => Promise<void>> {
  const different = new Set<string>()
  let done = 0
  for await (const entry of entriesOf(path)) {
    const name = fileOf(entry)
    if (name === undefined) await skip(entry)
    else {
      const present = await sumOf(store, name)
      if (present === undefined) await put(store, name, entry)
      else await skip(entry)
      if (present !== undefined && present !== entries[entry.name]?.sha256) different.add(name)
      progress('files', ++done, files.count)
    }
  }
  return async () => {
    if (different.size === 0) return
    for await (const entry of entriesOf(path)) {
      const name = fileOf(entry)
      if (name !== undefined && different.has(name)) await put(store, name, entry)
      else await skip(entry)
    }
  }
}

async function put(store: FileStore, name: string, { body }: Entry): Promise<void> {
  // Also what a process left that was killed while it wrote.
  await store.remove(name)
  await store.write(name, body)
}

/** The checksum of a file; undefined if there is none. */
async function sumOf(store: FileStore, name: string): Promise<string | undefined> {
  const content = await store.read(name)
  if (!content) return undefined
  const sum = createHash('sha256')
  for await (const piece of content) sum.update(piece)
  return sum.digest('hex')
}

/** The contents of a file of the configuration in an archive; undefined if it has none. */
export async function configurationIn(path: string, name: string): Promise<Buffer | undefined> {
  for await (const entry of entriesOf(path)) {
    // The archive is open until the loop is left.
    if (entry.name === `configuration/${name}`) return await contentOf(entry)
    await skip(entry)
  }
  return undefined
}

/** Replaces what is in a database by the rows of a source. @throws Error; the database is as it was in that case */
export async function replaceDatabase(url: string, source: RowSource): Promise<void> {
  checkAge(source)
  if (url.startsWith('sqlite:')) return replaceFile(url.slice('sqlite:'.length), source)
  const db = await connect(url, { connections: 1, patience: Infinity })
  try {
    await fillSchema(db, source)
  } finally {
    await db.close()
  }
}

/** The ends of the names of the files that SQLite has beside a database. */
const BESIDE = ['-wal', '-shm', '-journal']

/** Fills a file beside the database, and puts it in its place. Who calls this holds the lock of the database. */
async function replaceFile(path: string, source: RowSource): Promise<void> {
  const draft = `${path}.restoring`
  const isLeft = async () => {
    for (const end of ['', ...BESIDE]) await rm(draft + end, { force: true })
  }
  await isLeft()
  // Nothing depends on this file until it is whole.
  const db = await connect(`sqlite:${draft}`, { durable: false, patience: Infinity })
  try {
    await fillFile(db, source).finally(() => db.close())
  } catch (error) {
    await isLeft()
    throw error
  }
  const file = await open(draft, 'r+')
  await file.sync().finally(() => file.close())
  if (existsSync(path)) emptyLog(path)
  // A log of the former database must never be applied to the new one.
  for (const end of BESIDE) await rm(path + end, { force: true })
  await syncFolder(dirname(path))
  await rename(draft, path)
  await syncFolder(dirname(path))
}

/** Moves what is in the log of a database into its file, so that this is whole without the log. */
function emptyLog(path: string): void {
  const db = new DatabaseSync(path)
  try {
    db.exec('pragma wal_checkpoint(truncate)')
  } catch {
    // A damaged database is not worth its log.
  } finally {
    db.close()
  }
}
