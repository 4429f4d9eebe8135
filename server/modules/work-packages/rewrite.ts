/** The one place where a write to one work package changes others: all at once, each with a new version, and with the reason. */
import type { Row, Transaction } from '#db/database.ts'
import { updateEach } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { type Entry, record } from '#kernel/history.ts'
import { resourceNamed } from '#kernel/resource.ts'

/** Why a work package changes without anybody having written it. */
export type Reason =
  | 'work_package_predecessor_changed_times'
  | 'work_package_parent_changed_times'
  | 'work_package_children_changed_times'
  | 'work_package_related_changed_times'

export interface Cause {
  readonly type: Reason
  /** The work package whose change brought it about. */
  readonly work_package_id: number
}

export interface Rewrite {
  readonly id: number
  /** Columns with their new values. */
  readonly values: Row
  /** Undefined where no work package is to be named: descendants move with their ancestor, a project is removed. */
  readonly cause: Cause | undefined
}

/** Writes other work packages, and the reason into their history. Their rows are locked, or nobody else can reach them. */
export async function rewrite(tx: Transaction, rewrites: readonly Rewrite[], entry: Entry): Promise<void> {
  for (const alike of Map.groupBy(rewrites, ({ values }) => Object.keys(values).join()).values()) {
    const rows = alike.map(({ id, values }) => ({ id, ...values }))
    const columns = Object.keys((alike[0] as Rewrite).values)
    const alwaysAlike = sql`lock_version = work_packages.lock_version + 1, updated_at = ${entry.at}`
    await tx.run(updateEach(tx.engine, 'work_packages', columns, rows, alwaysAlike))
  }
  const resource = resourceNamed('WorkPackage')
  for (const [, alike] of Map.groupBy(rewrites, (one) => JSON.stringify([one.cause, isNews(one)]))) {
    const first = alike[0] as Rewrite
    const { cause } = first
    const announced = entry.announced === true && isNews(first)
    await record(
      tx,
      resource,
      alike.map(({ id }) => id),
      { ...entry, announced, ...(cause && { cause: { ...cause } }) },
    )
  }
}

/** Whether others may have to be told: of new dates, but not of those that only follow from the dates of children. */
const isNews = ({ cause, values }: Rewrite): boolean =>
  cause !== undefined && cause.type !== 'work_package_children_changed_times' && ('start_date' in values || 'due_date' in values)
