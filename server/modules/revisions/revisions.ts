/** Revisions: imported commits of a project's repository. */
import { name, sql } from '#db/sql.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Operation } from '#kernel/declaration.ts'
import { nested } from '#kernel/operation.ts'
import { extension, hrefOf, resource } from '#kernel/resource.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'

const view = inProject('view_changesets')
/** Length of an abbreviated hash. */
const SHORT = 8
const isHash = (identifier: string): boolean => /^[0-9a-f]{40,64}$/.test(identifier)
const shortened = ({ identifier }: { identifier: string }): string =>
  isHash(identifier) ? identifier.slice(0, SHORT) : identifier

export const Revision = resource('Revision', 'changesets', {
  path: 'revisions',
  description: 'A commit of a project’s repository.',
  glossary: {
    identifier: 'Commit hash.',
    formattedIdentifier: 'Abbreviated commit hash.',
    authorName: 'Author, as written in the commit.',
    message: 'Commit message.',
    createdAt: 'Commit time.',
    project: 'The project of the repository.',
    author: 'The user who made the commit, where known.',
    showRevision: 'Web page of the commit.',
  },
  example: {
    identifier: '0f9c2ab1d4e57c3388a1b2c3d4e5f60718293a4b',
    formattedIdentifier: '0f9c2ab1',
    authorName: 'Vera Example',
  },
  title: 'identifier',
  untitled: true,
  order: { column: 'committed_at', descending: true },
  paginated: false,
  visible: view,
  properties: (p) => ({
    id: p.integer({ sort: true }),
    identifier: p.text(),
    formattedIdentifier: p.text({ value: shortened }),
    authorName: p.text(),
    message: p.plain(),
    createdAt: p.dateTime({ column: 'committed_at', sort: true }),
    project: p.link('Project'),
    author: p.link('User', { column: 'user_id', alwaysNamed: true, when: ({ user_id }) => user_id !== null }),
  }),
  actions: {
    showRevision: {
      type: 'text/html',
      href: (row, { related }) =>
        `/projects/${related.get('Project')?.get(row.project_id)?.identifier ?? row.project_id}/repository/revisions/${row.identifier}`,
    },
  },
  operations: ['show'],
})

const workPackageExtension = extension('WorkPackage', 'work_packages', {
  glossary: { revisions: 'The commits that speak of it.' },
  actions: { revisions: { href: (row) => `${hrefOf(WorkPackage, row)}/revisions`, may: view } },
})

const listRevisionsOfWorkPackage = nested({
  parents: ['work_packages'],
  parent: 'WorkPackage',
  resource: Revision,
  as: 'revisions',
  summary: 'List the revisions of a work package',
  description: 'Lists the commits whose messages refer to the work package, in repositories that the caller may see.',
  // No check of the work package's project: revisions may belong to other projects, and each has its own visibility.
  within: async (row) => {
    const spoken = sql`select r.changeset_id from changeset_work_packages r where r.work_package_id = ${row.id}`
    return { paginated: false, within: sql`${name('changesets.id')} in (${spoken})` }
  },
})

export const operations: readonly Operation[] = [...listRevisionsOfWorkPackage]

export const extensions = [workPackageExtension]
