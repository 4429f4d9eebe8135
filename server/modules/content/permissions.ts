/** Permissions about news, wiki pages, documents, forums and meetings. */
import { type ProjectModule, project, projectModule } from '#kernel/access/permissions.ts'

export const projectModules: readonly ProjectModule[] = [
  projectModule(
    'meetings',
    {},
    project('view_meetings', { actions: ['meetings/read'] }),
    project('create_meetings', { require: 'member', dependencies: ['view_meetings'], actions: ['meetings/create'] }),
    project('edit_meetings', { require: 'member', dependencies: ['view_meetings'], actions: ['meetings/update'] }),
    project('delete_meetings', { require: 'member', dependencies: ['view_meetings'], actions: ['meetings/destroy'] }),
    project('send_meeting_invites_and_outcomes', { require: 'member', dependencies: ['view_meetings'] }),
    project('manage_agendas', {
      require: 'member',
      dependencies: ['view_meetings'],
      actions: ['meeting_agenda_items/create', 'meeting_agenda_items/update', 'meeting_agenda_items/destroy'],
    }),
    project('manage_outcomes', {
      require: 'member',
      dependencies: ['view_meetings'],
      actions: ['meeting_outcomes/create', 'meeting_outcomes/update', 'meeting_outcomes/destroy'],
    }),
  ),
  projectModule(
    'news',
    { startsOn: true },
    project('view_news', { public: true }),
    project('manage_news', { require: 'member' }),
    project('comment_news'),
  ),
  projectModule(
    'wiki',
    { startsOn: true },
    project('view_wiki_pages'),
    project('view_wiki_edits', { dependencies: ['view_wiki_pages'] }),
    project('edit_wiki_pages', { dependencies: ['view_wiki_pages'] }),
    project('manage_wiki', { require: 'member', dependencies: ['edit_wiki_pages'] }),
  ),
  projectModule('documents', {}, project('view_documents'), project('manage_documents', { require: 'loggedin' })),
  projectModule(
    'forums',
    {},
    project('view_messages', { public: true }),
    project('add_messages'),
    project('edit_messages', { require: 'member' }),
    project('edit_own_messages', { require: 'loggedin' }),
    project('delete_messages', { require: 'member' }),
    project('delete_own_messages', { require: 'loggedin' }),
    project('manage_forums', { require: 'member' }),
  ),
]
