/** Makes backups: of a database as it is at one moment, and of its files. */
import { existsSync, readFileSync } from 'node:fs'
import type { Database, SnapshotReader } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { version } from '#files/package.ts'
import type { FileStore } from '#files/store.ts'
import { currentTime } from '#kernel/clock.ts'
import { type Content, ORIGIN, type Origin, type Packer, writeArchive } from './archive.ts'
import { countersOf, type Digest, linesOf, rowsIn, summing, tablesOf, totalOf } from './rows.ts'

/** Told how far the work is: a step, how much is done of it, and how much there is. */
export type Progress = (step: string, done: number, total: number) => void

/** What goes into a backup. */
export interface BackupSource {
  readonly db: Database
  /** undefined: without the attachments. */
  readonly files: FileStore | undefined
  /** Files of the configuration, by the names that they get. */
  readonly configuration: Readonly<Record<string, string>>
}

/** What a backup has. */
export interface BackupResult {
  readonly bytes: number
  readonly rows: number
  readonly files: number
  /** Names of attachments whose bytes are not in the store. */
  readonly missing: readonly string[]
}

/** About the most that the lines of one entry have, as an entry is read as a whole. */
const ENTRY_SIZE = 4 * 1024 * 1024
/** Files up to this size are read before they are written, so that one with another size than its row says does no harm. */
const READ_AHEAD = 16 * 1024 * 1024

/** Writes a backup. Other processes may go on to write meanwhile. */
export async function makeBackup(path: string, source: BackupSource, progress: Progress): Promise<BackupResult> {
  let rows = 0
  let count = 0
  let missing: string[] = []
  const bytes = await writeArchive(path, async (packer) => {
    const { tables, counters, attached } = await source.db.snapshot(async (db) => {
      await packer.add(ORIGIN, JSON.stringify(await originOf(db)))
      return {
        tables: await packTables(db, packer, progress),
        counters: await countersOf(db),
        attached: source.files ? await attachmentsOf(db) : [],
      }
    })
    rows = rowsIn(tables)
    for (const [name, file] of Object.entries(source.configuration)) {
      if (existsSync(file)) await packer.add(`configuration/${name}`, readFileSync(file))
    }
    const files = await packFiles(attached, source, packer, progress)
    count = files.count
    missing = [...files.missing]
    return { tables, counters, files } satisfies Content
  })
  return { bytes, rows, files: count, missing }
}

/** What a database is, for those who restore it. */
export async function originOf(db: SnapshotReader): Promise<Origin> {
  const migrations = await db.all<{ name: string }>(sql`select name from migrations order by name`)
  const names = migrations.map(({ name }) => name)
  return { format: 1, halyard: version, engine: db.engine, createdAt: currentTime().toISOString(), migrations: names }
}

async function packTables(db: SnapshotReader, packer: Packer, progress: Progress): Promise<Record<string, Digest>> {
  const tables = await tablesOf(db)
  const total = await totalOf(db, tables)
  const digests: Record<string, Digest> = {}
  let done = 0
  for (const table of tables) {
    const { add, digest } = summing()
    let part = 0
    let waiting: string[] = []
    let size = 0
    const flush = async () => {
      if (waiting.length === 0) return
      await packer.add(`tables/${table.name}/${String(++part).padStart(6, '0')}.jsonl`, waiting.join('\n'))
      waiting = []
      size = 0
    }
    for await (const some of linesOf(db, table)) {
      add(some)
      for (const line of some.lines) {
        waiting.push(line)
        size += line.length
        if (size >= ENTRY_SIZE) await flush()
      }
      done += some.lines.length
      progress('rows', done, total)
    }
    await flush()
    digests[table.name] = digest()
  }
  return digests
}

interface Attached {
  readonly name: string
  readonly size: number
}

/** The stored files that rows tell of. A prepared upload has none yet. */
export const attachmentsOf = (db: SnapshotReader): Promise<Attached[]> =>
  db.all<Attached>(
    sql`select storage_name as name, file_size as size from attachments where status <> 'prepared' order by storage_name`,
  )

async function packFiles(
  attached: readonly Attached[],
  { files }: BackupSource,
  packer: Packer,
  progress: Progress,
): Promise<Content['files']> {
  const missing: string[] = []
  let count = 0
  let bytes = 0
  for (const { name, size } of attached) {
    const content = await files?.read(name)
    if (!content) missing.push(name)
    else if (size > READ_AHEAD) await packer.stream(`files/${name}`, size, content)
    else {
      const pieces: Uint8Array[] = []
      for await (const piece of content) pieces.push(piece)
      await packer.add(`files/${name}`, Buffer.concat(pieces))
    }
    if (content) count++
    bytes += content ? size : 0
    progress('files', count + missing.length, attached.length)
  }
  return { count, bytes, missing }
}
