/** The user of a request, and responses to anonymous requests. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { hashToken } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Instance, instance } from '#test/instance.ts'

const TOKEN = `opapi-${'7'.repeat(40)}`
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

let it: Instance
let vera: number
const ask = (headers: Record<string, string> = {}, path = '/api/v3/users/me') => it.anonymous.send('GET', path, { headers })

before(async () => {
  it = await instance()
  vera = await it.make.user()
  await it.make.row(
    'tokens',
    { user_id: vera, name: 'hers', hash: hashToken(TOKEN), created_at: new Date().toISOString() },
    'tokens',
  )
})
after(() => it.close())

describe('an API token', () => {
  test('is accepted as a bearer token', async () => {
    const reply = await ask({ authorization: `Bearer ${TOKEN}` })
    assert.deepEqual([reply.status, reply.body.id], [200, vera])
  })

  test('is accepted as the password of the user apikey', async () => {
    const reply = await ask({ authorization: basic('apikey', TOKEN) })
    assert.deepEqual([reply.status, reply.body.id], [200, vera])
  })

  test('is stored as a hash only', async () => {
    const rows = await it.db.all(sql`select * from tokens`)
    assert.equal(JSON.stringify(rows).includes(TOKEN), false)
  })

  test('is invalid while its owner is locked', async () => {
    const setStatus = (status: number) =>
      it.db.transaction(async (tx) => {
        await tx.run(sql`update principals set status = ${status} where id = ${vera}`)
        await invalidate(tx, 'principals')
      })
    await setStatus(3)
    assert.equal((await ask({ authorization: `Bearer ${TOKEN}` })).status, 401)
    await setStatus(1)
    assert.equal((await ask({ authorization: `Bearer ${TOKEN}` })).status, 200)
  })

  test('is invalid after its last day', async () => {
    const past = `opapi-${'8'.repeat(40)}`
    const row = {
      user_id: vera,
      name: 'old',
      hash: hashToken(past),
      created_at: '2020-01-01T00:00:00.000Z',
      expires_at: '2020-02-01T00:00:00.000Z',
    }
    await it.make.row('tokens', row, 'tokens')
    assert.equal((await ask({ authorization: `Bearer ${past}` })).status, 401)
  })

  test('is not read from the query string', async () => {
    assert.equal((await ask({}, `/api/v3/users/me?access_token=${TOKEN}`)).status, 401)
  })
})

describe('wrong credentials are 401 and never fall back to anonymous', () => {
  const wrong: [string, string, string][] = [
    ['an unknown bearer token', `Bearer opapi-${'0'.repeat(40)}`, 'Bearer'],
    ['a bearer token of unknown kind', 'Bearer abc', 'Bearer'],
    ['an unknown API key', basic('apikey', 'wrong'), 'Basic'],
    ['a login and password', basic('admin', 'admin'), 'Basic'],
    ['another spelling of apikey', basic('ApiKey', TOKEN), 'Basic'],
    ['another scheme', `Digest ${TOKEN}`, 'Basic'],
    ['a scheme without credentials', 'Bearer', 'Bearer'],
  ]
  for (const [what, authorization, scheme] of wrong) {
    test(what, async () => {
      await it.setting('login_required', false)
      const reply = await ask({ authorization }, '/api/v3')
      await it.setting('login_required', true)
      assert.equal(reply.status, 401)
      assert.equal(reply.body.errorIdentifier, 'urn:openproject-org:api:v3:errors:Unauthenticated')
      assert.match(reply.headers.get('www-authenticate') as string, new RegExp(`^${scheme} realm="OpenProject API"`))
    })
  }
})

describe('without credentials', () => {
  test('everything is 401 while login is required, including unknown paths', async () => {
    for (const path of ['/api/v3', '/api/v3/projects', '/api/v3/nothing', '/api/v3/work_packages/1']) {
      const reply = await ask({}, path)
      assert.deepEqual([path, reply.status], [path, 401])
      assert.equal(reply.headers.get('link'), '</api/v3/openapi.json>; rel="service-desc"')
    }
  })

  test('browser clients can suppress the password dialog', async () => {
    const reply = await ask({ 'x-authentication-scheme': 'Session' })
    assert.equal(reply.headers.get('www-authenticate'), 'Session realm="OpenProject API"')
  })

  test('the user is anonymous if login is not required', async () => {
    await it.setting('login_required', false)
    const reply = await ask({}, '/api/v3')
    await it.setting('login_required', true)
    assert.deepEqual([reply.status, reply.body._type, reply.body._links.user], [200, 'Root', undefined])
  })
})

test('two identities in one request are rejected', async () => {
  const { port } = new URL(it.url)
  const { connect } = await import('node:net')
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(
        `GET /api/v3 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\nauthorization: ${basic('apikey', 'x')}\r\nconnection: close\r\n\r\n`,
      ),
    )
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
  assert.match(answer, /^HTTP\/1.1 401 /)
})
