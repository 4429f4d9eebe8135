/** Removes a row by a request. */
import type { Database, Row } from '#db/database.ts'
import { inside } from '#kernel/context.ts'
import type { Context, Resource } from '#kernel/declaration.ts'
import { combined } from '#kernel/errors.ts'
import { loadRules } from '#kernel/read/load.ts'
import { unchanged } from '#kernel/resource.ts'
import { refuseFrozen } from './checks.ts'
import { touched, writing } from './commit.ts'
import { entryOf } from './history.ts'
import { publish } from './outbox.ts'
import { toErrors } from './payload.ts'
import { refusalOf } from './prepare.ts'
import { hide, isLarge, removeRows } from './removal.ts'
import { allows } from './schema.ts'

/**
 * Removes a row.
 * @throws ApiError 403 without the permission (or 404, see `refusal`) or for a frozen row, 422 for violations, 409 after a concurrent
 *   reference to the row
 */
export async function remove(db: Database, context: Context, resource: Resource, row: Row): Promise<void> {
  await loadRules(context, resource)
  if (!allows(resource, resource.may?.delete, unchanged(row), context)) throw refusalOf(resource)
  refuseFrozen(resource, row)
  const violations = (await resource.removable?.(row, context)) ?? []
  if (violations.length > 0) throw combined(toErrors(resource, violations))
  await writing(db, resource, async (tx) => {
    const inner = inside(context, tx)
    if (resource.gradual && (await isLarge(tx, context.model, resource))) {
      await resource.gradual.begin?.(tx, row, inner)
      await hide(tx, resource, row.id, context)
    } else {
      const isDone = await resource.remove?.(tx, row, inner)
      if (isDone !== false) await removeRows(tx, context.model, resource, [row.id], entryOf(context))
    }
    await touched(tx, resource)
    await publish(tx, context, `${resource.table}.deleted`, row.id, [])
  })
}
