/** The log line of a request, and the ids by which it is found. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Instance, instance } from '#test/instance.ts'

let it: Instance
before(async () => {
  it = await instance({ logLevel: 'info', seed: 'demo' })
})
after(() => it.close())

/** Sends a request; gives its response and its line. */
async function logged(method: string, path: string, options: Parameters<typeof it.admin.send>[2] = {}, client = it.admin) {
  const count = it.logged.length
  const reply = await client.send(method, path, options)
  // The response may be there before the line.
  while (it.logged.length === count) await new Promise((done) => setImmediate(done))
  return { reply, line: JSON.parse(it.logged[count] as string) }
}

describe('the line of a request', () => {
  test('tells who asked for what, by which token and from where, and what it cost', async () => {
    const { reply, line } = await logged('GET', '/api/v3/work_packages/1?token=hush')
    const { id: user } = (await it.admin.get('/users/me')).body
    const { level: _, time: __, pid: ___, hostname: ____, reqId, ms, bytes, statements, token, ...rest } = line
    assert.deepEqual(rest, {
      method: 'GET',
      path: '/api/v3/work_packages/1',
      operation: 'getWork_packages_Id',
      status: 200,
      user,
      address: '127.0.0.1',
      msg: 'answered',
    })
    assert.equal(reqId, reply.headers.get('x-request-id'))
    const stored = await it.db.all<{ id: number }>(sql`select id from tokens`)
    assert.ok(stored.some(({ id }) => id === token))
    assert.ok(ms > 0 && statements > 3 && bytes > reply.text.length / 10)
  })

  test('counts the statements of its own request', async () => {
    // Of a single row nothing is remembered until the next commit, which others make as well.
    await logged('GET', '/api/v3/statuses/1')
    const alone = (await logged('GET', '/api/v3/statuses/1')).line.statements
    const count = it.logged.length
    await Promise.all(Array.from({ length: 5 }, () => it.admin.get('/statuses/1')))
    while (it.logged.length < count + 5) await new Promise((done) => setImmediate(done))
    for (const line of it.logged.slice(count)) assert.equal(JSON.parse(line).statements, alone)
  })

  test('tells by which error a request was refused', async () => {
    const headers = { 'content-type': 'application/json' }
    const wrong = (await logged('POST', '/api/v3/projects', { body: '{}', headers })).line
    assert.deepEqual([wrong.status, wrong.error, wrong.operation], [422, 'PropertyConstraintViolation', 'postProjects'])
    const stale = (await logged('PATCH', '/api/v3/work_packages/1', { body: '{"lockVersion":-1}', headers })).line
    assert.deepEqual([stale.status, stale.error], [409, 'UpdateConflict'])
    const unknown = (await logged('GET', '/api/v3/types', {}, it.anonymous)).line
    assert.deepEqual([unknown.status, unknown.error, unknown.user, unknown.token], [401, 'Unauthenticated', undefined, undefined])
  })
})

describe('ids', () => {
  const asked = (headers: Record<string, string>) => logged('GET', '/livez', { headers })

  test('are taken over from the client', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const { reply, line } = await asked({ 'x-request-id': 'job-7/step:2', traceparent })
    assert.deepEqual([reply.headers.get('x-request-id'), line.reqId], ['job-7/step:2', 'job-7/step:2'])
    assert.deepEqual([reply.headers.get('traceparent'), line.trace], [traceparent, '4bf92f3577b34da6a3ce929d0e0e4736'])
  })

  for (const id of ['', 'a b', '{"level":60}', 'x'.repeat(129)])
    test(`are our own instead of ${JSON.stringify(id.slice(0, 20))}`, async () => {
      const { reply, line } = await asked({ 'x-request-id': id })
      assert.match(line.reqId, /^[0-9a-f]{8}-[0-9a-z]+$/)
      assert.equal(reply.headers.get('x-request-id'), line.reqId)
    })

  for (const traceparent of [
    'none',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  ])
    test(`of traces are ignored if they are malformed: ${traceparent}`, async () => {
      const { reply, line } = await asked({ traceparent })
      assert.deepEqual([reply.headers.get('traceparent'), line.trace], [null, undefined])
    })
})
