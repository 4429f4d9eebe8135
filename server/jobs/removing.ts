/** Removes rows that many others refer to, in short transactions: requests only hide them. */
import { sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import { createCache, invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor } from '#kernel/context.ts'
import type { JobContext } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { touched } from '#kernel/write/commit.ts'
import { entryOf } from '#kernel/write/history.ts'
import { type Removing, releaseGradually, removeCascades, removeReleased } from '#kernel/write/removal.ts'

interface Doomed {
  readonly of_table: TableName
  readonly removed: number
  readonly resource: string
  readonly actor: number
}

const oldest = sql`select of_table, removed, resource, actor from removals order by created_at, of_table, removed limit 1`

export const removeHidden = job('rows.remove', {
  lane: 'tasks',
  pending: async (db) => (await db.one(oldest)) !== undefined,
  run: async (services) => {
    for (;;) {
      const doomed = await services.db.one<Doomed>(oldest)
      if (!doomed) return
      await removeOne(services, doomed)
    }
  },
})

async function removeOne(services: JobContext<unknown>, { of_table, removed, resource: of, actor }: Doomed): Promise<void> {
  const { db, step, signal, now } = services
  const context = await contextOfActor({ ...services, cache: createCache() }, actor, now)
  const { model } = context
  const resource = model.of(of)
  const entry = () => entryOf({ ...context, now: currentTime() })
  const removing: Removing = { db, model, step, signal, entry }
  await releaseGradually(removing, resource, [removed])
  await removeCascades(removing, resource, [removed], resource.topics ?? [])
  await step(async (tx) => {
    await removeReleased(tx, model, resource, [removed], entry())
    await tx.run(sql`delete from removals where of_table = ${of_table} and removed = ${removed}`)
    await touched(tx, resource)
    await invalidate(tx, 'removals')
  })
}
