/** Groups of users, which share memberships. */
import { among } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { ACTIVE } from '#identity/statuses.ts'
import { admin, both, either, globally, having, inAnyProject } from '#kernel/access/rules.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { relatedRows, visibleWhere } from '#kernel/read/load.ts'
import { differs, resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { setUsers } from './inheritance.ts'
import { membershipsLink, titled } from './links.ts'
import { tellJoined } from './membership-mails.ts'
import { removePrincipal, retirePrincipal } from './removal.ts'
import { nameFilters } from './search.ts'
import { adminOrSelf, managesMembers, seen } from './visibility.ts'

interface GroupFacts {
  readonly nameTaken: boolean
  /** Whether all members in the payload are user accounts. */
  readonly areUsers: boolean
}

const isGroup = having('type', 'Group')
const administers = both(isGroup, admin)
const guard = either(globally('view_all_principals'), inAnyProject('view_members'), inAnyProject('manage_members'))

export const Group = resource<'principals', GroupFacts>('Group', 'principals', {
  path: 'groups',
  description: 'A group of users. Its members inherit its memberships.',
  glossary: {
    name: 'Name.',
    members: 'Users in the group. Visible with the permission to manage members. A write replaces all of them.',
    memberships: 'Memberships of the group.',
  },
  example: { id: 9, name: 'Riggers' },
  title: 'name',
  cached: 'some',
  topics: ['memberships'],
  order: { column: 'id' },
  visible: both(isGroup, seen),
  guards: { index: guard, show: guard, update: guard, delete: guard },
  may: { create: admin, update: administers, delete: administers },
  properties: ({ text, integer, dateTime, links }) => ({
    id: integer({ sort: true }),
    name: text({ required: true, min: 1, max: 256, sort: true }),
    createdAt: dateTime({ readOnly: true, read: adminOrSelf, sort: true }),
    updatedAt: dateTime({ readOnly: true, read: adminOrSelf, sort: true }),
    members: links('User', {
      read: managesMembers,
      embed: true,
      load: async (rows, context) => {
        const groups = rows.map((row) => row.id).filter((id) => id !== undefined)
        const where = await visibleWhere(context, context.model.of('User'))
        const found = await context.db.all<{ group_id: number; user_id: number }>(sql`
          select gu.group_id, gu.user_id from group_users gu join principals on principals.id = gu.user_id
          where ${among(context.engine, sql`gu.group_id`, groups)} and ${where} order by principals.name, principals.id`)
        const byGroup = Map.groupBy(found, (one) => one.group_id)
        return new Map([...byGroup].map(([group, users]) => [group, users.map((one) => one.user_id)]))
      },
      store: async (tx, { row }, ids, context) => {
        await tellJoined(tx, row.id, await setUsers(tx, row.id, ids, context.now), context)
      },
    }),
  }),
  filters: nameFilters(),
  actions: {
    memberships: membershipsLink,
    updateImmediately: titled(
      'patch',
      (name) => said`Update ${name}`,
      administers,
      ({ id }) => `/api/v3/groups/${id}`,
    ),
    delete: titled(
      'delete',
      (name) => said`Delete ${name}`,
      administers,
      ({ id }) => `/api/v3/groups/${id}`,
    ),
  },
  defaults: () => ({ type: 'Group', status: ACTIVE }),
  facts: async (draft, context) => {
    const { row, before, many } = draft
    const other = differs(draft, 'name')
      ? await context.db.one(sql`
          select id from principals
          where type = 'Group' and lower(name) = lower(${row.name ?? ''}) and id <> ${before?.id ?? 0}`)
      : undefined
    const members = many.members ?? []
    const users = await relatedRows(context, context.model.of('User'), members)
    return { nameTaken: other !== undefined, areUsers: members.every((id) => (users.get(id)?.type ?? 'User') === 'User') }
  },
  check: [
    (_, { nameTaken, areUsers }): Violation[] => [
      ...(nameTaken ? [violation('name', said`has already been taken`)] : []),
      ...(areUsers ? [] : [violation('members', said`does not exist`)]),
    ],
  ],
  remove: removePrincipal,
  gradual: { begin: retirePrincipal },
  operations: ['index', 'show', 'create', 'update', 'delete'],
  deleted: 202,
})
