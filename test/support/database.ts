/** Databases of the engine under test, and their removal. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '#db/connect.ts'
import type { Database } from '#db/database.ts'
import { type Outside, outsidePostgres, outsideSqlite } from './outside.ts'
import { addressOf, type Content, dropDatabase, onServer, templateOf } from './template.ts'

/** Longer than the server's default, for busy machines. */
export const BUSY_MACHINE_MS = 60_000
export const isPostgres = process.env.HALYARD_TEST_ENGINE === 'postgres'
const postgresUrl = process.env.HALYARD_TEST_DATABASE_URL ?? ''
/** The name of the templates, which scripts/test.ts makes. */
const template = process.env.HALYARD_TEST_TEMPLATE
const newName = () => `test_${randomBytes(6).toString('hex')}`

export interface Place {
  /** On SQLite, whether it is in a file instead of memory. */
  file?: boolean
  patience?: number
  connections?: number
  /** On PostgreSQL, replaces the URL for the connection. */
  by?: (url: string) => string
}

interface Opened {
  readonly db: Database
  readonly outside: Outside
  /** Closes and removes it. */
  drop(): Promise<void>
}

const images = new Map<Content, Uint8Array>()
/** The file of an SQLite template. */
function imageOf(content: Content): Uint8Array {
  const image = images.get(content) ?? readFileSync(templateOf(template as string, content))
  images.set(content, image)
  return image
}

/** An open database without a table: on SQLite in memory or in a file, on PostgreSQL a schema of its own. */
export async function emptyDatabase(place: Place = {}): Promise<Opened> {
  if (!isPostgres) return sqliteDatabase(place)
  const { patience = BUSY_MACHINE_MS, connections = 5, by = (url) => url } = place
  const schema = newName()
  await onServer(postgresUrl, `create schema ${schema}`)
  const db = await connect(by(postgresUrl), { schema, connections, patience })
  return {
    db,
    outside: outsidePostgres(postgresUrl, schema),
    drop: async () => {
      await db.close()
      await onServer(postgresUrl, `drop schema ${schema} cascade`)
    },
  }
}

async function sqliteDatabase({ file = false, patience = BUSY_MACHINE_MS }: Place, image?: Uint8Array): Promise<Opened> {
  const folder = file ? await mkdtemp(join(tmpdir(), 'halyard-test-')) : undefined
  const path = folder ? join(folder, 'halyard.db') : ':memory:'
  if (folder && image) await writeFile(path, image)
  const db = await connect(`sqlite:${path}`, { durable: file, patience, ...(image && !folder && { image }) })
  return {
    db,
    outside: outsideSqlite(db, path),
    drop: async () => {
      await db.close()
      if (folder) await rm(folder, { recursive: true })
    },
  }
}

/** An open database for a server: a copy of a template, or an empty one where there is none. */
export async function serverDatabase(content: Content, place: Place = {}): Promise<Opened> {
  if (!template) return emptyDatabase(place)
  if (!isPostgres) return sqliteDatabase(place, imageOf(content))
  const { patience = BUSY_MACHINE_MS, connections = 5, by = (url) => url } = place
  const name = newName()
  await onServer(postgresUrl, `create database ${name} template ${templateOf(template, content)} strategy file_copy`)
  const url = addressOf(postgresUrl, name)
  const db = await connect(by(url), { connections, patience })
  return {
    db,
    outside: outsidePostgres(url),
    drop: async () => {
      await db.close()
      await dropDatabase(postgresUrl, name)
    },
  }
}

/**
 * A place for the data of a separate process: its flags, and a function that removes it.
 * @param content the template that it is a copy of, where there are templates; otherwise, and without it, it is empty
 */
export async function processPlace(content?: Content): Promise<{ flags: readonly string[]; remove: () => Promise<void> }> {
  const copied = template ? content : undefined
  if (!isPostgres) {
    const folder = await mkdtemp(join(tmpdir(), 'halyard-test-'))
    if (copied) await writeFile(join(folder, 'halyard.db'), imageOf(copied), { mode: 0o600 })
    return { flags: ['--data', folder], remove: () => rm(folder, { recursive: true }) }
  }
  const name = newName()
  const source = copied ? ` template ${templateOf(template as string, copied)} strategy file_copy` : ''
  await onServer(postgresUrl, `create database ${name}${source}`)
  return {
    flags: ['--database-url', addressOf(postgresUrl, name)],
    remove: () => dropDatabase(postgresUrl, name),
  }
}
