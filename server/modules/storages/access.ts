/** Rules about storages, and the storages that a viewer sees. */
import { sql } from '#db/sql.ts'
import { admin, both, either, inProject, onWorkPackage, within } from '#kernel/access/rules.ts'
import { heldIn, heldOn } from '#kernel/access/sets.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'

/** Permissions in a project; the column tells where the row at hand has it. */
export const viewLinks = (of = 'project_id') => both(inProject('view_work_packages', of), inProject('view_file_links', of))
/** Seeing the file links of the work package that the row is: in its project, or because it is shared. */
export const viewLinksOfWork = both(onWorkPackage('view_work_packages'), onWorkPackage('view_file_links'))
export const manageLinks = (of = 'project_id') => both(viewLinks(of), inProject('manage_file_links', of))
export const manageInProject = inProject('manage_files_in_project')

/** The storages of projects in which the viewer sees file links, or those of shared work packages. Writes of `project_storages` invalidate it by the topic `projects`. */
const usedStorages: NamedSet = {
  name: 'used storages',
  reads: ['project:view_file_links', 'share:view_file_links'],
  query: (viewer, engine) => sql`
    select used.storage_id as id from project_storages used
    join ${heldIn(viewer, engine, 'view_file_links')} held on held.project_id = used.project_id
    union
    select used.storage_id from ${heldOn(viewer, engine, 'view_file_links')} shared
    join work_packages w on w.id = shared.work_package_id join project_storages used on used.project_id = w.project_id`,
}

/** Administrators see all storages, others those that their projects use. */
export const seesStorage = either(admin, within(usedStorages))
