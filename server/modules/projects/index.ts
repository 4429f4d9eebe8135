/** Projects, their versions and categories. */
import { module } from '#kernel/module.ts'
import { deletingProjects } from './0047-deleting-projects.ts'
import { Category } from './categories.ts'
import { copyContents, operations as copyOperations } from './copying.ts'
import { deleteProject } from './deleting.ts'
import { operations as furtherOperations } from './operations.ts'
import { permissions } from './permissions.ts'
import { Project } from './projects.ts'
import { releaseRest } from './sharing.ts'
import { ProjectStatus } from './statuses.ts'
import { Version, operations as versionsOperations } from './versions.ts'
export const projects = module('projects', {
  needs: ['accounts'],
  chapters: [
    {
      part: 'Projects',
      name: 'Projects',
      description: 'Projects, programs and portfolios, which are all workspaces and can be nested.',
      of: ['Project', 'ProjectStatus'],
    },
    {
      part: 'Projects',
      name: 'Versions',
      description: 'Versions that work packages are planned for, such as releases. A version can be shared with other projects.',
      of: ['Version'],
    },
    {
      part: 'Projects',
      name: 'Categories',
      description: 'Categories that group the work packages of a project.',
      of: ['Category'],
    },
  ],
  permissions,
  resources: [ProjectStatus, Project, Version, Category],
  operations: [...versionsOperations, ...furtherOperations, ...copyOperations],
  jobs: [copyContents, deleteProject, releaseRest],
  migrations: [deletingProjects],
})
