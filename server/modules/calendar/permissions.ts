/** Permissions about working times. */
import { type Entry, global } from '#kernel/access/permissions.ts'

export const permissions: readonly Entry[] = [global('manage_own_working_times'), global('manage_working_times')]
