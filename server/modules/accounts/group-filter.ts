/** Filters about being in a group, and about being locked out for a while. */
import { among } from '#db/dialect.ts'
import { name, type Sql, sql, TRUE } from '#db/sql.ts'
import { type Filter, isId } from '#kernel/operators.ts'
import { areVisible } from '#kernel/query.ts'
import { blocked } from './blocking.ts'

/** Whether the principal that `column` holds is in one of the groups, or, with `*`, in any. */
export const groupFilter = (column: string): Filter => ({
  strategy: 'list_optional',
  allowed: (values, context) => areVisible('Group', values, context),
  where: ({ operator, values }, { engine }, table) => {
    const groups: Sql = operator.endsWith('*') ? TRUE : among(engine, sql`gu.group_id`, values.filter(isId).map(Number))
    const isIn = sql`${name(`${table}.${column}`)} in (select gu.user_id from group_users gu where ${groups})`
    return operator.startsWith('!') ? sql`not ${isIn}` : isIn
  },
})

/** Whether the account that `column` names is locked for a while, after failed attempts to sign in. */
export const blockedFilter = (column: string): Filter => ({
  strategy: 'list',
  allowed: (values) => values.every((value) => value === 'blocked'),
  where: ({ operator }, { settings, now }, table) => {
    const isBlocked = sql`${name(`${table}.${column}`)} in (select p.id from principals p where ${blocked(settings, now)})`
    return operator === '!' ? sql`not ${isBlocked}` : isBlocked
  },
})
