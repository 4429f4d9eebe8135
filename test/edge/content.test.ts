/** Requests and responses of all resources: content types, JSON, compression, paths, methods. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { type Instance, instance } from '#test/instance.ts'

let it: Instance
before(async () => {
  it = await instance({ seed: 'demo' })
  await it.setting('login_required', false)
})
after(() => it.close())

/** A request without fetch's own headers; the body comes back as bytes. */
const bare = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer }>((resolve, reject) => {
    request(it.url + path, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode as number, headers: response.headers, bytes: Buffer.concat(chunks) }),
      )
    })
      .on('error', reject)
      .end()
  })

describe('content types', () => {
  test('every response is HAL, whatever the Accept header', async () => {
    const reply = await it.admin.get('/statuses', { accept: 'text/html' })
    assert.equal(reply.headers.get('content-type'), 'application/hal+json; charset=utf-8')
  })

  test('GET and DELETE may come with any content type, even a malformed one', async () => {
    assert.equal((await it.admin.get('/statuses', { 'content-type': 'application/json application/hal+json' })).status, 200)
    assert.equal((await it.admin.delete('/work_packages/999999', { 'content-type': 'nonsense' })).status, 404)
    assert.equal((await it.admin.send('DELETE', '/api/v3/work_packages/999999', { body: 'any' })).status, 404)
  })

  test('a body without a content type is 406, in plain text', async () => {
    const reply = await it.admin.send('POST', '/api/v3/work_packages/form')
    assert.equal(reply.status, 406)
    assert.match(reply.headers.get('content-type') as string, /^text\/plain/)
  })

  test('a body of another type is 415', async () => {
    const reply = await it.admin.send('POST', '/api/v3/work_packages/form', {
      body: '<a/>',
      headers: { 'content-type': 'text/xml' },
    })
    assert.deepEqual([reply.status, reply.body.errorIdentifier], [415, 'urn:openproject-org:api:v3:errors:TypeNotSupported'])
  })

  test('both JSON types are read, with parameters or without', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'application/hal+json']) {
      const reply = await it.admin.send('POST', '/api/v3/work_packages/form', { body: '{}', headers: { 'content-type': type } })
      assert.deepEqual([type, reply.status], [type, 200])
    }
  })

  test('a form accepts a content type without a body', async () => {
    const reply = await it.admin.send('POST', '/api/v3/work_packages/form', { headers: { 'content-type': 'application/json' } })
    assert.equal(reply.status, 200)
  })

  test('authentication precedes the check of the content type', async () => {
    await it.setting('login_required', true)
    const reply = await it.anonymous.send('POST', '/api/v3/work_packages', { body: 'x', headers: { 'content-type': 'text/xml' } })
    await it.setting('login_required', false)
    assert.equal(reply.status, 401)
  })
})

describe('a body that is not one JSON object is 400', () => {
  for (const body of [
    '{',
    '[]',
    '"text"',
    'null',
    '{"a":1}{"b":2}',
    '{"subject":"a","subject":"b"}',
    '\ufeff{}',
    '{"a":1e400}',
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
  ]) {
    test(body.slice(0, 30), async () => {
      const reply = await it.admin.send('POST', '/api/v3/work_packages', {
        body,
        headers: { 'content-type': 'application/json' },
      })
      assert.deepEqual([reply.status, reply.body.errorIdentifier], [400, 'urn:openproject-org:api:v3:errors:InvalidRequestBody'])
    })
  }
})

describe('compression', () => {
  const path = '/api/v3/statuses'
  test('is off unless requested', async () => {
    const plain = await bare(path)
    assert.equal(plain.headers['content-encoding'], undefined)
    assert.equal(JSON.parse(plain.bytes.toString()).total, 14)
  })
  test('is gzip or deflate on request', async () => {
    for (const [encoding, unpack] of [
      ['gzip', gunzipSync],
      ['deflate', inflateSync],
    ] as const) {
      const packed = await bare(path, { 'accept-encoding': encoding })
      assert.equal(packed.headers['content-encoding'], encoding)
      assert.equal(packed.headers.vary, 'accept-language, accept-encoding')
      assert.equal(JSON.parse(unpack(packed.bytes).toString()).total, 14)
    }
  })
  test('is refused by a quality of zero', async () => {
    assert.equal((await bare(path, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined)
  })
})

describe('paths and methods', () => {
  test('duplicate slashes are ignored', async () => {
    for (const path of ['/api/v3/statuses/', '/api/v3//statuses', '//api/v3/statuses//']) {
      const reply = await it.admin.send('GET', path)
      assert.deepEqual([path, reply.status], [path, 200])
    }
  })
  test('an unknown path is 404 for every method', async () => {
    for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'PUT']) {
      const reply = await it.admin.send(method, '/api/v3/nothing_of_the_kind')
      assert.deepEqual(
        [method, reply.status, reply.body.errorIdentifier],
        [method, 404, 'urn:openproject-org:api:v3:errors:NotFound'],
      )
    }
  })
  test('a known path with another method is 405, with the allowed methods', async () => {
    const reply = await it.admin.send('PUT', '/api/v3/work_packages/1')
    assert.deepEqual([reply.status, reply.headers.get('allow')], [405, 'GET, PATCH, DELETE'])
  })
  test('HEAD is GET without a body', async () => {
    const [got, head] = [await it.admin.send('GET', '/api/v3/statuses'), await it.admin.send('HEAD', '/api/v3/statuses')]
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(head.headers.get('content-type'), got.headers.get('content-type'))
  })
})

describe('query parameters packed into eprops', () => {
  const pack = (values: object, squeeze = deflateSync) => encodeURIComponent(squeeze(JSON.stringify(values)).toString('base64'))
  const asked = { pageSize: '2', filters: '[]' }
  test('replace the other parameters', async () => {
    for (const squeeze of [deflateSync, gzipSync]) {
      const { body } = await it.admin.get(`/work_packages?pageSize=7&eprops=${pack(asked, squeeze as typeof deflateSync)}`)
      assert.deepEqual([body.pageSize, body.count], [2, 2])
    }
  })
  test('are 400 if they cannot be decompressed or parsed', async () => {
    assert.match((await it.admin.get('/work_packages?eprops=abc')).body.message, /zlib/)
    assert.match(
      (await it.admin.get(`/work_packages?eprops=${encodeURIComponent(deflateSync('{').toString('base64'))}`)).body.message,
      /JSON/,
    )
  })
})
