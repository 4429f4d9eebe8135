/** Possible parents of projects. */
import type { Row } from '#db/database.ts'
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Context } from '#kernel/declaration.ts'
import { descendants, treeOf } from './tree.ts'

/** The types of workspace that can be parents, by type. */
const aboveOf: Readonly<Record<string, readonly string[]>> = {
  project: ['portfolio', 'program', 'project'],
  program: ['portfolio'],
  portfolio: [],
}

/** Whether a text is a type of workspace. */
export const isWorkspaceType = (text: string): boolean => Object.hasOwn(aboveOf, text)

const addsBelow = inProject('add_subprojects', 'id')

/** The ids of parents that the viewer may choose; never a stored project itself or its descendants. */
export async function possibleParents(context: Context, { id, workspace_type }: Row): Promise<number[]> {
  const [above] = await rights(context, addsBelow)
  const tree = await treeOf(context)
  const out = new Set(id === undefined ? [] : [id, ...descendants(tree, id)])
  const kinds = aboveOf[workspace_type] ?? []
  const isPossible = ([one, row]: [number, Row]) => !out.has(one) && kinds.includes(row.workspace_type) && above.holds(row)
  return [...tree.rows].filter(isPossible).map(([one]) => one)
}
