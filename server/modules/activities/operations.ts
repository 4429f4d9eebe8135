/** What can be done with the history of a work package: read it, comment, correct a comment, react to one. */
import type { Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { index, single } from '#kernel/collection.ts'
import type { Payload } from '#kernel/draft.ts'
import { toErrors } from '#kernel/draft.ts'
import { ApiError, combined, forbidden, notFound, type Violation, violation } from '#kernel/errors.ts'
import { publish } from '#kernel/events.ts'
import { entryOf, record } from '#kernel/history.ts'
import { asText, isStorable } from '#kernel/kinds.ts'
import { type Ask, holds, ok, operation, rowFrom } from '#kernel/operation.ts'
import { writtenRow } from '#kernel/page.ts'
import { extend } from '#kernel/resource.ts'
import { either, onWorkPackage } from '#kernel/rules.ts'
import { prepare } from '#kernel/viewer.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { Activity, mayEdit } from './activities.ts'
import { emojis, reactions } from './reactions.ts'

const tag = 'Activity'
const mayComment = either(onWorkPackage('add_work_package_comments'), onWorkPackage('edit_work_packages'))

extend('WorkPackage', 'work_packages', {
  actions: {
    activities: { href: ({ id }) => `/api/v3/work_packages/${id}/activities` },
    addComment: {
      href: ({ id }) => `/api/v3/work_packages/${id}/activities`,
      method: 'post',
      title: 'Add comment',
      may: mayComment,
    },
  },
})

const workPackage = ({ params, context }: Ask) => rowFrom(params['id'] as string, WorkPackage, context)
const activity = ({ params, context }: Ask) => rowFrom(params['id'] as string, Activity, context)

/** What is said, in either of the two shapes that clients send. Throws 400 for anything else, 422 for nothing. */
function said(comment: unknown, shape: 'object' | 'text'): string {
  const raw = typeof comment === 'object' && comment !== null ? (comment as { raw?: unknown }).raw : comment
  const isShaped = shape === 'text' || (typeof comment === 'object' && comment !== null)
  if (!isShaped || (raw ?? '') !== asText(raw) || !isStorable(asText(raw)))
    throw new ApiError(
      'BadRequest',
      `The request is malformed: comment must be ${shape === 'text' ? 'a text' : 'an object whose member raw is a text'}.`,
    )
  return asText(raw)
}

const refuse = (violations: readonly Violation[]) => {
  if (violations.length > 0) throw combined(toErrors(Activity, violations))
}
const blank = (text: string) => (text.trim() === '' ? [violation('comment', "can't be blank")] : [])

operation({
  method: 'GET',
  path: '/work_packages/:id/activities',
  summary: 'List what was done to a work package and said about it',
  tag,
  answers: { status: 200, of: tag, as: 'collection' },
  run: async (ask) => {
    const { id } = await workPackage(ask)
    return ok(
      await index(ask.context, Activity, { within: sql`journals.resource = 'work_packages' and journals.resource_id = ${id}` }),
    )
  },
})

operation({
  method: 'POST',
  path: '/work_packages/:id/activities',
  summary: 'Comment on a work package',
  tag,
  answers: { status: 201, of: tag, as: 'single' },
  query: ['notify'],
  run: async (ask) => {
    const { context, body } = ask
    const row = await workPackage(ask)
    if (!(await holds(context, mayComment, row))) throw notFound(WorkPackage.missing)
    const notes = said(body['comment'], 'object')
    const internal = isInternal(body)
    const mayBeInternal = !internal || (await holds(context, onWorkPackage('add_internal_comments'), row))
    refuse([...blank(notes), ...(mayBeInternal ? [] : [violation('internal', 'may not be set by you in this project')])])
    const id = await comment(ask, row['id'], notes, internal)
    const later = await context.renewed()
    return { status: 201, body: await single(later, Activity, (await writtenRow(later, Activity, id)) as Row) }
  },
})

function isInternal(body: Payload): boolean {
  const { internal = false } = body as { internal?: unknown }
  if (typeof internal !== 'boolean') throw new ApiError('BadRequest', 'The request is malformed: internal must be true or false.')
  return internal
}

/** Writes a comment, and says on the work package that something happened. Gives the entry's id. */
const comment = ({ db, context }: Ask, workPackageId: number, notes: string, internal: boolean): Promise<number> =>
  db.transaction(async (tx) => {
    const entry = entryOf(context)
    await tx.run(sql`update work_packages set updated_at = ${entry.at} where id = ${workPackageId}`)
    await record(tx, WorkPackage, [workPackageId], { ...entry, notes, internal })
    await publish(tx, context, 'work_packages.commented', workPackageId, [])
    const last = await tx.one<{ id: number }>(sql`
      select id from journals where resource = 'work_packages' and resource_id = ${workPackageId} order by version desc limit 1`)
    return (last as { id: number }).id
  })

operation({
  method: 'PATCH',
  path: '/activities/:id',
  summary: 'Correct a comment',
  tag,
  answers: { status: 200, of: tag, as: 'single' },
  run: async (ask) => {
    const { context, db, body } = ask
    const row = await activity(ask)
    if (!(await holds(context, mayEdit, row))) throw forbidden()
    const notes = said(body['comment'], 'text')
    refuse(blank(notes))
    await db.transaction((tx) =>
      tx.run(sql`update journals set notes = ${notes}, updated_at = ${context.now.toISOString()} where id = ${row['id']}`),
    )
    return ok(await single(context, Activity, (await writtenRow(context, Activity, row['id'])) as Row))
  },
})

operation({
  method: 'GET',
  path: '/activities/:id/emoji_reactions',
  summary: 'List the reactions to a comment',
  tag: 'EmojiReaction',
  answers: { status: 200, as: 'object' },
  run: async (ask) => {
    const { id } = await activity(ask)
    return ok(await reactions(ask.context.db, `/api/v3/activities/${id}/emoji_reactions`, [id]))
  },
})

operation({
  method: 'PATCH',
  path: '/activities/:id/emoji_reactions',
  summary: 'React to a comment, or take a reaction back',
  tag: 'EmojiReaction',
  answers: { status: 200, as: 'object' },
  run: async (ask) => {
    const { context, db, body } = ask
    const row = await activity(ask)
    const { reaction } = body as { reaction?: unknown }
    const place = { id: row['resource_id'], project_id: row['project_id'] }
    const may = row['internal'] ? onWorkPackage('add_internal_comments') : mayComment
    if (!context.viewer.signedIn || !(await holds(context, may, place))) throw forbidden()
    if (typeof reaction !== 'string' || !Object.hasOwn(emojis, reaction))
      throw new ApiError('BadRequest', `The request is malformed: reaction must be one of ${Object.keys(emojis).join(', ')}.`)
    if (!row['notes']) throw new ApiError('BadRequest', 'The request is malformed: one can only react to a comment.')
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

operation({
  method: 'GET',
  path: '/work_packages/:id/activities_emoji_reactions',
  summary: 'List the reactions to all comments on a work package',
  tag: 'EmojiReaction',
  answers: { status: 200, as: 'object' },
  run: async (ask) => {
    const { context } = ask
    const { id } = await workPackage(ask)
    await prepare(context.db, context.viewer, Activity.visible.needs)
    const entries = await context.db.all<{ id: number }>(sql`
      select journals.id as id from journals where journals.resource_id = ${id} and ${Activity.visible.where(context, 'journals')}`)
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
