/** Downloads: headers, ranges and permissions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { created, scene } from '../work-packages/scene.ts'
import { upload } from './upload.ts'

const it = await scene()
const { id: task } = await created(it.admin, it.project)
const path = `/work_packages/${task}/attachments`
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

async function put(fileName: string, content: string | Uint8Array<ArrayBuffer>): Promise<number> {
  const reply = await upload(it.admin, path, { metadata: { fileName }, content })
  assert.equal(reply.status, 201, reply.text)
  return reply.body.id
}
const text = await put('digits.txt', '0123456789')
const get = (id: number, headers: Record<string, string> = {}) => it.reader.client.get(`/attachments/${id}/content`, headers)

describe('the content of an attachment', () => {
  test('has headers against its execution', async () => {
    const { status, headers, text: body } = await get(text)
    assert.deepEqual([status, body], [200, '0123456789'])
    const told = (name: string) => headers.get(name)
    assert.equal(told('content-type'), 'text/plain; charset=utf-8')
    assert.equal(told('content-length'), '10')
    assert.equal(told('x-content-type-options'), 'nosniff')
    assert.equal(told('content-security-policy'), "sandbox; default-src 'none'")
    assert.equal(told('cache-control'), 'private, max-age=21590')
    assert.equal(Date.parse(told('expires')!) - Date.parse(told('date')!) > 21_000_000, true)
    assert.equal(told('accept-ranges'), 'bytes')
    assert.equal(told('vary'), 'authorization, cookie')
  })

  for (const [fileName, content, type, how] of [
    ['a.png', png, 'image/png', 'inline'],
    ['a.txt', 'x', 'text/plain; charset=utf-8', 'inline'],
    ['a.csv', 'x,y', 'text/plain; charset=utf-8', 'inline'],
    ['a.html', '<html>', 'text/plain; charset=utf-8', 'attachment'],
    ['a.js', 'alert(1)', 'text/plain; charset=utf-8', 'attachment'],
    ['a.png', '<script>alert(1)</script>', 'text/plain; charset=utf-8', 'attachment'],
    ['a.svg', '<svg onload="x()"/>', 'application/octet-stream', 'attachment'],
    ['a.xml', '<?xml version="1.0"?><a/>', 'application/octet-stream', 'attachment'],
    ['a.pdf', '%PDF-1.7', 'application/octet-stream', 'attachment'],
  ] as const) {
    test(`of ${fileName} with ${JSON.stringify(String(content)).slice(0, 30)} is ${how}, as ${type}`, async () => {
      const { headers } = await get(await put(fileName, content as string))
      assert.equal(headers.get('content-type'), type)
      assert.match(headers.get('content-disposition')!, new RegExp(`^${how};`))
    })
  }

  test('is named in ASCII and in full', async () => {
    const { headers } = await get(await put('"Über" 50%\'*.txt', 'x'))
    assert.equal(
      headers.get('content-disposition'),
      `inline; filename="__ber_ 50_'*.txt"; filename*=UTF-8''%22%C3%9Cber%22%2050%25%27%2A.txt`,
    )
  })

  test('has headers without a body for HEAD', async () => {
    const reply = await it.reader.client.send('HEAD', `/api/v3/attachments/${text}/content`)
    assert.deepEqual([reply.status, reply.text, reply.headers.get('content-length')], [200, '', '10'])
  })
})

describe('a range of the content', () => {
  for (const [range, status, content, told] of [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=5-2', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
    ['bytes=-', 200, '0123456789', null],
  ] as const) {
    test(`${range} gives ${status}`, async () => {
      const reply = await get(text, { range })
      assert.deepEqual([reply.status, reply.text, reply.headers.get('content-range')], [status, content, told])
    })
  }

  test('is given only if the entity tag matches', async () => {
    const etag = (await get(text)).headers.get('etag')!
    assert.equal((await get(text, { range: 'bytes=2-4', 'if-range': etag })).text, '234')
    assert.equal((await get(text, { range: 'bytes=2-4', 'if-range': '"other"' })).text, '0123456789')
  })
})

test('content with a matching entity tag is not sent again', async () => {
  const etag = (await get(text)).headers.get('etag')!
  for (const held of [etag, `"other", W/${etag}`, '*']) {
    const reply = await get(text, { 'if-none-match': held })
    assert.deepEqual([reply.status, reply.text, reply.headers.get('etag')], [304, '', etag])
  }
  assert.equal((await get(text, { 'if-none-match': '"other"' })).status, 200)
})

describe('an attachment and its content are visible to', () => {
  const both = async (client: typeof it.admin, id: number) => [
    (await client.get(`/attachments/${id}`)).status,
    (await client.get(`/attachments/${id}/content`)).status,
  ]

  test('users who see the work package, by membership or share', async () => {
    assert.deepEqual(await both(it.reader.client, text), [200, 200])
    assert.deepEqual(await both((await it.sharer(task, 'Work package viewer')).client, text), [200, 200])
  })

  test('nobody else, even with the entity tag', async () => {
    const etag = (await get(text)).headers.get('etag')!
    assert.deepEqual(await both(it.stranger.client, text), [404, 404])
    assert.equal((await it.stranger.client.get(`/attachments/${text}/content`, { 'if-none-match': etag })).status, 404)
    assert.equal((await it.anonymous.get(`/attachments/${text}/content`)).status, 401)
    const elsewhere = await it.person('view_work_packages')
    const { id: other } = await created(it.admin, await it.make.project())
    const hidden = (await upload(it.admin, `/work_packages/${other}/attachments`)).body.id
    assert.deepEqual(await both(elsewhere.client, hidden), [404, 404])
  })

  test('only their uploader while unclaimed, not even to administrators', async () => {
    const { id } = (await upload(it.member.client, '/attachments')).body
    assert.deepEqual(await both(it.member.client, id), [200, 200])
    assert.deepEqual(await both(it.admin, id), [404, 404])
  })
})

test('a missing file is not found', async () => {
  const id = await put('gone.txt', 'x')
  const row = await it.db.one(sql`select storage_name from attachments where id = ${id}`)
  await it.files.remove(row!.storage_name)
  assert.equal((await get(id)).status, 404)
})
