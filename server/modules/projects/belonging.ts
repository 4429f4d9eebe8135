/** Rows of projects: the link to the project, which is chosen once, and the list of the projects that can be chosen. */
import { inProject } from '#kernel/access/rules.ts'
import type { Build, Declared, LinkOptions, Operation, Unnamed } from '#kernel/declaration.ts'
import { available } from '#kernel/operation.ts'

/**
 * The link of a row to its project, with which it is removed.
 * @param path the path of the resource, below which `projectsFor` lists the projects to choose from
 */
export const ownProject = <R, F>({ link }: Build<R, F>, path: string, more: LinkOptions<R, F> = {}): Unnamed =>
  link('Project', {
    required: true,
    writable: ({ before }) => !before,
    allowed: { href: ({ before }) => (before ? null : `/api/v3/${path}/available_projects`) },
    filter: 'list_optional',
    embed: true,
    whenGone: 'remove',
    ...more,
  })

/** The list of projects in which the viewer may create rows of a resource: those in which the viewer holds the permission. */
export const projectsFor = ({ name, path, plural }: Declared, permission: string): Operation =>
  available({
    path: `/${path}/available_projects`,
    of: 'Project',
    rule: inProject(permission, 'id'),
    tag: name,
    summary: `List available projects for ${plural}`,
    description: `Lists the projects in which the caller may create ${plural}.`,
    extension: true,
  })
