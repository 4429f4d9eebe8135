/** The tree of projects, cached in the process. */
import type { Row } from '#db/database.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context } from '#kernel/declaration.ts'

export interface Tree {
  /** All projects by id, including archived ones and other types of workspace. */
  readonly rows: ReadonlyMap<number, Row>
  /** The ids of a project's children; no entry where there are none. */
  readonly children: ReadonlyMap<number, readonly number[]>
}

/** The tree as it was when the request began. */
export const treeOf = (context: Context): Promise<Tree> =>
  context.snapshot.remember('tree of projects', ['projects'], async () =>
    treeFrom(await allRows(context.db, context.snapshot, 'projects')),
  )

/** Builds the tree from all projects by id. */
export function treeFrom(rows: ReadonlyMap<number, Row>): Tree {
  const children = new Map<number, number[]>()
  for (const { id, parent_id } of rows.values()) {
    if (parent_id === null) continue
    const siblings = children.get(parent_id)
    if (siblings) siblings.push(id)
    else children.set(parent_id, [id])
  }
  return { rows, children }
}

/** The ids of a project's ancestors, root first. */
export function ancestors({ rows }: Tree, id: number): number[] {
  const above: number[] = []
  let parent: number | null | undefined = rows.get(id)?.parent_id
  while (parent && !above.includes(parent)) {
    above.push(parent)
    parent = rows.get(parent)?.parent_id
  }
  return above.reverse()
}

/** The ids of a project's descendants, parents before children. */
export function descendants({ children }: Tree, id: number): number[] {
  const below = new Set(children.get(id) ?? [])
  for (const one of below) for (const child of children.get(one) ?? []) below.add(child)
  return [...below]
}

/** The root of a project's tree. */
export const rootOf = (tree: Tree, id: number): number => ancestors(tree, id)[0] ?? id

/** The ids of a project's descendants. */
export const descendantsOf = async (context: Context, projectId: number): Promise<number[]> =>
  descendants(await treeOf(context), projectId)
