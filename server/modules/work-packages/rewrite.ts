/** The one place where a write to one work package changes others: all at once, each with a new version, and with the reason. */

import type { Row, Transaction } from '#db/database.ts'
import type { Entry, Model } from '#kernel/declaration.ts'
import { rewrite as rewriteRows } from '#kernel/write/history.ts'

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
export const rewrite = (tx: Transaction, model: Model, rewrites: readonly Rewrite[], entry: Entry): Promise<void> =>
  rewriteRows(
    tx,
    model.of('WorkPackage'),
    rewrites.map(({ id, values, cause }) => ({
      id,
      values,
      cause: cause && { ...cause },
      announced: entry.announced === true && isNews(values, cause),
    })),
    entry,
  )

/** Whether others may have to be told: of new dates, but not of those that only follow from the dates of children. */
const isNews = (values: Row, cause: Cause | undefined): boolean =>
  cause !== undefined && cause.type !== 'work_package_children_changed_times' && ('start_date' in values || 'due_date' in values)
