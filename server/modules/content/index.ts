/** Content of projects besides work packages: news and documents. */
import { module } from '#kernel/module.ts'
import { news } from './0034-news.ts'
import { documents } from './0035-documents.ts'
import { demo } from './demo.ts'
import { Document } from './documents.ts'
import { News } from './news.ts'
import { projectModules } from './permissions.ts'

export const content = module('content', {
  needs: ['projects', 'files'],
  chapters: [
    { part: 'Projects', name: 'News', description: 'News of projects, with attachments.', of: ['News'] },
    { part: 'Projects', name: 'Documents', description: 'Documents of projects, with attachments.', of: ['Document'] },
  ],
  projectModules,
  migrations: [news, documents],
  resources: [News, Document],
  demo,
})
