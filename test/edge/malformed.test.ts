/** Malformed requests: they get an error in HAL, and the server keeps running. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Instance, instance } from '#test/instance.ts'
import { exchange, type RawAnswer } from '#test/raw.ts'

let it: Instance
before(async () => {
  it = await instance({ logLevel: 'error' })
  await it.setting('login_required', false)
})
after(async () => {
  assert.deepEqual(it.logged, [], 'nothing of this is a mistake of ours')
  await it.close()
})

const errors = 'urn:openproject-org:api:v3:errors:'
const END = 'Host: localhost\r\nConnection: close\r\n\r\n'
const told = ({ status, headers, body }: RawAnswer) => [status, headers['content-type'], body.errorIdentifier]
const HAL = 'application/hal+json; charset=utf-8'

describe('malformed HTTP gets an error in HAL, and the connection ends', () => {
  for (const [name, text, status] of [
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['another protocol', 'GET / SSH/9.9\r\n\r\n', 400],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a header with a control character', `GET /api/v3 HTTP/1.1\r\nX-A: a\x01b\r\n${END}`, 400],
    ['a header without a name', `GET /api/v3 HTTP/1.1\r\n: a\r\n${END}`, 400],
    ['a header name with a space', `GET /api/v3 HTTP/1.1\r\nX A: b\r\n${END}`, 400],
    ['two lengths', `POST /api/v3/work_packages HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n${END}x`, 400],
    ['a length and chunks', `POST /api/v3 HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${END}`, 400],
    ['an invalid length', `POST /api/v3 HTTP/1.1\r\nContent-Length: -1\r\n${END}`, 400],
    ['an address with a space', `GET /api/v3 x HTTP/1.1\r\n${END}`, 400],
    ['an address of 20 KB', `GET /api/v3/work_packages?filters=${'x'.repeat(20_000)} HTTP/1.1\r\n${END}`, 431],
    ['a header of 20 KB', `GET /api/v3 HTTP/1.1\r\nX-A: ${'x'.repeat(20_000)}\r\n${END}`, 431],
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
    ['an unknown expectation', `POST /api/v3 HTTP/1.1\r\nExpect: miracles\r\n${END}`, 417],
    ['no Host', 'GET /api/v3 HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a path that is wrongly encoded', `GET /api/v3/projects/%ff%fe HTTP/1.1\r\n${END}`, 400],
    ['an address with a segment of 2 KB', `GET /api/v3/queries/filters/${'x'.repeat(2000)} HTTP/1.1\r\n${END}`, 414],
    ['a path that ends within an escape', `GET /api/v3/projects/% HTTP/1.1\r\n${END}`, 400],
  ] as const) {
    test(name, async () => {
      const answers = await exchange(it.url, text)
      assert.deepEqual(answers.map(told), [[status, HAL, `${errors}BadRequest`]])
    })
  }

  test('invalid chunks', async () => {
    const chunked = `POST /api/v3/work_packages HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n${END}zz\r\n`
    for (const { status } of await exchange(it.url, chunked)) assert.ok(status >= 400 && status < 500)
  })
})

describe('unusual but valid HTTP gets a normal response', () => {
  for (const [name, line, status] of [
    ['an absolute address, as for proxies', 'GET http://example.com/api/v3/configuration HTTP/1.1', 200],
    ['the same without a path', 'GET http://example.com HTTP/1.1', 303],
    ['an older version without a Host', 'GET /api/v3/configuration HTTP/1.0', 200],
    ['an unsupported upgrade', 'GET /api/v3/configuration HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket', 200],
    ['TRACE', 'TRACE /api/v3/statuses HTTP/1.1', 405],
    ['TRACE of an unknown path', 'TRACE /api/v3/nothing HTTP/1.1', 404],
    ['OPTIONS of everything', 'OPTIONS * HTTP/1.1', 404],
    ['an unknown method', 'PURGE /api/v3/statuses HTTP/1.1', 405],
    ['a thousand parameters', `GET /api/v3/configuration?${'a=1&'.repeat(1000)} HTTP/1.1`, 200],
    ['a NUL in a path', 'GET /api/v3/projects/%00 HTTP/1.1', 404],
  ] as const) {
    test(name, async () => {
      const [answer] = await exchange(it.url, `${line}\r\n${line.includes('1.0') ? '\r\n' : END}`)
      assert.equal(answer!.status, status)
    })
  }

  test('pipelined requests get their responses in order', async () => {
    const ask = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
    const paths = ['/api/v3/configuration', '/livez', '/api/v3/nothing', '/api/v3']
    const answers = await exchange(it.url, paths.map((path) => ask(path)).join('') + ask('/readyz', 'Connection: close\r\n'))
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.message ?? body._type ?? body]),
      [
        [200, 'Configuration'],
        [200, 'ok'],
        [404, 'The requested resource could not be found.'],
        [200, 'Root'],
        [200, 'ok'],
      ],
    )
  })
})
