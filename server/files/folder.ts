/** Files in a folder: written atomically, and synced to the disk before success is reported. */
import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Bytes, checkName, type FileStore } from './store.ts'

/** Two levels of 256 folders, so that each stays small. */
const placeOf = (root: string, name: string) => join(root, name.slice(0, 2), name.slice(2, 4), name)
/** The path of a file while it is written. */
const draftOf = (root: string, name: string) => join(root, 'incoming', name)

/** A store in the folder `root`, which need not exist yet. */
export function folderStore(root: string): FileStore {
  return {
    write: async (name, bytes) => {
      checkName(name)
      const [draft, place] = [draftOf(root, name), placeOf(root, name)]
      await mkdir(dirname(draft), { recursive: true, mode: 0o700 })
      try {
        await writeSafely(draft, bytes)
        await mkdir(dirname(place), { recursive: true, mode: 0o700 })
        await rename(draft, place)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
      // A name is durable only after its folder is synced, and a new folder only after its parent.
      for (const folder of [dirname(place), dirname(dirname(place)), root]) await syncFolder(folder)
    },
    read: async (name, range) => {
      checkName(name)
      const file = await open(placeOf(root, name), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
        (error: { code?: string }) => {
          if (error.code === 'ENOENT' || error.code === 'ELOOP') return undefined
          throw error
        },
      )
      return file?.createReadStream({ ...range, highWaterMark: 64 * 1024 })
    },
    remove: async (name) => {
      checkName(name)
      await rm(draftOf(root, name), { force: true })
      await rm(placeOf(root, name), { force: true })
    },
  }
}

/** The names of all files in the folder of a store, without those that are being written. */
export async function namesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true }).catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return entries
    .filter((path) => !path.startsWith('incoming'))
    .map((path) => basename(path))
    .filter((name) => /^[0-9a-f]{32}$/.test(name))
}

/** Writes a new file and syncs it to the disk. */
async function writeSafely(path: string, bytes: Bytes): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const piece of bytes) await file.writeFile(piece)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Has the names in a folder written to the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
