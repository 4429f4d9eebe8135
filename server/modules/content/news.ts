/** News of projects. */
import { inProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'

const manage = inProject('manage_news')

export const News = resource('News', 'news', {
  path: 'news',
  plural: 'news',
  description: 'A news item of a project.',
  example: { title: 'The mast is up', summary: 'Rigging starts on Monday.' },
  title: 'title',
  belongsTo: 'project_id',
  order: { column: 'created_at', descending: true },
  journal: 'news_versions',
  visible: inProject('view_news'),
  may: { create: manage, update: manage, delete: manage },
  attachments: { add: manage },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    title: p.text({ required: true, max: 256 }),
    summary: p.text({ max: 255 }),
    description: p.markdown(),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, sort: true }),
    project: ownProject(p, 'news'),
    author: p.link('User', { readOnly: true, alwaysNamed: true, embed: true, whenGone: 'successor' }),
  }),
  defaults: ({ viewer }) => ({ author_id: viewer.id }),
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['form', 'editForm', 'schema'],
})

/** Where news can be created. */
export const listProjectsForNews = projectsFor(News, 'manage_news')
