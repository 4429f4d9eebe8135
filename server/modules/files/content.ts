/** Downloads of attachments: displayed inline only where that is safe, with support for ranges. */
import type { Row } from '#db/database.ts'
import { disposition } from '#files/names.ts'
import { presentation } from '#files/types.ts'
import type { Answer, ApiRequest, Operation } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { operation, rowAt } from '#kernel/operation.ts'
import { Attachment } from './attachments.ts'
import { names, rangeOf } from './ranges.ts'

/** Validity of a download address of the store. */
const DOWNLOAD_SECONDS = 300
/** A little less than six hours, and for the browser's own cache only: any other request has to check permissions. */
const MAX_AGE = 21_590

const downloadAttachment = operation({
  method: 'GET',
  path: '/attachments/:id/content',
  summary: 'Download an attachment',
  description:
    'Returns the content, with the headers `ETag` and `Accept-Ranges`. Supports `Range` and `If-None-Match`. Where clients can reach the file store, the response redirects there (302).',
  tag: 'Attachment',
  answers: {
    status: 200,
    as: 'bytes',
    also: {
      206: 'The requested range.',
      302: 'Redirect to the content at the address in `Location`.',
      304: 'The caller’s copy is current.',
      416: 'Range not satisfiable; `Content-Range` has the size in bytes.',
    },
  },
  run: async (ask) => content(ask, await rowAt(ask.params.id, ask.context.model.of(Attachment), ask.context)),
})

const single = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.join(',')

async function content({ context, headers: asked }: ApiRequest, row: Row): Promise<Answer> {
  const { files, now } = context
  if (row.status === 'prepared') throw notFound()
  const { type, inline } = presentation(row.content_type)
  const shown = disposition(inline, row.file_name)
  if (files.direct) {
    const location = files.direct.download(row.storage_name, { type, disposition: shown, seconds: DOWNLOAD_SECONDS })
    return { status: 302, headers: { location, 'cache-control': 'private, no-store' } }
  }
  const tag = `"${row.digest}"`
  const kept = {
    etag: tag,
    'cache-control': `private, max-age=${MAX_AGE}`,
    expires: new Date(now.getTime() + MAX_AGE * 1000).toUTCString(),
    vary: 'authorization, cookie',
  }
  if (names(single(asked['if-none-match']), tag)) return { status: 304, headers: kept }

  const size: number = row.file_size
  const onlyIf = single(asked['if-range'])
  const range = onlyIf === undefined || onlyIf === tag ? rangeOf(single(asked.range), size) : undefined
  if (range === null) return { status: 416, headers: { 'content-range': `bytes */${size}` } }
  return {
    status: range ? 206 : 200,
    headers: {
      ...kept,
      'content-type': type,
      'content-disposition': shown,
      'content-security-policy': "sandbox; default-src 'none'",
      'accept-ranges': 'bytes',
      'content-length': String(range ? range.end - range.start + 1 : size),
      ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
    },
    bytes: async () => {
      const bytes = await files.read(row.storage_name, range)
      if (!bytes) throw notFound()
      return bytes
    },
  }
}

export const operations: readonly Operation[] = [downloadAttachment]
