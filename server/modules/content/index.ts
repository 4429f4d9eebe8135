/** What people write in projects besides work packages: news. */
import { module } from '#kernel/module.ts'
import { projectModules } from './permissions.ts'

export const content = module('content', {
  needs: ['projects', 'files'],
  projectModules,
})
