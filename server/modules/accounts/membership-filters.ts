/** Filters and sort orders of memberships beyond their own columns. */
import { among, amongTexts } from '#db/dialect.ts'
import { FALSE, name, type Sql, sql, TRUE } from '#db/sql.ts'
import { accountStatuses } from '#identity/statuses.ts'
import { byRule } from '#kernel/access/rights.ts'
import { everyone } from '#kernel/access/rules.ts'
import type { Filter, Order } from '#kernel/declaration.ts'
import { areVisible } from '#kernel/read/judge.ts'
import { isId } from '#kernel/read/operators.ts'
import { blockedFilter, groupFilter } from './group-filter.ts'
import { nameFilters } from './search.ts'
import { knowsEmail, madeKinds } from './visibility.ts'

/** Memberships of principals that satisfy a condition. */
const ofPrincipals = (condition: Sql) => sql`memberships.principal_id in (select p.id from principals p where ${condition})`

/** The code of a status, from its name or its number. */
const statusCode = (value: string): number | undefined =>
  accountStatuses[value] ?? Object.values(accountStatuses).find((code) => String(code) === value)

/** A filter that only shares could match. */
const ofShares = (allowed: NonNullable<Filter['allowed']>): Filter => ({
  strategy: 'list',
  allowed,
  where: () => FALSE,
})

/** Memberships of projects and global ones; those of single work packages are shares, and not listed here. */
const isProjectMember: Filter = {
  strategy: 'boolean',
  where: () => TRUE,
}

export const membershipFilters: Record<string, Filter> = {
  ...nameFilters('principal_id'),
  group: groupFilter('principal_id'),
  blocked: blockedFilter('principal_id'),
  status: {
    strategy: 'list',
    allowed: (values) => values.every((value) => statusCode(value) !== undefined),
    where: (use, { engine }) =>
      ofPrincipals(
        among(
          engine,
          sql`p.status`,
          use.values.map(statusCode).filter((code) => code !== undefined),
        ),
      ),
  },
  principalType: {
    strategy: 'list',
    allowed: (values) => values.every((value) => madeKinds.includes(value)),
    where: (use, { engine }) => ofPrincipals(amongTexts(engine, sql`p.type`, use.values)),
  },
  role: {
    strategy: 'list_optional',
    allowed: (values, context) => areVisible('Role', values, context),
    where: ({ operator, values }, { engine }) => {
      const roles = operator === '*' ? TRUE : among(engine, sql`r.role_id`, values.filter(isId).map(Number))
      return sql`exists (select 1 from membership_roles r where r.membership_id = memberships.id and ${roles})`
    },
  },
  alsoProjectMember: isProjectMember,
  onlyProjectMember: isProjectMember,
  entityType: ofShares((values) => values.every((value) => value === 'WorkPackage')),
  entityId: ofShares((values, context) => areVisible('WorkPackage', values, context)),
}

const byPrincipal = (column: string, rule = everyone): Order => ({
  of: 'principal',
  by: byRule(rule, (right, _, table) => {
    const [value, known] = [name(`${table}.${column}`), right.where(table)]
    return known === TRUE ? value : sql`case when ${known} then ${value} end`
  }),
})

export const membershipSorts: Record<string, Order> = {
  name: byPrincipal('name'),
  status: byPrincipal('status'),
  /** Hidden addresses count as missing. */
  email: byPrincipal('email', knowsEmail),
}
