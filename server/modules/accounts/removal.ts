/** Removes principals permanently. Declarations define the cleanup of rows that refer to them. */
import type { Transaction } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
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
