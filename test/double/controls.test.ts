/** The controls of a test double: the reset, the clock, faults, recorded requests, and who may use them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, afterEach, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { register } from '#identity/oauth/applications.ts'
import { invalidate } from '#kernel/cache.ts'
import { double, type TestDouble } from '#test/double.ts'
import { ids, type Reply } from '#test/instance.ts'
import { connection } from '#test/raw.ts'

const START = '2026-01-05T09:00:00.000Z'

let it: TestDouble
before(async () => {
  it = await double({ clock: { at: new Date(START), runs: false } })
})
after(() => it.close())
afterEach(() => reset())

const control = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  it.anonymous.send(method, `/api/v3/test${path}`, {
    ...(method !== 'GET' && method !== 'DELETE' && { body: JSON.stringify(body ?? {}) }),
    headers: { 'content-type': 'application/json', ...headers },
  })
const reset = async () => assert.equal((await control('POST', '/reset')).status, 204)
const fault = async (rule: object) => {
  const { status, body } = await control('POST', '/faults', rule)
  assert.equal(status, 201, JSON.stringify(body))
  return body.id as number
}
const error = ({ status, body }: Reply) => [status, body.errorIdentifier.split(':').at(-1), body.message]
const create = (subject: string) =>
  it.admin.post('/work_packages', {
    subject,
    _links: { project: { href: '/api/v3/projects/1' }, type: { href: '/api/v3/types/1' } },
  })
/** The number of work packages. */
const count = async () => (await it.admin.get('/work_packages?pageSize=0')).body.total as number

