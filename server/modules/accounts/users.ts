/** User accounts, including the built-in anonymous, deleted and system users. */

import { among, recordset } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import { ACTIVE, accountStatus, accountStatuses, LOCKED } from '#identity/statuses.ts'
import { byRule } from '#kernel/access/rights.ts'
import { admin, both, either, globally, having, not, own, signedIn } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { blockedFilter, groupFilter, knownGroupUsers } from './group-filter.ts'
import { membershipsLink, titled } from './links.ts'
import { nameFilters } from './search.ts'
import {
  canRemove,
  checkAttributes,
  checkPassword,
  checkStatus,
  completed,
  dated,
  fromInvitation,
  isSignIn,
  isStale,
  keepAnAdmin,
  removableUser,
  removeUser,
  retireUser,
  sendInvitation,
  tellOwner,
  tidied,
  type UserFacts,
  userFacts,
} from './user-rules.ts'
import { administersUser, adminOrSelf, changesUser, decides, knowsEmail, knowsLogin, ownAndLocal, seen } from './visibility.ts'

const creates = globally('create_user')
const manages = globally('manage_user')
const managesOthers = both(manages, not(own('id')))
const removes = both(having('type', 'User'), decides)

export const User = resource<'principals', UserFacts>('User', 'principals', {
  path: 'users',
  description:
    'A user account, active, locked or invited. The visible properties depend on the caller: for other users, often the name only.',
  glossary: {
    name: 'First and last name, in the order configured for the instance.',
    login: 'User name. A change needs a recent confirmation of the caller’s identity.',
    admin: 'Whether the user is an administrator. Visible to administrators.',
    firstName: 'First name.',
    lastName: 'Last name.',
    email: 'Email address. A change needs a recent confirmation of the caller’s identity.',
    avatar: 'Address of the avatar; empty where there is none.',
    status:
      '`active`, `registered` until the account is activated, `invited` until the invitation is accepted, `locked`. Giving `invited` sends an invitation by email, for an invited user once more.',
    identityUrl: 'Account at an identity provider: the provider’s name and the subject, separated by a colon.',
    language: 'Language code such as `en`.',
    password: 'A new password. Write-only.',
    currentPassword: 'The current password, which confirms a change of one’s own credentials.',
    memberships: 'Memberships of the user.',
    showUser: 'Web page of the user.',
    lock: 'Locks the user. Present only if permitted.',
    unlock: 'Unlocks the user. Present only if permitted.',
  },
  example: { id: 5, name: 'Vera Example', status: 'active', admin: false, login: 'vera', language: 'en' },
  title: 'name',
  cached: 'some',
  visible: both(having('type', 'User', 'AnonymousUser', 'DeletedUser', 'SystemUser'), seen),
  guards: { index: manages, schema: signedIn },
  may: { create: creates, update: changesUser, delete: removes },
  /** A login, or `me`. */
  resolve: async (logins, { db, engine, viewer }) => {
    const others = logins.filter((login) => login !== 'me')
    const ids = new Map<string, number>(others.length < logins.length ? [['me', viewer.id]] : [])
    if (others.length === 0) return ids
    const asked = recordset(
      engine,
      { login: 'text' },
      others.map((login) => ({ login })),
    )
    const found = await db.all<{ id: number; login: string }>(sql`
      with asked as (${asked})
      select p.id, asked.login from asked join principals p on lower(p.login) = lower(asked.login) and p.type = 'User'`)
    for (const { id, login } of found) ids.set(login, id)
    return ids
  },
  index: () => ({ within: sql`principals.type = 'User'` }),
  properties: ({ text, integer, boolean, dateTime, password, of }) => ({
    id: integer({ sort: true }),
    name: text({
      sort: true,
      readOnly: said`A name cannot be written: it is made of the first and the last name.`,
    }),
    createdAt: dateTime({ readOnly: true, read: adminOrSelf, sort: true }),
    updatedAt: dateTime({ readOnly: true, read: adminOrSelf, sort: true }),
    login: text({
      label: said`Username`,
      required: true,
      min: 1,
      max: 256,
      nullable: false,
      read: knowsLogin,
      may: { create: creates, update: managesOthers },
      proof: isSignIn,
      filter: true,
      sort: true,
    }),
    admin: boolean({
      label: said`Administrator`,
      read: admin,
      may: { create: admin, update: both(admin, not(own('id'))) },
      proof: isStale,
      sort: true,
    }),
    firstName: text({
      required: true,
      min: 1,
      max: 256,
      nullable: false,
      read: knowsLogin,
      may: { create: creates, update: either(manages, ownAndLocal) },
      sort: true,
    }),
    // Optional in the schema, but checked when saving: clients expect it so.
    lastName: text({
      max: 256,
      nullable: false,
      read: knowsLogin,
      may: { create: creates, update: either(manages, ownAndLocal) },
      sort: true,
    }),
    email: text({
      required: true,
      min: 1,
      max: 256,
      nullable: false,
      read: knowsEmail,
      may: { create: creates, update: either(admin, ownAndLocal) },
      proof: isSignIn,
      sort: true,
    }),
    avatar: text({ readOnly: true }),
    status: of(accountStatus, {
      read: knowsLogin,
      hasDefault: true,
      may: { create: creates, update: managesOthers },
      proof: isStale,
      sort: true,
    }),
    identityUrl: text({ read: knowsLogin, may: admin, max: 256, proof: isSignIn }),
    language: text({ read: knowsLogin, hasDefault: true, nullable: false }),
    password: password({
      column: 'password_hash',
      may: { create: admin, update: either(admin, ownAndLocal) },
      // A change of one's own password needs the current one, even with a recent confirmation.
      proof: (draft, facts, context) => draft.before?.id !== context.viewer.id && isSignIn(draft, facts, context),
    }),
    currentPassword: password({ value: () => null, writable: true, inSchema: false }),
  }),
  filters: {
    ...nameFilters(undefined, true),
    status: {
      strategy: 'list',
      allowed: (values) => values.every((value) => Object.hasOwn(accountStatuses, value)),
      where: ({ values }, { engine }) =>
        among(
          engine,
          sql`principals.status`,
          values.map((value) => accountStatuses[value]).filter((status) => status !== undefined),
        ),
    },
    group: groupFilter('id'),
    blocked: blockedFilter('id'),
  },
  sorts: {
    /** By the name of a user's first group. */
    group: byRule(
      seen,
      (principals, _, table) =>
        sql`(select min(g.name) from ${knownGroupUsers(principals)} gu join principals g on g.id = gu.group_id where gu.user_id = ${name(`${table}.id`)})`,
    ),
  },
  actions: {
    memberships: membershipsLink,
    showUser: {
      href: ({ id }) => `/users/${id}`,
      type: 'text/html',
      when: ({ type, status }) => type === 'User' && status !== LOCKED,
    },
    update: null,
    updateImmediately: titled(
      'patch',
      (name) => said`Update ${name}`,
      administersUser,
      ({ id }) => `/api/v3/users/${id}`,
    ),
    lock: titled(
      'post',
      (name) => said`Set lock on ${name}`,
      administersUser,
      ({ id }) => `/api/v3/users/${id}/lock`,
      ({ status }, { context }) => status === ACTIVE && context.proof !== 'stale',
    ),
    unlock: titled(
      'delete',
      (name) => said`Remove lock on ${name}`,
      administersUser,
      ({ id }) => `/api/v3/users/${id}/lock`,
      ({ status }, { context }) => status === LOCKED && context.proof !== 'stale',
    ),
    delete: titled(
      'delete',
      (name) => said`Delete ${name}`,
      removes,
      ({ id }) => `/api/v3/users/${id}`,
      (row, { context }) => canRemove(row, context),
    ),
  },
  defaults: ({ settings }) => ({ type: 'User', status: ACTIVE, admin: false, language: settings.default_language }),
  facts: userFacts,
  derive: [tidied, fromInvitation, completed, dated],
  proven: (_, { current }) => current === 'right',
  check: [checkAttributes, checkStatus, checkPassword],
  after: [keepAnAdmin, tellOwner, sendInvitation],
  removable: removableUser,
  remove: removeUser,
  gradual: { begin: retireUser },
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  deleted: 202,
})
