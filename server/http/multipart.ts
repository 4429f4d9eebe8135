/** A strict streaming parser of multipart/form-data: only JSON parts are held in memory as a whole. */
import { Buffer, isUtf8 } from 'node:buffer'
import type { Part } from '#kernel/declaration.ts'
import { ApiError } from '#kernel/errors.ts'
import { readObject } from '#kernel/json.ts'
import { type Message, said } from '#text/messages.ts'

const LONGEST_HEAD = 8 * 1024
const LONGEST_OBJECT = 64 * 1024
const MOST_PARTS = 20

const malformed = (reason: Message) => new ApiError('InvalidRequestBody', said`The multipart body is malformed: ${reason}.`)

/** The boundary in a content type. Throws 400 if it is missing or invalid. */
export function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;]*))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain ?? ''
  if (!/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) throw malformed(said`its content type has no valid boundary`)
  return boundary
}

/**
 * The parts of a body in sequence; requesting the next part skips the rest of the current one.
 * @throws ApiError 400 for a malformed body, for part headers longer than 8 KiB and for more than 20 parts
 */
export async function* readParts(chunks: AsyncIterator<Uint8Array>, boundary: string): AsyncGenerator<Part, void> {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first delimiter has no preceding line break.
  let buffer = Buffer.from('\r\n')

  const more = async (): Promise<void> => {
    const { done, value } = await chunks.next()
    if (done) throw malformed(said`it ends before its closing boundary`)
    buffer = buffer.length === 0 ? Buffer.from(value) : Buffer.concat([buffer, value])
  }
  const take = (count: number): Buffer => {
    const taken = buffer.subarray(0, count)
    buffer = buffer.subarray(count)
    return taken
  }
  const exactly = async (count: number): Promise<Buffer> => {
    while (buffer.length < count) await more()
    return take(count)
  }
  const head = async (): Promise<string> => {
    let from = 0
    for (;;) {
      const end = buffer.indexOf('\r\n\r\n', from)
      if ((end < 0 ? buffer.length : end) > LONGEST_HEAD)
        throw malformed(said`the headers of a part are longer than ${LONGEST_HEAD} bytes`)
      if (end >= 0)
        return take(end + 4)
          .toString('utf8')
          .slice(0, -4)
      from = Math.max(0, buffer.length - 3)
      await more()
    }
  }
  async function* content(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const end = buffer.indexOf(delimiter)
      // The buffer may end with the beginning of a delimiter.
      const safe = end < 0 ? Math.max(0, buffer.length - delimiter.length + 1) : end
      if (safe > 0) yield take(safe)
      if (end >= 0) return void take(delimiter.length)
      await more()
    }
  }

  try {
    if (!(await exactly(delimiter.length)).equals(delimiter)) throw malformed(said`it does not begin with its boundary`)
    for (let count = 0; ; count++) {
      const follows = (await exactly(2)).toString('latin1')
      if (follows === '--') return
      if (follows !== '\r\n') throw malformed(said`a boundary is followed by neither a part nor the end`)
      if (count === MOST_PARTS) throw malformed(said`it has more than ${MOST_PARTS} parts`)
      const bytes = content()
      yield { ...partOf(await head()), bytes, object: () => objectIn(bytes) }
      for await (const _ of bytes);
    }
  } finally {
    await chunks.return?.()
  }
}

/** The name in the headers of a part. */
function partOf(head: string): { name: string } {
  const lines = head.split('\r\n')
  const of = lines.filter((line) => /^content-disposition\s*:/i.test(line))
  const [, parameters = ''] = /^content-disposition\s*:\s*form-data\s*(;.*)/i.exec(of[0] ?? '') ?? []
  const [, name] = /;\s*name="([^"]*)"/i.exec(parameters) ?? []
  if (of.length !== 1 || name === undefined) throw malformed(said`a part has no name`)
  if (lines.some((line) => /^content-transfer-encoding\s*:\s*(?!binary|8bit|7bit)/i.test(line))) {
    throw malformed(said`a part has an unsupported transfer encoding`)
  }
  return { name }
}

/** Reads a part as a JSON object. */
async function objectIn(bytes: AsyncIterable<Uint8Array>): Promise<Record<string, unknown>> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of bytes) {
    size += piece.length
    if (size > LONGEST_OBJECT) throw malformed(said`a JSON part is longer than ${LONGEST_OBJECT} bytes`)
    pieces.push(piece)
  }
  const whole = Buffer.concat(pieces)
  if (!isUtf8(whole)) throw new ApiError('InvalidRequestBody', said`The request body is not UTF-8.`)
  return readObject(whole.toString())
}
