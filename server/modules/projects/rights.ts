/** Access rules of projects. */
import { sql } from '#db/sql.ts'
import { admin, both, either, globally, having, inProject, lacking, onWorkPackage, unconfined } from '#kernel/access/rules.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'
import type { Rule } from '#kernel/declaration.ts'

/** A permission in the project; in an archived project, where nobody holds any, the administrators' right. */
const inside = (permission: string): Rule => either(inProject(permission, 'id'), both(admin, having('active', false)))

export const view = either(admin, inProject('view_project', 'id'))
export const edit = inside('edit_project')
/** The fields that an instance has added to projects. */
export const seeAttributes = either(inside('view_project_attributes'), globally('add_project'), lacking('id'))
export const editAttributes = either(
  inside('edit_project_attributes'),
  both(lacking('id'), either(globally('add_project'), inProject('add_subprojects', 'parent_id'))),
)
export const archive = inside('archive_project')
/** A new project is in no token's limits yet, so the caller must be unconfined. */
export const create = both(unconfined, either(globally('add_project'), inProject('add_subprojects', 'parent_id')))
/** The same for programs and portfolios. */
export const createProgram = both(unconfined, either(globally('add_programs'), inProject('add_subprojects', 'parent_id')))
export const createPortfolio = both(unconfined, globally('add_portfolios'))

/** Rule for the attributes of a project; for a new project, its creator may read them. */
export const viewAttributes = either(inside('view_project'), globally('add_project'), lacking('id'))

/** The projects that the viewer has made favorites. */
export const favorites: NamedSet = {
  name: 'favorites',
  query: ({ id }) => sql`select project_id as id from favorites where user_id = ${id}`,
}

/** The projects that are being deleted: archived ones, of which others see what is shared with everybody. */
export const doomed: NamedSet = {
  name: 'projects being deleted',
  query: () => sql`select id from projects where deleting`,
}

/** Rule for seeing a work package, for resources that are declared before it. */
export const seesWorkPackage = onWorkPackage('view_work_packages')
