/** Users, groups, roles, memberships, and how people sign in. */
import { module } from '#kernel/module.ts'
import { operations as actionsOperations } from './actions.ts'
import { operations as capabilitiesOperations } from './capabilities.ts'
import { Group } from './groups.ts'
import { operations as locksOperations } from './locks.ts'
import { mailResetLinks } from './lost-password.ts'
import { Membership, operations as membershipsOperations } from './memberships.ts'
import { forgetLinks } from './one-time-links.ts'
import { forgetCeremonies } from './passkeys.ts'
import { PlaceholderUser } from './placeholder-users.ts'
import { operations as preferencesOperations, UserPreferences } from './preferences.ts'
import { Principal } from './principals.ts'
import { forgetSignIns } from './provider-sign-ins.ts'
import { Role } from './roles.ts'
import { User } from './users.ts'

export const accounts = module('accounts', {
  needs: [],
  types: ['Action', 'Capability', 'GlobalContext'],
  resources: [User, Group, PlaceholderUser, Principal, Role, Membership, UserPreferences],
  operations: [
    ...locksOperations,
    ...membershipsOperations,
    ...actionsOperations,
    ...capabilitiesOperations,
    ...preferencesOperations,
  ],
  tasks: [forgetCeremonies, mailResetLinks, forgetLinks, forgetSignIns],
})
