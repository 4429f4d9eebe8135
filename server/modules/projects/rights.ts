/** Who may do what with a project. */
import { admin, both, either, globally, having, inProject, lacking, type Rule, unconfined } from '#kernel/rules.ts'

/** A permission in the project itself; an archived one, in which nobody holds any, is the administrators'. */
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
/** What is new is in nobody's limits yet. */
export const create = both(unconfined, either(globally('add_project'), inProject('add_subprojects', 'parent_id')))

/** What a project is about; of one that is none yet, its maker may know. */
export const viewAttributes = either(inside('view_project'), globally('add_project'), lacking('id'))
