/** Attachments: files of a container, or uploaded to be attached later. */
import type { Engine, Row, Transaction } from '#db/database.ts'
import { among, recordset } from '#db/dialect.ts'
import { and, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both, either, everyone, having, lacking, nobody, not, own } from '#kernel/access/rules.ts'
import type { Context, Draft, Kind, Rule } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { resource } from '#kernel/resource.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'
import { publish } from '#kernel/write/outbox.ts'
import { said } from '#text/messages.ts'
import type { Place } from '#text/references.ts'
import { type Container, ofContainer, resourceOf } from './containers.ts'
import { claim, discard } from './loose.ts'
import { awaitReading } from './reading.ts'

/** Only the author sees an unclaimed upload. */
const unclaimed = both(lacking('container_id'), own('author_id'))
/** Only the author sees an unfinished upload. */
const arrived = either(not(having('status', 'prepared')), own('author_id'))

/** An unclaimed upload belongs to its author; after that, the rule of the container applies. */
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
  description: 'A file attached to a container. Only the author sees an attachment without a container.',
  glossary: {
    fileName: 'File name.',
    fileSize: 'Size in bytes.',
    description: 'Description.',
    status: '`uploaded`, or `prepared` while a direct upload is still to come.',
    contentType: 'Content type, detected from the content.',
    digest: 'Checksum of the content.',
    container: 'The resource that the file is attached to.',
    staticDownloadLocation: 'Permanent download address.',
    downloadLocation: 'Download address.',
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
  resolveAt: filesNamed,
  inTexts: { href: (row) => `${self(row)}/content` },
  // attachable.ts adds the rules for reading and removing, as it knows all containers.
  visible: nobody,
  // The upload operations check the container's rule, as the row alone does not suffice.
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

/** The ids of files by their names, among those attached to the rows of a text: the last of each name. */
async function filesNamed(
  named: readonly { text: string; places: readonly Place[] }[],
  { db, engine }: Context,
): Promise<(number | undefined)[]> {
  const asked = named.flatMap(({ text, places }, position) =>
    places.map(({ resource: type, id }) => ({ position, type, id, file: text })),
  )
  const found = await db.all<{ position: number; id: number }>(sql`
    with asked as (${recordset(engine, { position: 'integer', type: 'text', id: 'integer', file: 'text' }, asked)})
    select asked.position, max(a.id) as id from asked
    join attachments a on a.container_type = asked.type and a.container_id = asked.id and a.file_name = asked.file
    where a.status <> 'prepared' group by asked.position`)
  const ids = new Map(found.map(({ position, id }) => [position, id]))
  return named.map((_, position) => ids.get(position))
}

/** Claims the file for its new row, and marks the container as changed unless the upload is still to come. */
async function afterUpload(
  tx: Transaction,
  { row, before }: Draft<Tables['attachments']>,
  _: unknown,
  context: Context,
): Promise<void> {
  if (before) return
  if (!(await claim(tx, row.storage_name))) throw conflict(said`The upload took too long.`)
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
 * Marks the container of an attachment as changed, adds an entry to its history, and publishes an event.
 * @throws ApiError 409 when it has been removed
 */
export async function touch(tx: Transaction, attachment: Row, context: Context): Promise<void> {
  const resource = resourceOf(attachment, context)
  const id = attachment.container_id
  const touched = await rewriteWhere(tx, resource, { where: sql`id = ${id}` }, entryOf(context))
  if (touched.length === 0) throw conflict()
  await publish(tx, context, `${resource.table}.updated`, id, ['attachments'])
}

/** Finished uploads without a container. */
export const free: Sql = sql`(attachments.container_id is null and attachments.status <> 'prepared')`

/** The attachments of one container; its id may be a column. */
export const inContainer = (type: string, id: number | Sql): Sql =>
  and([sql`attachments.container_type = ${type}`, sql`attachments.container_id = ${id}`])

/** The attachments of several containers. */
export const inContainers = (engine: Engine, type: string, ids: readonly number[]): Sql =>
  and([sql`attachments.container_type = ${type}`, among(engine, sql`attachments.container_id`, ids)])
