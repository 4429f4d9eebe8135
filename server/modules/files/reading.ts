/**
 * Reads attached files soon after they have arrived, so that they are found by what they say. Whoever claims one puts off when it
 * is due by so much that it comes up again where nothing came of it: the process ended, or the store did not answer. Nothing is
 * to be written then, and a file that brings every process down is given up all the same.
 */
import type { Database, Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { textKindOf } from '#files/types.ts'
import type { FileTask } from '#kernel/declaration.ts'

/** How long after the first attempts comes the next; after the last one comes none. */
const MINUTES_UNTIL_NEXT = [1, 15, 180, 48 * 60]
/** Files that are read each time the task is run: not more than indexes take in meanwhile. */
const AT_ONCE = 5
/** Files that are looked at; most kinds have no text. */
const LOOKED_AT = 100

export const readContents: FileTask = async (db, files, now, signal) => {
  let read = 0
  for (let turn = 0; turn < LOOKED_AT && read < AT_ONCE && !signal?.aborted; turn++) {
    const claimed = await claim(db, now)
    if (!claimed) return
    const text = await textIn(files, claimed, signal)
    if (text !== undefined) read++
    await keep(db, claimed.id, text || null)
  }
}

/** Notes a file that has arrived as one that is to be read. */
export const awaitReading = (tx: Transaction, attachment: number, now: Date): Promise<number> =>
  tx.run(sql`insert into attachment_contents (id, due_at) values (${attachment}, ${now.toISOString()})`)

interface Claimed {
  readonly id: number
  readonly file_name: string
  readonly content_type: string
  readonly file_size: number
  readonly storage_name: string
}

/** The newest file that is due, put off so that no other process takes it as well. */
async function claim(db: Database, now: Date): Promise<Claimed | undefined> {
  const isDue = sql`due_at <= ${now.toISOString()}`
  const newest = sql`select id from attachment_contents where ${isDue} order by id desc limit 1`
  if (!(await db.one(newest))) return undefined
  return db.transaction(async (tx) => {
    const one = await tx.one<{ id: number; attempts: number }>(
      sql`update attachment_contents set attempts = attempts + 1 where id = (${newest}) and ${isDue} returning id, attempts`,
    )
    if (!one) return undefined
    const minutes = MINUTES_UNTIL_NEXT[one.attempts - 1]
    const next = minutes === undefined ? null : new Date(now.getTime() + minutes * 60_000).toISOString()
    await tx.run(sql`update attachment_contents set due_at = ${next} where id = ${one.id}`)
    return tx.one<Claimed>(sql`select id, file_name, content_type, file_size, storage_name from attachments where id = ${one.id}`)
  })
}

/** The text of a file; undefined where its kind has none, it is too large, or it is not there. Throws where it cannot be read now. */
async function textIn(files: FileStore, claimed: Claimed, signal?: AbortSignal): Promise<string | undefined> {
  const { id, file_name, content_type, file_size, storage_name } = claimed
  const kind = textKindOf(content_type, file_name)
  if (!kind) return undefined
  const { MOST_BYTES, textOf } = await import('#files/contents/extract.ts')
  if (file_size > MOST_BYTES) return undefined
  try {
    const bytes = await files.read(storage_name)
    return bytes && (await textOf(kind, bytes, { signal }))
  } catch (cause) {
    throw new Error(`Attachment ${id} could not be read.`, { cause })
  }
}

/** Keeps a text, or that there is none; the attachment may be gone. */
const keep = (db: Database, id: number, text: string | null): Promise<number> =>
  db.transaction((tx) => tx.run(sql`update attachment_contents set content = ${text}, due_at = null where id = ${id}`))
