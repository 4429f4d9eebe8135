/** Filters by group, and by temporary lockout. */
import { among } from '#db/dialect.ts'
import { and, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { blocked } from '#identity/blocking.ts'
import { prepare } from '#kernel/access/viewer.ts'
import type { Filter, Scope } from '#kernel/declaration.ts'
import { areVisible } from '#kernel/read/judge.ts'
import { isId } from '#kernel/read/operators.ts'
import { knowsLogin, seen } from './visibility.ts'

/** A table of `group_id` and `user_id` where the viewer sees both. Requires that the needs of `seen` are prepared. */
export function knownGroupUsers(scope: Scope): Sql {
  if (seen.where(scope, 'p') === TRUE) return name('group_users')
  const isSeen = (column: string) => sql`${raw(column)} in (select p.id from principals p where ${seen.where(scope, 'p')})`
  return sql`(select group_id, user_id from group_users where ${isSeen('group_id')} and ${isSeen('user_id')})`
}

/** Whether the principal in `column` is in one of the groups or, with `*`, in any. */
export const groupFilter = (column: string): Filter => ({
  strategy: 'list_optional',
  allowed: (values, context) => areVisible('Group', values, context),
  where: async ({ operator, values }, context, table) => {
    await prepare(context.db, context.viewer, seen.needs)
    const { engine } = context
    const groups: Sql = operator.endsWith('*') ? TRUE : among(engine, sql`gu.group_id`, values.filter(isId).map(Number))
    const isIn = sql`${name(`${table}.${column}`)} in (select gu.user_id from ${knownGroupUsers(context)} gu where ${groups})`
    return operator.startsWith('!') ? sql`not ${isIn}` : isIn
  },
})

/**
 * Whether the account in `column` is temporarily locked out after failed sign-ins, for accounts whose login the viewer may see.
 */
export const blockedFilter = (column: string): Filter => ({
  strategy: 'list',
  allowed: (values) => values.every((value) => value === 'blocked'),
  where: async ({ operator }, context, table) => {
    await prepare(context.db, context.viewer, knowsLogin.needs)
    const known = and([blocked(context.settings, context.now), knowsLogin.where(context, 'p')])
    const isBlocked = sql`${name(`${table}.${column}`)} in (select p.id from principals p where ${known})`
    return operator === '!' ? sql`not ${isBlocked}` : isBlocked
  },
})
