/** Direct uploads to the store: prepared and completed here, without the content passing through this server. */
import type { Row } from '#db/database.ts'
import { assignments } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { type Findings, inspected, TooLarge } from '#files/inspect.ts'
import { type DirectAccess, newName } from '#files/store.ts'
import { isAllowed, typeOf } from '#files/types.ts'
import type { Answer, ApiRequest, Body, Context, Operation, Payload } from '#kernel/declaration.ts'
import { conflict, notFound, violation } from '#kernel/errors.ts'
import { ok, operation, respondWithRow, rowAt } from '#kernel/operation.ts'
import { single } from '#kernel/read/single.ts'
import { commit } from '#kernel/write/commit.ts'
import { publish } from '#kernel/write/outbox.ts'
import { said } from '#text/messages.ts'
import { Attachment, touch } from './attachments.ts'
import { claim, DIRECT_SECONDS, discardReserved, orphan, reserve, unusableAt } from './loose.ts'
import { awaitReading } from './reading.ts'
import { cleanedName, largestSize, notAllowed, type Place, prepareAttachment, refused, tooLarge, unexpected } from './receive.ts'

/** Direct access to the store. Throws 404 where clients cannot reach it. */
function access({ files }: Context): DirectAccess {
  if (!files.direct) throw notFound()
  return files.direct
}

/** Creates the row of an upload, and returns the address and form for it. */
export async function prepareUpload(ask: ApiRequest, place: Place): Promise<Answer> {
  const { context, db, parts } = ask
  const direct = access(context)
  let metadata: Payload | undefined
  for await (const part of parts) {
    if (part.name !== 'metadata' || metadata) throw unexpected(said`part metadata`)
    metadata = await part.object()
  }
  if (!metadata) throw unexpected(said`part metadata`)
  const size = metadata.fileSize
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0)
    throw refused(violation('fileSize', said`must be a number of bytes`))
  if (size > largestSize(context)) throw refused(tooLarge(context))

  const hint = typeof metadata.contentType === 'string' ? metadata.contentType : undefined
  const type = typeOf(new Uint8Array(), cleanedName(metadata), hint)
  const file = newName()
  const values = { ...place, content_type: type, file_size: size, digest: null, storage_name: file, status: 'prepared' }
  const prepared = await prepareAttachment(context, metadata, values)
  await reserve(db, file, context.now)
  const id = await commit(db, context, context.model.of(Attachment), prepared).catch(async (error: unknown) => {
    await discardReserved(db, context.files, file)
    throw error
  })
  const { body } = await respondWithRow(ask, context.model.of(Attachment), id)
  const { href, fields } = direct.upload(file, { size, type, seconds: DIRECT_SECONDS })
  return { status: 201, body: asUpload(body as Body, href, fields) }
}

/** The representation of a prepared upload, with its form. */
function asUpload({ id, fileName, description, createdAt, _links }: Body, href: string, fields: object): Body {
  const completeUpload = { href: `/api/v3/attachments/${id}/uploaded` }
  const addAttachment = { href, method: 'post', form_fields: fields }
  return {
    _type: 'AttachmentUpload',
    id,
    fileName,
    description,
    createdAt,
    _links: { ...(_links as object), addAttachment, completeUpload },
  }
}

const finishDirectUpload = operation({
  method: 'GET',
  path: '/attachments/:id/uploaded',
  summary: 'Finish a direct upload',
  description:
    'Completes a direct upload after the file has been sent to the store. The server rejects a file whose size differs from the prepared `fileSize`, or whose content type is not allowed.',
  tag: 'Attachment',
  answers: { status: 200, of: 'Attachment', as: 'single' },
  run: async (ask) => {
    const { context, params } = ask
    const direct = access(context)
    const row = await rowAt(params.id, context.model.of(Attachment), context)
    if (row.status !== 'prepared') return ok(await single(context, context.model.of(Attachment), row))
    await finish(ask, row, direct)
    return respondWithRow(ask, context.model.of(Attachment), row.id)
  },
})

/**
 * Completes an upload. The file is copied first: the holder of the form can still send another file, but only to the old place,
 * which is not read any more.
 */
async function finish({ context, db }: ApiRequest, row: Row, direct: DirectAccess): Promise<void> {
  const { files, now } = context
  const file = newName()
  await reserve(db, file, now)
  try {
    if (!(await direct.copy(row.storage_name, file))) throw notFound()
    const { digest, head } = await examined(context, file, row.file_size)
    const type = typeOf(head, row.file_name, row.content_type)
    if (!isAllowed(context.settings.attachment_whitelist, type, row.file_name)) throw refused(notAllowed(type))
    await db.transaction(async (tx) => {
      const values = { storage_name: file, digest, content_type: type, status: 'uploaded', updated_at: now.toISOString() }
      const count = await tx.run(
        sql`update attachments set ${assignments(values)} where id = ${row.id} and storage_name = ${row.storage_name}`,
      )
      if (count === 0 || !(await claim(tx, file))) throw conflict()
      await orphan(tx, row.storage_name, unusableAt(now), now)
      await awaitReading(tx, { id: row.id, file_name: row.file_name, content_type: type }, now)
      if (row.container_id) await touch(tx, row, context)
      await publish(tx, context, 'attachments.updated', row.id, Object.keys(values))
    })
  } catch (error) {
    await discardReserved(db, files, file)
    throw error
  }
}

/** Inspects a stored file. Throws 404 if there is none, 422 if its size is not the prepared one. */
async function examined({ files }: Context, file: string, size: number): Promise<Findings> {
  const wrong = () =>
    refused(violation('file', said`The file does not have the announced size (${size} Bytes).`, { complete: true }))
  const bytes = await files.read(file)
  if (!bytes) throw notFound()
  const passing = inspected(bytes, size)
  try {
    for await (const _ of passing.bytes);
  } catch (error) {
    throw error instanceof TooLarge ? wrong() : error
  }
  if (passing.findings.size !== size) throw wrong()
  return passing.findings
}

export const operations: readonly Operation[] = [finishDirectUpload]
