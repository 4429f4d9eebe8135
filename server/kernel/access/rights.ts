/** Rights: rules judged for a viewer. The only way from a rule to its readings, so that the sets that it reads are always there. */
import type { Engine, Reader } from '#db/database.ts'
import type { Sql } from '#db/sql.ts'
import type { Expression, Scope } from '#kernel/declaration.ts'
import { loadSets } from './sets.ts'
import type { Right, Rule, Viewer } from './viewer.ts'

/** Whose rights are asked for, and the reader of the sets that they depend on. */
export interface RightsContext {
  readonly db: Reader
  readonly viewer: Viewer
}

/**
 * Judges rules for the viewer of a request, in the order in which they are given. Reads what the viewer's sets lack: at most one
 * statement for each kind of set, and none once they are known.
 */
export async function rights<const R extends readonly Rule[]>(
  { db, viewer }: RightsContext,
  ...rules: R
): Promise<{ readonly [K in keyof R]: Right }> {
  await loadRights(db, viewer, rules)
  return rules.map((rule) => rightOf(viewer, db.engine, rule)) as { [K in keyof R]: Right }
}

/** Reads what rules need of a viewer, for `rightOf`. */
export async function loadRights(db: Reader, viewer: Viewer, rules: readonly Rule[]): Promise<void> {
  const unread = rules.filter((rule) => !viewer.rights.has(rule))
  if (unread.length === 0) return
  await loadSets(
    db,
    viewer,
    unread.flatMap((rule) => rule.needs),
  )
  for (const rule of unread) rightOf(viewer, db.engine, rule)
}

/**
 * The right by a rule of a declaration: for the kernel, which loads all rules of a resource before it reads its rows. Modules ask
 * `rights`.
 * @throws Error where the rule is not loaded: a mistake of ours
 */
export function rightOf(viewer: Viewer, engine: Engine, rule: Rule): Right {
  const right = viewer.rights.get(rule)
  if (right) return right
  const judged = rule.judge(viewer, engine)
  const conditions = new Map<string, Sql>()
  const remembering: Right = {
    ...judged,
    where: (table, means) => conditions.getOrInsertComputed(`${table} ${means}`, () => judged.where(table, means)),
  }
  viewer.rights.set(rule, remembering)
  return remembering
}

/** Makes an expression of rows that depends on what the viewer may by a rule. The kernel loads the rule with the resource's others. */
export const byRule = <S>(rule: Rule, make: (right: Right, scope: Scope, table: string) => S): Expression<S> =>
  Object.assign((scope: Scope, table: string) => make(rightOf(scope.viewer, scope.engine, rule), scope, table), { rule })
