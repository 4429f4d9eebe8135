/** Links and actions of projects. */
import type { Row } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
import { admin, both, either, inProject, not, signedIn, within } from '#kernel/access/rules.ts'
import type { Action, Link, Loaded, Rule } from '#kernel/declaration.ts'
import { can, UNDISCLOSED } from '#kernel/read/represent.ts'
import { hrefOf, listHref } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { edit, favorites } from './rights.ts'
import { ancestors as idsAbove, type Tree } from './tree.ts'

type Project = Tables['projects']

/** Links to the ancestors, root first. Those that the viewer may not see have no name. */
function ancestors({ parent_id }: Project, page: Loaded): Link[] {
  const { context, loaded } = page
  if (!parent_id) return []
  const tree: Tree = loaded.tree
  const project = context.model.of('Project')
  return [...idsAbove(tree, parent_id), parent_id].map((id) => {
    const row = tree.rows.get(id) as Row
    return can(page, project.visible, row)
      ? { href: hrefOf(project, row), title: project.titleOf(row) }
      : { href: UNDISCLOSED, title: said`Undisclosed` }
  })
}

const under =
  (path: string) =>
  ({ id }: Project) =>
    `/api/v3/workspaces/${id}/${path}`
const inside = (permission: string): Rule => inProject(permission, 'id')
const memberships = ({ id }: Project): string => listHref('memberships', { project: ['=', id] })

const self = ({ id, workspace_type }: Project) => `/api/v3/${workspace_type}s/${id}`

export const links: Record<string, Action<Project>> = {
  createWorkPackage: { href: under('work_packages/form'), method: 'post', may: inside('add_work_packages') },
  createWorkPackageImmediately: { href: under('work_packages'), method: 'post', may: inside('add_work_packages') },
  workPackages: { href: under('work_packages'), may: inside('view_work_packages') },
  categories: { href: under('categories') },
  versions: { href: under('versions'), may: either(inside('view_work_packages'), inside('manage_versions')) },
  memberships: { href: memberships, may: inside('view_members') },
  types: { href: under('types'), may: either(inside('view_work_packages'), inside('manage_types')) },
  update: { href: (row) => `${self(row)}/form`, method: 'post', may: edit },
  updateImmediately: { href: self, method: 'patch', may: edit },
  delete: { href: self, method: 'delete', may: admin },
  favor: { href: under('favorite'), method: 'post', may: both(signedIn, not(within(favorites))) },
  disfavor: { href: under('favorite'), method: 'delete', may: both(signedIn, within(favorites)) },
  schema: { href: () => '/api/v3/workspaces/schema' },
  ancestors: { links: ancestors },
}
