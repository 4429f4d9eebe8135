/** Documents of projects: a title, a description and attached files. */
import { inProject } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'

const manage = inProject('manage_documents')

export const Document = resource('Document', 'documents', {
  path: 'documents',
  description: 'A document of a project: a title, a description and attached files.',
  glossary: { title: 'Title.', description: 'Description.', project: 'The project of the document.' },
  example: { title: 'Rigging plan' },
  title: 'title',
  belongsTo: 'project_id',
  order: { column: 'created_at', descending: true },
  visible: inProject('view_documents'),
  may: { create: manage, update: manage, delete: manage },
  attachments: { add: manage },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    title: p.text({ required: true, max: 255 }),
    description: p.markdown(),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true }),
    project: ownProject(p, 'documents'),
  }),
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['create', 'delete', 'form', 'editForm', 'schema'],
})

/** Where documents can be created. */
export const listProjectsForDocuments = projectsFor(Document, 'manage_documents')
