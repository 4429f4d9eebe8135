/** Posts in forums: threads, and the replies to them. */
import type { Row } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, either, inProject, NOTHING, own, through } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { available } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { listHref, resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'

/** The project of the forum. */
interface Placed {
  readonly project_id: number
}
type Post = Tables['posts'] & Placed

interface Facts {
  /** The forum, and the first post of the thread, as far as the viewer sees them. */
  readonly forum: Row | undefined
  readonly parent: Row | undefined
}

/** A permission in the project of the forum. */
const held = (permission: string) => through('forum_id', 'forums', inProject(permission), { find: (row) => row })

const add = held('add_messages')
const editAll = held('edit_messages')
const edit = either(editAll, both(own('author_id'), held('edit_own_messages')))
const deleteAll = held('delete_messages')
const remove = either(deleteAll, both(own('author_id'), held('delete_own_messages')))

async function lookUp({ row }: Draft<Post>, context: Context): Promise<Facts> {
  const parent = row.parent_id ? await visibleRow(context, context.model.of('Post'), row.parent_id) : undefined
  const forum = row.forum_id ?? parent?.forum_id
  return { parent, forum: forum ? await visibleRow(context, context.model.of('Forum'), forum) : undefined }
}

/** A reply is in the forum of its thread, and called after it unless it says otherwise. */
function follow({ row, before, given }: Draft<Post>, { forum, parent }: Facts): Partial<Post> {
  if (before) return {}
  return {
    ...(parent && !given.has('forum') && { forum_id: parent.forum_id }),
    ...(parent && !given.has('subject') && { subject: answerTo(parent.subject) }),
    project_id: forum?.project_id ?? row.forum_id,
  }
}

const MOST_LETTERS = 255
const answerTo = (subject: string): string => [...`RE: ${subject}`].slice(0, MOST_LETTERS).join('')

function check({ row, before }: Draft<Post>, { parent }: Facts): Violation[] {
  if (before || !parent) return []
  return [
    ...(parent.parent_id === null ? [] : [violation('parent', said`must be the first post of a thread`)]),
    ...(parent.forum_id === row.forum_id ? [] : [violation('parent', said`must be in the same forum`)]),
    ...(parent.locked ? [violation('parent', said`is locked and takes no replies`)] : []),
  ]
}

/** Replies by others are not lost with one's own post. */
async function repliesOf(row: Post, context: Context): Promise<Violation[]> {
  const [deletes] = await rights(context, deleteAll)
  if (deletes.holds(row)) return []
  const other = await context.db.one(
    sql`select id from posts where parent_id = ${row.id} and author_id <> ${context.viewer.id} limit 1`,
  )
  return other ? [violation('base', said`The post cannot be deleted: others have replied to it.`)] : []
}

/** Whether it is the first post of a thread; one whose parent is not there is taken for that. */
const isThread = ({ parent_id }: Pick<Post, 'parent_id'>): boolean => (parent_id ?? NOTHING) === NOTHING

export const Post = resource<'posts', Facts, Placed>('Post', 'posts', {
  path: 'posts',
  description: 'A post in a forum: the first one of a thread, or a reply to that.',
  glossary: {
    subject: 'Subject. That of a reply follows from its thread by default.',
    content: 'The text.',
    locked: 'Whether the thread takes no more replies.',
    sticky: 'Whether the thread is to be shown before others.',
    repliesCount: 'Number of replies. Present on the first post of a thread.',
    forum: 'The forum. That of a reply follows from its thread by default.',
    project: 'The project of the forum.',
    parent: 'The first post of the thread, where this one is a reply.',
    lastReply: 'The newest reply. Present on the first post of a thread.',
    replies: 'The replies to it. Present on the first post of a thread.',
  },
  example: { subject: 'Who has seen the anchor?', locked: false, sticky: false, repliesCount: 2 },
  title: 'subject',
  belongsTo: 'forum_id',
  copied: { with: 'forums', files: 'forums' },
  visible: held('view_messages'),
  may: { create: add, update: edit, delete: remove },
  attachments: { add: edit, uncontained: add, reads: ['project_id', 'author_id'] },
  computedColumns: { project_id: (_, t) => sql`(select f.project_id from forums f where f.id = ${name(`${t}.forum_id`)})` },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    subject: p.text({ required: true, max: MOST_LETTERS, filter: true, sort: true }),
    content: p.markdown(),
    locked: p.boolean({ may: editAll, writable: ({ row }) => isThread(row) }),
    sticky: p.boolean({ may: editAll, writable: ({ row }) => isThread(row), sort: true }),
    repliesCount: p.integer({
      select: (_, t) => sql`(select count(*) from posts r where r.parent_id = ${name(`${t}.id`)})`,
      when: isThread,
      inSchema: false,
    }),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, sort: true }),
    forum: p.link('Forum', {
      required: true,
      writable: ({ before }) => !before,
      filter: 'list',
      allowed: { href: ({ before }) => (before ? null : '/api/v3/posts/available_forums') },
      whenGone: 'remove',
    }),
    project: p.link('Project', {
      select: (_, t) => sql`(select f.project_id from forums f where f.id = ${name(`${t}.forum_id`)})`,
      readOnly: true,
      filter: 'list',
      embed: true,
    }),
    parent: p.link('Post', {
      writable: ({ before }) => !before,
      filter: 'list_optional',
      allowed: {
        href: ({ before, row }) =>
          before || !row.forum_id ? null : listHref('posts', { forum: ['=', row.forum_id], parent: ['!*'] }),
      },
      whenGone: 'remove',
    }),
    lastReply: p.link('Post', {
      select: (_, t) =>
        sql`(select r.id from posts r where r.parent_id = ${name(`${t}.id`)} order by r.created_at desc, r.id desc limit 1)`,
      when: isThread,
      inSchema: false,
    }),
    author: p.link('User', { readOnly: true, alwaysNamed: true, filter: 'list', embed: true, whenGone: 'successor' }),
  }),
  actions: { replies: { href: ({ id }) => listHref('posts', { parent: ['=', id] }), when: isThread } },
  defaults: ({ viewer }) => ({ author_id: viewer.id, locked: false, sticky: false }),
  facts: lookUp,
  derive: [follow],
  check: [check],
  removable: repliesOf,
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['index', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** Where posts can be created. */
export const listForumsForPosts = available({
  path: '/posts/available_forums',
  of: 'Forum',
  rule: inProject('add_messages'),
  tag: 'Post',
  summary: 'List available forums for posts',
  description: 'Lists the forums in which the caller may create posts.',
  extension: true,
})
