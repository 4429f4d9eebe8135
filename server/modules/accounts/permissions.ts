/** Permissions about accounts and members. */
import { type Entry, global, project } from '#kernel/access/permissions.ts'

export const permissions: readonly Entry[] = [
  global('create_user', {
    require: 'loggedin',
    dependencies: ['view_all_principals'],
    actions: ['users/read', 'users/create'],
  }),
  global('manage_user', {
    require: 'loggedin',
    dependencies: ['view_all_principals'],
    actions: ['users/read', 'users/update'],
  }),
  global('view_all_principals', { require: 'loggedin', actions: ['users/read'] }),
  global('manage_placeholder_user', {
    require: 'loggedin',
    dependencies: ['view_all_principals'],
    actions: ['placeholder_users/create', 'placeholder_users/read', 'placeholder_users/update'],
  }),
  global('view_user_email', { require: 'loggedin' }),
  project('view_members', { actions: ['memberships/read'] }),
  project('manage_members', {
    require: 'member',
    dependencies: ['view_members'],
    actions: ['memberships/create', 'memberships/update', 'memberships/destroy'],
  }),
  project('invite_members_by_email', { require: 'member', dependencies: ['manage_members'] }),
]
