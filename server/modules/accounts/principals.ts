/** Principals: the common resource of users, groups and placeholder users. */
import { among, amongTexts } from '#db/dialect.ts'
import { and, type Sql, sql, TRUE } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { having, inProject } from '#kernel/access/rules.ts'
import type { Context, Filter } from '#kernel/declaration.ts'
import { areVisible, withMe } from '#kernel/read/judge.ts'
import { isId, onIds } from '#kernel/read/operators.ts'
import { resource } from '#kernel/resource.ts'
import { nameFilters, typeahead } from './search.ts'
import { madeKinds, membersSeen, seen } from './visibility.ts'

const kindOf = (row: { type: string }) => (row.type === 'Group' || row.type === 'PlaceholderUser' ? row.type : 'User')
const paths: Record<string, string> = { User: 'users', Group: 'groups', PlaceholderUser: 'placeholder_users' }

/** Members of projects where the viewer may see members. */
const member: Filter = {
  strategy: 'list_optional',
  allowed: (values, context) => areVisible('Project', values, context),
  where: async ({ operator, values }, context) => {
    const [members] = await rights(context, membersSeen)
    const projects = operator === '*' ? TRUE : among(context.engine, sql`memberships.project_id`, values.filter(isId).map(Number))
    const known = and([projects, members.where('memberships')])
    return sql`principals.id in (select principal_id from memberships where entity_type is null and ${known})`
  },
}

/** Principals with a permission in a project by membership. */
const membersWith = (permission: string, projects: Sql) => sql`
  select g.user_id from grants g
  where g.permission = ${permission} and ${projects}
    and exists (select 1 from memberships m where m.principal_id = g.user_id and m.project_id = g.project_id and m.entity_type is null)`

/** Principals who can be mentioned in a comment: they see it, by membership or share. */
const mentionable = (permission: string, most?: number): Filter => ({
  strategy: 'list',
  allowed: async (values, context) =>
    (most === undefined || values.length <= most) &&
    (await areVisible('WorkPackage', values, context)) &&
    (permission === 'view_work_packages' || (await holdsFor(permission, values, context))),
  where: ({ values }, { engine }) => {
    const ids = values.filter(isId).map(Number)
    const projects = sql`g.project_id in (select w.project_id from work_packages w where ${among(engine, sql`w.id`, ids)})`
    const shares = sql`
      select s.user_id from shared_grants s where s.permission = ${permission} and ${among(engine, sql`s.work_package_id`, ids)}`
    return sql`principals.id in (${membersWith(permission, projects)} union ${shares})`
  },
})

/** Whether the viewer holds a permission in the projects of all these work packages. */
async function holdsFor(permission: string, workPackages: readonly string[], context: Context): Promise<boolean> {
  const [right] = await rights(context, inProject(permission))
  const given = among(context.engine, sql`work_packages.id`, workPackages.map(Number))
  const missing = await context.db.one(sql`
    select id from work_packages where ${given} and not (${right.where('work_packages')}) limit 1`)
  return missing === undefined
}

/** Principals with any access to a project: its members, and principals with shares in it. */
const access: Filter = {
  strategy: 'list',
  allowed: (values, context) => areVisible('Project', values, context),
  where: async ({ values }, context) => {
    const [members] = await rights(context, membersSeen)
    const projects = among(context.engine, sql`memberships.project_id`, values.filter(isId).map(Number))
    const known = and([projects, members.where('memberships')])
    return sql`principals.id in (select principal_id from memberships where ${known})`
  },
}

export const Principal = resource('Principal', 'principals', {
  path: 'principals',
  description: 'A user, a group or a placeholder user, according to `_type`. Principals can be assignees and have roles.',
  glossary: {
    name: 'Name.',
  },
  example: { id: 5, name: 'Vera Example' },
  aliases: ['groups', 'users', 'placeholder_users'],
  variant: kindOf,
  pathOf: (row) => paths[kindOf(row)] as string,
  resolve: async (logins, context) => (await context.model.of('User').resolve?.(logins, context)) ?? new Map(),
  title: 'name',
  cached: 'some',
  // After removal, rows refer to the deleted user instead.
  successor: sql`select id from principals where type = 'DeletedUser'`,
  visible: seen,
  addressable: having('type', ...madeKinds),
  properties: ({ text, integer }) => ({
    id: integer({ sort: true }),
    name: text({ sort: true }),
  }),
  filters: {
    ...nameFilters(),
    typeahead,
    id: {
      strategy: 'list_optional',
      allowed: (values, context) => areVisible('Principal', values, context),
      where: ({ operator, values }, context) => onIds(context.engine, operator, withMe(values, context), sql`principals.id`),
    },
    type: {
      strategy: 'list',
      allowed: (values) => values.every((value) => madeKinds.includes(value)),
      where: ({ values }, { engine }) => amongTexts(engine, sql`principals.type`, values),
    },
    status: {
      strategy: 'list',
      allowed: (values) => values.every((value) => /^[1-5]$/.test(value)),
      where: ({ operator, values }, { engine }) => onIds(engine, operator, values, sql`principals.status`),
    },
    member,
    mentionableOnWorkPackage: mentionable('view_work_packages'),
    internalMentionableOnWorkPackage: mentionable('view_internal_comments', 1),
    accessToAnythingInProject: access,
  },
  operations: ['index'],
})
