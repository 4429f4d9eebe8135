/** Filters and sort orders of projects beyond their own properties. */

import { among, amongTexts, contains, folded } from '#db/dialect.ts'
import { wordsOf } from '#db/search.ts'
import { and, FALSE, name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import { byRule, rights } from '#kernel/access/rights.ts'
import { admin, either, holdsFor, inProject, nobody, within } from '#kernel/access/rules.ts'
import type { Context, Filter, FilterUse, Model, Order, Rule } from '#kernel/declaration.ts'
import { invalidQuery } from '#kernel/errors.ts'
import { areVisible, withMe } from '#kernel/read/judge.ts'
import { condition, isId, onTexts } from '#kernel/read/operators.ts'
import { said } from '#text/messages.ts'
import { isWorkspaceType } from './parents.ts'
import { favorites, view } from './rights.ts'
import { projectStatuses } from './statuses.ts'
import { descendants, treeOf } from './tree.ts'

const column = (table: string, of: string): Sql => name(`${table}.${of}`)
const ids = (values: readonly string[]): number[] => values.filter(isId).map(Number)
const visible = (target: string) => (values: readonly string[], context: Context) => areVisible(target, values, context)

/** A boolean filter. */
const yesOrNo = (where: (context: Context, table: string) => Sql | Promise<Sql>): Filter => ({
  strategy: 'boolean',
  where: (_, context, table) => where(context, table),
})

/** Whether the name or the identifier contains every word of a text. */
const named = ({ engine }: Context, table: string, text: string): Sql =>
  and(
    wordsOf(text).map((word) =>
      or([contains(engine, column(table, 'name'), word), contains(engine, column(table, 'identifier'), word)]),
    ),
  )

/** Projects in which a principal is a member. */
const memberships = (table: string, whose: Sql): Sql => sql`
  ${column(table, 'id')} in (select m.project_id from memberships m where m.entity_type is null and m.project_id is not null and ${whose})`

const seesMembers = either(admin, inProject('view_members', 'id'), inProject('manage_members', 'id'))

/** The viewer's own memberships count everywhere, those of others only where the viewer may see members. */
const principal: Filter = {
  strategy: 'list_optional',
  allowed: visible('Principal'),
  where: async ({ operator, values }, context, table) => {
    const { engine, viewer } = context
    const [members] = await rights(context, seesMembers)
    const isOpen = operator === '*'
    const wanted = ids(withMe(values, context))
    const anybody = memberships(table, isOpen ? TRUE : among(engine, sql`m.principal_id`, wanted))
    const oneself = isOpen || wanted.includes(viewer.id) ? memberships(table, sql`m.principal_id = ${viewer.id}`) : FALSE
    return or([oneself, and([members.where(table), anybody])])
  },
}

const ancestor: Filter = {
  strategy: 'list',
  allowed: visible('Project'),
  where: async ({ values }, context, table) => {
    const tree = await treeOf(context)
    const below = new Set(ids(values).flatMap((id) => descendants(tree, id)))
    return among(context.engine, column(table, 'id'), [...below])
  },
}

/** Finds a status by its code, or by its index from 0. */
const codeOf = (value: string) => projectStatuses.find(({ id }, number) => value === id || value === String(number))?.id

const status: Filter = {
  strategy: 'list_optional',
  of: 'status',
  allowed: (values) => values.every((value) => codeOf(value) !== undefined),
  where: ({ operator, values }, { engine }, table) => {
    const codes = values.map(codeOf).filter((code) => code !== undefined)
    return onTexts(engine, operator, codes, column(table, 'status_code'))
  },
}

/** Actions of capabilities in projects, with the rules that grant each. */
const givers = new WeakMap<Model, ReadonlyMap<string, Rule>>()

function giversOf(model: Model): ReadonlyMap<string, Rule> {
  const known = givers.get(model)
  if (known) return known
  const actions = model.apiActions.filter(({ scopes }) => scopes.includes('project'))
  const made = new Map(
    actions.map(({ id, permissions }) => [id, either(...permissions.map((permission) => inProject(permission, 'id')))]),
  )
  givers.set(model, made)
  return made
}

/** Projects in which the viewer has capabilities: any of the given actions, all, or none. */
const userAction: Filter = {
  strategy: 'list',
  operators: ['=', '&=', '!'],
  allowed: (values, { model }) => {
    const givers = giversOf(model)
    return values.every((value) => givers.has(value))
  },
  where: async ({ operator, values }, context, table) => {
    const actions = giversOf(context.model)
    const held = await rights(context, ...values.map((value) => actions.get(value) ?? nobody))
    const capable = held.map((right) => right.where(table))
    return operator === '&=' ? and(capable) : or(capable)
  },
}

/** Projects that a user sees: the viewer or, for administrators, any user. */
const visibleTo: Filter = {
  strategy: 'list',
  allowed: async (values, context) => {
    const isOwn = withMe(values, context).every((value) => value === String(context.viewer.id))
    return (context.viewer.admin || isOwn) && areVisible('User', values, context)
  },
  where: ({ values }, context, table) => {
    const users = ids(withMe(values, context))
    const sees = (id: number) => holdsFor(view, context.engine, sql`${id}`, (own) => column(table, own))
    return or(users.map(sees))
  },
}

/** The time of the latest change in a project. It discloses changes that not everybody sees, so it is for administrators. */
const latestActivity = (table: string): Sql => sql`
  (select max(x.at) from (
    select ${column(table, 'updated_at')} as at
    union all select max(updated_at) from work_packages where project_id = ${column(table, 'id')}
    union all select max(updated_at) from time_entries where project_id = ${column(table, 'id')}
  ) x)`

export const filters: Record<string, Filter> = {
  id: {
    strategy: 'list',
    allowed: visible('Project'),
    where: (use, context, table) => condition('list', use, column(table, 'id'), context),
  },
  ancestor,
  principal,
  memberOf: yesOrNo(({ viewer }, table) => memberships(table, sql`m.principal_id = ${viewer.id}`)),
  favorited: yesOrNo(async (context, table) => {
    const [favorite] = await rights(context, within(favorites))
    return favorite.where(table)
  }),
  templated: yesOrNo((_, table) => sql`${column(table, 'templated')} = true`),
  projectStatusCode: status,
  typeId: {
    strategy: 'list',
    allowed: visible('Type'),
    where: ({ values }, { engine }, table) =>
      sql`${column(table, 'id')} in (select project_id from project_types where ${among(engine, sql`type_id`, ids(values))})`,
  },
  workspaceType: {
    strategy: 'list',
    allowed: (values) => values.every(isWorkspaceType),
    where: ({ values }, { engine }, table) => amongTexts(engine, column(table, 'workspace_type'), values),
  },
  userAction,
  visible: visibleTo,
  nameAndIdentifier: {
    strategy: 'string',
    where: ({ operator, values }, context, table) => {
      const equal = (of: string) => onTexts(context.engine, '=', values, column(table, of))
      return operator === '~' ? named(context, table, values[0] ?? '') : or([equal('name'), equal('identifier')])
    },
  },
  typeahead: { strategy: 'search', where: ({ values }, context, table) => named(context, table, values[0] ?? '') },
  latestActivityAt: {
    strategy: 'datetime_past',
    where: (use: FilterUse, context, table) => {
      if (!context.viewer.admin) throw invalidQuery(said`${use.name} filter does not exist.`)
      return condition('datetime_past', use, latestActivity(table), context)
    },
  },
}

/**
 * A sort key of the names from the root down, which places a project right before its descendants. Ancestors that the viewer does
 * not see have empty names in it.
 */
const hierarchy = byRule(view, (visible, { engine }, table): Sql => {
  const exactly = engine === 'postgres' ? sql` collate "C"` : sql``
  const called = (own: string) => sql`${folded(engine, column(own, 'name'))} || ' ' || ${column(own, 'id')}`
  const seen = visible.where('p')
  const start = called(table)
  const step = sql`${seen === TRUE ? called('p') : sql`case when ${seen} then ${called('p')} else '' end`} || ${'\u0001'} || up.trail`
  return sql`(
    with recursive up (parent_id, trail) as (
      select ${column(table, 'parent_id')}, ${start}
      union all
      select p.parent_id, ${step} from up join projects p on p.id = up.parent_id
    ) select trail${exactly} from up where parent_id is null)`
})

export const sorts: Record<string, Order> = {
  typeahead: hierarchy,
  projectStatusCode: { of: 'status' },
  latestActivityAt: ({ viewer }, table) => (viewer.admin ? latestActivity(table) : undefined),
}
