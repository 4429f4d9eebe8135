/** Content of projects besides work packages: news, documents, wiki pages, forums and meetings. */
import { module } from '#kernel/module.ts'
import { news } from './0034-news.ts'
import { documents } from './0035-documents.ts'
import { wiki } from './0036-wiki.ts'
import { forums } from './0037-forums.ts'
import { meetings } from './0038-meetings.ts'
import { invitations } from './0056-invitations.ts'
import { demo } from './demo.ts'
import { Document, listProjectsForDocuments } from './documents.ts'
import { Forum, listProjectsForForums } from './forums.ts'
import { subscribes as invitationSubscribers } from './invitations.ts'
import { listMeetingsForItems, MeetingAgendaItem } from './meeting-agenda-items.ts'
import { listProjectsForMeetings, Meeting } from './meetings.ts'
import { listProjectsForNews, News } from './news.ts'
import { subscribes } from './notices.ts'
import { projectModules } from './permissions.ts'
import { listForumsForPosts, Post } from './posts.ts'
import { listVersions, WikiPageVersion } from './wiki-page-versions.ts'
import { listProjectsForPages, WikiPage } from './wiki-pages.ts'

export const content = module('content', {
  needs: ['projects', 'files', 'notifications'],
  chapters: [
    { part: 'Projects', name: 'News', description: 'News of projects, with attachments.', of: ['News'] },
    { part: 'Projects', name: 'Documents', description: 'Documents of projects, with attachments.', of: ['Document'] },
    {
      part: 'Projects',
      name: 'Wiki',
      description: 'Wiki pages of projects, with attachments.',
      of: ['WikiPage', 'WikiPageVersion'],
    },
    { part: 'Projects', name: 'Forums', description: 'Forums of projects, and the posts in them.', of: ['Forum', 'Post'] },
    {
      part: 'Projects',
      name: 'Meetings',
      description: 'Meetings of projects, with participants and agendas.',
      of: ['Meeting', 'MeetingAgendaItem'],
    },
  ],
  projectModules,
  migrations: [news, documents, wiki, forums, meetings, invitations],
  resources: [News, Document, WikiPage, WikiPageVersion, Forum, Post, Meeting, MeetingAgendaItem],
  operations: [
    listProjectsForNews,
    listProjectsForDocuments,
    listProjectsForForums,
    listProjectsForPages,
    ...listVersions,
    listForumsForPosts,
    listProjectsForMeetings,
    listMeetingsForItems,
  ],
  subscribes: [...subscribes, ...invitationSubscribers],
  demo,
})
