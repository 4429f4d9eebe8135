/** Access rules of principals and their attributes. */
import { sql } from '#db/sql.ts'
import {
  admin,
  both,
  either,
  globally,
  having,
  inAnyProject,
  inProject,
  lacking,
  own,
  unconfined,
  within,
} from '#kernel/access/rules.ts'
import { heldIn, membershipsOf } from '#kernel/access/sets.ts'
import type { NamedSet } from '#kernel/access/viewer.ts'
import type { Rule } from '#kernel/declaration.ts'

/** The kinds of principals that users create; the others are built in, and visible to all. */
export const madeKinds: readonly string[] = ['User', 'Group', 'PlaceholderUser']

/** The viewer, and members (including shares) of active projects where the viewer is a member or may see members. */
export const seenPrincipals: NamedSet = {
  name: 'principals',
  reads: ['project:view_members', 'project:manage_members'],
  query: (viewer, engine) => sql`
    select m.principal_id as id from memberships m where m.project_id in (
      select mine.project_id from ${membershipsOf(viewer, engine)} mine join projects p on p.id = mine.project_id and p.active
      union
      select held.project_id from ${heldIn(viewer, engine, 'view_members', 'manage_members')} held
    )
    union
    select p.id from principals p where p.id = ${viewer.id} or p.type not in ('User', 'Group', 'PlaceholderUser')`,
}

const isGroup = having('type', 'Group')
const isPlaceholder = having('type', 'PlaceholderUser')
const isUser = having('type', 'User')

/** The viewer sees the members of some project. */
export const seesMembers: Rule = either(admin, inAnyProject('view_members'), inAnyProject('manage_members'))

/** The viewer manages members of some project. */
export const managesMembers: Rule = either(admin, inAnyProject('manage_members'))

/** The viewer sees the members of the membership's project. */
export const membersSeen: Rule = either(inProject('view_members'), inProject('manage_members'))

/** The viewer sees the principal. */
export const seen: Rule = either(
  admin,
  globally('view_all_principals'),
  globally('manage_user'),
  both(isPlaceholder, globally('manage_placeholder_user')),
  both(isGroup, managesMembers),
  within(seenPrincipals),
)

/** The viewer sees the user's login. */
export const knowsLogin: Rule = either(globally('manage_user'), globally('create_user'), own('id'))

/** The viewer sees the user's email address. */
export const knowsEmail: Rule = either(globally('view_user_email'), knowsLogin)

/** The principal is the viewer, or the viewer an administrator. */
export const adminOrSelf: Rule = either(admin, own('id'))

/** The viewer may change the account: their own, or as an administrator. */
export const decides: Rule = both(unconfined, adminOrSelf)

/** The viewer may update the user: their own account or, with the permission to manage users, any but administrators. */
export const changesUser: Rule = both(isUser, either(decides, both(globally('manage_user'), having('admin', false))))

/** The viewer is an administrator, the principal a user. */
export const administersUser: Rule = both(isUser, admin)

/** The user is the viewer, without an external identity provider. */
export const ownAndLocal: Rule = both(own('id'), lacking('identity_url'))
