/** What members of projects are mailed about news, documents, wiki pages and forums, where their settings ask for it. */
import { sql } from '#db/sql.ts'
import { subscription } from '#modules/notifications/subscriptions.ts'
import { said } from '#text/messages.ts'
import { Document } from './documents.ts'
import { News } from './news.ts'
import { Post } from './posts.ts'
import { WikiPage } from './wiki-pages.ts'

const project = ({ project_id }: { project_id?: number }) => sql`${project_id}`

export const subscribes = [
  subscription({
    ...{ resource: News, event: 'created', setting: 'news_added', project },
    words: ({ title }) => said`News "${title}" added`,
    text: ({ summary, description }) => [summary, description],
    path: ({ id }) => `/news/${id}`,
  }),
  subscription({
    ...{ resource: Document, event: 'created', setting: 'document_added', project },
    words: ({ title }) => said`Document "${title}" added`,
    text: ({ description }) => [description],
    path: ({ id }) => `/documents/${id}`,
  }),
  subscription({
    ...{ resource: WikiPage, event: 'created', setting: 'wiki_page_added', project },
    words: ({ title }) => said`Wiki page "${title}" added`,
    text: ({ text }) => [text],
    path: ({ id }) => `/wiki_pages/${id}`,
  }),
  subscription({
    ...{ resource: WikiPage, event: 'updated', setting: 'wiki_page_updated', project, columns: ['title', 'text'] },
    words: ({ title }) => said`Wiki page "${title}" updated`,
    text: ({ text }) => [text],
    path: ({ id }) => `/wiki_pages/${id}`,
  }),
  subscription({
    ...{ resource: Post, event: 'created', setting: 'forum_messages' },
    project: ({ forum_id }) => sql`(select f.project_id from forums f where f.id = ${forum_id})`,
    words: ({ subject }) => said`Post "${subject}" added`,
    text: ({ content }) => [content],
    path: ({ id, parent_id }) => `/topics/${parent_id ?? id}`,
  }),
]
