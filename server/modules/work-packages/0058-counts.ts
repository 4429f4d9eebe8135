/** The number of work packages of each project and status, and an index of those of a project by their last change. */
import { createCounts } from '#db/counts.ts'

/** The columns by whose values work packages are counted. */
export const countedBy = ['project_id', 'status_id'] as const

const { sqlite, postgres } = createCounts('work_packages', countedBy)
const index = 'create index work_packages_latest on work_packages (project_id, updated_at, id);'

export const counts = { name: '0058-counts', text: { sqlite: index + sqlite, postgres: index + postgres } }
