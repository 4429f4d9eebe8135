/** Opening the configured database, with reasons an operator understands when that fails. */
import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { connect } from '#db/connect.ts'
import { type Database, UnavailableError } from '#db/database.ts'
import { migrationNames } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { sealSecrets, useKeys } from '#identity/secrets.ts'
import type { Config } from '#server/config.ts'
import { type KeyChoice, keySource } from '#server/keys.ts'
import { closePlaces } from '#server/privacy.ts'

const IN_MEMORY = 'sqlite::memory:'
const PATIENCE_MS = 10_000

/** The path of an SQLite file; undefined for a database elsewhere. */
export const fileOf = (url: string): string | undefined =>
  url.startsWith('sqlite:') && url !== IN_MEMORY ? url.slice('sqlite:'.length) : undefined

/** A database's address as it may be shown: without user and password. */
export function shown(url: string): string {
  const path = fileOf(url)
  if (path !== undefined || url === IN_MEMORY) return path ?? 'in memory'
  const address = URL.parse(url)
  return address ? `${address.protocol}//${address.host}${address.pathname}` : 'of --database-url'
}

/** What went wrong, in the words of the system. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnavailableError && error.cause) return reasonOf(error.cause)
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)
}

/**
 * Opens a database and makes sure that it answers; an SQLite file that is not there is made. Commands wait for as long as it
 * takes, unless `patience` says otherwise.
 * @throws an Error in one sentence
 */
export async function openDatabase(
  url: string,
  { connections = 1, patience = Number.POSITIVE_INFINITY }: { connections?: number; patience?: number } = {},
): Promise<Database> {
  let timer: NodeJS.Timeout | undefined
  try {
    const db = await connect(url, { durable: url !== IN_MEMORY, connections, patience })
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${PATIENCE_MS / 1000} seconds`)), PATIENCE_MS)
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
 * Opens a database that is in use, to run `work` on it.
 * @param key where the key to its secrets comes from, for work that needs it
 * @throws an Error in one sentence when there is none, or it is not of this version's layout
 */
export async function withDatabase<T>(url: string, work: (db: Database) => Promise<T>, key?: KeyChoice): Promise<T> {
  const path = fileOf(url)
  if (path !== undefined && !existsSync(path)) throw new Error(`There is no database ${path} yet; halyard serve makes one.`)
  const db = await openDatabase(url)
  try {
    const missing = await missingMigrations(db)
    if (missing.length > 0) throw new Error(`The database ${shown(url)} is not of this version's layout; run halyard migrate.`)
    if (key) useKeys(db, keySource(key))
    return await work(db)
  } finally {
    await db.close()
  }
}

/**
 * Seals the secrets of a database that has been set up, and keeps the data from others on the machine.
 * @throws an Error in one sentence where the key to what is sealed is missing
 */
export async function secure(db: Database, config: Config): Promise<void> {
  useKeys(db, keySource(config.secretKey))
  await sealSecrets(db)
  closePlaces(config)
}

/** The migrations that a database has had; none where it has no table of them. */
export async function appliedMigrations(db: Database): Promise<string[]> {
  const rows = await db.all<{ name: string }>(sql`select name from migrations`).catch((error: unknown) => {
    if (error instanceof UnavailableError) throw error
    return []
  })
  return rows.map(({ name }) => name)
}

/** The migrations of this version that a database has not had. */
export async function missingMigrations(db: Database): Promise<string[]> {
  const applied = await appliedMigrations(db)
  return migrationNames.filter((name) => !applied.includes(name))
}

/**
 * Keeps an SQLite file for this process alone, as far as other processes ask for the same. The lock is one that the
 * operating system holds on a file beside it, so it ends with the process, however that ends.
 * @returns the way to give it back
 * @throws an Error in one sentence when another process has it
 */
export function lock(url: string): () => void {
  const path = fileOf(url)
  if (path === undefined) return () => {}
  closeSync(openSync(`${path}.lock`, 'a', 0o600))
  const file = new DatabaseSync(`${path}.lock`)
  try {
    file.exec('begin exclusive')
  } catch (cause) {
    file.close()
    throw new Error(`Another Halyard is running on the database ${path}; stop that one first.`, { cause })
  }
  return () => file.close()
}
