/** Rules about storages, and the storages that a viewer sees. */
import { sql } from '#db/sql.ts'
import { admin, both, either, inProject, within } from '#kernel/access/rules.ts'
import { heldIn } from '#kernel/access/sets.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'

/** Permissions in a project; the column tells where the row at hand has it. */
export const viewLinks = (of = 'project_id') => both(inProject('view_work_packages', of), inProject('view_file_links', of))
export const manageLinks = (of = 'project_id') => both(viewLinks(of), inProject('manage_file_links', of))
export const manageInProject = inProject('manage_files_in_project')

/** The storages of projects in which the viewer sees file links. Writes of `project_storages` invalidate it by the topic `projects`. */
const usedStorages: NamedSet = {
  name: 'used storages',
  reads: ['project:view_file_links'],
  query: (viewer, engine) => sql`
    select distinct used.storage_id as id from project_storages used
    join ${heldIn(viewer, engine, 'view_file_links')} held on held.project_id = used.project_id`,
}

/** Administrators see all storages, others those that their projects use. */
export const seesStorage = either(admin, within(usedStorages))
