/** Permissions about repositories. */
import { type ProjectModule, project, projectModule } from '#kernel/access/permissions.ts'

export const projectModules: readonly ProjectModule[] = [
  projectModule(
    'repository',
    {},
    project('browse_repository'),
    project('commit_access'),
    project('manage_repository', { require: 'member' }),
    project('view_changesets'),
    project('view_commit_author_statistics'),
  ),
]
