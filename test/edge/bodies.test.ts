/** Request bodies: limits of size, structure and time, and bodies of rejected requests. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { sql } from '#db/sql.ts'
import { type Instance, instance } from '#test/instance.ts'
import { connection, exchange } from '#test/raw.ts'

let it: Instance
/** A server with a short time limit for the rest of an unread body. */
let withShortRest: Instance
/** A server with short time limits for heads and pauses as well. */
let withShortTimes: Instance
let project: number
before(async () => {
  it = await instance({ logLevel: 'error' })
  withShortRest = await instance({ times: { rest: 50 } })
  withShortTimes = await instance({ times: { head: 100, pause: 100, rest: 50 } })
  for (const { make } of [it, withShortRest, withShortTimes]) project = await make.project()
})
after(() => Promise.all([it, withShortRest, withShortTimes].map((one) => one.close())))

const FORM = '/api/v3/work_packages/form'
const REFUSED = 'urn:openproject-org:api:v3:errors:InvalidRequestBody'

const posted = async (body: string, path = FORM, type = 'application/json') => {
  const { status, body: answer } = await it.admin.send('POST', path, { body, headers: { 'content-type': type } })
  return [status, answer.errorIdentifier ?? answer._type, answer.message]
}

/** The head of a request by the administrator, or by an anonymous client. */
const head = (line: string, headers: Record<string, string | number> = {}, token = it.adminToken) =>
  [
    `${line} HTTP/1.1`,
    'Host: localhost',
    ...(token ? [`Authorization: Bearer ${token}`] : []),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n')
const JSON_TYPE = { 'Content-Type': 'application/json' }

describe('JSON', () => {
  test('of more than 2 MiB is 413, with any content', async () => {
    for (const body of [
      `{"subject":"${'x'.repeat(9_000_000)}"}`,
      `{"subject":"${'\\"'.repeat(2_000_000)}"}`,
      '['.repeat(3_000_000),
    ]) {
      assert.deepEqual(await posted(body), [413, REFUSED, 'The request body is too large (maximum is 2097152 bytes).'])
    }
  })

  test('is 413 by its Content-Length, before any of it arrives', async () => {
    const opened = await connection(withShortRest.url)
    opened.send(head(`POST ${FORM}`, { ...JSON_TYPE, 'Content-Length': 1_000_000_000 }, withShortRest.adminToken))
    const [answer] = await opened.ended()
    assert.deepEqual([answer!.status, answer!.body.errorIdentifier], [413, REFUSED])
  })

  test('is 413 as soon as too much has arrived, without a Content-Length', async () => {
    const opened = await connection(withShortRest.url)
    opened.send(head(`POST ${FORM}`, { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' }, withShortRest.adminToken))
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    opened.send(chunk.repeat(33))
    const [answer] = await opened.ended()
    assert.equal(answer!.status, 413)
  })

  test('is accepted with a text of nearly 2 MiB, including escapes', async () => {
    for (const raw of ['x'.repeat(2_000_000), '"'.repeat(1_000_000), '\\'.repeat(1_000_000)]) {
      const [status, type] = await posted(JSON.stringify({ description: { raw } }))
      assert.deepEqual([status, type], [200, 'Form'])
    }
  })

  test('has at most 100 levels and 50,000 keys and elements', async () => {
    const keys = (count: number) => `{"_meta":{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join()}}}`
    const levels = (count: number) => `{"_meta":${'['.repeat(count - 1)}${']'.repeat(count - 1)}}`
    assert.equal((await posted(keys(50_000)))[0], 200)
    assert.equal((await posted(levels(100)))[0], 200)
    for (const [body, reason] of [
      [keys(50_002), 'it has more than 50000 keys and elements'],
      [`{"_meta":[${'0,'.repeat(50_001)}0]}`, 'it has more than 50000 keys and elements'],
      [levels(101), 'it is nested deeper than 100 levels'],
      ['['.repeat(1_000_000), 'it is nested deeper than 100 levels'],
      ['{"a":1,"\\u0061":2}', 'the key "a" is given twice'],
      ['{"a":-1e400}', '1e400 is not a number that can be kept'],
    ] as const) {
      assert.deepEqual(await posted(body), [400, REFUSED, `The request body is not valid JSON: ${reason}`])
    }
  })

  test('is 400 with the reason if it is incomplete, at any length', async () => {
    for (const body of [`{"a":"${'\\"'.repeat(900_000)}`, '"'.repeat(1_900_000), `{"a":"${'\\'.repeat(1_900_001)}`]) {
      const [status, identifier] = await posted(body)
      assert.deepEqual([status, identifier], [400, REFUSED])
    }
  })

  test('in a query parameter has the same limits, compressed or not', async () => {
    const deep = `{"filters":${'['.repeat(400_000)}${']'.repeat(400_000)}}`
    const packed = encodeURIComponent(deflateSync(deep).toString('base64'))
    const asked = await it.admin.get(`/work_packages?eprops=${packed}`)
    assert.deepEqual(
      [asked.status, asked.body.message],
      [400, 'Bad request: eprops does not hold valid JSON: it is nested deeper than 100 levels.'],
    )
    const plain = await it.admin.get(`/work_packages?filters=${'['.repeat(2000)}${']'.repeat(2000)}`)
    assert.equal(plain.status, 400)
    // A decompression bomb: a thousand times the size of the request.
    const bomb = encodeURIComponent(deflateSync(' '.repeat(5_000_000)).toString('base64'))
    assert.equal((await it.admin.get(`/work_packages?eprops=${bomb}`)).status, 400)
  })
})

describe('other bodies', () => {
  test('texts to be rendered have at most 2 MiB', async () => {
    assert.equal((await posted('x'.repeat(2_097_153), '/api/v3/render/plain', 'text/plain'))[0], 413)
  })

  test('forms have at most 16 KiB', async () => {
    const body = `login=${'x'.repeat(17_000)}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: it.url }
    for (const path of ['/login', '/oauth/token', '/oauth/introspect', '/oauth/revoke']) {
      assert.deepEqual([path, (await it.anonymous.send('POST', path, { body, headers })).status], [path, 413])
    }
  })

  test('the metadata of a file has at most 64 KiB', async () => {
    const body = new FormData()
    body.append('metadata', JSON.stringify({ fileName: 'x'.repeat(70_000) }))
    body.append('file', new Blob(['x']), 'x')
    const reply = await it.admin.send('POST', '/api/v3/attachments', { body })
    assert.deepEqual([reply.status, reply.body.errorIdentifier], [400, REFUSED])
  })

  test('that are not UTF-8 are 400', async () => {
    const headers = { 'content-type': 'application/json' }
    const reply = await it.admin.send('POST', FORM, { body: Uint8Array.of(0x7b, 0xff, 0x7d), headers })
    assert.deepEqual([reply.status, reply.body.message], [400, 'The request body is not UTF-8.'])
  })
})

describe('rejected requests get their response before the body arrives', () => {
  // Each request announces a body, and sends none of it.
  const length = { 'Content-Length': 10_000_000 }
  const refused = async (text: string) => {
    const [answer] = await exchange(withShortRest.url, text)
    return answer!.status
  }

  test('401 for anonymous clients', async () => {
    for (const path of [FORM, '/api/v3/attachments', '/api/v3/work_packages/1/activities'])
      assert.deepEqual([path, await refused(head(`POST ${path}`, { ...JSON_TYPE, ...length }, ''))], [path, 401])
  })

  test('404 for an unknown path, 405 for another method', async () => {
    assert.equal(await refused(head('POST /api/v3/nothing', { ...JSON_TYPE, ...length }, withShortRest.adminToken)), 404)
    assert.equal(await refused(head('PUT /api/v3/work_packages', { ...JSON_TYPE, ...length }, withShortRest.adminToken)), 405)
  })

  test('415 for another type, 406 for none, 400 for multipart without a boundary', async () => {
    assert.equal(await refused(head(`POST ${FORM}`, { 'Content-Type': 'text/xml', ...length }, withShortRest.adminToken)), 415)
    assert.equal(await refused(head(`POST ${FORM}`, length, withShortRest.adminToken)), 406)
    assert.equal(
      await refused(
        head('POST /api/v3/attachments', { 'Content-Type': 'multipart/form-data', ...length }, withShortRest.adminToken),
      ),
      400,
    )
  })

  test('403 for a form from another site', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'http://evil.example' }
    assert.equal(await refused(head('POST /login', { ...form, ...length }, '')), 403)
  })

  test('Expect: 100-continue: only accepted requests get 100', async () => {
    const expecting = { ...JSON_TYPE, 'Content-Length': 2, Expect: '100-continue' }
    const stranger = await connection(it.url)
    stranger.send(head(`POST ${FORM}`, expecting, ''))
    const [refusal] = await stranger.ended()
    assert.deepEqual([refusal!.status, refusal!.headers.connection], [401, 'close'])

    const known = await connection(it.url)
    known.send(head(`POST ${FORM}`, expecting))
    await known.until('HTTP/1.1 100 Continue\r\n\r\n')
    known.send('{}')
    await known.until('"_type":"Form"')
    known.socket.destroy()
  })

  test('a body that arrives later does not affect the next request on the connection', async () => {
    const opened = await connection(it.url)
    opened.send(head(`POST ${FORM}`, { ...JSON_TYPE, 'Content-Length': 100_000 }, ''))
    await opened.until('HTTP/1.1 401')
    opened.send('x'.repeat(100_000) + head('GET /api/v3/statuses', { Connection: 'close' }))
    assert.deepEqual(
      (await opened.ended()).map(({ status }) => status),
      [401, 200],
    )
  })
})

describe('a client that takes too long', () => {
  const parts = { 'Content-Type': 'multipart/form-data; boundary=b0' }
  const begun = '--b0\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nsome'

  test('with the body gets 408, and the connection ends', async () => {
    for (const [path, type, beginning] of [
      [FORM, JSON_TYPE, '{"subject":'],
      ['/api/v3/render/plain', { 'Content-Type': 'text/plain' }, 'x'],
      ['/api/v3/attachments', parts, begun],
    ] as const) {
      const opened = await connection(withShortTimes.url)
      opened.send(head(`POST ${path}`, { ...type, 'Content-Length': 1000 }, withShortTimes.adminToken) + beginning)
      const [answer] = await opened.ended()
      assert.deepEqual(
        [path, answer!.status, answer!.body.message, answer!.headers.connection],
        [path, 408, 'The request body arrived too slowly.', 'close'],
      )
    }
    assert.deepEqual(await withShortTimes.db.all(sql`select * from attachments`), [])
  })

  test('gets 408 although bytes keep arriving slowly, even of a file', async () => {
    const opened = await connection(withShortTimes.url)
    opened.send(head('POST /api/v3/attachments', { ...parts, 'Content-Length': 1_000_000 }, withShortTimes.adminToken) + begun)
    const dripping = setInterval(() => opened.send('x'), 20)
    const [answer] = await opened.ended()
    clearInterval(dripping)
    assert.equal(answer!.status, 408)
  })

  test('with the head of a request gets 408 too', async () => {
    const [answer] = await exchange(withShortTimes.url, 'GET /api/v3 HTTP/1.1\r\nHost: loc')
    assert.deepEqual([answer!.status, answer!.body.errorIdentifier], [408, 'urn:openproject-org:api:v3:errors:BadRequest'])
  })

  test('with the first byte gets 408 as well', async () => {
    const [answer] = await exchange(withShortTimes.url, '')
    assert.equal(answer!.status, 408)
  })

  test('with the rest of an unread body is disconnected', async () => {
    const opened = await connection(withShortTimes.url)
    opened.send(head(`POST ${FORM}`, { ...JSON_TYPE, 'Content-Length': 1000 }, ''))
    assert.deepEqual(
      (await opened.ended()).map(({ status }) => status),
      [401],
    )
  })
})

describe('a connection that breaks', () => {
  test('during an upload leaves neither the file nor an error', async () => {
    const kept = async () => (await it.db.all(sql`select id from attachments`)).length
    const before = await kept()
    const opened = await connection(it.url)
    opened.send(
      `${head('POST /api/v3/attachments', { 'Content-Type': 'multipart/form-data; boundary=b0', 'Content-Length': 100_000 })}--b0\r\nContent-Disposition: form-data; name="file"\r\n\r\n${'x'.repeat(5000)}`,
    )
    opened.socket.resetAndDestroy()
    assert.equal((await it.admin.get('/statuses')).status, 200)
    assert.equal(await kept(), before)
    assert.deepEqual(it.logged, [])
  })

  test('during JSON, or before the response, does not affect others', async () => {
    for (const text of [
      `${head(`POST ${FORM}`, { ...JSON_TYPE, 'Content-Length': 1000 })}{"subj`,
      head('GET /api/v3/work_packages'),
      `${head('POST /api/v3/work_packages', { ...JSON_TYPE, 'Content-Length': 2 })}{}`,
    ]) {
      const opened = await connection(it.url)
      opened.send(text)
      opened.socket.resetAndDestroy()
      assert.equal((await it.admin.get(`/projects/${project}`)).status, 200)
    }
    assert.deepEqual(it.logged, [])
  })
})
