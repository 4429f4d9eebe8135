/** Keeps the data from other users of the machine: folders of ours are 0700, files 0600, whatever the umask was. */
import { chmodSync, existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from './config.ts'

const OTHERS = 0o077
const STICKY = 0o1000

/** A place that is to be private, and how it is. */
interface Place {
  readonly path: string
  readonly mode: number
  readonly wanted: number
  /** Whether it belongs to whom this process runs as, so that it can be changed. */
  readonly ours: boolean
}

/** The file of an SQLite database. */
const fileOf = ({ databaseUrl }: Config): string | undefined =>
  databaseUrl.startsWith('sqlite:') && databaseUrl !== 'sqlite::memory:'
    ? resolve(databaseUrl.slice('sqlite:'.length))
    : undefined

/** The places that should be private. A folder is one of ours where it is that of --data: others may hold other things. */
function placesOf(config: Config): string[] {
  const database = fileOf(config)
  const key = config.secretKey.in === 'file' ? config.secretKey.path : undefined
  const { attachments } = config
  const isHome = (path: string | undefined) => path !== undefined && dirname(path) === config.data
  return [
    ...(isHome(database) || isHome(key) ? [config.data] : []),
    ...(attachments.in === 'folder' && dirname(attachments.path) === config.data ? [attachments.path] : []),
    ...(database ? ['', '-wal', '-shm', '-journal', '.lock'].map((end) => database + end) : []),
    ...(key ? [key] : []),
  ]
}

/** Places that others can read or change, although they should not. */
export function openPlaces(config: Config): Place[] {
  // Windows keeps rights elsewhere.
  if (process.platform === 'win32') return []
  return placesOf(config)
    .filter((path) => existsSync(path))
    .map((path) => {
      const found = statSync(path)
      const isShared = found.isDirectory() && (found.mode & STICKY) !== 0
      const wanted = found.isDirectory() ? 0o700 : 0o600
      return { path, mode: found.mode & 0o777, wanted, ours: found.uid === process.getuid?.() && !isShared }
    })
    .filter(({ mode }) => (mode & OTHERS) !== 0)
}

/** Makes private what can be. */
export function closePlaces(config: Config): void {
  for (const { path, wanted, ours } of openPlaces(config)) if (ours) chmodSync(path, wanted)
}

/** What an operator is to do about an open place. */
export const adviceOn = ({ path, mode, wanted, ours }: Place): string =>
  `${path} is open to others (${mode.toString(8).padStart(3, '0')}): ${
    ours ? 'the next start of halyard serve closes it, or do so now by' : 'it belongs to somebody else, who can close it by'
  } chmod ${wanted.toString(8)} ${join(path)}`
