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
  chapters: [
    {
      part: 'The instance',
      name: 'OAuth applications',
      description: 'The applications that people can let in. They are registered by administrators.',
      of: ['OAuthApplication'],
    },
    {
      part: 'People',
      name: 'Users',
      description: 'People who can sign in. `me` stands for the caller in every address.',
      of: ['User'],
    },
    {
      part: 'People',
      name: 'Preferences',
      description: 'How somebody wants to use the instance, and what they are to be told of.',
      of: ['UserPreferences'],
    },
    {
      part: 'People',
      name: 'Groups and placeholders',
      description: 'Several users at once, and users who are not there yet. Principals are all that work can be assigned to.',
      of: ['Group', 'PlaceholderUser', 'Principal'],
    },
    {
      part: 'People',
      name: 'Memberships and roles',
      description: 'Who is in which project, and what they may do there.',
      of: ['Membership', 'Role'],
    },
    {
      part: 'People',
      name: 'Actions and capabilities',
      description: 'What can be done at all, and who can do what where: for clients that want to know beforehand.',
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
})