describe('a reset', () => {
  test('goes back to the data, ids, files, tokens and sessions of the start', async () => {
    const before = await count()
    const first = await create('One')
    assert.equal(first.status, 201)
    const form = new FormData()
    form.append('metadata', JSON.stringify({ fileName: 'a.txt' }))
    form.append('file', new Blob(['text']))
    const sent = await it.admin.send('POST', `/api/v3/work_packages/${first.body.id}/attachments`, { body: form })
    assert.equal(sent.status, 201)
    assert.equal(it.files.image().size, 1)
    assert.equal((await it.admin.get('/users/me')).body.login, 'admin')
    await reset()
    assert.equal(await count(), before)
    assert.equal(it.files.image().size, 0)
    // A cached row would have outlived it.
    assert.equal((await it.admin.get(`/work_packages/${first.body.id}`)).status, 404)
    const again = await create('Two')
    assert.deepEqual([again.body.id, again.body.lockVersion], [first.body.id, 0])
  })

  test('forgets what is cached', async () => {
    const set = (name: string, value: string) =>
      it.db.transaction(async (tx) => {
        await tx.run(sql`insert into settings (name, value) values (${name}, ${JSON.stringify(value)})
          on conflict (name) do update set value = excluded.value`)
        await invalidate(tx, 'settings')
      })
    const title = async () => (await it.admin.get('/')).body.instanceName
    const before = await title()
    await set('app_title', 'Renamed')
    assert.equal(await title(), 'Renamed')
    await reset()
    // The counter that the cache goes by has the value now that it had after the first change.
    await set('date_format', '%d.%m.%Y')
    assert.equal(await title(), before)
  })

  test('puts the clock back, and ends faults and recorded requests', async () => {
    await control('PATCH', '/clock', { advance: 'P1D' })
    await fault({ path: '*', status: 500 })
    await it.admin.get('/types')
    await reset()
    assert.equal((await control('GET', '/clock')).body.at, START)
    assert.deepEqual((await control('GET', '/faults')).body._embedded.elements, [])
    assert.deepEqual((await control('GET', '/requests')).body._embedded.elements, [])
    assert.equal((await it.admin.get('/types')).status, 200)
  })

  test('takes less than 50 ms', async () => {
    await create('One')
    const times = []
    for (let i = 0; i < 10; i++) {
      const start = performance.now()
      await reset()
      times.push(performance.now() - start)
    }
    // The fastest: other tests take their part of the processor.
    const fastest = Math.min(...times)
    assert.ok(fastest < 50, `${fastest} ms`)
  })

  test('waits for running requests, and holds others meanwhile', async () => {
    const before = await count()
    const slow = await connection(it.url)
    slow.send(
      `POST /api/v3/render/plain HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${it.authorization}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`,
    )
    await slow.until('100 Continue')
    let isReset = false
    const resetting = reset().then(() => {
      isReset = true
    })
    const held = it.admin.get('/work_packages?pageSize=0').then((reply) => {
      assert.ok(isReset, 'the request was answered during the reset')
      return reply
    })
    await control('GET', '/clock')
    assert.equal(isReset, false)
    slow.send('ab')
    await slow.until('<p>ab</p>')
    slow.socket.end()
    await resetting
    assert.equal((await held).body.total, before)
  })

  test('keeps a request that does not end from the new content: it gets 503', async () => {
    const before = await count()
    const text = JSON.stringify({ name: 'Torn' })
    const slow = await connection(it.url)
    slow.send(
      `PATCH /api/v3/projects/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${it.authorization}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await slow.until('100 Continue')
    await reset()
    slow.send(text)
    await slow.until('HTTP/1.1 503')
    slow.socket.end()
    assert.notEqual((await it.admin.get('/projects/1')).body.name, 'Torn')
    assert.equal(await count(), before)
  })

  test('answers a delayed request by 503 at once', async () => {
    await fault({ path: '/api/v3/types', delay: 60_000 })
    const delayed = it.admin.get('/types')
    await untilSeen(1)
    await reset()
    assert.equal((await delayed).status, 503)
  })
})

/** Waits until rules have matched so many requests. */
async function untilSeen(wanted: number): Promise<void> {
  for (;;) {
    const rules: { seen: number }[] = (await control('GET', '/faults')).body._embedded.elements
    if (rules.reduce((sum, { seen }) => sum + seen, 0) >= wanted) return
  }
}

describe('the clock', () => {
  test('stands where it was set, and is the time of all that is written', async () => {
    const { body } = await create('Now')
    assert.equal(body.createdAt, START)
    const [activity] = (await it.admin.get(`/work_packages/${body.id}/activities`)).body._embedded.elements
    assert.equal(activity.createdAt, START)
  })

  test('moves forward by a duration or to a time, and may run from there', async () => {
    assert.equal((await control('PATCH', '/clock', { advance: 'P1M' })).body.at, '2026-02-05T09:00:00.000Z')
    const { body } = await control('PUT', '/clock', { at: '2026-03-01T00:00Z', runs: true })
    assert.equal(body.runs, true)
    assert.ok(body.at >= '2026-03-01T00:00:00.000Z')
    const later = (await control('PATCH', '/clock', { runs: false })).body
    assert.equal(later.runs, false)
    assert.equal((await control('GET', '/clock')).body.at, later.at)
  })

  test('decides which day is today for filters and dates', async () => {
    const work = (await create('Due')).body
    const due = await it.admin.patch(`/work_packages/${work.id}`, { lockVersion: 0, dueDate: '2026-01-07' })
    assert.equal(due.status, 200)
    const matching = async (operator: string, values: string[]) => {
      const filters = JSON.stringify([{ dueDate: { operator, values } }, { subject: { operator: '~', values: ['Due'] } }])
      return ids(await it.admin.get(`/work_packages?filters=${encodeURIComponent(filters)}`)).includes(work.id)
    }
    assert.deepEqual([await matching('t+', ['2']), await matching('t', [])], [true, false])
    await control('PATCH', '/clock', { advance: 'P2D' })
    assert.deepEqual([await matching('t+', ['2']), await matching('t', []), await matching('<t-', ['1'])], [false, true, false])
    await control('PATCH', '/clock', { advance: 'P2D' })
    assert.equal(await matching('<t-', ['1']), true)
  })

  test('makes reminders due: their notifications are there when the move is answered', async () => {
    const work = (await create('Remind')).body
    const made = await it.admin.post(`/work_packages/${work.id}/reminders`, { remindAt: '2026-01-06T09:00:00Z', note: 'Look' })
    assert.equal(made.status, 201)
    const reminders = async () => {
      const filters = encodeURIComponent(JSON.stringify([{ reason: { operator: '=', values: ['reminder'] } }]))
      return (await it.admin.get(`/notifications?filters=${filters}`)).body.total
    }
    await control('PATCH', '/clock', { advance: 'PT23H' })
    assert.equal(await reminders(), 0)
    await control('PATCH', '/clock', { advance: 'PT1H' })
    assert.equal(await reminders(), 1)
  })

  test('decides when an OAuth access token expires', async () => {
    const { id } = (await it.admin.get('/users/me')).body
    const registration = { name: 'App', redirectUris: [], scopes: ['api_v3'], confidential: true, actingUserId: id }
    const { clientId, secret } = await it.db.transaction((tx) => register(tx, registration, null, new Date(START)))
    const ask = (path: string, form: Record<string, string>) =>
      it.anonymous.send('POST', path, {
        body: new URLSearchParams({ client_id: clientId, client_secret: String(secret), ...form }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    const { body } = await ask('/oauth/token', { grant_type: 'client_credentials' })
    const seconds = Date.parse(START) / 1000
    assert.deepEqual([body.created_at, body.expires_in], [seconds, 7200])
    const introspected = await ask('/oauth/introspect', { token: body.access_token })
    assert.equal(introspected.body.exp - introspected.body.iat, 7200)
    assert.ok(Math.abs(introspected.body.iat - seconds) <= 1)
    const client = it.as(body.access_token)
    await control('PATCH', '/clock', { advance: 'PT1H59M' })
    assert.equal((await client.get('/users/me')).status, 200)
    assert.equal((await ask('/oauth/introspect', { token: body.access_token })).body.active, true)
    await control('PATCH', '/clock', { advance: 'PT1M' })
    assert.equal((await client.get('/users/me')).status, 401)
    assert.equal((await ask('/oauth/introspect', { token: body.access_token })).body.active, false)
  })

  test('refuses to go back, and what is no time', async () => {
    const refused = async (body: object) => error(await control('PUT', '/clock', body))
    assert.deepEqual(await refused({ at: '2026-01-05T08:59:59Z' }), [
      422,
      'PropertyFormatError',
      `The clock only moves forward from ${START}: history cannot be undone. Reset the server, or start it with an earlier --clock.`,
    ])
    for (const [body, attribute] of [
      [{ at: 'noon' }, 'at'],
      [{ advance: '3 days' }, 'advance'],
      [{ advance: '-P1D' }, 'advance'],
      [{ at: START, advance: 'P1D' }, 'advance'],
      [{ runs: 'yes' }, 'runs'],
      [{ on: START }, 'on'],
    ] as const) {
      const reply = await control('PATCH', '/clock', body)
      assert.deepEqual([reply.status, reply.body._embedded.details?.attribute], [422, attribute], JSON.stringify(body))
    }
    assert.equal((await control('GET', '/clock')).body.at, START)
  })
})

describe('a fault', () => {
  test('answers an error of the API, so often, after so many requests', async () => {
    const id = await fault({ operation: 'getTypes', status: 503, retryAfter: 7, after: 1, count: 2 })
    const replies = []
    for (let i = 0; i < 4; i++) replies.push(await it.admin.get('/types'))
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 503, 503, 200],
    )
    const [, { headers, body }] = replies as [Reply, Reply]
    assert.equal(headers.get('retry-after'), '7')
    assert.deepEqual(body, {
      _type: 'Error',
      errorIdentifier: 'urn:openproject-org:api:v3:errors:ServiceUnavailable',
      message: 'This error was injected by a rule of the test double.',
    })
    const { seen, injected } = (await control('GET', `/faults/${id}`)).body
    assert.deepEqual([seen, injected], [4, 2])
    assert.equal((await it.admin.get('/statuses')).status, 200)
  })

  test('knows an identifier for each status', async () => {
    const wanted = { 400: 'BadRequest', 401: 'Unauthenticated', 403: 'MissingPermission', 404: 'NotFound', 409: 'UpdateConflict' }
    const more = {
      418: 'BadRequest',
      422: 'PropertyConstraintViolation',
      429: 'Throttled',
      500: 'InternalServerError',
      502: 'InternalServerError',
    }
    for (const [status, identifier] of Object.entries({ ...wanted, ...more })) {
      const id = await fault({ path: '/api/v3/types', status: Number(status), message: 'Said.' })
      assert.deepEqual(error(await it.admin.get('/types')), [Number(status), identifier, 'Said.'])
      assert.equal((await control('DELETE', `/faults/${id}`)).status, 204)
    }
    assert.equal((await it.admin.get('/types')).status, 200)
  })

  test('matches by operation, by method, and by a path with stars', async () => {
    await fault({ method: 'post', path: '/api/v3/*/form', status: 500 })
    const asked = async (method: 'get' | 'post', path: string) => (await it.admin[method](path)).status
    assert.deepEqual(
      [await asked('post', '/work_packages/form'), await asked('post', '/projects/1/form'), await asked('get', '/projects')],
      [500, 500, 200],
    )
  })

  test('comes with a probability whose numbers are the same each time', async () => {
    const drawn = async () => {
      await fault({ path: '/api/v3/types', status: 500, probability: 0.5, seed: 7 })
      const statuses = []
      for (let i = 0; i < 20; i++) statuses.push((await it.admin.get('/types')).status)
      await reset()
      return statuses
    }
    const first = await drawn()
    assert.deepEqual(await drawn(), first)
    assert.deepEqual([...new Set(first)].sort(), [200, 500])
  })

  test('delays a request', async () => {
    await fault({ path: '/api/v3/types', delay: 150 })
    const start = performance.now()
    assert.equal((await it.admin.get('/types')).status, 200)
    assert.ok(performance.now() - start >= 149)
  })

  for (const [cut, head, isDone] of [
    ['request', '', false],
    ['response', '', true],
    ['headers', 'HTTP/1.1 201', true],
    ['body', '{"_type":"', true],
  ] as const)
    test(`breaks the connection: ${cut}`, async () => {
      const before = await count()
      await fault({ method: 'POST', path: '/api/v3/work_packages', cut })
      const text = JSON.stringify({
        subject: 'Cut',
        _links: { project: { href: '/api/v3/projects/1' }, type: { href: '/api/v3/types/1' } },
      })
      const { socket, send } = await connection(it.url)
      let received = ''
      socket.setEncoding('utf8').on('data', (piece: string) => {
        received += piece
      })
      const closed = once(socket, 'close')
      send(
        `POST /api/v3/work_packages HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${it.authorization}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      )
      await closed
      if (head === '') assert.equal(received, '')
      else assert.ok(received.includes(head), received)
      const [, length] = /content-length: (\d+)/i.exec(received) ?? []
      const body = received.split('\r\n\r\n')[1] ?? ''
      if (cut === 'headers') assert.equal(body, '')
      if (cut === 'body') assert.equal(body.length, Math.ceil(Number(length) / 2))
      assert.equal(await count(), before + (isDone ? 1 : 0))
      const [recorded] = (await control('GET', '/requests?operation=postWork_packages')).body._embedded.elements
      assert.deepEqual([recorded.status, recorded.body.subject], [cut === 'headers' || cut === 'body' ? 201 : null, 'Cut'])
    })

  test('is refused where it would do nothing, or nobody would know what', async () => {
    for (const [rule, attribute] of [
      [{ path: '*' }, 'status'],
      [{ path: '*', status: 200 }, 'status'],
      [{ path: '*', status: 500, cut: 'body' }, 'cut'],
      [{ path: '*', cut: 'wire' }, 'cut'],
      [{ path: '*', delay: 1, retryAfter: 1 }, 'retryAfter'],
      [{ path: 'types', status: 500 }, 'path'],
      [{ operation: 'getMasts', status: 500 }, 'operation'],
      [{ path: '*', status: 500, probability: 2 }, 'probability'],
      [{ path: '*', status: 500, count: 0 }, 'count'],
      [{ path: '*', status: 500, seeds: 0 }, 'seeds'],
    ] as const) {
      const reply = await control('POST', '/faults', rule)
      assert.deepEqual([reply.status, reply.body._embedded.details?.attribute], [422, attribute], JSON.stringify(rule))
    }
    assert.equal((await control('DELETE', '/faults/99')).status, 404)
  })
})

