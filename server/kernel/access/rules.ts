/**
 * Rules: who may see or do something. Written once, read four ways: as SQL, in memory, "anywhere at all", and from a row to the
 * people for whom they hold.
 */
import { getCallSites } from 'node:util'
import type { Engine, Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, FALSE, isSql, join, name, negated, or, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { hasGlobally, idSet, partsOf, queryOf } from './sets.ts'
import type { Asker, NamedSet, Need, PeopleQuery, Right, Rule, Viewer } from './viewer.ts'

const column = (table: string, of: string): Sql => name(`${table}.${of}`)

const mentioned = new Map<string, string>()

/** Notes that a rule names a permission, and the file that makes the rule. */
function mention(permission: string): void {
  if (mentioned.has(permission)) return
  const own = getCallSites(6).find(({ scriptName }) => !scriptName.endsWith('/access/rules.ts'))
  mentioned.set(permission, own?.scriptName.replace(/^.*\/(server|test)\//, '$1/') ?? '')
}

/** The permissions that rules made so far name, each with a file that names it: for `assemble` to refuse those that are none. */
export const permissionsInRules = (): ReadonlyMap<string, string> => mentioned

/** The people for whom a condition on a row `person_…` of principals holds. */
function peopleWhere({ candidate, depth = 0 }: PeopleQuery, condition: (person: string) => Sql): Sql {
  const person = `person_${depth}`
  const id = name(`${person}.id`)
  return sql`select ${id} as user_id from principals ${raw(person)}
    where ${and([sql`${name(`${person}.type`)} not in ('Group', 'PlaceholderUser')`, condition(person), candidate ? sql`${id} = ${candidate}` : TRUE])}`
}

/** A condition of the row at hand as one of people: all of them or none. */
const peopleIf = (query: PeopleQuery, condition: (column: (own: string) => Sql) => Sql): Sql =>
  peopleWhere(query, () => (query.row ? condition(query.row) : TRUE))

/** A query that stands in another one. */
const deeper = (query: PeopleQuery): PeopleQuery => ({ ...query, depth: (query.depth ?? 0) + 1 })

/** Whether a row of principals is an administrator. */
const isAdmin = (person: string): Sql => sql`(${name(`${person}.admin`)} and ${name(`${person}.status`)} = 1)`

/** People who hold a permission, as a view of the database lists them. */
function holders(view: 'grants' | 'shared_grants', permission: string, query: PeopleQuery, of: string, id: string): Sql {
  const { row, candidate } = query
  return sql`select held.user_id as user_id from ${name(view)} held where ${and([
    sql`held.permission = ${permission}`,
    row ? sql`${name(`held.${id}`)} = ${row(of)}` : TRUE,
    candidate ? sql`held.user_id = ${candidate}` : TRUE,
  ])}`
}

/** The people in whose set the row's id in `of` is. */
function peopleWithin(set: Need, of: string, query: PeopleQuery): Sql {
  if (typeof set === 'string') {
    const { kind, of: permission } = partsOf(set)
    if (kind === 'project') return holders('grants', permission, query, of, 'project_id')
    if (kind === 'share') return holders('shared_grants', permission, query, of, 'work_package_id')
  }
  const { engine, row } = query
  return peopleWhere(query, (person) => {
    const asker = (admin: boolean): Asker => ({ id: name(`${person}.id`), admin, limits: {} })
    const reaches = (admin: boolean) => {
      const ids = queryOf(set, asker(admin), engine)
      return row ? sql`${row(of)} in (${ids})` : sql`exists (${ids})`
    }
    return sql`(${isAdmin(person)} and ${reaches(true)} or not ${isAdmin(person)} and ${reaches(false)})`
  })
}

/** A rule that asks only who the viewer is. */
const personal = (needs: readonly Need[], holds: (viewer: Viewer) => boolean, people: (query: PeopleQuery) => Sql): Rule => ({
  needs,
  judge: (viewer) => {
    const anywhere = holds(viewer)
    return { where: () => (anywhere ? TRUE : FALSE), holds: () => anywhere, anywhere }
  },
  people,
})

/** The row satisfies a condition, whoever asks. @param where the condition, given the columns of the row */
export const satisfying = (where: (column: (own: string) => Sql) => Sql, holds: (row: Row) => boolean): Rule => ({
  needs: [],
  judge: () => ({ where: (table) => where((own) => column(table, own)), holds, anywhere: true }),
  people: (query) => peopleIf(query, where),
})

export const everyone: Rule = personal(
  [],
  () => true,
  (query) => peopleWhere(query, () => TRUE),
)
export const nobody: Rule = personal(
  [],
  () => false,
  (query) => peopleWhere(query, () => FALSE),
)
export const signedIn: Rule = personal(
  [],
  (viewer) => viewer.signedIn,
  (query) => peopleWhere(query, (person) => sql`${name(`${person}.type`)} = 'User'`),
)
export const admin: Rule = personal(
  [],
  (viewer) => viewer.admin,
  (query) => peopleWhere(query, isAdmin),
)
/** The viewer is not limited to some projects, so may do what belongs to none. */
export const unconfined: Rule = personal(
  [],
  (viewer) => viewer.limits.projects === undefined,
  (query) => peopleWhere(query, () => TRUE),
)

/** The viewer holds a permission that belongs to no project. */
export const globally = (permission: string): Rule => {
  mention(permission)
  return personal(
    ['global'],
    (viewer) => hasGlobally(viewer, permission),
    ({ candidate }) =>
      sql`select held.user_id as user_id from global_grants held
        where ${and([sql`held.permission = ${permission}`, candidate ? sql`held.user_id = ${candidate}` : TRUE])}`,
  )
}

const anyOf = (set: string): Rule =>
  personal(
    [set],
    (viewer) => idSet(viewer, set).ids.size > 0,
    (query) => peopleWithin(set, 'id', { ...query, row: undefined }),
  )

/** The viewer holds the permission in at least one project. */
export const inAnyProject = (permission: string): Rule => {
  mention(permission)
  return anyOf(`project:${permission}`)
}

/** At least one work package is shared with the viewer, with this permission. */
export const sharedAnywhere = (permission: string): Rule => {
  mention(permission)
  return anyOf(`share:${permission}`)
}

/** The rule holds for the viewer on some row. */
export const somewhere = (rule: Rule): Rule => ({
  needs: rule.needs,
  judge: (viewer, engine) => {
    const { anywhere } = rule.judge(viewer, engine)
    return { where: () => (anywhere ? TRUE : FALSE), holds: () => anywhere, anywhere }
  },
  people: (query) => rule.people({ ...query, row: undefined }),
})

/**
 * The row's id in `of` is in a set of the viewer's.
 * A set that holds few of many ids is best found by index; one that holds most of them is best tested on rows found another
 * way. Neither engine knows the set's size when it plans, so SQLite is told: a plus sign keeps it from using the index.
 */
export const within = (set: Need, of = 'id'): Rule => ({
  needs: [set],
  judge: (viewer, engine): Right => {
    const { ids, list, everything } = idSet(viewer, set)
    return {
      where: (table, means = list.length > WALK_ABOVE ? 'test' : 'index') => {
        // An empty column is in no set.
        if (everything) return of === 'id' ? TRUE : sql`${column(table, of)} is not null`
        return among(engine, engine === 'sqlite' && means === 'test' ? sql`+${column(table, of)}` : column(table, of), list)
      },
      holds: (row: Row) => ids.has(row[of]),
      anywhere: ids.size > 0,
    }
  },
  people: (query) => peopleWithin(set, of, query),
})

const WALK_ABOVE = 200

/** The id of what is not there: no row has it. */
export const NOTHING = -1

/**
 * The viewer holds the permission in the row's project. To administrators, from whom no project is hidden, it is no question of
 * permissions that a draft is of a project that is not there: they are told what is wrong.
 */
export const inProject = (permission: string, of = 'project_id'): Rule => {
  mention(permission)
  const rule = within(`project:${permission}`, of)
  return {
    ...rule,
    judge: (viewer, engine) => {
      const right = rule.judge(viewer, engine)
      return { ...right, holds: (row: Row) => right.holds(row) || (viewer.admin && row[of] === NOTHING) }
    },
  }
}

/** The row is a work package shared with the viewer, with this permission. */
export const shared = (permission: string, of = 'id'): Rule => {
  mention(permission)
  return within(`share:${permission}`, of)
}

const deletions: NamedSet = {
  name: 'work packages being deleted',
  query: () => sql`select work_package_id as id from work_package_deletions`,
}

/**
 * The rule holds, and the row's column points to none of the rows of a set: a condition only as long as there are any.
 * @param isIn the condition that an id is in it
 */
const outside = (rule: Rule, set: Need, of: string, isIn: (id: Sql) => Sql): Rule => {
  const lasts = (id: Sql) => sql`not ${isIn(id)}`
  return {
    needs: [...rule.needs, set],
    judge: (viewer, engine) => {
      const right = rule.judge(viewer, engine)
      const { ids } = idSet(viewer, set)
      if (ids.size === 0) return right
      return {
        ...right,
        where: (table, means) => and([right.where(table, means), lasts(column(table, of))]),
        holds: (row: Row) => right.holds(row) && !ids.has(row[of]),
      }
    },
    people: (query) => {
      const those = rule.people(query)
      return query.row ? sql`select user_id from (${those}) lasting where ${lasts(query.row(of))}` : those
    },
  }
}

/** The rule holds, and the work package that the row's column points to is not being deleted. */
export const lasting = (rule: Rule, of = 'id'): Rule =>
  outside(rule, deletions, of, (id) => sql`exists (select 1 from work_package_deletions gone where gone.work_package_id = ${id})`)

/** The rule holds, and the row of a table is not being removed. */
export const remaining = (rule: Rule, table: string): Rule =>
  outside(
    rule,
    `removal:${table}`,
    'id',
    (id) => sql`exists (select 1 from removals gone where gone.of_table = ${table} and gone.removed = ${id})`,
  )

/** The viewer holds the permission on the work package that the row is: in its project, or because it is shared. */
export const onWorkPackage = (permission: string): Rule => lasting(either(inProject(permission), shared(permission)))

/** The viewer has the role on the work package that the row is: in its project, or because it is shared. */
export const withRole = (role: number): Rule => either(within(`role:${role}`, 'project_id'), within(`shared-role:${role}`))

const isOwn = (of: string, isOne: (viewer: Viewer) => boolean, condition: (person: string) => Sql): Rule => ({
  needs: [],
  judge: (viewer) => {
    const anywhere = isOne(viewer)
    return {
      where: (table) => (anywhere ? sql`${column(table, of)} = ${viewer.id}` : FALSE),
      holds: (row: Row) => anywhere && row[of] === viewer.id,
      anywhere,
    }
  },
  people: (query) =>
    peopleWhere(query, (person) => and([condition(person), query.row ? sql`${name(`${person}.id`)} = ${query.row(of)}` : TRUE])),
})

/** The row's column holds the viewer's own id, who has signed in. */
export const own = (of: string): Rule =>
  isOwn(
    of,
    (viewer) => viewer.signedIn,
    (person) => sql`${name(`${person}.type`)} = 'User'`,
  )

/** The row is the viewer, signed in or not. */
export const oneself: Rule = isOwn(
  'id',
  () => true,
  () => TRUE,
)

/** The row's column has one of these values. */
export const having = (of: string, ...values: readonly (string | number | boolean)[]): Rule =>
  satisfying(
    (own) => or(values.map((value) => sql`${own(of)} = ${value}`)),
    (row) => values.includes(row[of]),
  )

/** The row's column is empty. */
export const lacking = (of: string): Rule =>
  satisfying(
    (own) => sql`${own(of)} is null`,
    (row) => row[of] === null || row[of] === undefined,
  )

/** Rules put together: how their conditions are, and the people for whom each holds. */
const combined = (
  rules: readonly Rule[],
  combine: (conditions: readonly Sql[]) => Sql,
  judge: (rights: readonly Right[]) => Omit<Right, 'where'>,
  people: (queries: readonly Sql[], query: PeopleQuery) => Sql,
): Rule => ({
  needs: rules.flatMap((rule) => rule.needs),
  judge: (viewer, engine) => {
    const rights = rules.map((rule) => rule.judge(viewer, engine))
    return { where: (table, means) => combine(rights.map((right) => right.where(table, means))), ...judge(rights) }
  },
  people: (query) =>
    people(
      rules.map((rule) => sql`select user_id from (${rule.people(deeper(query))}) found`),
      query,
    ),
})

/** Any of the rules holds. */
export const either = (...rules: readonly Rule[]): Rule =>
  combined(
    rules,
    or,
    (rights) => ({
      holds: (row) => rights.some((right) => right.holds(row)),
      anywhere: rights.some((right) => right.anywhere),
    }),
    (queries, query) => (queries.length === 0 ? nobody.people(query) : join(queries, ' union all ')),
  )

/** All of the rules hold. */
export const both = (...rules: readonly Rule[]): Rule =>
  combined(
    rules,
    and,
    (rights) => ({
      holds: (row) => rights.every((right) => right.holds(row)),
      anywhere: rights.every((right) => right.anywhere),
    }),
    (queries, query) => (queries.length === 0 ? everyone.people(query) : join(queries, ' intersect ')),
  )

/** The opposite; its third reading cannot know and says yes. */
export const not = (rule: Rule): Rule => ({
  needs: rule.needs,
  judge: (viewer, engine) => {
    const right = rule.judge(viewer, engine)
    return {
      where: (table, means) => negated(right.where(table, means)),
      holds: (row) => !right.holds(row),
      anywhere: true,
    }
  },
  people: (query) =>
    peopleWhere(query, (person) => {
      if (!query.row) return TRUE
      const those = rule.people({ ...deeper(query), candidate: name(`${person}.id`) })
      return sql`not exists (${those})`
    }),
})

/** How a rule of another table's row is asked. */
interface Through {
  /** The row of `table`, as far as the rule reads it, from the row at hand; undefined where it is not known. */
  readonly find: (row: Row) => Row | undefined
  /** Whether the row of `table` is looked up for each row at hand: best where few rows are at hand, and many satisfy the rule. */
  readonly each?: boolean
}

/** The same rule about the row of `table` that `of` points to. */
export const through = (of: string, table: string, rule: Rule, { find, each = false }: Through): Rule => ({
  needs: rule.needs,
  judge: (viewer, engine) => {
    const right = rule.judge(viewer, engine)
    const id = column(table, 'id')
    return {
      where: (from) =>
        each
          ? sql`exists (select 1 from ${name(table)} where ${id} = ${column(from, of)} and ${right.where(table)})`
          : sql`${column(from, of)} in (select ${id} from ${name(table)} where ${right.where(table)})`,
      holds: (row) => {
        const target = find(row)
        return target !== undefined && right.holds(target)
      },
      anywhere: right.anywhere,
    }
  },
  people: (query) =>
    query.row ? peopleOfTarget(rule, table, query, (target) => sql`${target('id')} = ${query.row?.(of)}`) : rule.people(query),
})

/** A row of `table` points to the row at hand by `of`, and the rule holds for it. In memory that is not known: it holds for none. */
export const pointedAt = (table: string, of: string, rule: Rule): Rule => ({
  needs: rule.needs,
  judge: (viewer, engine) => {
    const right = rule.judge(viewer, engine)
    return {
      where: (from) =>
        sql`exists (select 1 from ${name(table)} where ${column(table, of)} = ${column(from, 'id')} and ${right.where(table)})`,
      holds: () => false,
      anywhere: right.anywhere,
    }
  },
  people: (query) =>
    query.row ? peopleOfTarget(rule, table, query, (target) => sql`${target(of)} = ${query.row?.('id')}`) : rule.people(query),
})

/** The people for whom a rule holds on some row of `table` that satisfies a condition. */
function peopleOfTarget(rule: Rule, table: string, query: PeopleQuery, condition: (target: (own: string) => Sql) => Sql): Sql {
  const alias = `target_${query.depth ?? 0}`
  const target = (own: string) => name(`${alias}.${own}`)
  return peopleWhere(query, (person) => {
    const those = rule.people({ ...deeper(query), row: target, candidate: name(`${person}.id`) })
    return sql`exists (select 1 from ${name(table)} ${raw(alias)} where ${condition(target)} and exists (${those}))`
  })
}

/**
 * The condition that a rule holds for a person on a row.
 * @param person the person's id; not of a table called `person_…`
 * @param row the columns of the row
 */
export const holdsFor = (rule: Rule, engine: Engine, person: Sql, row: (column: string) => Sql): Sql =>
  sql`exists (${rule.people({ engine, candidate: person, row })})`

/**
 * A query for the people for whom a rule holds on a row: the id of each, once, as `user_id`.
 * @param row the columns of the row that the rule reads, as values or expressions. Throws for one that is not given.
 */
export const peopleFor = (rule: Rule, engine: Engine, row: Row): Sql =>
  sql`select distinct found.user_id as user_id from (${rule.people({ engine, row: columnsOf(row) })}) found`

/** The columns of a row, as `holdsFor` reads them. Throws for one that is not given. */
export const columnsOf =
  (row: Row) =>
  (own: string): Sql => {
    if (!(own in row)) throw new Error(`A rule reads the column ${own}, which is not given.`)
    return literal(row[own])
  }

/** A value with its type, which PostgreSQL cannot tell where nothing but `is null` is asked of it. */
function literal(value: unknown): Sql {
  if (isSql(value)) return value
  if (value === null || value === undefined) return raw('null')
  const types: Readonly<Record<string, string>> = { number: 'integer', boolean: 'boolean' }
  return sql`cast(${value} as ${raw(types[typeof value] ?? 'text')})`
}
