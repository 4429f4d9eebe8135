/**
 * What happened: written into the outbox by the transaction that did it, and delivered to subscribers once it is committed (see
 * jobs/events.ts). Nothing is written for events that nobody subscribes to.
 */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Model, Subscriber } from '#kernel/declaration.ts'

/** Who does something, and when: a request, or the passing of time. */
export interface Doing {
  readonly viewer: { readonly id: number }
  readonly now: Date
  readonly model: Pick<Model, 'subscribers'>
}

/** Writes an event into the outbox, where somebody wants to know of it. */
export async function publish(
  tx: Transaction,
  { viewer, now, model }: Doing,
  name: string,
  id: number,
  columns: readonly string[],
): Promise<void> {
  if (subscribersOf(model, name).length === 0) return
  await tx.run(sql`insert into outbox (name, resource_id, actor_id, changed, created_at)
    values (${name}, ${id}, ${viewer.id}, ${JSON.stringify(columns)}, ${now.toISOString()})`)
}

/** Those who subscribe to events of a name, in the order of their declaration. */
export const subscribersOf = ({ subscribers }: Pick<Model, 'subscribers'>, name: string): readonly Subscriber[] =>
  subscribers.filter(({ event }) => patternOf(event).test(name))

const patterns = new Map<string, RegExp>()

const patternOf = (event: string): RegExp =>
  patterns.getOrInsertComputed(event, () => new RegExp(`^${event.replaceAll('.', '\\.').replaceAll('*', '.*')}$`))
