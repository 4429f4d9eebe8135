/** Uploads: from the parts of a request to a stored file and then its row. */
import { Readable } from 'node:stream'
import { type Findings, inspected, TooLarge } from '#files/inspect.ts'
import { cleanName } from '#files/names.ts'
import { type FileStore, newName } from '#files/store.ts'
import { isAllowed, typeOf } from '#files/types.ts'
import type { Answer, ApiRequest, Context, Payload } from '#kernel/declaration.ts'
import { ApiError, type Violation, violation } from '#kernel/errors.ts'
import { respondWithRow } from '#kernel/operation.ts'
import { commit } from '#kernel/write/commit.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { type Prepared, prepareWrite } from '#kernel/write/prepare.ts'
import { type Message, said } from '#text/messages.ts'
import { Attachment } from './attachments.ts'
import { discardReserved, reserve } from './loose.ts'

/** The container of a new attachment; null without one. */
export interface Place {
  readonly container_type: string | null
  readonly container_id: number | null
}

export const NOWHERE: Place = { container_type: null, container_id: null }

/** Sizes are set in KiB. */
export const largestSize = ({ settings }: Context): number => settings.attachment_max_size * 1024

export const tooLarge = (context: Context): Violation =>
  violation('file', said`The file is too large (maximum size is ${largestSize(context)} Bytes).`, { complete: true })

export const notAllowed = (type: string): Violation =>
  violation('contentType', said`The content type ${type} is not allowed here.`, { complete: true })

/** The error for a violation, with the labels of the resource. */
export const refused = (wrong: Violation): ApiError => toErrors(Attachment, [wrong])[0] as ApiError

/** Stores the file of a request, and responds with its attachment. */
export async function receive(ask: ApiRequest, place: Place): Promise<Answer> {
  const id = await reserved(ask, (file) => keep(ask, place, file))
  return respondWithRow(ask, ask.context.model.of(Attachment), id, 201)
}

/**
 * Attaches a text to a row, in the name of the viewer.
 * @returns the id of the attachment
 * @throws ApiError like an upload
 */
export const attachText = (
  ask: Pick<ApiRequest, 'context' | 'db'>,
  place: Place,
  fileName: string,
  text: string,
): Promise<number> =>
  reserved(ask, async (file) => {
    const findings = await store(ask.context.files, file, Readable.from([Buffer.from(text)]), ask.context)
    return commitFile(ask, place, file, { fileName }, findings)
  })

/** Writes a file under a new name, and removes it again if that fails. */
async function reserved<T>({ context, db }: Pick<ApiRequest, 'context' | 'db'>, write: (file: string) => Promise<T>): Promise<T> {
  const file = newName()
  await reserve(db, file, context.now)
  return write(file).catch(async (error: unknown) => {
    await discardReserved(db, context.files, file)
    throw error
  })
}

async function keep(ask: ApiRequest, place: Place, file: string): Promise<number> {
  const { context, parts } = ask
  let metadata: Payload | undefined
  let findings: Findings | undefined
  for await (const part of parts) {
    if (part.name === 'metadata' && !metadata) metadata = await part.object()
    else if (part.name === 'file' && !findings) findings = await store(context.files, file, part.bytes, context)
    else throw unexpected(BOTH)
  }
  if (!metadata || !findings) throw unexpected(BOTH)
  return commitFile(ask, place, file, metadata, findings)
}

/** Makes the row of a stored file. */
async function commitFile(
  { context, db }: Pick<ApiRequest, 'context' | 'db'>,
  place: Place,
  file: string,
  metadata: Payload,
  findings: Findings,
): Promise<number> {
  const hint = typeof metadata.contentType === 'string' ? metadata.contentType : undefined
  const type = typeOf(findings.head, cleanedName(metadata), hint)
  const prepared = await prepareAttachment(context, metadata, {
    ...place,
    content_type: type,
    file_size: findings.size,
    digest: findings.digest,
    storage_name: file,
    status: 'uploaded',
  })
  return commit(db, context, context.model.of(Attachment), prepared)
}

export const unexpected = (what: Message) =>
  new ApiError('InvalidRequestBody', said`The request body must consist of the ${what}, and of nothing else.`)
const BOTH = said`parts metadata and file, each of them once`

async function store(files: FileStore, file: string, bytes: AsyncIterable<Uint8Array>, context: Context): Promise<Findings> {
  const passing = inspected(bytes, largestSize(context))
  try {
    await files.write(file, passing.bytes)
  } catch (error) {
    throw error instanceof TooLarge ? refused(tooLarge(context)) : error
  }
  return passing.findings
}

/** The sanitised file name in the metadata; empty if there is none. */
export const cleanedName = ({ fileName }: Payload): string => (typeof fileName === 'string' ? cleanName(fileName) : '')

/** Prepares the attachment from its metadata and the properties of the file. */
export async function prepareAttachment(
  context: Context,
  metadata: Payload,
  values: Place & { content_type: string; file_size: number; digest: string | null; storage_name: string; status: string },
): Promise<Prepared> {
  const { fileName, description = null } = metadata
  const payload = { fileName: typeof fileName === 'string' ? cleanName(fileName) : (fileName ?? null), description }
  const prepared = await prepareWrite(context, context.model.of(Attachment), undefined, payload, {
    ...values,
    author_id: context.viewer.id,
  })
  const { content_type: type } = values
  if (isAllowed(context.settings.attachment_whitelist, type, cleanedName(metadata))) return prepared
  return { ...prepared, violations: [...prepared.violations, notAllowed(type)] }
}
