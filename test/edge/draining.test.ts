/** Shutdown: running requests get their responses, new ones get 503, and there is a time limit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '#db/sql.ts'
import { instance } from '#test/instance.ts'
import { connection } from '#test/raw.ts'

test('during the shutdown running requests get their responses, and others 503', async (t) => {
  const it = await instance()
  t.after(() => it.close())
  const head = (line: string, more = '') =>
    `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${it.adminToken}\r\n${more}\r\n`
  const [begun, kept] = [await connection(it.url), await connection(it.url)]
  kept.send(head('GET /livez'))
  begun.send(head('POST /api/v3/render/plain', 'Content-Type: text/plain\r\nContent-Length: 2\r\nExpect: 100-continue\r\n'))
  await begun.until('100 Continue')
  await kept.until('ok')

  const drained = it.app.drain(60_000)
  kept.send(head('GET /api/v3/statuses'))
  const [, refusal] = await kept.ended()
  assert.deepEqual(
    [refusal!.status, refusal!.headers['retry-after'], refusal!.headers.connection, refusal!.headers['content-type']],
    [503, '5', 'close', 'application/hal+json; charset=utf-8'],
  )
  assert.deepEqual(refusal!.body, {
    _type: 'Error',
    errorIdentifier: 'urn:openproject-org:api:v3:errors:ServiceUnavailable',
    message: 'The server is shutting down. Try again in a few seconds.',
  })
  // The probes: the server is not ready, but alive.
  assert.equal((await it.anonymous.send('GET', '/readyz')).status, 503)
  assert.equal((await it.anonymous.send('GET', '/livez')).status, 200)

  begun.send('ab')
  await begun.until('<p>ab</p>')
  begun.socket.end()
  await drained
})

test('a request whose client has gone is done before the shutdown', async (t) => {
  const it = await instance()
  t.after(() => it.close())
  // Records the use of the token, so that the next transaction is that of the request.
  await it.admin.get('/users/me')
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const transaction = it.db.transaction.bind(it.db)
  it.db.transaction = async (work, options) => {
    begun.resolve()
    await goOn.promise
    return transaction(work, options)
  }
  const closed = Promise.withResolvers<void>()
  it.app.server.once('connection', (socket) => socket.once('close', () => closed.resolve()))
  const body = '{"name":"Made for somebody who has gone"}'
  const gone = await connection(it.url)
  gone.send(
    `POST /api/v3/projects HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${it.adminToken}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await begun.promise
  gone.socket.destroy()
  await closed.promise
  let isDrained = false
  const drained = it.app.drain(60_000).then(() => {
    isDrained = true
  })
  await new Promise((done) => setImmediate(done))
  assert.equal(isDrained, false)
  goOn.resolve()
  await drained
  assert.ok(await it.db.one(sql`select id from projects where name = 'Made for somebody who has gone'`))
})

test('an incomplete request does not prevent the shutdown', async (t) => {
  const it = await instance()
  t.after(() => it.close())
  await it.setting('login_required', false)
  const opened = await connection(it.url)
  opened.send(
    'POST /api/v3/render/plain HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\na',
  )
  await opened.until('100 Continue')
  const silent = await connection(it.url)
  await it.app.drain(50)
  await it.app.close()
  await Promise.all([opened.ended(), silent.ended()])
})
