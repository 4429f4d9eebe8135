/** Filters by names of principals, limited to names that the viewer may see. */
import type { Row } from '#db/database.ts'
import { contains, folded, lower } from '#db/dialect.ts'
import { wordsOf } from '#db/search.ts'
import { and, FALSE, name, or, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { everyone } from '#kernel/access/rules.ts'
import type { Context, Filter, FilterUse, Rule, Scope } from '#kernel/declaration.ts'
import { knowsEmail, knowsLogin } from './visibility.ts'

/** Sort order by last name; groups have one name only. It discloses no more than the name does. */
export const bySurname = ({ engine }: Scope, table: string): Sql => {
  const column = (own: string) => name(`${table}.${own}`)
  return folded(engine, sql`coalesce(${column('last_name')}, ${column('name')}) || ' ' || coalesce(${column('first_name')}, '')`)
}

/** Searched columns, with the rule for searching each. */
type Names = readonly (readonly [column: keyof Row & string, rule: Rule])[]
const byName: Names = [['name', everyone]]
const byNameOrEmail: Names = [...byName, ['email', knowsEmail]]
const byAnything: Names = [...byNameOrEmail, ['login', knowsLogin]]

/** The condition on `principals`: one of the names contains all words of the text or, with `=`, is one of the values. */
async function named(names: Names, { operator, values }: FilterUse, context: Context): Promise<Sql> {
  const { engine } = context
  const known = await rights(context, ...names.map(([, rule]) => rule))
  const some = (test: (column: Sql) => Sql) =>
    or(names.map(([column], i) => and([known[i]?.where('principals') ?? FALSE, test(name(`principals.${column}`))])))
  return operator === '='
    ? or(values.map((value) => some((column) => sql`${folded(engine, column)} = ${lower(value)}`)))
    : and(wordsOf(values[0] ?? '').map((word) => some((column) => contains(engine, column, word))))
}

/** The same condition, on principals or on rows that refer to them. */
const filter = (
  strategy: Filter['strategy'],
  names: Names,
  through: string | undefined,
  operators?: readonly string[],
): Filter => ({
  strategy,
  ...(operators && { operators }),
  where: async (use, context, table) => {
    const condition = await named(names, use, context)
    return through ? sql`${name(`${table}.${through}`)} in (select principals.id from principals where ${condition})` : condition
  },
})

/** The name filters of a resource. `through` is the column that refers to the principal, for other resources. */
export const nameFilters = (through?: string, emailIsName = false): Record<string, Filter> => ({
  name: filter('string', emailIsName ? byNameOrEmail : byName, through),
  anyNameAttribute: filter('text', byAnything, through, ['~', '!~', '**']),
})

/** Autocompletion by any name. */
export const typeahead: Filter = filter('search', byAnything, undefined)
