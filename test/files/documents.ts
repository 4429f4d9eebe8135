/** Generated documents: archives with parts in them, and PDFs with a stream for each page. */
import { constants, deflateRawSync } from 'node:zlib'

type Bytes = Uint8Array<ArrayBuffer>
const joined = (pieces: readonly Uint8Array[]): Bytes => new Uint8Array(Buffer.concat(pieces))

/** Numbers of two or four bytes, in sequence. */
const numbers = (...list: [size: 2 | 4, value: number][]): Buffer =>
  Buffer.concat(
    list.map(([size, value]) => {
      const bytes = Buffer.alloc(size)
      bytes.writeUIntLE(value, 0, size)
      return bytes
    }),
  )

/** A ZIP archive. Parts are texts, or bytes that are deflated already. */
export function archive(parts: Readonly<Record<string, string | Uint8Array>>): Bytes {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []]
  let at = 0
  for (const [name, part] of Object.entries(parts)) {
    const body = typeof part === 'string' ? deflateRawSync(part) : part
    // The decompressed size is always wrong here, as no reader may rely on it.
    const said = numbers([2, 8], [4, 0], [4, 0], [4, body.length], [4, 10], [2, Buffer.byteLength(name)], [2, 0])
    const local = Buffer.concat([numbers([4, 0x04034b50], [2, 20], [2, 0]), said, Buffer.from(name), body])
    directory.push(
      Buffer.concat([
        numbers([4, 0x02014b50], [2, 20], [2, 20], [2, 0]),
        said,
        numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, at]),
        Buffer.from(name),
      ]),
    )
    bodies.push(local)
    at += local.length
  }
  const [count, size] = [directory.length, Buffer.concat(directory).length]
  const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, at], [2, 0])
  return joined([...bodies, ...directory, end])
}

/** A text repeated very often, deflated without ever being whole in memory. */
export function bomb(text: string, mebibytes: number): Bytes {
  const one = Buffer.from(text.repeat(Math.ceil(1024 ** 2 / text.length)))
  const segment = deflateRawSync(one, { finishFlush: constants.Z_FULL_FLUSH })
  return joined([...Array(mebibytes).fill(segment), Buffer.from([3, 0])])
}

/** A PDF: pages with a line of text, or raw deflated streams in place of pages. */
export function pdf(...pages: (string | Uint8Array)[]): Bytes {
  const kids = pages.map((_, i) => `${4 + 2 * i} 0 R`).join(' ')
  const objects: Uint8Array[][] = [
    [Buffer.from('<< /Type /Catalog /Pages 2 0 R >>')],
    [Buffer.from(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`)],
    [Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')],
  ]
  for (const [i, page] of pages.entries()) {
    const isText = typeof page === 'string'
    const stream = isText
      ? Buffer.from(`BT /F1 12 Tf 72 700 Td (${page}) Tj ET`, 'latin1')
      : Buffer.concat([Buffer.from([0x78, 0x9c]), page])
    objects.push([
      Buffer.from(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      ),
    ])
    objects.push([
      Buffer.from(`<< /Length ${stream.length} ${isText ? '' : '/Filter /FlateDecode '}>>\nstream\n`),
      stream,
      Buffer.from('\nendstream'),
    ])
  }
  const out: Uint8Array[] = [Buffer.from('%PDF-1.7\n')]
  const places: number[] = []
  let at = 9
  const put = (piece: Uint8Array) => {
    out.push(piece)
    at += piece.length
  }
  for (const [i, object] of objects.entries()) {
    places.push(at)
    for (const piece of [Buffer.from(`${i + 1} 0 obj\n`), ...object, Buffer.from('\nendobj\n')]) put(piece)
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')
  const start = at
  put(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Root 1 0 R /Size ${objects.length + 1} >>\nstartxref\n${start}\n%%EOF`,
    ),
  )
  return joined(out)
}