describe('recorded requests', () => {
  const recorded = async (query = '') => (await control('GET', `/requests${query}`)).body._embedded.elements

  test('tell what was asked, by whom, and what became of it, without secrets', async () => {
    await it.admin.post('/work_packages/form?token=hush', { subject: 'One', password: 'hush', nested: { clientSecret: 'hush' } })
    const [{ id, duration, headers, ...one }] = await recorded()
    assert.ok(id > 0 && duration >= 0)
    assert.deepEqual([headers.authorization, headers['content-type']], ['Bearer ***', 'application/json'])
    assert.deepEqual(one, {
      _type: 'TestRequest',
      at: START,
      method: 'POST',
      path: '/api/v3/work_packages/form',
      query: { token: '***' },
      body: { subject: 'One', password: '***', nested: { clientSecret: '***' } },
      user: (await it.admin.get('/users/me')).body.id,
      operation: 'postWork_packagesForm',
      status: 200,
      fault: null,
    })
  })

  test('include those that were refused, and those of pages', async () => {
    await it.anonymous.get('/projects')
    await it.anonymous.send('POST', '/login', {
      body: 'username=admin&password=hush',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    })
    const id = await fault({ path: '/api/v3/types', status: 500 })
    await it.admin.get('/types')
    const all = await recorded()
    assert.deepEqual(
      all.map((one: any) => [one.path, one.operation, one.user, one.status, one.fault]),
      [
        ['/api/v3/projects', 'getProjects', null, 401, null],
        ['/login', null, null, all[1].status, null],
        ['/api/v3/types', 'getTypes', null, 500, id],
      ],
    )
    assert.deepEqual(all[1].body, { username: 'admin', password: '***' })
  })

  test('can be listed by operation and from a request on, and be forgotten', async () => {
    await it.admin.get('/types')
    await it.admin.get('/statuses')
    await it.admin.get('/types')
    const [first, second, third] = await recorded()
    assert.deepEqual(
      (await recorded('?operation=getTypes')).map((one: any) => one.id),
      [first.id, third.id],
    )
    assert.deepEqual(
      (await recorded(`?since=${first.id}`)).map((one: any) => one.id),
      [second.id, third.id],
    )
    assert.equal((await control('GET', '/requests?since=yesterday')).status, 400)
    assert.equal((await control('DELETE', '/requests')).status, 204)
    assert.deepEqual(await recorded(), [])
  })

  test('are the latest thousand', async () => {
    await Promise.all(Array.from({ length: 1005 }, () => it.anonymous.send('GET', '/livez')))
    const all = await recorded()
    assert.equal(all.length, 1000)
    assert.equal(all.at(-1).id - all[0].id, 999)
  })
})

