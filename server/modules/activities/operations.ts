/** Operations on the history of a work package: list it, comment, edit a comment, react to one. */
import { sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { onWorkPackage } from '#kernel/access/rules.ts'
import type { ApiRequest, Operation, Payload } from '#kernel/declaration.ts'
import { ApiError, forbidden, notFound } from '#kernel/errors.ts'
import { asText, isStorable } from '#kernel/kinds.ts'
import { demand, holds, ok, operation, respondCreated, respondSaved, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { extension } from '#kernel/resource.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { linksOf } from '#modules/files/comments.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { said } from '#text/messages.ts'
import { Activity, mayComment, mayEdit } from './activities.ts'
import { emojis, reactions } from './reactions.ts'

const tag = 'Activity'

const workPackageExtension = extension('WorkPackage', 'work_packages', {
  glossary: { activities: 'Its history.', addComment: 'Adds a comment to it, as part of its history.' },
  actions: {
    activities: { href: ({ id }) => `/api/v3/work_packages/${id}/activities` },
    addComment: {
      href: ({ id }) => `/api/v3/work_packages/${id}/activities`,
      method: 'post',
      title: said`Add comment`,
      may: mayComment,
    },
  },
})

const workPackage = ({ params, context }: ApiRequest<'id'>) => rowFrom(params.id, context.model.of(WorkPackage), context)
const activity = ({ params, context }: ApiRequest<'id'>) => rowFrom(params.id, context.model.of(Activity), context)

/** The text of a comment, in either of the two forms that clients send. Throws 400 for other values, 422 for an empty text. */
function textOf(comment: unknown, shape: 'object' | 'text'): string {
  const members: { raw?: unknown } | undefined = typeof comment === 'object' && comment !== null ? comment : undefined
  const raw = members ? members.raw : comment
  const isShaped = shape === 'text' || members !== undefined
  if (!isShaped || (raw ?? '') !== asText(raw) || !isStorable(asText(raw)))
    throw new ApiError(
      'BadRequest',
      said`The request is malformed: comment must be ${shape === 'text' ? said`a text` : said`an object whose member raw is a text`}.`,
    )
  return asText(raw)
}

const listActivities = operation({
  method: 'GET',
  path: '/work_packages/:id/activities',
  summary: 'List the activities of a work package',
  description:
    'Lists the history of a work package, oldest first, without pagination: changes with their details, and comments. Internal comments need a permission.',
  tag,
  answers: { status: 200, of: tag, as: 'collection' },
  run: async (ask) => {
    const { id } = await workPackage(ask)
    return ok(
      await index(ask.context, ask.context.model.of(Activity), {
        within: sql`journals.resource = 'work_packages' and journals.resource_id = ${id}`,
      }),
    )
  },
})

const createComment = operation({
  method: 'POST',
  path: '/work_packages/:id/activities',
  summary: 'Comment on a work package',
  description:
    'Adds a comment to the history. With `internal`, only users with the permission to see internal comments see it. The comment claims files that its text embeds or `_links.attachments` links to.',
  tag,
  answers: { status: 201, of: tag, as: 'single' },
  takes: 'CommentWrite',
  query: ['notify'],
  run: async (ask) => {
    const { context, body } = ask
    const row = await workPackage(ask)
    if (!(await holds(context, mayComment, row))) throw notFound(WorkPackage.missing)
    const raw = textOf(body.comment, 'object')
    const entry = {
      resource: WorkPackage.table,
      resource_id: row.id,
      project_id: row.project_id,
      user_id: context.viewer.id,
      internal: isInternal(body),
    }
    const payload = { comment: { raw }, _links: await linksOf(context, body, raw) }
    return respondCreated(
      ask,
      context.model.of(Activity),
      await prepareWrite(context, context.model.of(Activity), undefined, payload, entry),
    )
  },
})

function isInternal(body: Payload): boolean {
  const { internal = false } = body
  if (typeof internal !== 'boolean')
    throw new ApiError('BadRequest', said`The request is malformed: internal must be true or false.`)
  return internal
}

const updateComment = operation({
  method: 'PATCH',
  path: '/activities/:id',
  summary: 'Update a comment',
  takes: 'CommentCorrection',
  description:
    'Replaces the text of a comment: one’s own or, with the permission for it, that of any user. `comment` is a string here, not an object; `_links.attachments` replaces its files.',
  tag,
  answers: { status: 200, of: tag, as: 'single' },
  run: async (ask) => {
    const { context, body } = ask
    const row = await activity(ask)
    await demand(context, mayEdit, row)
    const raw = body.comment === undefined ? row.notes : textOf(body.comment, 'text')
    const payload = { comment: { raw }, _links: await linksOf(context, body, raw, row) }
    return respondSaved(ask, context.model.of(Activity), await prepareWrite(context, context.model.of(Activity), row, payload))
  },
})

const listReactions = operation({
  method: 'GET',
  path: '/activities/:id/emoji_reactions',
  summary: 'List the reactions to a comment',
  description: 'Lists the reactions to a comment, grouped by emoji name.',
  tag: 'EmojiReaction',
  answers: { status: 200, of: 'EmojiReaction', as: 'collection' },
  run: async (ask) => {
    const { id } = await activity(ask)
    return ok(await reactions(ask.context.db, `/api/v3/activities/${id}/emoji_reactions`, [id]))
  },
})

const toggleReaction = operation({
  method: 'PATCH',
  path: '/activities/:id/emoji_reactions',
  summary: 'Add or remove a reaction to a comment',
  takes: 'EmojiReactionWrite',
  description: 'Toggles the caller’s reaction, and returns all reactions to the comment.',
  tag: 'EmojiReaction',
  answers: { status: 200, of: 'EmojiReaction', as: 'collection' },
  run: async (ask) => {
    const { context, db, body } = ask
    const row = await activity(ask)
    const { reaction } = body
    const place = { id: row.resource_id, project_id: row.project_id }
    const may = row.internal ? onWorkPackage('add_internal_comments') : mayComment
    if (!context.viewer.signedIn || !(await holds(context, may, place))) throw forbidden()
    if (typeof reaction !== 'string' || !Object.hasOwn(emojis, reaction))
      throw new ApiError('BadRequest', said`The request is malformed: reaction must be one of ${Object.keys(emojis)}.`)
    if (!row.notes) throw new ApiError('BadRequest', said`The request is malformed: only comments can have reactions.`)
    const { id } = row
    await db.transaction(async (tx) => {
      const mine = sql`journal_id = ${id} and user_id = ${context.viewer.id} and reaction = ${reaction}`
      if ((await tx.run(sql`delete from emoji_reactions where ${mine}`)) > 0) return
      await tx.run(sql`insert into emoji_reactions (journal_id, user_id, reaction, created_at)
        values (${id}, ${context.viewer.id}, ${reaction}, ${context.now.toISOString()}) on conflict do nothing`)
    })
    return ok(await reactions(context.db, `/api/v3/activities/${id}/emoji_reactions`, [id]))
  },
})

const listReactionsOfWorkPackage = operation({
  method: 'GET',
  path: '/work_packages/:id/activities_emoji_reactions',
  summary: 'List the reactions to all comments on a work package',
  description:
    'Lists the reactions to all comments that the caller may see, so that a client can show a whole history with two requests.',
  tag: 'EmojiReaction',
  answers: { status: 200, of: 'EmojiReaction', as: 'collection' },
  run: async (ask) => {
    const { context } = ask
    const { id } = await workPackage(ask)
    const [visible] = await rights(context, Activity.visible)
    const entries = await context.db.all<{ id: number }>(sql`
      select journals.id as id from journals where journals.resource_id = ${id} and ${visible.where('journals')}`)
    const path = `/api/v3/work_packages/${id}/activities_emoji_reactions`
    return ok(
      await reactions(
        context.db,
        path,
        entries.map((entry) => entry.id),
      ),
    )
  },
})

export const operations: readonly Operation[] = [
  listActivities,
  createComment,
  updateComment,
  listReactions,
  toggleReaction,
  listReactionsOfWorkPackage,
]

export const extensions = [workPackageExtension]
