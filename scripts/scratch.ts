/** The folder for temporary files of tests. */
import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
/** The file system's number in statfs. */
const TMPFS = 0x01021994
/** Test databases need a tenth of it; containers often have 64 MB there. */
const ENOUGH_BYTES = 4e9

/**
 * The folder for files that no test keeps: in memory on Linux where there is room, else the system's. A copy of a database
 * there takes a tenth of the time.
 */
export function scratch(): string {
  if (process.env.TMPDIR) return tmpdir()
  try {
    accessSync(MEMORY, constants.W_OK)
    const { type, bavail, bsize } = statfsSync(MEMORY)
    return type === TMPFS && bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir()
  } catch {
    return tmpdir()
  }
}