describe('the controls', () => {
  test('are refused to pages of browsers, also where their name leads here', async () => {
    const refused = async (headers: Record<string, string>) => (await control('GET', '/clock', undefined, headers)).status
    assert.equal(await refused({ origin: 'https://evil.example' }), 403)
    assert.equal(await refused({ origin: it.url }), 403)
    assert.equal(await refused({ 'sec-fetch-site': 'same-origin' }), 403)
    const { port } = new URL(it.url)
    const asked = async (host: string) => {
      const { send, until, received, socket } = await connection(it.url)
      send(`GET /api/v3/test/clock HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      await until('\r\n')
      socket.destroy()
      return Number(/^HTTP\/1\.1 (\d+)/.exec(received())?.[1])
    }
    assert.deepEqual(
      [
        await asked(`rebound.example.org:${port}`),
        await asked(`localhost:${port}`),
        await asked('halyard'),
        await asked('[::1]'),
      ],
      [403, 200, 200, 200],
    )
  })

  test('take JSON only, which a form cannot send', async () => {
    const reply = await it.anonymous.send('POST', '/api/v3/test/reset', {
      body: 'a=b',
      headers: { 'content-type': 'text/plain' },
    })
    assert.equal(reply.status, 415)
  })

  test('are described, in the document of a test double alone', async () => {
    const { paths } = (await it.admin.get('/spec.json')).body
    assert.deepEqual(
      Object.keys(paths).filter((path) => path.startsWith('/api/v3/test')),
      [
        '/api/v3/test/clock',
        '/api/v3/test/faults',
        '/api/v3/test/faults/{id}',
        '/api/v3/test/jobs',
        '/api/v3/test/requests',
        '/api/v3/test/reset',
      ],
    )
  })

  test('do not exist on another server', async (t) => {
    const { instance } = await import('#test/instance.ts')
    const real = await instance()
    t.after(() => real.close())
    for (const [method, path] of [
      ['POST', 'reset'],
      ['GET', 'clock'],
      ['GET', 'requests'],
      ['GET', 'faults'],
    ] as const) {
      const body = method === 'POST' ? { body: '{}' } : {}
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${real.adminToken}` }
      assert.equal((await real.anonymous.send(method, `/api/v3/test/${path}`, { ...body, headers })).status, 404)
    }
    const { paths } = (await real.admin.get('/spec.json')).body
    assert.deepEqual(
      Object.keys(paths).filter((path) => path.startsWith('/api/v3/test')),
      [],
    )
  })
})
