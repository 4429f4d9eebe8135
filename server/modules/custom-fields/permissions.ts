/** Permissions about custom fields. */
import { type Entry, project } from '#kernel/access/permissions.ts'

export const permissions: readonly Entry[] = [
  project('select_project_custom_fields', { require: 'member' }),
  project('select_custom_fields', { require: 'member' }),
]
