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
import { registerAccount } from './registration.ts'
import { Role } from './roles.ts'
import { User } from './users.ts'

export const accounts = module('accounts', {
  needs: ['identity'],
  chapters: [
    {
      part: 'The instance',
      name: 'OAuth applications',
      description: 'OAuth applications that users can authorise. Administrators register them.',
      of: ['OAuthApplication'],
    },
    {
      part: 'People',
      name: 'Users',
      description: 'User accounts. `me` stands for the caller in every address.',
      of: ['User'],
    },
    {
      part: 'People',
      name: 'Preferences',
      description: 'User preferences and notification settings.',
      of: ['UserPreferences'],
    },
    {
      part: 'People',
      name: 'Groups and placeholders',
      description: 'Groups of users, and placeholders for future users. Principals are users, groups and placeholder users.',
      of: ['Group', 'PlaceholderUser', 'Principal'],
    },
    {
      part: 'People',
      name: 'Memberships and roles',
      description: 'Memberships of principals in projects, with their roles.',
      of: ['Membership', 'Role'],
    },
    {
      part: 'People',
      name: 'Actions and capabilities',
      description:
        'Actions of the API, and capabilities: the actions that a principal may perform in a context. Clients use them to check permissions in advance.',
      of: ['Action', 'Capability'],
    },
  ],
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
  jobs: [registerAccount],
})
