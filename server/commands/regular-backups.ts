/** Backups that nobody asks for: regular ones, and those before migrations that rewrite data. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Database } from '#db/database.ts'
import { allMigrations, isRewriting, type MigrationProgress } from '#db/migrate.ts'
import { currentTime } from '#kernel/clock.ts'
import { makeBackup } from '#server/backup/making.ts'
import { withFiles } from '#server/config/options.ts'
import type { Config } from '#server/config/read.ts'
import type { Flags } from '#server/config/sources.ts'
import type { Log } from '#server/log.ts'
import { product } from '#server/modules.ts'
import { reasonOf } from '#server/reason.ts'
import type { Invocation } from './command.ts'
import { appliedMigrations, fileOf } from './database.ts'
import { backup as entries } from './entries/backup.ts'

/** How often to look whether a backup is due. */
const LOOKING_MS = 60_000
const PREFIX = 'halyard-'
const END = '.tar.gz'

/** A moment as a part of a file name: `20261130T020000Z`. */
const stamp = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '')

/**
 * Starts to make regular backups, if the configuration asks for them. Each is made by a process of its own, so that requests do
 * not wait for it, and is named by the period that it is for, so that a restart does not make another.
 * @returns the function that ends this
 */
export function startBackups({ config, flags }: Invocation, log: Pick<Log, 'info' | 'error'>): () => void {
  const { every, folder, keep } = config.backup
  if (every === undefined) return () => {}
  const ending = new AbortController()
  let running = false
  const look = async () => {
    const path = join(folder, `${PREFIX}${stamp(new Date(Math.floor(currentTime().getTime() / every) * every))}${END}`)
    if (running || existsSync(path)) return
    running = true
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      await promisify(execFile)(process.execPath, [process.argv[1] ?? '', 'backup', path, '--json', ...argumentsOf(flags)], {
        signal: ending.signal,
      })
      for (const old of oldBackups(folder, keep)) rmSync(join(folder, old), { force: true })
      log.info({ path }, 'backup made')
    } catch (error) {
      // Another process may have made the same.
      if (!ending.signal.aborted && !existsSync(path)) log.error({ err: error }, 'a backup could not be made')
    } finally {
      running = false
    }
  }
  void look()
  const timer = setInterval(look, LOOKING_MS).unref()
  return () => {
    clearInterval(timer)
    ending.abort()
  }
}

/** The regular backups in a folder, oldest first. */
export const regularBackups = (folder: string): string[] =>
  readdirSync(folder)
    .filter(
      (name) => name.startsWith(PREFIX) && name.endsWith(END) && /^\d{8}T\d{6}Z$/.test(name.slice(PREFIX.length, -END.length)),
    )
    .sort()

/** The beginning of the period that a regular backup is for, from its name. */
export const periodOf = (name: string): Date =>
  new Date(name.slice(PREFIX.length, -END.length).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))

/** The regular backups in a folder beyond the newest ones. */
export const oldBackups = (folder: string, keep: number): string[] => regularBackups(folder).slice(0, -keep)

/** The flags of the command line that the command `backup` takes as well. */
function argumentsOf(flags: Flags): string[] {
  const taken = withFiles(entries.backup?.options ?? [])
  return Object.entries(flags)
    .filter(([flag]) => taken.includes(flag))
    .flatMap(([flag, value]) => (value === true ? [`--${flag}`] : [`--${flag}`, String(value)]))
}

/** Told of what happens before and while a database is migrated. */
interface Migrating {
  saved(path: string, migration: string): void
  migration: MigrationProgress
}

/** Tells the operator of a command. */
const printed: Migrating = {
  saved: (path, migration) => console.error(`Saved the rows of the database in ${path}, as ${migration} rewrites some.`),
  migration: (name, done, total) => console.error(`Migration ${done + 1} of ${total}: ${name}`),
}

/** Tells the log of a server. */
export const logged = (log: Pick<Log, 'info'>): Migrating => ({
  saved: (path, migration) => log.info({ path, migration }, 'rows saved before a migration'),
  migration: (migration, done, total) => log.info({ migration, number: done + 1, total }, 'migrating'),
})

/**
 * Saves the rows of a database before a migration changes them, and says so.
 * @returns the function that tells of each migration, for a database that is not new
 * @throws Error in one sentence if it cannot be saved; nothing is migrated then
 */
export async function beforeMigrating(
  db: Database,
  config: Config,
  told: Migrating = printed,
): Promise<MigrationProgress | undefined> {
  const applied = await appliedMigrations(db)
  if (applied.length === 0) return undefined
  const missing = allMigrations(product.migrations).filter(({ name }) => !applied.includes(name))
  const rewriting = missing.filter((one) => isRewriting(one, db.engine))
  if (rewriting.length > 0 && (db.engine === 'postgres' || fileOf(config.databaseUrl) !== undefined)) {
    const path = join(config.backup.folder, `before-${rewriting[0]!.name}-${stamp(currentTime())}${END}`)
    try {
      mkdirSync(config.backup.folder, { recursive: true, mode: 0o700 })
      await makeBackup(path, { db, files: undefined, configuration: {} }, () => {})
    } catch (cause) {
      throw new Error(`The database is not migrated, as it could not be saved before in ${path}: ${reasonOf(cause)}.`, { cause })
    }
    told.saved(path, rewriting[0]!.name)
  }
  return told.migration
}
