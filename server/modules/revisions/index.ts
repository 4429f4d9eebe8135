/** Revisions of repositories that mention work packages. */
import { module } from '#kernel/module.ts'
import { projectModules } from './permissions.ts'
import { Revision, extensions as revisionsExtensions, operations as revisionsOperations } from './revisions.ts'

export const revisions = module('revisions', {
  needs: ['work-packages'],
  chapters: [{ part: 'Work', name: 'Revisions', description: 'Commits that refer to work packages.', of: ['Revision'] }],
  projectModules,
  resources: [Revision],
  operations: [...revisionsOperations],
  extends: [...revisionsExtensions],
})
