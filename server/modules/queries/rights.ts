/** Access rules of queries. */

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

/** The viewer sees work packages of any project. */
export const seesWork: Rule = either(inAnyProject('view_work_packages'), sharedAnywhere('view_work_packages'))

const isGlobal = lacking('project_id')
const isOwn = own('user_id')
const isPublic = having('public', true)

/** A permission in the query's project; for a query without a project, in any project. */
const placed = (permission: string): Rule => either(both(isGlobal, unconfined, inAnyProject(permission)), inProject(permission))

/** Rule for saving one's own queries. */
export const save = placed('save_queries')
/** Rule for managing public queries. */
export const managePublic = placed('manage_public_queries')

export const view = both(either(both(isGlobal, seesWork), inProject('view_work_packages')), either(isPublic, isOwn))
export const edit = either(both(isOwn, save), both(isPublic, managePublic))
/** Rule for changing the order: the viewer may edit the query, or work packages of its project. */
export const reorder = either(edit, both(not(isGlobal), inProject('edit_work_packages')))
export const remove = either(edit, both(isOwn, isGlobal, unconfined))

/** Rule for sharing as a calendar: the query needs a project, which is in the address. The address has no token limits. */
export const share = both(signedIn, unconfined, not(isGlobal), view, inProject('share_calendars'))

/** Rule for listing queries, and for their forms. */
export const list = either(seesWork, inAnyProject('manage_public_queries'))
