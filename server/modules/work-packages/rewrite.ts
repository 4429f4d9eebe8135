/** The one place where a write to a work package changes others: in bulk, each with a new version and its cause. */

import type { Row, Transaction } from '#db/database.ts'
import type { Entry, Model } from '#kernel/declaration.ts'
import { rewrite as rewriteRows } from '#kernel/write/history.ts'

/** Causes of automatic changes. */
export type Reason =
  | 'work_package_predecessor_changed_times'
  | 'work_package_parent_changed_times'
  | 'work_package_children_changed_times'
  | 'work_package_related_changed_times'

export interface Cause {
  readonly type: Reason
  /** The work package whose change is the cause. */
  readonly work_package_id: number
}

export interface Rewrite {
  readonly id: number
  /** Columns with their new values. */
  readonly values: Row
  /** Undefined where no work package is the cause: descendants move with their ancestor, a project is removed. */
  readonly cause: Cause | undefined
}

/** Writes other work packages, with the cause in their history. Their rows must be locked, or unreachable for others. */
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

/** Whether a change may cause notifications: new dates do, unless they only follow from the dates of children. */
const isNews = (values: Row, cause: Cause | undefined): boolean =>
  cause !== undefined && cause.type !== 'work_package_children_changed_times' && ('start_date' in values || 'due_date' in values)
