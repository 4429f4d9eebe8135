/** Who sees queries, who keeps them, and who decides about those that everybody sees. */

import {
  both,
  either,
  having,
  inAnyProject,
  inProject,
  lacking,
  not,
  own,
  sharedAnywhere,
  signedIn,
  unconfined,
} from '#kernel/access/rules.ts'
import type { Rule } from '#kernel/declaration.ts'

/** The viewer sees some work package somewhere. */
export const seesWork: Rule = either(inAnyProject('view_work_packages'), sharedAnywhere('view_work_packages'))

const isGlobal = lacking('project_id')
const isOwn = own('user_id')
const isPublic = having('public', true)

/** A permission in the query's project; for a query that belongs to none, in any project. */
const placed = (permission: string): Rule => either(both(isGlobal, unconfined, inAnyProject(permission)), inProject(permission))

/** The viewer may keep queries of their own there. */
export const save = placed('save_queries')
/** The viewer may decide there what everybody sees. */
export const managePublic = placed('manage_public_queries')

export const view = both(either(both(isGlobal, seesWork), inProject('view_work_packages')), either(isPublic, isOwn))
export const edit = either(both(isOwn, save), both(isPublic, managePublic))
/** Who may change its order: whoever may change it, or the work packages of its project. */
export const reorder = either(edit, both(not(isGlobal), inProject('edit_work_packages')))
export const remove = either(edit, both(isOwn, isGlobal, unconfined))

/** Who may give calendar programs the way to it: it has to be a project's, in whose address it is read. That way has no limits. */
export const share = both(signedIn, unconfined, not(isGlobal), view, inProject('share_calendars'))

/** Who may list queries, and ask how one would look. */
export const list = either(seesWork, inAnyProject('manage_public_queries'))
