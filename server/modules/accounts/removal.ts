/** Removes principals permanently. Declarations define the cleanup of rows that refer to them. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { LOCKED } from '#identity/statuses.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context } from '#kernel/declaration.ts'
import { entryOf } from '#kernel/write/history.ts'
import { removeRows } from '#kernel/write/removal.ts'
import { placesOf, prune, usersOf } from './inheritance.ts'

/**
 * Removes a user, group or placeholder user together with its memberships and tokens.
 * @returns false: the row is gone already
 */
export async function removePrincipal(
  tx: Transaction,
  { id }: Pick<Tables['principals'], 'id'>,
  context: Context,
): Promise<false> {
  const users = await usersOf(tx, id)
  const places = await placesOf(tx, id)
  await removeRows(tx, context.model, context.model.of('Principal'), [id], entryOf(context))
  await prune(tx, users, places)
  await invalidate(tx, 'memberships', 'tokens')
  return false
}

/**
 * Ends what a principal can do, before a job removes it: its memberships, and the name and address by which others may be known
 * from now on. Sessions and tokens of a locked user open nothing.
 */
export async function retirePrincipal(tx: Transaction, { id }: Pick<Tables['principals'], 'id'>): Promise<void> {
  const users = await usersOf(tx, id)
  const places = await placesOf(tx, id)
  await tx.run(sql`delete from memberships where principal_id = ${id}`)
  await tx.run(sql`delete from group_users where ${id} in (user_id, group_id)`)
  await tx.run(sql`update principals set login = null, email = null, admin = ${false},
    status = case type when 'User' then ${LOCKED} else status end where id = ${id}`)
  await prune(tx, users, places)
  await invalidate(tx, 'principals', 'memberships', 'tokens', 'sessions')
}
