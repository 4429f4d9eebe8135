/** Opens a database of either engine, by its URL. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from './database.ts'
import { openSqlite } from './sqlite.ts'

/**
 * Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://…`.
 * @throws an Error in one sentence for any other URL.
 */
export async function connect(
  url: string,
  options: {
    durable?: boolean
    connections?: number
    schema?: string
    patience?: number
    image?: Uint8Array
    turn?: (() => Promise<() => void>) | undefined
  } = {},
): Promise<Database> {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length)
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // SQLite's files beside it get the mode of this file.
      closeSync(openSync(path, 'a', 0o600))
    }
    return openSqlite(path, options)
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    // Loaded on demand, so that a start on SQLite does not wait for it.
    const { openPostgres } = await import('./postgres.ts')
    return openPostgres(url, options)
  }
  throw new Error(`The database URL "${url}" must be sqlite:PATH or postgres://…`)
}
