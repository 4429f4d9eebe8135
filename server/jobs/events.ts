/**
 * Delivers events from the outbox: oldest first, by one process at a time, each at least once. A process may end between the
 * delivery and the removal of an event, so subscribers must be idempotent. If a subscriber fails, later events wait with the
 * failed one.
 */
import type { Reader } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Event, JobContext, JobEffect } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { subscribersOf } from '#kernel/write/outbox.ts'

/** Events per batch, which are removed together. */
const AT_ONCE = 100
/** Batches per run of the job: within its lease, so that no other process starts meanwhile. */
const TURNS = 10

export const deliverEvents = job('events.deliver', {
  lease: 300,
  // Events are not jobs of their own, because they keep their order.
  pending: async (db) => (await db.one(sql`select id from outbox limit 1`)) !== undefined,
  run: async (context) => {
    for (let turn = 1; turn < TURNS; turn++) {
      const events = await oldest(context.db)
      await deliver(events, context)
      if (events.length < AT_ONCE) return forget(events)
      await context.db.transaction(forget(events))
    }
    const events = await oldest(context.db)
    await deliver(events, context)
    return forget(events)
  },
})

/** The events that are not delivered yet: their number, and when the oldest was written. */
export async function undelivered(db: Reader): Promise<{ count: number; oldest: string | null }> {
  const row = await db.one<{ count: number; oldest: string | null }>(
    sql`select count(*) as count, min(created_at) as oldest from outbox`,
  )
  return row ?? { count: 0, oldest: null }
}

async function oldest(db: Reader): Promise<Event[]> {
  const rows = await db.all(sql`select * from outbox order by id limit ${AT_ONCE}`)
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    resourceId: row.resource_id,
    actorId: row.actor_id,
    changed: row.changed,
    announced: row.announced,
    at: row.created_at,
  }))
}

/** Delivers events to subscribers. If one throws, the events delivered before are removed. */
async function deliver(events: readonly Event[], context: JobContext<unknown>): Promise<void> {
  for (const [index, event] of events.entries()) {
    try {
      for (const subscriber of subscribersOf(context.model, event.name)) await subscriber.handle(event, context)
    } catch (error) {
      await context.db.transaction(forget(events.slice(0, index)))
      throw error
    }
  }
}

const forget =
  (events: readonly Event[]): JobEffect =>
  (tx) =>
    tx.run(
      sql`delete from outbox where ${among(
        tx.engine,
        raw('id'),
        events.map(({ id }) => id),
      )}`,
    )
