/** Projects, their versions and categories. */
import { module } from '#kernel/module.ts'
import { Category } from './categories.ts'
import { operations as furtherOperations } from './operations.ts'
import { permissions } from './permissions.ts'
import { Project } from './projects.ts'
import { ProjectStatus } from './statuses.ts'
import { Version, operations as versionsOperations } from './versions.ts'

export const projects = module('projects', {
  needs: ['accounts'],
  permissions,
  resources: [ProjectStatus, Project, Version, Category],
  operations: [...versionsOperations, ...furtherOperations],
})
