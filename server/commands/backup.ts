/** `halyard backup`, `halyard verify`, `halyard restore` and `halyard move`. */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Database } from '#db/database.ts'
import { openStore } from '#files/open.ts'
import { keysIn } from '#identity/secrets.ts'
import { verifyArchive } from '#server/backup/archive.ts'
import { checkAge } from '#server/backup/filling.ts'
import { type BackupSource, makeBackup } from '#server/backup/making.ts'
import {
  archived,
  configurationIn,
  flowing,
  occupantOf,
  othersOn,
  replaceDatabase,
  restoreFiles,
} from '#server/backup/restoring.ts'
import { rowsIn } from '#server/backup/rows.ts'
import { type Config, isDatabaseUrl } from '#server/config/read.ts'
import { fileFor } from '#server/config/sources.ts'
import { keySource } from '#server/keys.ts'
import { closePlaces } from '#server/privacy.ts'
import { UsageError } from '#server/usage.ts'
import type { Invocation } from './command.ts'
import { fileOf, IN_MEMORY, lock, openDatabase, shown, withDatabase } from './database.ts'
import { showResult } from './output.ts'
import { bytesOf, withProgress } from './progress.ts'

const KEY = 'secret.key'
const CONFIGURATION = 'halyard.yaml'

/** Writes a backup, beside a running server as well. */
export async function backUp(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const path = resolve(words[0]!)
  refuseMemory(config)
  if (existsSync(path)) throw new Error(`The file ${path} exists already.`)
  if (!existsSync(dirname(path))) throw new Error(`The folder ${dirname(path)} does not exist; create it first.`)
  const result = await withDatabase(config.databaseUrl, (db) =>
    withProgress(invocation, (progress) => makeBackup(path, sourceOf(db, invocation), progress)),
  )
  const { bytes, rows, files, missing } = result
  const hasKey = keyFile(invocation) !== undefined
  const lines = [
    `Saved ${rows} rows and ${files} files in ${path} (${bytesOf(bytes)}).`,
    ...(missing.length > 0 ? [`${missing.length} attachments are missing in the store: halyard doctor --deep lists them.`] : []),
    ...(hasKey ? ['It holds the secret key as well: keep it where nobody else can read it.'] : []),
  ]
  showResult(invocation, { path, ...result, secretKey: hasKey }, lines.join('\n'))
}

/** What a backup of the configured instance is made of. */
function sourceOf(db: Database, invocation: Invocation): BackupSource {
  const { config, flags } = invocation
  const key = keyFile(invocation)
  const file = fileFor(flags, process.env)
  return {
    db,
    files: flags['without-files'] ? undefined : openStore(config.attachments),
    configuration: { ...(key && { [KEY]: key }), ...(file && { [CONFIGURATION]: file }) },
  }
}

/** The file of the secret key that goes into a backup. */
function keyFile({ config: { secretKey }, flags }: Invocation): string | undefined {
  if (flags['without-key'] || secretKey.in !== 'file' || !existsSync(secretKey.path)) return undefined
  return secretKey.path
}

function refuseMemory({ databaseUrl }: Config): void {
  if (databaseUrl === IN_MEMORY) throw new UsageError('A database in memory belongs to its process alone.')
}

/** Checks a backup. */
export async function verify(invocation: Invocation): Promise<void> {
  const path = resolve(invocation.words[0]!)
  const { origin, manifest, size } = await withProgress(invocation, (progress) =>
    verifyArchive(path, (done, total) => progress('verify', done, total)),
  )
  const rows = rowsIn(manifest.tables)
  const { count, missing } = manifest.files
  const text = `${path} is whole: ${rows} rows and ${count} files of ${origin.createdAt}, made by Halyard ${origin.halyard} on ${origin.engine} (${bytesOf(size)}).${
    missing.length > 0 ? `\n${missing.length} attachments were missing when it was made.` : ''
  }`
  const { halyard, engine, createdAt } = origin
  showResult(invocation, { path, halyard, engine, createdAt, rows, files: count, missing, bytes: size }, text)
}

