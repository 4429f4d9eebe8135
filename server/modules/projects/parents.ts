/** Possible parents of projects. */
import type { Row } from '#db/database.ts'
import { idSet, prepare } from '#kernel/access/viewer.ts'
import type { Context } from '#kernel/declaration.ts'
import { descendants, treeOf } from './tree.ts'

/** The types of workspace that can be parents, by type. */
const above: Readonly<Record<string, readonly string[]>> = {
  project: ['portfolio', 'program', 'project'],
  program: ['portfolio'],
  portfolio: [],
}

/** Whether a text is a type of workspace. */
export const isWorkspaceType = (text: string): boolean => Object.hasOwn(above, text)

/** The ids of parents that the viewer may choose; never a stored project itself or its descendants. */
export async function possibleParents(context: Context, { id, workspace_type }: Row): Promise<number[]> {
  await prepare(context.db, context.viewer, ['project:add_subprojects'])
  const tree = await treeOf(context)
  const out = new Set(id === undefined ? [] : [id, ...descendants(tree, id)])
  const kinds = above[workspace_type] ?? []
  return idSet(context.viewer, 'project:add_subprojects').list.filter(
    (one) => !out.has(one) && kinds.includes(tree.rows.get(one)?.workspace_type),
  )
}
