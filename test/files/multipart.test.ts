/** The parser of multipart bodies: valid ones in chunks of any size, and invalid ones. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { boundaryOf, readParts } from '#http/multipart.ts'

const part = (name: string, content: string, more = '') =>
  `--b0\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${content}\r\n`
const END = '--b0--\r\n'
const two = `${part('metadata', '{"fileName":"x"}')}${part('file', 'a\r\n--b\r\n-\n--b0', '; filename="y"\r\nContent-Type: text/plain')}${END}`

/** A body in chunks of some bytes each. */
async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function read(text: string, size = text.length): Promise<[string, string][]> {
  const parts: [string, string][] = []
  for await (const { name, bytes } of readParts(cut(text, size), 'b0')) {
    const pieces = await Array.fromAsync(bytes)
    parts.push([name, Buffer.concat(pieces).toString()])
  }
  return parts
}

const refuses = (text: string, reason: RegExp) =>
  assert.rejects(read(text), (error: any) => error.status === 400 && reason.test(error.message))

describe('a multipart body', () => {
  test('is read the same in chunks of any size', async () => {
    for (let size = 1; size <= two.length; size++) {
      assert.deepEqual(await read(two, size), [
        ['metadata', '{"fileName":"x"}'],
        ['file', 'a\r\n--b\r\n-\n--b0'],
      ])
    }
  })

  test('passes its bytes on before it has ended', async () => {
    const parts = readParts(cut(`${part('file', 'x'.repeat(10_000))}`, 100), 'b0')
    const { value } = await parts.next()
    const first = await value!.bytes[Symbol.asyncIterator]().next()
    assert.ok(first.value!.length < 200)
  })

  test('may have empty parts, and an epilogue', async () => {
    assert.deepEqual(await read(`${part('file', '')}${END}whatever`), [['file', '']])
  })

  test('is skipped if a part is not read', async () => {
    const names: string[] = []
    for await (const { name } of readParts(cut(two, 7), 'b0')) names.push(name)
    assert.deepEqual(names, ['metadata', 'file'])
  })

  test('gives a part as parsed JSON', async () => {
    for await (const one of readParts(cut(two, 9), 'b0')) {
      if (one.name === 'metadata') assert.deepEqual(await one.object(), { fileName: 'x' })
    }
  })
})

describe('a multipart body is refused', () => {
  test('without its end, at any place', async () => {
    const whole = two.trimEnd()
    for (let length = 0; length < whole.length; length++) await refuses(two.slice(0, length), /ends before/)
  })
  test('with a preamble', () => refuses(`preamble\r\n${two}`, /begin/))
  test('with text after a boundary', () => refuses(two.replace('--b0\r\n', '--b0 x\r\n'), /followed/))
  test('with a head that does not end', () => refuses(`--b0\r\nx: ${'y'.repeat(100_000)}`, /longer/))
  test('with a head of many lines', () => refuses(`--b0\r\n${'x: y\r\n'.repeat(5000)}\r\n${END}`, /longer/))
  test('with many parts', () => refuses(part('x', '').repeat(21) + END, /more than 20/))
  test('with a part of no name', () => refuses(`--b0\r\nContent-Type: text/plain\r\n\r\nx\r\n${END}`, /no name/))
  test('with a part of two dispositions', () =>
    refuses(part('x', '', '\r\nContent-Disposition: form-data; name="file"') + END, /no name/))
  test('with a part in base64', () =>
    refuses(part('x', 'eA==', '\r\nContent-Transfer-Encoding: base64') + END, /transfer encoding/))
})

describe('a boundary', () => {
  for (const [type, boundary] of [
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=utf-8; BOUNDARY="a b"', 'a b'],
    ['multipart/form-data;boundary=----x;more=y', '----x'],
  ] as const) {
    test(`of ${type} is ${boundary}`, () => assert.equal(boundaryOf(type), boundary))
  }
  for (const type of [
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=a%b',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
  ]) {
    test(`is missing in ${type.slice(0, 50)}`, () => assert.throws(() => boundaryOf(type), /boundary/))
  }
})
