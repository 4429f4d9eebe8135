/** Permissions about files. */
import { type Entry, project } from '#kernel/access/permissions.ts'

export const permissions: readonly Entry[] = [
  project('manage_files_in_project'),
  project('read_files'),
  project('write_files'),
  project('create_files'),
  project('share_files'),
  project('delete_files'),
]
