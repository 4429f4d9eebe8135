/** Forums of projects, in which people discuss. */
import { inProject } from '#kernel/access/rules.ts'
import { listHref, resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'
import { placed } from './positions.ts'

const manage = inProject('manage_forums')

export const Forum = resource('Forum', 'forums', {
  path: 'forums',
  description: 'A place for discussions in a project.',
  glossary: {
    name: 'Name.',
    description: 'The subject of the discussions.',
    position: 'Position among the forums of the project, from 1. A new forum is the last one unless the payload says otherwise.',
    project: 'The project of the forum.',
    posts: 'The posts in it.',
  },
  example: { name: 'Harbour talk', position: 1 },
  title: 'name',
  belongsTo: 'project_id',
  order: { column: 'position' },
  copied: { with: 'forums' },
  visible: inProject('view_messages'),
  may: { create: manage, update: manage, delete: manage },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    name: p.text({ required: true, max: 255, filter: true }),
    description: p.plain({ max: 1000 }),
    position: p.integer({ min: 1, hasDefault: true, sort: true }),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    project: ownProject(p, 'forums'),
  }),
  actions: { posts: { href: ({ id }) => listHref('posts', { forum: ['=', id] }) } },
  after: [placed('forums', 'project_id', 'projects')],
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** Where forums can be created. */
export const listProjectsForForums = projectsFor(Forum, 'manage_forums')
