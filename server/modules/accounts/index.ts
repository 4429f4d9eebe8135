/** Users, groups, roles, memberships, and the applications that act for users. */
import { module } from '#kernel/module.ts'
import { operations as actionsOperations } from './actions.ts'
import { bodies } from './bodies.ts'
import { operations as capabilitiesOperations } from './capabilities.ts'
import { Group } from './groups.ts'
import { operations as locksOperations } from './locks.ts'
import { Membership, operations as membershipsOperations } from './memberships.ts'
import { OAuthApplication } from './oauth-applications.ts'
import { permissions } from './permissions.ts'
import { PlaceholderUser } from './placeholder-users.ts'
import { operations as preferencesOperations, UserPreferences } from './preferences.ts'
import { Principal } from './principals.ts'
import { Role } from './roles.ts'
import { User } from './users.ts'

export const accounts = module('accounts', {
  needs: ['identity'],
  bodies,
  permissions,
  resources: [User, Group, PlaceholderUser, Principal, Role, Membership, UserPreferences, OAuthApplication],
  operations: [
    ...locksOperations,
    ...membershipsOperations,
    ...actionsOperations,
    ...capabilitiesOperations,
    ...preferencesOperations,
  ],
})
