/** Copies of attachments: the files first, outside any transaction, and their rows with those of the containers. */
import type { Database, Reader, Row, Transaction } from '#db/database.ts'
import { inserted } from '#db/dialect.ts'
import { name, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { type FileStore, newName } from '#files/store.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Resource } from '#kernel/declaration.ts'
import { inContainers } from './attachments.ts'
import { claim, discardReserved, reserve } from './loose.ts'
import { awaitReading } from './reading.ts'

/** Copied files whose rows are still to come. */
export interface CopiedFiles {
  /** Inserts the rows of the attachments whose containers have copies, given by their originals. */
  attach(tx: Transaction, pairs: ReadonlyMap<number, number>, author: number, now: Date): Promise<void>
  /** Removes the files of containers that have not been copied. */
  discard(made: ReadonlyMap<number, number | null>): Promise<void>
}

/**
 * Copies the files of containers within the store. Files that are missing in the store are left out.
 * @param type the name of the containers' resource
 */
export async function copyFiles(
  { db, files }: { readonly db: Database; readonly files: FileStore },
  type: string,
  containers: readonly Row[],
): Promise<CopiedFiles> {
  const ids = containers.map(({ id }) => id as number)
  const originals = await db.all<Tables['attachments']>(
    sql`select * from attachments where ${inContainers(db.engine, type, ids)} and status <> 'prepared' order by id`,
  )
  const copies: Tables['attachments'][] = []
  for (const original of originals) {
    const storage_name = newName()
    await reserve(db, storage_name, currentTime())
    if (await copyFile(files, original.storage_name, storage_name)) copies.push({ ...original, storage_name })
  }
  return {
    attach: async (tx, pairs, author, now) => {
      const at = now.toISOString()
      for (const { id: _, ...copy } of copies) {
        const container_id = pairs.get(copy.container_id as number)
        if (container_id === undefined || !(await claim(tx, copy.storage_name))) continue
        const row = { ...copy, container_id, author_id: author, created_at: at, updated_at: at }
        await awaitReading(tx, { ...row, id: await inserted(tx, 'attachments', row) }, now)
      }
    },
    discard: async (made) => {
      for (const { container_id, storage_name } of copies)
        if (!made.get(container_id as number)) await discardReserved(db, files, storage_name)
    },
  }
}

/** The number of files of containers. @param where the condition on the rows of the containers' resource */
export async function countFiles(db: Reader, { name: type, table }: Resource, where: Sql): Promise<number> {
  const containers = sql`select ${name(`${table}.id`)} from ${name(table)} where ${where}`
  const row = await db.one<{ n: number }>(sql`
    select count(*) as n from attachments
    where container_type = ${type} and status <> 'prepared' and container_id in (${containers})`)
  return row?.n ?? 0
}

async function copyFile(files: FileStore, from: string, to: string): Promise<boolean> {
  if (files.direct) return files.direct.copy(from, to)
  const bytes = await files.read(from)
  if (!bytes) return false
  await files.write(to, bytes)
  return true
}
