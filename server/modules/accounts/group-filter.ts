/** Filters by group, and by temporary lockout. */
import { among } from '#db/dialect.ts'
import { and, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { blocked } from '#identity/blocking.ts'
import { rights } from '#kernel/access/rights.ts'
import type { Filter, Right } from '#kernel/declaration.ts'
import { areVisible } from '#kernel/read/judge.ts'
import { isId } from '#kernel/read/operators.ts'
import { knowsLogin, seen } from './visibility.ts'

/**
 * The users of groups, as a table of `group_id` and `user_id`: known to those who see both.
 * @param principals the right to see principals
 */
export function knownGroupUsers(principals: Right): Sql {
  const condition = principals.where('p')
  if (condition === TRUE) return name('group_users')
  const isSeen = (column: string) => sql`${raw(column)} in (select p.id from principals p where ${condition})`
  return sql`(select group_id, user_id from group_users where ${isSeen('group_id')} and ${isSeen('user_id')})`
}

/** Whether the principal in `column` is in one of the groups or, with `*`, in any. */
export const groupFilter = (column: string): Filter => ({
  strategy: 'list_optional',
  allowed: (values, context) => areVisible('Group', values, context),
  where: async ({ operator, values }, context, table) => {
    const { engine } = context
    const [principals] = await rights(context, seen)
    const groups: Sql = operator === '*' ? TRUE : among(engine, sql`gu.group_id`, values.filter(isId).map(Number))
    return sql`${name(`${table}.${column}`)} in (select gu.user_id from ${knownGroupUsers(principals)} gu where ${groups})`
  },
})

/**
 * Whether the account in `column` is temporarily locked out after failed sign-ins, for accounts whose login the viewer may see.
 */
export const blockedFilter = (column: string): Filter => ({
  strategy: 'list',
  allowed: (values) => values.every((value) => value === 'blocked'),
  where: async (_, context, table) => {
    const [login] = await rights(context, knowsLogin)
    const known = and([blocked(context.settings, context.now), login.where('p')])
    return sql`${name(`${table}.${column}`)} in (select p.id from principals p where ${known})`
  },
})
