/** Protects the data from other users of the machine: our folders have mode 0700 and our files 0600, whatever the umask. */
import { chmodSync, existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from './config/read.ts'

const OTHERS = 0o077
const STICKY = 0o1000

/** A path that should be private, with its current mode. */
interface Place {
  readonly path: string
  readonly mode: number
  readonly wanted: number
  /** Whether the process owns the path and can change its mode. */
  readonly ours: boolean
}

/** The file of an SQLite database. */
const fileOf = ({ databaseUrl }: Config): string | undefined =>
  databaseUrl.startsWith('sqlite:') && databaseUrl !== 'sqlite::memory:'
    ? resolve(databaseUrl.slice('sqlite:'.length))
    : undefined

/** The paths that should be private. Folders other than that of --data are left alone, because they may hold other files. */
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

/** Private paths that other users can access. */
export function openPlaces(config: Config): Place[] {
  // Windows has no POSIX file modes.
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

/** Restricts the modes of the paths that the process owns. */
export function closePlaces(config: Config): void {
  for (const { path, wanted, ours } of openPlaces(config)) if (ours) chmodSync(path, wanted)
}

/** Advice for an operator about an accessible path. */
export const adviceOn = ({ path, mode, wanted, ours }: Place): string =>
  `other users can access ${path} (${mode.toString(8).padStart(3, '0')}): ${
    ours ? 'the next start of halyard serve corrects this, or run' : 'another user owns it; let that user run'
  } chmod ${wanted.toString(8)} ${join(path)}`
