/** Files without a row: noted before they are written, struck out by the row that is made for them, removed when their time has come. */
import type { Database, Transaction } from '#db/database.ts'
import { amongTexts, moment } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { defaultSettings } from '#kernel/settings.ts'

/** How long an upload may take: until then its file is nobody's business. */
const LONGEST_UPLOAD_MS = 24 * 3600_000
/** How long a form for a direct upload can be used; a file may appear until then. */
export const DIRECT_SECONDS = 3600
const MARGIN_MS = 60_000

const later = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString()

/** When a form that is made now can no longer be used. */
export const unusableAt = (now: Date): string => later(now, DIRECT_SECONDS * 1000 + MARGIN_MS)

/** Notes a file that is about to be written. */
export const reserve = (db: Database, file: string, now: Date): Promise<number> =>
  db.transaction((tx) =>
    tx.run(sql`insert into loose_files (name, remove_at) values (${file}, ${later(now, LONGEST_UPLOAD_MS)})`),
  )

/** Notes a file that may be removed, at once or when nobody can write it any more. */
export const orphan = (tx: Transaction, file: string, at: string): Promise<number> =>
  tx.run(
    sql`insert into loose_files (name, remove_at) values (${file}, ${at}) on conflict (name) do update set remove_at = excluded.remove_at`,
  )

/** Strikes out a file that a row has been made for. */
export const claim = (tx: Transaction, file: string): Promise<number> => tx.run(sql`delete from loose_files where name = ${file}`)

/** Gives up a file that no row was made for. */
export async function discardReserved(db: Database, files: FileStore, file: string): Promise<void> {
  const isLoose = await db.one(sql`select name from loose_files where name = ${file}`)
  if (!isLoose) return
  await files.remove(file)
  await db.transaction((tx) => claim(tx, file))
}

/** Removes the attachments that satisfy `where`; their files follow once that is committed. */
export async function discard(tx: Transaction, where: Sql, now: Date): Promise<number> {
  const due = (at: string) => moment(tx.engine, at)
  await tx.run(sql`
    insert into loose_files (name, remove_at)
    select storage_name, case when status = 'prepared' then ${due(unusableAt(now))} else ${due(now.toISOString())} end
    from attachments where ${where}`)
  return tx.run(sql`delete from attachments where ${where}`)
}

const AT_ONCE = 100

/**
 * Removes uploads that nobody has claimed in time, and the files whose time has come.
 * @returns how many files were removed
 */
export async function sweep(db: Database, files: FileStore, now = new Date()): Promise<number> {
  const stored = await db.one<{ value: number }>(sql`select value from settings where name = 'attachments_grace_period'`)
  const minutes = stored?.value ?? defaultSettings.attachments_grace_period
  const before = later(now, -minutes * 60_000)
  const isStale = sql`created_at < ${before} and (container_id is null or status = 'prepared')`
  const some = sql`select id from attachments where ${isStale} order by id limit ${AT_ONCE}`
  while (await db.one(some)) await db.transaction((tx) => discard(tx, sql`id in (${some})`, now))
  let removed = 0
  for (;;) {
    const due = await db.all<{ name: string }>(
      sql`select name from loose_files where remove_at <= ${now.toISOString()} order by remove_at limit ${AT_ONCE}`,
    )
    for (const { name } of due) await files.remove(name)
    const names = due.map(({ name }) => name)
    if (names.length > 0)
      await db.transaction((tx) => tx.run(sql`delete from loose_files where ${amongTexts(tx.engine, raw('name'), names)}`))
    removed += names.length
    if (due.length < AT_ONCE) return removed
  }
}
