/** Content of projects besides work packages: news. */
import { module } from '#kernel/module.ts'
import { news } from './0034-news.ts'
import { demo } from './demo.ts'
import { News } from './news.ts'
import { projectModules } from './permissions.ts'

export const content = module('content', {
  needs: ['projects', 'files'],
  chapters: [{ part: 'Projects', name: 'News', description: 'News of projects, with attachments.', of: ['News'] }],
  projectModules,
  migrations: [news],
  resources: [News],
  demo,
})
