/** A file that somebody attached to something, or uploaded to attach it later. */
import type { Engine, Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both, either, everyone, having, lacking, nobody, not, own } from '#kernel/access/rules.ts'
import type { Context, Draft, Kind, Rule } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { resource } from '#kernel/resource.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'
import { publish } from '#kernel/write/outbox.ts'
import { type Container, ofContainer, resourceOf } from './containers.ts'
import { claim, discard } from './loose.ts'
import { awaitReading } from './reading.ts'

/** What nobody has claimed yet is its uploader's alone. */
const unclaimed = both(lacking('container_id'), own('author_id'))
/** What has not arrived yet is nobody else's business either. */
const arrived = either(not(having('status', 'prepared')), own('author_id'))

/** The uploader's while it is unclaimed; then whatever the container's rule says. */
export const contained = (kinds: readonly Container[], pick: (kind: Container) => Rule): Rule =>
  both(arrived, either(unclaimed, ofContainer(kinds, pick)))

/** A file's checksum. */
const digest: Kind = {
  type: 'Object',
  json: {
    type: 'object',
    required: ['algorithm', 'hash'],
    properties: { algorithm: { type: 'string' }, hash: { type: 'string' } },
  },
  render: (hash) => ({ algorithm: 'md5', hash }),
  parse: (value) => value,
  strategy: 'string',
  ofNothing: { algorithm: 'md5', hash: '' },
}

const self = (row: { id: number }) => `/api/v3/attachments/${row.id}`

export const Attachment = resource('Attachment', 'attachments', {
  path: 'attachments',
  description: 'A file, and what it belongs to. One that belongs to nothing yet is seen by its author alone.',
  glossary: {
    fileName: 'What it is called.',
    fileSize: 'How many bytes it has.',
    description: 'A text about it.',
    status: '`uploaded`, or `prepared` while a direct upload is still to come.',
    contentType: 'What it is, as its bytes tell.',
    digest: 'The checksum of its bytes.',
    container: 'What it belongs to.',
    staticDownloadLocation: 'Its bytes, at an address that stays the same.',
    downloadLocation: 'Its bytes.',
  },
  example: {
    id: 17,
    fileName: 'mast.pdf',
    fileSize: 48213,
    contentType: 'application/pdf',
    status: 'uploaded',
    digest: { algorithm: 'md5', hash: '64c26a8403cd796ea4cf913cda2ee4a9' },
  },
  title: 'file_name',
  // Who sees and who removes one is said once it is known what files can be attached to: see attachable.ts.
  visible: nobody,
  // Who may attach something to what is judged by the operations that do it: of a row alone it cannot be told.
  may: { create: everyone, delete: nobody },
  order: { column: 'id' },
  paginated: false,
  properties: (p) => ({
    id: p.integer({ required: true }),
    fileName: p.text({ required: true, max: 255 }),
    fileSize: p.integer({ readOnly: true }),
    description: p.plain(),
    status: p.text({ readOnly: true, required: true }),
    contentType: p.text({ readOnly: true, required: true }),
    digest: p.of(digest, { readOnly: true }),
    createdAt: p.dateTime({ required: true, readOnly: true }),
    author: p.link('User', { whenGone: 'successor', readOnly: true, alwaysNamed: true, embed: true }),
    container: p.link('WorkPackage', {
      readOnly: true,
      embed: true,
      target: ({ container_type }) => container_type ?? undefined,
    }),
  }),
  actions: {
    staticDownloadLocation: { href: (row) => `${self(row)}/content` },
    downloadLocation: { href: (row) => `${self(row)}/content` },
  },
  after: [afterUpload],
  remove: takeAway,
  operations: ['show', 'delete'],
})

/** The row is there: its file is no longer loose, and what it hangs on has changed, unless the file is still to come. */
async function afterUpload(
  tx: Transaction,
  { row, before }: Draft<Tables['attachments']>,
  _: unknown,
  context: Context,
): Promise<void> {
  if (before) return
  if (!(await claim(tx, row.storage_name))) throw conflict('The upload took too long.')
  if (row.status === 'prepared') return
  await awaitReading(tx, row, context.now)
  if (row.container_id) await touch(tx, row, context)
}

async function takeAway(tx: Transaction, row: Tables['attachments'], context: Context): Promise<false> {
  await discard(tx, sql`id = ${row.id}`, context.now)
  if (row.container_id && row.status !== 'prepared') await touch(tx, row, context)
  return false
}

/**
 * Marks the container of an attachment as changed, in its history as well, and tells of it.
 * @throws ApiError 409 when it has been removed
 */
export async function touch(tx: Transaction, attachment: Row, context: Context): Promise<void> {
  const resource = resourceOf(attachment, context)
  const id = attachment.container_id
  const touched = await rewriteWhere(tx, resource, { where: sql`id = ${id}` }, entryOf(context))
  if (touched.length === 0) throw conflict()
  await publish(tx, context, `${resource.table}.updated`, id, ['attachments'])
}

/** Uploads that have arrived and that nobody has claimed. */
export const free: Sql = sql`(attachments.container_id is null and attachments.status <> 'prepared')`

/** The attachments of one container; its id may be a column. */
export const inContainer = (type: string, id: number | Sql): Sql =>
  and([sql`attachments.container_type = ${type}`, sql`attachments.container_id = ${id}`])

/** The attachments of several containers. */
export const inContainers = (engine: Engine, type: string, ids: readonly number[]): Sql =>
  and([sql`attachments.container_type = ${type}`, among(engine, sql`attachments.container_id`, ids)])
