/** Deletes old notifications. */
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import { job } from '#kernel/module.ts'
import { readSettings } from '#kernel/settings.ts'

const DAY = 86_400_000

export const forgetNotifications = job('notifications.forget', {
  every: 3600,
  lease: 600,
  run: async ({ db, now }) => {
    const oldest = await db.one<{ created_at: string }>(sql`select created_at from notifications order by id limit 1`)
    if (!oldest) return
    const { notification_retention_period_days: days } = await readSettings(db)
    const last = new Date(now.getTime() - days * DAY).toISOString()
    if (oldest.created_at >= last) return
    await deleteInSlices(db, 'notifications', sql`created_at < ${last}`)
  },
})
