/** What people write in projects besides work packages: news. */
import { module } from '#kernel/module.ts'
import { news } from './0034-news.ts'
import { News } from './news.ts'
import { projectModules } from './permissions.ts'

export const content = module('content', {
  needs: ['projects', 'files'],
  projectModules,
  migrations: [news],
  resources: [News],
})
