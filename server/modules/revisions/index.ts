/** Revisions of repositories that mention work packages. */
import { module } from '#kernel/module.ts'
import { Revision, extensions as revisionsExtensions, operations as revisionsOperations } from './revisions.ts'

export const revisions = module('revisions', {
  needs: ['work-packages'],
  resources: [Revision],
  operations: [...revisionsOperations],
  extends: [...revisionsExtensions],
})
