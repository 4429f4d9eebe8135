/**
 * Files without a row: a removal job is enqueued before a file is written; its row cancels the job, and the removal of the row
 * enqueues it again. So no file is orphaned, wherever a process ends.
 */
import type { Database, Transaction } from '#db/database.ts'
import { amongFirst, moment } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { enqueue, enqueueEach, withdraw } from '#jobs/queue.ts'
import { job } from '#kernel/module.ts'
import { readSettings } from '#kernel/settings.ts'

/** Time limit of an upload: until then its file is not removed. */
const LONGEST_UPLOAD_MS = 24 * 3600_000
/** Validity of a form for a direct upload; a file may appear until then. */
export const DIRECT_SECONDS = 3600
const MARGIN_MS = 60_000
const AT_ONCE = 100

const later = (now: Date, ms: number): Date => new Date(now.getTime() + ms)

/** Removes files from the store; idempotent. */
export const removeFile = job('files.remove', {
  lane: 'files',
  attempts: 12,
  lease: 600,
  batch: AT_ONCE,
  run: async ({ files, keys }) => {
    for (const file of keys) await files.remove(file as string)
  },
})

/** Removes expired unclaimed uploads; their files follow. */
export const expireUploads = job('files.expire', {
  lane: 'files',
  every: 300,
  lease: 600,
  run: async ({ db, now }) => {
    const { attachments_grace_period: minutes } = await readSettings(db)
    const before = later(now, -minutes * 60_000).toISOString()
    const isStale = sql`created_at < ${before} and (container_id is null or status = 'prepared')`
    const some = sql`select id from attachments where ${isStale} order by id limit ${AT_ONCE}`
    while (await db.one(some)) await db.transaction((tx) => discard(tx, amongFirst(tx.engine, raw('id'), some), now))
  },
})

/** The time after which a form created now is no longer valid. */
export const unusableAt = (now: Date): Date => later(now, DIRECT_SECONDS * 1000 + MARGIN_MS)

/** Schedules the removal of a file about to be written, which `claim` cancels. */
export const reserve = (db: Database, file: string, now: Date): Promise<void> =>
  db.transaction((tx) => enqueue(tx, removeFile, { key: file, due: later(now, LONGEST_UPLOAD_MS) }, now))

/** Schedules the removal of a file: now, or when no form can write it any more. */
export const orphan = (tx: Transaction, file: string, due: Date, now: Date): Promise<void> =>
  enqueue(tx, removeFile, { key: file, due }, now)

/**
 * Cancels the removal of a file that has a row.
 * @returns false if the file is being removed, or has been
 */
export const claim = (tx: Transaction, file: string): Promise<boolean> => withdraw(tx, removeFile, file)

/** Removes a reserved file that no row claimed. */
export async function discardReserved(db: Database, files: FileStore, file: string): Promise<void> {
  const isReserved = await db.one(
    sql`select id from jobs where name = ${removeFile.name} and key = ${file} and leased_until is null`,
  )
  if (!isReserved) return
  await files.remove(file)
  await db.transaction((tx) => claim(tx, file))
}

/** Deletes the attachments that match `where`; their files follow after the commit. */
export async function discard(tx: Transaction, where: Sql, now: Date): Promise<number> {
  const due = (at: Date) => moment(tx.engine, at.toISOString())
  const rows = sql`
    select storage_name as key, case when status = 'prepared' then ${due(unusableAt(now))} else ${due(now)} end as due_at
    from attachments where ${where}`
  await enqueueEach(tx, removeFile, rows, now)
  return tx.run(sql`delete from attachments where ${where}`)
}
