/** The checks of `halyard doctor --deep`: all that takes its time. They change nothing. */
import { createHash } from 'node:crypto'
import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from '#db/database.ts'
import { checkIndexes } from '#db/search.ts'
import { sql } from '#db/sql.ts'
import { namesIn } from '#files/folder.ts'
import { openStore } from '#files/open.ts'
import { answering } from '#jobs/post.ts'
import { currentTime } from '#kernel/clock.ts'
import { addressOf, hasPublicHost, readSettings } from '#kernel/settings.ts'
import type { Config } from '#server/config/read.ts'
import { fileOf } from './database.ts'
import { periodOf, regularBackups } from './regular-backups.ts'

/** A check by its name: what it finds, or an Error that says what is wrong. */
export type Check = readonly [name: string, look: () => Promise<string> | string]

const LEAST_SPACE = 1_000_000_000
const PATIENCE_MS = 5000
const SHOWN = 5

/** The checks of a database and of all that belongs to it. */
export function deepChecks(db: Database, config: Config): Check[] {
  return [
    ['Integrity', () => integrity(db)],
    ['Text indexes', () => checkIndexes(db)],
    ['Attachments', () => attachments(db, config)],
    ['Space', () => space(config)],
    ['Backups', () => backups(config)],
    ['Mail server', () => mail(config)],
    ['Public address', () => publicAddress(db, config)],
  ]
}

/** The first of many names. */
const some = (names: readonly string[]): string =>
  names.length > SHOWN ? `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more` : names.join(', ')

async function integrity(db: Database): Promise<string> {
  if (db.engine === 'postgres') {
    const open = await db.all<{ name: string }>(sql`
      select conname as name from pg_constraint where not convalidated and connamespace = current_schema()::regnamespace`)
    if (open.length > 0) throw new Error(`constraints that have not been checked: ${some(open.map(({ name }) => name))}`)
    return 'all constraints hold'
  }
  const faults = await db.all<{ integrity_check: string }>(sql`pragma integrity_check(5)`)
  if (faults[0]?.integrity_check !== 'ok') {
    throw new Error(`${some(faults.map((one) => one.integrity_check))}; restore a backup`)
  }
  const loose = await db.all<{ table: string }>(sql`pragma foreign_key_check`)
  if (loose.length > 0)
    throw new Error(`${loose.length} rows refer to missing ones, in ${some([...new Set(loose.map((row) => row.table))])}`)
  return 'pages, indexes and references are sound'
}

/** Reads every attachment, and looks for files that no row tells of. */
async function attachments(db: Database, { attachments: choice }: Config): Promise<string> {
  const store = openStore(choice)
  const rows = await db.all<{ id: number; name: string; size: number; digest: string | null }>(
    sql`select id, storage_name as name, file_size as size, digest from attachments where status <> 'prepared' order by id`,
  )
  const missing: string[] = []
  const damaged: string[] = []
  for (const { id, name, size, digest } of rows) {
    const content = await store.read(name)
    if (!content) {
      missing.push(String(id))
      continue
    }
    const sum = createHash('md5')
    let bytes = 0
    for await (const piece of content) {
      bytes += piece.length
      sum.update(piece)
    }
    if (bytes !== size || (digest !== null && sum.digest('hex') !== digest)) damaged.push(String(id))
  }
  const loose = choice.in === 'folder' ? await looseFiles(db, choice.path, new Set(rows.map(({ name }) => name))) : 0
  const faults = [
    ...(missing.length > 0 ? [`without their file: ${some(missing)}`] : []),
    ...(damaged.length > 0 ? [`not as they were uploaded: ${some(damaged)}`] : []),
    ...(loose > 0 ? [`${loose} files that no row tells of`] : []),
  ]
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `${rows.length} are as they were uploaded`
}

/** The number of files that neither a row tells of, nor a job will remove. */
async function looseFiles(db: Database, folder: string, known: ReadonlySet<string>): Promise<number> {
  const awaited = await db.all<{ key: string }>(sql`
    select key from jobs where name = 'files.remove' union select storage_name from attachments where status = 'prepared'`)
  const expected = new Set(awaited.map(({ key }) => key))
  const names = await namesIn(folder)
  return names.filter((name) => !known.has(name) && !expected.has(name)).length
}

/** Looks at the room for the database, attachments and backups. */
function space({ databaseUrl, attachments, backup, data }: Config): string {
  const database = fileOf(databaseUrl)
  const folders = [
    ...(database ? [dirname(database)] : []),
    ...(attachments.in === 'folder' ? [attachments.path] : []),
    ...(backup.every === undefined ? [] : [backup.folder]),
  ]
  const rooms = (folders.length > 0 ? folders : [data]).map((folder) => {
    const { bavail, bsize } = statfsSync(nearest(folder))
    return { folder, free: bavail * bsize }
  })
  const { folder, free } = rooms.reduce((least, one) => (one.free < least.free ? one : least))
  const text = `${(free / 1e9).toFixed(1)} GB are free in ${folder}`
  if (free < LEAST_SPACE) throw new Error(`only ${text}`)
  return text
}

/** A folder, or its nearest ancestor that exists. */
const nearest = (folder: string): string => (existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder)))

function backups({ backup: { every, folder } }: Config): string {
  if (every === undefined) return 'none are made regularly (--backup-every)'
  if (process.platform !== 'win32' && existsSync(folder) && (statSync(folder).mode & 0o022) !== 0) {
    // A file with the name of a later period keeps that from being saved, and pushes others out.
    throw new Error(`other users can write to ${folder}, and so replace or end backups; run chmod go-w ${folder}`)
  }
  const newest = existsSync(folder) ? regularBackups(folder).at(-1) : undefined
  if (newest === undefined) throw new Error(`there is none in ${folder}`)
  const age = currentTime().getTime() - periodOf(newest).getTime()
  if (age > 2 * every) throw new Error(`the newest is ${newest}; see the log of the server`)
  return `the newest is ${newest}`
}

async function mail({ mail }: Config): Promise<string> {
  if (!mail) return 'none is configured (--smtp-url)'
  await answering(mail)
  return `answers at ${new URL(mail.url).host}`
}

/** Asks the public address for the server, as browsers and clients do. */
async function publicAddress(db: Database, { publicUrl }: Config): Promise<string> {
  if (publicUrl === undefined && !(await hasPublicHost(db))) return 'none is set (--public-url)'
  const address = publicUrl ?? addressOf(await readSettings(db), '')
  const response = await fetch(`${address}/livez`, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
    (error: Error) => {
      const { cause } = error as { cause?: Error }
      throw new Error(`${address} does not answer: ${cause?.message || error.message}`)
    },
  )
  const text = await response.text()
  if (response.status !== 200 || text !== 'ok') {
    throw new Error(`${address} answers ${response.status}, but not as Halyard does; see what the proxy sends`)
  }
  const root = await fetch(`${address}/.well-known/oauth-authorization-server`, { signal: AbortSignal.timeout(PATIENCE_MS) })
  const { issuer } = (await root.json().catch(() => ({}))) as { issuer?: string }
  if (issuer !== address) throw new Error(`the server behind ${address} takes ${issuer} for its address; set --public-url`)
  return `${address} answers`
}
