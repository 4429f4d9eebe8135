/** Opens the configured database, with error messages for operators. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from '#db/connect.ts'
import { type Database, UnavailableError } from '#db/database.ts'
import { allMigrations } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { sealSecrets, useKeys } from '#identity/secrets.ts'
import type { Config } from '#server/config/read.ts'
import { type KeyChoice, keySource } from '#server/keys.ts'
import { product } from '#server/modules.ts'
import { closePlaces } from '#server/privacy.ts'
import { reasonOf } from '#server/reason.ts'

/** The URL of a database that belongs to its process alone. */
export const IN_MEMORY = 'sqlite::memory:'
const PATIENCE_MS = 10_000

/** The path of an SQLite file; undefined for other databases. */
export const fileOf = (url: string): string | undefined =>
  url.startsWith('sqlite:') && url !== IN_MEMORY ? url.slice('sqlite:'.length) : undefined

/** A database URL for display, without credentials. */
export function shown(url: string): string {
  const path = fileOf(url)
  if (path !== undefined || url === IN_MEMORY) return path ?? 'in memory'
  const address = URL.parse(url)
  return address ? `${address.protocol}//${address.host}${address.pathname}` : 'of --database-url'
}

/**
 * Opens a database and checks that it responds; creates a missing SQLite file. Statements wait without limit, unless `patience`
 * sets one.
 * @param turn gives turns at writing to the processes of a server, for SQLite
 * @throws an Error in one sentence
 */
export async function openDatabase(
  url: string,
  {
    connections = 1,
    patience = Number.POSITIVE_INFINITY,
    turn,
  }: { connections?: number; patience?: number; turn?: (() => Promise<() => void>) | undefined } = {},
): Promise<Database> {
  let timer: NodeJS.Timeout | undefined
  try {
    const db = await connect(url, { durable: url !== IN_MEMORY, connections, patience, turn })
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no response within ${PATIENCE_MS / 1000} seconds`)), PATIENCE_MS)
    })
    await Promise.race([db.one(sql`select 1 as one`), late])
    return db
  } catch (cause) {
    throw new Error(`The database ${shown(url)} cannot be opened: ${reasonOf(cause)}.`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Opens an existing database to run `work` on it.
 * @param key the source of the secret key, for work that needs it
 * @throws an Error in one sentence if the database is missing or has the schema of another version
 */
export async function withDatabase<T>(url: string, work: (db: Database) => Promise<T>, key?: KeyChoice): Promise<T> {
  const path = fileOf(url)
  if (path !== undefined && !existsSync(path)) throw new Error(`The database ${path} does not exist; halyard serve creates it.`)
  const db = await openDatabase(url)
  try {
    const missing = await missingMigrations(db)
    if (missing.length > 0) throw new Error(`The database ${shown(url)} has the schema of another version; run halyard migrate.`)
    if (key) useKeys(db, keySource(key))
    return await work(db)
  } finally {
    await db.close()
  }
}

/**
 * Encrypts the secrets of a database, and makes the data private to the user that runs the server.
 * @throws an Error in one sentence if a key for encrypted secrets is missing
 */
export async function secure(db: Database, config: Config): Promise<void> {
  useKeys(db, keySource(config.secretKey))
  await sealSecrets(db)
  closePlaces(config)
}

/** The applied migrations of a database; none if it has no table of migrations. */
export async function appliedMigrations(db: Database): Promise<string[]> {
  const rows = await db.all<{ name: string }>(sql`select name from migrations`).catch((error: unknown) => {
    if (error instanceof UnavailableError) throw error
    return []
  })
  return rows.map(({ name }) => name)
}

/** The migrations of this version that are not applied to a database. */
export async function missingMigrations(db: Database): Promise<string[]> {
  const applied = await appliedMigrations(db)
  return allMigrations(product.migrations)
    .map(({ name }) => name)
    .filter((name) => !applied.includes(name))
}

/**
 * Locks an SQLite file for this process; all Halyard processes request the lock. It is an operating-system lock on a file beside
 * the database, so it ends with the process, even after a crash.
 * @returns the function that releases the lock
 * @throws an Error in one sentence if another process holds the lock
 */
export function lock(url: string): () => void {
  const path = fileOf(url)
  if (path === undefined) return () => {}
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(`${path}.lock`, 'a', 0o600))
  const file = new DatabaseSync(`${path}.lock`)
  try {
    file.exec('begin exclusive')
  } catch (cause) {
    file.close()
    throw new Error(`Another Halyard process uses the database ${path}; stop it first.`, { cause })
  }
  return () => file.close()
}
