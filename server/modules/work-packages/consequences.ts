/** Side effects of saving or removing a work package on successors, ancestors and descendants. */
import type { Transaction } from '#db/database.ts'
import { among, forUpdate, takeTurns } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { nobody } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { combined, conflict, violation } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { entryOf } from '#kernel/write/history.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { allowedBelow, hasMoreBelow, reachBelow, reachesAll } from '#kernel/write/reach.ts'
import { removeRows } from '#kernel/write/removal.ts'
import { said } from '#text/messages.ts'
import { AT_ONCE, beginDeletion, refuseDeleted, removeShares } from './deleting.ts'
import { calendarOf, type Facts } from './facts.ts'
import { chainAbove } from './hierarchy.ts'
import { detach, moveAlong, seenAnd } from './moving-along.ts'
import { boundOf, successorsOf } from './network.ts'
import { unrelatable } from './relatable.ts'
import { settle } from './settling.ts'

type WorkPackage = Tables['work_packages']

/** Columns that affect the dates of others, and columns that affect totals. */
const dateColumns = ['parent_id', 'start_date', 'due_date', 'duration', 'schedule_manually', 'ignore_non_working_days']
const workColumns = ['parent_id', 'estimated_hours', 'remaining_hours', 'done_ratio', 'status_id']

/** Side effects of saving a work package. */
export async function afterSave(tx: Transaction, draft: Draft<WorkPackage>, facts: Facts, context: Context): Promise<void> {
  const { row, before } = draft
  if (before && (differs(draft, 'project_id') || differs(draft, 'parent_id'))) await refuseDeleted(tx, row.id)
  const released = before && differs(draft, 'project_id') ? await moveAlong(tx, row, before, context) : []
  const parent = row.parent_id ?? null
  // A new work package has no successors, and only ancestors depend on it.
  const isApart = !before && parent === null
  const touches = (columns: readonly string[]) => !isApart && columns.some((column) => differs(draft, column))
  const former = before && differs(draft, 'parent_id') ? before.parent_id : null
  const isAdopted = parent !== null && differs(draft, 'parent_id')
  const automatic = isAdopted && (await adopt(tx, parent, draft, context)) ? [parent] : []
  const formerly = former === null ? [] : [former]
  const origins = [...released, ...(touches(dateColumns) ? [row.id, ...formerly, ...automatic] : [])]
  const work = touches(workColumns) ? [facts.children > 0 ? row.id : parent, ...formerly].filter((id) => id !== null) : []
  if (origins.length > 0 || work.length > 0) await settle(tx, { origins, automatic, work, because: row.id }, context)
}

/** Serialises relation and parent writes, so concurrent ones cannot form a cycle. */
export const serialiseTies = (tx: Transaction): Promise<void> => takeTurns(tx, TIES)
const TIES = 7202

/**
 * Adopts a child. Returns whether the parent becomes automatically scheduled: it does with its first child, unless it has
 * predecessors. Throws 409 if a concurrent write has formed a cycle.
 */
async function adopt(
  tx: Transaction,
  id: number,
  { row: child, before }: Draft<WorkPackage>,
  context: Context,
): Promise<boolean> {
  await serialiseTies(tx)
  const parent = await tx.one<Pick<WorkPackage, 'parent_id' | 'schedule_manually'>>(
    sql`select parent_id, schedule_manually from work_packages where id = ${id}${forUpdate(tx.engine)}`,
  )
  if (!parent || (await chainAbove(tx, id)).includes(child.id)) throw conflict()
  if (before) {
    const { query } = unrelatable(tx.engine, child.id, 'parent', { parent: null })
    if (await tx.one(sql`select 1 as one from (${query}) x where x.id = ${id}`)) throw conflict()
  }
  if (!parent.schedule_manually) return false
  const children = await tx.one<{ n: number }>(sql`select count(*) as n from work_packages where parent_id = ${id}`)
  return children?.n === 1 && !(await boundOf(tx, id, parent.parent_id, await calendarOf(context))).follows
}

/**
 * Removes a work package with its descendants, time entries and relations; successors and ancestors change. A descendant that the
 * viewer may not delete stays, with its own descendants and without a parent. Of many, it only hides them, and a job removes them.
 * @throws ApiError 422 if the viewer may not delete all time entries of the removed work packages
 */
export async function cascade(tx: Transaction, row: WorkPackage, context: Context): Promise<boolean> {
  const WorkPackage = context.model.of('WorkPackage')
  const deletes = seenAnd(WorkPackage.may?.delete ?? nobody)
  const bookedOn = (some: Sql) => sql`entity_type = 'WorkPackage' and ${some}`
  if (await hasMoreBelow(tx, context, WorkPackage, deletes, row.id, AT_ONCE)) {
    const marked = await beginDeletion(tx, row.id, await allowedBelow(tx, context, WorkPackage, deletes, row.id), context)
    await demandTime(tx, bookedOn(sql`entity_id in (${marked})`), context)
    return false
  }
  const { within, beyond } = await reachBelow(tx, context, WorkPackage, deletes, row.id)
  const all = [row.id, ...within]
  const booked = bookedOn(among(tx.engine, sql`entity_id`, all))
  await demandTime(tx, booked, context)
  await detach(tx, beyond, context)
  await tx.run(sql`delete from time_entries where ${booked}`)
  await removeShares(tx, among(tx.engine, sql`entity_id`, all))
  const successors = await successorsOf(tx, all)
  await removeRows(tx, context.model, WorkPackage, all, entryOf(context))
  const parents = row.parent_id === null ? [] : [row.parent_id]
  const origins = [...parents, ...successors, ...beyond]
  if (origins.length > 0) await settle(tx, { origins, work: parents, because: row.id }, context)
  return false
}

/** Throws 422 unless the viewer may delete these time entries. Ignores visibility, as running timers of others are hidden. */
async function demandTime(tx: Transaction, booked: Sql, context: Context): Promise<void> {
  const TimeEntry = context.model.of('TimeEntry')
  if (!(await reachesAll(tx, context, TimeEntry, TimeEntry.may?.delete ?? nobody, booked)))
    throw combined(toErrors(context.model.of('WorkPackage'), [violation('base', TIME_STAYS)]))
}

const TIME_STAYS = said`Time that you may not delete is booked on the work package or below it. Have it deleted or booked elsewhere first.`