/** Puts a backup in the place of the configured database. */
export async function restore(invocation: Invocation): Promise<void> {
  const { config, flags, words } = invocation
  const path = resolve(words[0]!)
  refuseMemory(config)
  const unlock = await claim(config.databaseUrl, flags.replace === true)
  try {
    const { manifest } = await withProgress(invocation, async (progress) => {
      const verified = await verifyArchive(path, (done, total) => progress('verify', done, total))
      const { origin, manifest } = verified
      checkAge(origin)
      const preferKeys = await restoreKey(path, config)
      const replaceFiles = await restoreFiles(path, openStore(config.attachments), manifest, progress)
      await replaceDatabase(config.databaseUrl, archived(path, origin, manifest, progress))
      // Until here the former instance can stay, with its files, and its key for new secrets.
      preferKeys()
      await replaceFiles()
      return verified
    })
    closePlaces(config)
    const rows = rowsIn(manifest.tables)
    const { count, missing } = manifest.files
    const text = `Restored ${rows} rows and ${count} files to ${shown(config.databaseUrl)}.`
    showResult(invocation, { database: shown(config.databaseUrl), rows, files: count, missing }, text)
  } finally {
    unlock()
  }
}

/**
 * Adds the keys in a backup to those of the configured key file, so that its secrets can be read.
 * @returns the function that puts them first, so that new secrets are encrypted by them
 */
async function restoreKey(path: string, { secretKey }: Config): Promise<() => void> {
  const content = await configurationIn(path, KEY)
  if (!content) return () => {}
  const keys = keysIn(content.toString(), `${path}, ${KEY}`)
  const source = keySource(secretKey)
  const present = source.read()
  const missing = keys.filter((key) => !present.some((one) => one.id === key.id))
  if (missing.length === 0) return () => {}
  const { keep } = source
  if (!keep) throw new Error(`The backup needs the secret key ${missing[0]!.id}, which is not in ${source.where}.`)
  keep([...present, ...missing])
  return () => keep([...keys, ...present.filter((key) => !keys.some((one) => one.id === key.id))])
}

/**
 * Makes sure that nobody uses a database, and that nothing is lost that the operator has not given up.
 * @returns the function that releases it
 * @throws Error in one sentence
 */
async function claim(url: string, mayReplace: boolean): Promise<() => void> {
  const path = fileOf(url)
  const isNew = path !== undefined && !existsSync(path)
  const db = isNew ? undefined : await openDatabase(url)
  const unlock = lock(url)
  try {
    if (!db) return unlock
    const occupant = await occupantOf(db)
    const place = shown(url)
    if (occupant === 'foreign data') throw new Error(`${place} holds something other than Halyard; nothing is replaced there.`)
    if (occupant === 'a newer instance')
      throw new Error(`${place} belongs to a newer version of Halyard; nothing is replaced there.`)
    if (occupant === 'data' && !mayReplace) throw new Error(`${place} holds data already; --replace gives them up.`)
    await refuseOthers(db, url)
    return unlock
  } catch (error) {
    unlock()
    throw error
  } finally {
    await db?.close()
  }
}

/** Throws an Error in one sentence if other processes use a PostgreSQL database; those of a file are kept away by its lock. */
async function refuseOthers(db: Database, url: string): Promise<void> {
  if (db.engine === 'postgres' && (await othersOn(db)) > 0) {
    throw new Error(`Another Halyard process uses the database ${shown(url)}; stop it first.`)
  }
}

/** Carries the rows of the configured database to another one. */
export async function move(invocation: Invocation): Promise<void> {
  const { config, flags } = invocation
  const target = String(flags.to)
  if (!isDatabaseUrl(target)) {
    throw new UsageError('--to must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.')
  }
  refuseMemory(config)
  if (target === config.databaseUrl) throw new UsageError('--to must be another database.')
  const result = await withDatabase(config.databaseUrl, async (db) => {
    // Changes made meanwhile would be lost.
    const unlock = lock(config.databaseUrl)
    try {
      await refuseOthers(db, config.databaseUrl)
      const release = await claim(target, flags.replace === true)
      try {
        return await withProgress(invocation, async (progress) => {
          const source = await flowing(db, progress)
          await replaceDatabase(target, source)
          return source.totals().tables
        })
      } finally {
        release()
      }
    } finally {
      unlock()
    }
  })
  const rows = rowsIn(result)
  const lines = [
    `Moved ${rows} rows in ${Object.keys(result).length} tables to ${shown(target)}, and compared their hashes.`,
    `Attachments stay where they are: start with --database-url and the same other options${
      config.secretKey.in === 'file' && existsSync(config.secretKey.path)
        ? `, and with --secret-key-file ${config.secretKey.path}`
        : ''
    }.`,
  ]
  showResult(invocation, { from: shown(config.databaseUrl), to: shown(target), rows, tables: result }, lines.join('\n'))
}
