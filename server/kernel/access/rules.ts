/** Rules: who may see or do something. Written once, read three ways: as SQL, in memory, and "anywhere at all". */
import { getCallSites } from 'node:util'
import type { Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, FALSE, name, or, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Rule } from '#kernel/declaration.ts'
import { hasGlobally, idSet, type Need, type Viewer } from './viewer.ts'

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

/** A rule that asks only who the viewer is. */
const personal = (needs: readonly Need[], holds: (viewer: Viewer) => boolean): Rule => ({
  needs,
  where: ({ viewer }) => (holds(viewer) ? TRUE : FALSE),
  holds,
  anywhere: holds,
})

export const everyone: Rule = personal([], () => true)
export const nobody: Rule = personal([], () => false)
export const signedIn: Rule = personal([], (viewer) => viewer.signedIn)
export const admin: Rule = personal([], (viewer) => viewer.admin)
/** The viewer is not limited to some projects, so may do what belongs to none. */
export const unconfined: Rule = personal([], (viewer) => viewer.limits.projects === undefined)

/** The viewer holds a permission that belongs to no project. */
export const globally = (permission: string): Rule => {
  mention(permission)
  return personal(['global'], (viewer) => hasGlobally(viewer, permission))
}

/** The viewer holds the permission in at least one project. */
export const inAnyProject = (permission: string): Rule => {
  mention(permission)
  return personal([`project:${permission}`], (viewer) => idSet(viewer, `project:${permission}`).ids.size > 0)
}

/**
 * The row's id in `of` is in a set of the viewer's.
 * A set that holds few of many ids is best found by index; one that holds most of them is best tested on rows found another
 * way. Neither engine knows the set's size when it plans, so SQLite is told: a plus sign keeps it from using the index.
 */
export const within = (set: Need, of = 'id'): Rule => ({
  needs: [set],
  where: ({ viewer, engine, counting }, table) => {
    const { list, everything } = idSet(viewer, set)
    // An empty column is in no set.
    if (everything) return of === 'id' ? TRUE : sql`${column(table, of)} is not null`
    const expression =
      engine === 'sqlite' && list.length > WALK_ABOVE && !counting ? sql`+${column(table, of)}` : column(table, of)
    return among(engine, expression, list)
  },
  holds: (viewer, row) => idSet(viewer, set).ids.has(row[of] as number),
  anywhere: (viewer) => idSet(viewer, set).ids.size > 0,
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
  return { ...rule, holds: (viewer, row) => rule.holds(viewer, row) || (viewer.admin && row[of] === NOTHING) }
}

/** The row is a work package shared with the viewer, with this permission. */
export const shared = (permission: string, of = 'id'): Rule => {
  mention(permission)
  return within(`share:${permission}`, of)
}

/** The viewer holds the permission on the work package that the row is: in its project, or because it is shared. */
export const onWorkPackage = (permission: string): Rule => either(inProject(permission), shared(permission))

/** The viewer has the role on the work package that the row is: in its project, or because it is shared. */
export const withRole = (role: number): Rule => either(within(`role:${role}`, 'project_id'), within(`shared-role:${role}`))

/** At least one work package is shared with the viewer, with this permission. */
export const sharedAnywhere = (permission: string): Rule => {
  mention(permission)
  return personal([`share:${permission}`], (viewer) => idSet(viewer, `share:${permission}`).ids.size > 0)
}

/** The row's column holds the viewer's own id. */
export const own = (of: string): Rule => ({
  needs: [],
  where: ({ viewer }, table) => (viewer.signedIn ? sql`${column(table, of)} = ${viewer.id}` : FALSE),
  holds: (viewer, row) => viewer.signedIn && row[of] === viewer.id,
  anywhere: (viewer) => viewer.signedIn,
})

/** The row's column has one of these values. */
export const having = (of: string, ...values: readonly (string | number | boolean)[]): Rule => ({
  needs: [],
  where: (_, table) => or(values.map((value) => sql`${column(table, of)} = ${value}`)),
  holds: (_, row) => values.includes(row[of]),
  anywhere: () => true,
})

/** The row's column is empty. */
export const lacking = (of: string): Rule => ({
  needs: [],
  where: (_, table) => sql`${column(table, of)} is null`,
  holds: (_, row) => row[of] === null || row[of] === undefined,
  anywhere: () => true,
})

export const either = (...rules: readonly Rule[]): Rule => ({
  needs: rules.flatMap((rule) => rule.needs),
  where: (scope, table) => or(rules.map((rule) => rule.where(scope, table))),
  holds: (viewer, row) => rules.some((rule) => rule.holds(viewer, row)),
  anywhere: (viewer) => rules.some((rule) => rule.anywhere(viewer)),
})

export const both = (...rules: readonly Rule[]): Rule => ({
  needs: rules.flatMap((rule) => rule.needs),
  where: (scope, table) => and(rules.map((rule) => rule.where(scope, table))),
  holds: (viewer, row) => rules.every((rule) => rule.holds(viewer, row)),
  anywhere: (viewer) => rules.every((rule) => rule.anywhere(viewer)),
})

/** The opposite; its third reading cannot know and says yes. */
export const not = (rule: Rule): Rule => ({
  needs: rule.needs,
  where: (scope, table) => {
    const condition = rule.where(scope, table)
    if (condition === TRUE) return FALSE
    if (condition === FALSE) return TRUE
    return sql`(${condition}) is not true`
  },
  holds: (viewer, row) => !rule.holds(viewer, row),
  anywhere: () => true,
})

/** The same rule about the row that `of` points to: for a rule of `table` asked through a foreign key. */
export const through = (of: string, table: string, rule: Rule, find: (row: Row) => Row | undefined): Rule => ({
  needs: rule.needs,
  where: (scope, from) =>
    sql`${column(from, of)} in (select ${raw(table)}.id from ${raw(table)} where ${rule.where(scope, table)})`,
  holds: (viewer, row) => {
    const target = find(row)
    return target !== undefined && rule.holds(viewer, target)
  },
  anywhere: rule.anywhere,
})
