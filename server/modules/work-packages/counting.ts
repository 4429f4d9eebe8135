/** Keeps the counts of work packages small. */
import { mergeCounts } from '#db/counts.ts'
import { job } from '#kernel/module.ts'
import { countedBy } from './0058-counts.ts'

/** Merges the changes that writers have left in the counts. */
export const mergeWorkPackageCounts = job('work_packages.count', {
  every: 60,
  run: () => Promise.resolve((tx) => mergeCounts(tx, 'work_packages', countedBy)),
})
