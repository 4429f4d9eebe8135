/** Permissions about the instance. */
import { type Entry, global } from '#kernel/access/permissions.ts'

export const permissions: readonly Entry[] = [
  global('create_backup', { require: 'loggedin' }),
  global('edit_attribute_help_texts', { require: 'loggedin' }),
]
