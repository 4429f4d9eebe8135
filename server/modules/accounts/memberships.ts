/** Memberships: the roles of a principal in a project or, without a project, globally. */

import { name, sql } from '#db/sql.ts'
import { admin, both, either, inProject, lacking } from '#kernel/access/rules.ts'
import type { Operation } from '#kernel/declaration.ts'
import { available } from '#kernel/operation.ts'
import { listHref, resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { isLimited } from './giving-roles.ts'
import { membershipFilters, membershipSorts } from './membership-filters.ts'
import { tellMembers } from './membership-mails.ts'
import {
  checkPlace,
  checkPrincipal,
  checkRoles,
  type MembershipFacts,
  managesThis,
  membershipFacts,
  passOn,
  removableMembership,
  removeMembership,
  rolesOf,
  storeRoles,
} from './membership-rules.ts'
import { managesMembers, membersSeen, seesMembers } from './visibility.ts'

/** Computed columns of a membership: the name of its principal. */
interface Named {
  readonly principal_name: string
}

export const Membership = resource<'memberships', MembershipFacts, Named>('Membership', 'memberships', {
  path: 'memberships',
  description: 'The roles of a principal, in a project or globally.',
  glossary: {
    project: 'The project; empty for global roles.',
    principal: 'The principal. It cannot change after creation.',
    roles: 'Roles of the principal. A write replaces all of them.',
    notificationMessage: 'Message for the members, who get it by email.',
    sendNotifications:
      'Whether members are told by email: always with a message, otherwise as their notification settings say. True by default.',
  },
  title: (row) => row.principal_name,
  order: { column: 'id' },
  topics: ['memberships'],
  visible: both(lacking('entity_type'), either(membersSeen, both(lacking('project_id'), admin))),
  guards: { schema: seesMembers },
  may: { create: managesMembers, update: managesThis, delete: managesThis },
  belongsTo: 'project_id',
  computedColumns: {
    principal_name: (_, table) => sql`(select p.name from principals p where p.id = ${name(`${table}.principal_id`)})`,
  },
  properties: ({ integer, dateTime, link, links }) => ({
    id: integer({ sort: true }),
    createdAt: dateTime({ readOnly: true, sort: true, filter: true }),
    updatedAt: dateTime({ readOnly: true, sort: true, filter: true }),
    project: link('Project', {
      writable: ({ before }) => !before,
      filter: 'list_optional',
      embed: true,
      allowed: {
        href: ({ before, row }) =>
          before
            ? null
            : listHref('memberships/available_projects', row.principal_id ? { principal: ['!', row.principal_id] } : {}),
      },
    }),
    principal: link('Principal', {
      required: true,
      writable: ({ before }) => !before,
      filter: 'list_optional',
      embed: true,
      alwaysNamed: true,
      allowed: {
        href: ({ before, row }) =>
          before ? null : listHref('principals', { status: ['!', 3], ...(row.project_id && { member: ['!', row.project_id] }) }),
      },
    }),
    roles: links('Role', {
      required: { when: (_, facts) => !facts.inherits, blank: said`need to be assigned` },
      embed: true,
      load: rolesOf,
      store: storeRoles,
      allowed: {
        href: ({ before, row }, context) =>
          listHref('roles', {
            ...(before && { unit: ['=', row.project_id ? 'project' : 'system'] }),
            ...(row.project_id && isLimited(context) && { grantableIn: ['=', row.project_id] }),
          }),
      },
    }),
  }),
  meta: ({ boolean, markdown }) => ({
    notificationMessage: markdown({ label: said`Message` }),
    sendNotifications: boolean({ inSchema: false }),
  }),
  filters: membershipFilters,
  sorts: membershipSorts,
  actions: {
    schema: { href: () => '/api/v3/memberships/schema' },
    delete: null,
  },
  facts: membershipFacts,
  check: [checkPlace, checkPrincipal, checkRoles],
  after: [passOn, tellMembers],
  removable: removableMembership,
  remove: removeMembership,
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

const listAvailableProjects = available({
  path: '/memberships/available_projects',
  of: 'Project',
  rule: inProject('manage_members', 'id'),
  guard: managesMembers,
  tag: 'Membership',
  summary: 'List available projects for memberships',
  description: 'Lists the projects whose members the caller may manage.',
})

export const operations: readonly Operation[] = [listAvailableProjects]
