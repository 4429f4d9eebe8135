/** Placeholder users, to plan work for future users. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { ACTIVE, accountStatus } from '#identity/statuses.ts'
import { both, either, globally, having } from '#kernel/access/rules.ts'
import type { Context } from '#kernel/declaration.ts'
import { forbidden } from '#kernel/errors.ts'
import { resource } from '#kernel/resource.ts'
import { reach } from '#kernel/write/reach.ts'
import { said } from '#text/messages.ts'
import { groupFilter } from './group-filter.ts'
import { membershipsLink, titled } from './links.ts'
import { managesThis } from './membership-rules.ts'
import { removePrincipal, retirePrincipal } from './removal.ts'
import { nameFilters } from './search.ts'
import { managesMembers, seen } from './visibility.ts'

const isPlaceholder = having('type', 'PlaceholderUser')
const manages = globally('manage_placeholder_user')
const managesPlaceholder = both(isPlaceholder, manages)
const guard = either(manages, managesMembers)

/** Throws 403 unless the viewer manages all memberships of the placeholder user, which are deleted with it. */
async function demandMemberships(tx: Transaction, id: number, context: Context): Promise<void> {
  const { beyond } = await reach(tx, context, context.model.of('Membership'), managesThis, sql`memberships.principal_id = ${id}`)
  if (beyond.length > 0) throw forbidden(said`The placeholder user is a member of projects whose members you may not manage.`)
}

export const PlaceholderUser = resource('PlaceholderUser', 'principals', {
  path: 'placeholder_users',
  description: 'A placeholder for a future user, to plan work for.',
  glossary: {
    name: 'Name.',
    status: 'Always `active`.',
    memberships: 'Memberships of the placeholder user.',
    showUser: 'Web page of the placeholder user.',
  },
  example: { id: 11, name: 'Second mate', status: 'active' },
  title: 'name',
  cached: 'some',
  visible: both(isPlaceholder, seen),
  guards: { show: guard, update: guard, delete: guard },
  may: { create: manages, update: managesPlaceholder, delete: managesPlaceholder },
  properties: ({ text, integer, dateTime, of }) => ({
    id: integer({ sort: true }),
    name: text({ required: true, min: 1, max: 256, sort: true }),
    createdAt: dateTime({ readOnly: true, read: manages, sort: true }),
    updatedAt: dateTime({ readOnly: true, read: manages, sort: true }),
    status: of(accountStatus, { readOnly: true, read: manages }),
  }),
  filters: {
    ...nameFilters(),
    group: groupFilter('id'),
    status: {
      strategy: 'list',
      allowed: (values) => values.every((value) => value === 'active' || value === '1'),
      where: () => sql`principals.status = ${ACTIVE}`,
    },
  },
  actions: {
    memberships: membershipsLink,
    showUser: { href: ({ id }) => `/placeholder_users/${id}`, type: 'text/html' },
    updateImmediately: titled(
      'patch',
      (name) => said`Update ${name}`,
      managesPlaceholder,
      ({ id }) => `/api/v3/placeholder_users/${id}`,
    ),
    delete: titled(
      'delete',
      (name) => said`Delete ${name}`,
      managesPlaceholder,
      ({ id }) => `/api/v3/placeholder_users/${id}`,
    ),
  },
  defaults: () => ({ type: 'PlaceholderUser', status: ACTIVE }),
  remove: async (tx, row, context) => {
    await demandMemberships(tx, row.id, context)
    return removePrincipal(tx, row, context)
  },
  gradual: {
    begin: async (tx, row, context) => {
      await demandMemberships(tx, row.id, context)
      await retirePrincipal(tx, row)
    },
  },
  operations: ['index', 'show', 'create', 'update', 'delete'],
  deleted: 202,
})
