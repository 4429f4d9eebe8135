/**
 * Extracts the text of uploaded files for the search. A file that crashes every process is given up, as each attempt counts from
 * its start.
 */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { textKindOf } from '#files/types.ts'
import { enqueue } from '#jobs/queue.ts'
import type { JobKind } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'

/** Files to read before file removal gets its turn: not more than the indexes process meanwhile. */
const PER_ROUND = 5

/** Extracts the text of a file and stores it: five attempts in three days. */
export const readContent: JobKind<{ id: number }> = job('files.read', {
  lane: 'files',
  attempts: 5,
  lease: 600,
  backOff: { first: 60, factor: 15, longest: 172_800 },
  perRound: PER_ROUND,
  run: async ({ db, files, signal, payload: { id } }) => {
    const one = await db.one<Stored>(
      sql`select id, file_name, content_type, file_size, storage_name from attachments where id = ${id}`,
    )
    const text = one && (await textIn(files, one, signal))
    return text ? (tx) => keep(tx, id, text) : undefined
  },
})

/** Enqueues text extraction for an uploaded file, if its type has text. */
export async function awaitReading(tx: Transaction, attachment: Readable, now: Date): Promise<void> {
  const { id, content_type, file_name } = attachment
  if (textKindOf(content_type, file_name)) await enqueue(tx, readContent, { payload: { id } }, now)
}

interface Readable {
  readonly id: number
  readonly file_name: string
  readonly content_type: string
}

interface Stored extends Readable {
  readonly file_size: number
  readonly storage_name: string
}

/** The text of a file; undefined if its type has none, it is too large, or it is missing. Throws if the store fails. */
async function textIn(files: FileStore, stored: Stored, signal: AbortSignal): Promise<string | undefined> {
  const { id, file_name, content_type, file_size, storage_name } = stored
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

/** Stores a text, unless the attachment is gone. */
const keep = (tx: Transaction, id: number, text: string): Promise<number> =>
  tx.run(sql`
    insert into attachment_contents (id, content) select id, ${text} from attachments where id = ${id}
    on conflict (id) do update set content = excluded.content`)
