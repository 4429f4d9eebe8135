/** Which projects can be put below which. */
import type { Row } from '#db/database.ts'
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Context } from '#kernel/declaration.ts'
import { descendants, treeOf } from './tree.ts'

/** The kinds of workspace that can stand above each kind. */
const aboveOf: Readonly<Record<string, readonly string[]>> = {
  project: ['portfolio', 'program', 'project'],
  program: ['portfolio'],
  portfolio: [],
}

/** Whether a text names a kind of workspace. */
export const isWorkspaceType = (text: string): boolean => Object.hasOwn(aboveOf, text)

const addsBelow = inProject('add_subprojects', 'id')

/** The ids of the projects that the viewer may put one below; a stored one has an id, and never goes below itself. */
export async function possibleParents(context: Context, { id, workspace_type }: Row): Promise<number[]> {
  const [above] = await rights(context, addsBelow)
  const tree = await treeOf(context)
  const out = new Set(id === undefined ? [] : [id, ...descendants(tree, id)])
  const kinds = aboveOf[workspace_type] ?? []
  const isPossible = ([one, row]: [number, Row]) => !out.has(one) && kinds.includes(row.workspace_type) && above.holds(row)
  return [...tree.rows].filter(isPossible).map(([one]) => one)
}
