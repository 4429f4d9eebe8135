/**
 * Events: written to the outbox by the transaction of the change, and delivered to subscribers after the commit (see
 * jobs/events.ts). Events without subscribers are not written.
 */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Model, Subscriber } from '#kernel/declaration.ts'

/** The user and the time of a change: of a request, or of a job. */
export interface Doing {
  readonly viewer: { readonly id: number }
  readonly now: Date
  readonly model: Pick<Model, 'subscribers'>
}

/**
 * Writes an event to the outbox, if it has subscribers.
 * @param announced whether others are to be told of it
 */
export async function publish(
  tx: Transaction,
  { viewer, now, model }: Doing,
  name: string,
  id: number,
  columns: readonly string[],
  announced = true,
): Promise<void> {
  if (subscribersOf(model, name).length === 0) return
  await tx.send(sql`insert into outbox (name, resource_id, actor_id, changed, announced, created_at)
    values (${name}, ${id}, ${viewer.id}, ${JSON.stringify(columns)}, ${announced}, ${now.toISOString()})`)
}

/** The subscribers of an event, in the order of their declaration. */
export const subscribersOf = ({ subscribers }: Pick<Model, 'subscribers'>, name: string): readonly Subscriber[] =>
  subscribers.filter(({ event }) => patternOf(event).test(name))

const patterns = new Map<string, RegExp>()

const patternOf = (event: string): RegExp =>
  patterns.getOrInsertComputed(event, () => new RegExp(`^${event.replaceAll('.', '\\.').replaceAll('*', '.*')}$`))
