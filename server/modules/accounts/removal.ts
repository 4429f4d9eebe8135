/** Removing a principal for good: what it made stays, in the name of the deleted user. */
import type { Row, Transaction } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context } from '#kernel/declaration.ts'
import { amend, entryOf } from '#kernel/write/history.ts'
import { removed } from '#kernel/write/removal.ts'
import { placesOf, prune, usersOf } from './inheritance.ts'

/** The columns that say who did or is to do something: they come to name the deleted user, in the history as well. */
export const contributions: readonly (readonly [TableName, string])[] = [
  ['work_packages', 'author_id'],
  ['work_packages', 'assigned_to_id'],
  ['work_packages', 'responsible_id'],
  ['journals', 'user_id'],
  ['time_entries', 'user_id'],
  ['time_entries', 'logged_by_id'],
  ['attachments', 'author_id'],
  ['notifications', 'actor_id'],
  ['queries', 'user_id'],
]

/** The columns that choose somebody for what is yet to come: they are emptied. */
export const preferences: readonly (readonly [TableName, string])[] = [['categories', 'assigned_to_id']]

/**
 * Removes a user, group or placeholder user together with its memberships and tokens.
 * @returns false: the row is gone already
 */
export async function removePrincipal(tx: Transaction, { id }: Row, context: Context): Promise<false> {
  const deleted = await tx.one<{ id: number }>(sql`select id from principals where type = 'DeletedUser'`)
  if (!deleted) throw new Error('The database has no deleted user: run halyard migrate.')
  // A running timer has no end that anybody could tell any more.
  await tx.run(sql`delete from time_entries where user_id = ${id} and ongoing`)
  // What somebody kept to oneself is of use to nobody else.
  await tx.run(sql`delete from queries where user_id = ${id} and not public`)
  for (const [table, column] of contributions) {
    await amend(tx, context.model, table, { set: sql`${name(column)} = ${deleted.id}`, where: sql`${name(column)} = ${id}` })
  }
  for (const [table, column] of preferences) {
    await tx.run(sql`update ${name(table)} set ${name(column)} = null where ${name(column)} = ${id}`)
  }
  const users = await usersOf(tx, id)
  const places = await placesOf(tx, id)
  await tx.run(sql`delete from principals where id = ${id}`)
  await prune(tx, users, places)
  await removed(tx, context.model, 'principals', [id], entryOf(context))
  await invalidate(tx, 'memberships', 'tokens', 'categories')
  return false
}
