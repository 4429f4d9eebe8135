/** What happened: written into the outbox by the transaction that did it, told to subscribers once it is committed. */
import type { Database, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'

export interface Event {
  readonly id: number
  /** Table and verb: `work_packages.updated`. */
  readonly name: string
  readonly resourceId: number
  readonly actorId: number
  /** The columns that changed. */
  readonly changed: readonly string[]
  readonly at: string
}

/** Must bear being told the same event twice: a process may end between telling and forgetting. */
export type Subscriber = (event: Event) => void | Promise<void>

const subscribers: { pattern: RegExp; subscriber: Subscriber }[] = []

/** Calls `subscriber` for events of a name, `*` standing for any part of it. Gives the way to end it. */
export function subscribe(name: string, subscriber: Subscriber): () => void {
  const entry = { pattern: new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`), subscriber }
  subscribers.push(entry)
  return () => void subscribers.splice(subscribers.indexOf(entry), 1)
}

/** Who does something, and when: a request, or the passing of time. */
export interface Doing {
  readonly viewer: { readonly id: number }
  readonly now: Date
}

/** Writes an event into the outbox. */
export async function publish(
  tx: Transaction,
  { viewer, now }: Doing,
  name: string,
  id: number,
  columns: readonly string[],
): Promise<void> {
  await tx.run(sql`insert into outbox (name, resource_id, actor_id, changed, created_at)
    values (${name}, ${id}, ${viewer.id}, ${JSON.stringify(columns)}, ${now.toISOString()})`)
}

/** Tells subscribers what is in the outbox, oldest first, and forgets it. Gives how many events there were. */
export async function deliver(db: Database, most = 500): Promise<number> {
  const rows = await db.all(sql`select * from outbox order by id limit ${most}`)
  for (const row of rows) {
    const event: Event = {
      id: row['id'],
      name: row['name'],
      resourceId: row['resource_id'],
      actorId: row['actor_id'],
      changed: row['changed'],
      at: row['created_at'],
    }
    for (const { pattern, subscriber } of subscribers) if (pattern.test(event.name)) await subscriber(event)
  }
  if (rows.length > 0) {
    const ids = rows.map((row) => row['id'] as number)
    await db.transaction((tx) => tx.run(sql`delete from outbox where ${among(db.engine, raw('id'), ids)}`))
  }
  return rows.length
}
