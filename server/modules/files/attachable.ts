/** Attachments of resources: links, lists, uploads, and claims by writes. */
import type { Engine, Row, Transaction } from '#db/database.ts'
import { among, objectOf } from '#db/dialect.ts'
import { and, name, raw, type Sql, sql } from '#db/sql.ts'
import type { ApiRequest, Context, Declared, Draft, Extension, Operation, Parts } from '#kernel/declaration.ts'
import { conflict } from '#kernel/errors.ts'
import { demand, nested, operation, rowAt } from '#kernel/operation.ts'
import { extension, hrefOf } from '#kernel/resource.ts'
import { article } from '#kernel/standard.ts'
import { whenRemoved } from '#kernel/write/removal.ts'
import { Attachment, contained, free, inContainer, inContainers, touch } from './attachments.ts'
import { type Container, containerColumns, containersAmong, ofContainer } from './containers.ts'
import { prepareUpload } from './direct.ts'
import { discard } from './loose.ts'
import { receive } from './receive.ts'
import { uploads } from './uploads.ts'

/** Extensions and operations for resources with attachments. */
export function attaching(resources: readonly Declared[]): Parts {
  const kinds = containersAmong(resources)
  return {
    extends: [
      extension('Attachment', 'attachments', {
        visible: contained(kinds, ({ resource }) => resource.visible),
        may: { delete: contained(kinds, ({ remove }) => remove) },
        computedColumns: Object.assign({}, ...kinds.map(containerColumns)),
      }),
      ...kinds.map(extensionOf),
    ],
    operations: [...kinds.flatMap(operationsOf), ...uploads(ofContainer(kinds, ({ uncontained }) => uncontained))],
    // After the rows: the deletion of rows waits for concurrent uploads to them.
    removals: kinds.map(({ resource: { table, name: type } }) =>
      whenRemoved(table, (tx, ids, { at }) => discard(tx, inContainers(tx.engine, type, ids), new Date(at))),
    ),
  }
}

const idIn = (row: Row): number => row.id
const selfOf = (resource: Declared) => (row: Row) => `${hrefOf(resource, row)}/attachments`

/** Extends a resource with its attachments. */
function extensionOf({ resource, add, may }: Container): Extension {
  const { name: type, table } = resource
  const self = selfOf(resource)
  return extension(type, table, {
    attached: (
      engine,
      id,
    ) => sql`(select ${objectOf(engine, raw('attachments.id'), raw('attachments.file_name'))} from attachments
      where ${inContainer(type, id)} and attachments.status <> 'prepared')`,
    // Read with the row: most rows have none, which saves a query.
    computedColumns: {
      attachment_ids: ({ engine }, of) =>
        sql`(select ${listed(engine)} from attachments where ${inContainer(type, name(`${of}.id`))})`,
    },
    properties: (p) => ({
      attachments: p.links('Attachment', {
        may,
        inSchema: false,
        embed: true,
        listedAt: self,
        load: async (rows) => new Map(rows.map((row) => [idIn(row), idsOf(row)])),
        // Its own attachments, or unclaimed uploads of the viewer: uploads of other users are not visible anyway.
        eligible: ({ before }) => (before ? sql`(${free} or ${inContainer(type, idIn(before))})` : free),
        store: (tx, draft, ids, context) => replace(tx, type, draft, ids, context),
      }),
    }),
    actions: {
      addAttachment: { href: self, method: 'post', may: add },
      prepareAttachment: {
        href: (row) => `${self(row)}/prepare`,
        method: 'post',
        may: add,
        when: (_, { context }) => context.files.direct !== undefined,
      },
    },
  })
}

/** The operations on attachments of a resource. */
function operationsOf(kind: Container): readonly Operation[] {
  const { resource } = kind
  const { path, name: type } = resource
  const one = `${article(resource.words)} ${resource.words}`
  return [
    ...nested({
      parents: [path],
      parent: type,
      resource: Attachment,
      as: 'attachments',
      summary: `List the attachments of ${one}`,
      description: 'Lists its attachments, without pagination.',
      within: async (row) => ({ within: inContainer(type, row.id) }),
    }),

    operation({
      method: 'POST',
      path: `/${path}/:id/attachments`,
      summary: `Attach a file to ${one}`,
      description: 'Uploads a file and attaches it. The parts `metadata` and `file` may come in any order, each of them once.',
      tag: 'Attachment',
      accepts: 'parts',
      answers: { status: 201, of: 'Attachment', as: 'single' },
      run: async (ask) => receive(ask, await place(ask, kind)),
    }),

    operation({
      method: 'POST',
      path: `/${path}/:id/attachments/prepare`,
      summary: `Prepare a direct upload to ${one}`,
      description:
        'Takes the metadata of a file, including `fileSize`, and returns the form for uploading the file to the store, without passing through this server. Responds with 404 where clients cannot reach the file store.',
      tag: 'Attachment',
      accepts: 'parts',
      answers: { status: 201, of: 'AttachmentUpload', as: 'single' },
      run: async (ask) => prepareUpload(ask, await place(ask, kind)),
    }),
  ]
}

/** All ids in order, aggregated into one value. */
const listed = (engine: Engine): Sql =>
  raw(`${engine === 'sqlite' ? 'json_group_array' : 'json_agg'}(attachments.id order by attachments.id)`)

/** The ids of a row's attachments, read with the row. */
export function idsOf(row: Row): readonly number[] {
  const ids = row.attachment_ids ?? []
  return typeof ids === 'string' ? JSON.parse(ids) : ids
}

/** The container in the path of a request, if the viewer may attach files to it. */
export async function place({ context, params }: ApiRequest<'id'>, { resource, add }: Container) {
  const row = await rowAt(params.id, context.model.of(resource), context)
  await demand(context, add, row)
  return { container_type: resource.name, container_id: row.id }
}

/** Replaces the attachments of a container. Throws 409 if a concurrent write has claimed one of them. */
async function replace(tx: Transaction, type: string, draft: Draft, ids: readonly number[], context: Context): Promise<void> {
  const id: number = draft.row.id
  const mine = inContainer(type, id)
  const named = among(tx.engine, sql`attachments.id`, ids)
  // Uploads in progress belong to their authors; this write does not remove them.
  const others = sql`not (${named}) and status <> 'prepared'`
  const removed = draft.before ? await discard(tx, and([mine, others]), context.now) : 0
  const claimed = await tx.run(sql`
    update attachments set container_type = ${type}, container_id = ${id}, updated_at = ${context.now.toISOString()}
    where ${named} and container_id is null and author_id = ${context.viewer.id}`)
  const there = await tx.one<{ n: number }>(sql`select count(*) as n from attachments where ${mine} and ${named}`)
  if (there?.n !== ids.length) throw conflict()
  if (removed + claimed > 0 && draft.before) await touch(tx, { container_type: type, container_id: id }, context)
}
