/** The API with a session cookie: authentication, protection against requests from other sites, and expiry. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { beginSession } from '#identity/sessions.ts'
import { build } from '#server/app.ts'
import { type Instance, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { forgetReads } from '#test/statements.ts'

const NAME = '_open_project_session'
const AJAX = { 'x-requested-with': 'XMLHttpRequest' }
const MINUTE = 60_000

let it: Instance
let vera: number
let cookie: string
before(async () => {
  it = await instance()
})
after(() => it.close())
beforeEach(async () => {
  vera = await it.make.user()
  cookie = `${NAME}=${await begun(vera)}`
})

/** The secret of a new session. */
const begun = (user: number) => it.db.transaction((tx) => beginSession(tx, user, 'A browser', new Date()))
/** The user of a GET request; undefined if it is rejected. */
async function reader(headers: Record<string, string>): Promise<number | undefined> {
  const { status, body } = await it.anonymous.get('/users/me', headers)
  return status === 200 ? body.id : undefined
}
/** The same for a write: a form of one's own account. */
async function writer(headers: Record<string, string>): Promise<number | undefined> {
  const { status } = await it.anonymous.post(`/users/${vera}/form`, {}, headers)
  return status === 200 ? vera : undefined
}
const isThere = async () => (await it.db.one(sql`select id from sessions where user_id = ${vera}`)) !== undefined

test('A cookie is enough for reading', async () => {
  assert.equal(await reader({ cookie }), vera)
  assert.equal(await reader({ cookie: `theme=dark; ${cookie}; more=1` }), vera)
})

test('A cached session takes no statement', async () => {
  const token = await it.token(vera)
  const count = async (headers: Record<string, string>) => {
    await reader(headers)
    await forgetReads(it.db)
    const start = it.db.statements
    await reader(headers)
    return it.db.statements - start
  }
  assert.equal(await count({ cookie }), await count({ authorization: `Bearer ${token}` }))
})

test('Only a hash of the secret is stored', async () => {
  const rows = JSON.stringify(await it.db.all(sql`select * from sessions`))
  assert.equal(rows.includes(cookie.slice(NAME.length + 1)), false)
})

describe('A request is anonymous:', () => {
  test('a write without X-Requested-With', async () => {
    assert.equal(await writer({ cookie }), undefined)
    assert.equal(await writer({ cookie, 'x-requested-with': 'other' }), undefined)
    assert.equal(await writer({ cookie, ...AJAX }), vera)
  })

  test('a write from another site or another host of the domain', async () => {
    for (const site of ['cross-site', 'same-site', 'anything'])
      assert.equal(await writer({ cookie, ...AJAX, 'sec-fetch-site': site }), undefined, site)
    for (const site of ['same-origin', 'none'])
      assert.equal(await writer({ cookie, ...AJAX, 'sec-fetch-site': site }), vera, site)
    for (const origin of ['https://evil.example', 'null', `${it.url}.evil.example`, it.url.replace('http', 'https')])
      assert.equal(await writer({ cookie, ...AJAX, origin }), undefined, origin)
    for (const origin of [it.url, 'http://localhost:8080']) assert.equal(await writer({ cookie, ...AJAX, origin }), vera, origin)
  })

  test('a page of another origin that may read with credentials', async () => {
    const origin = 'https://a.example'
    await it.setting('apiv3_cors_enabled', true)
    await it.setting('apiv3_cors_origins', [origin])
    const app = await build(it.db)
    const ask = async (headers: Record<string, string>) => {
      const reply = await app.inject({ url: '/api/v3/users/me', headers })
      return [reply.statusCode, reply.headers['access-control-allow-origin']]
    }
    assert.deepEqual(await ask({ cookie, origin }), [401, origin])
    assert.deepEqual(await ask({ cookie, origin, 'sec-fetch-site': 'same-site' }), [401, origin])
    assert.deepEqual(await ask({ authorization: `Bearer ${await it.token(vera)}`, origin }), [200, origin])
    await app.close()
    await it.setting('apiv3_cors_enabled', false)
  })

  test('a cookie that is wrong, doubled, or of another name', async () => {
    const other = await begun(await it.make.user())
    for (const wrong of [
      `${NAME}=`,
      `${NAME}=${'0'.repeat(64)}`,
      `${cookie}; ${NAME}=${other}`,
      `__Host-${cookie}`,
      `x${cookie}`,
    ])
      assert.equal(await reader({ cookie: wrong }), undefined, wrong)
  })

  test('an invalid session where no login is required is not an error', async () => {
    await it.setting('login_required', false)
    const { status, body } = await it.anonymous.get('', { cookie: `${NAME}=${'0'.repeat(64)}` })
    await it.setting('login_required', true)
    assert.deepEqual([status, body._links.user], [200, undefined])
  })
})

test('The Authorization header takes precedence over the session, even with wrong credentials', async () => {
  const adam = await it.make.user()
  assert.equal(await reader({ cookie, authorization: `Bearer ${await it.token(adam)}` }), adam)
  assert.equal(await reader({ cookie, authorization: 'Bearer opapi-wrong' }), undefined)
  assert.equal(await reader({ cookie, authorization: `Basic ${btoa('admin:admin')}` }), undefined)
})

test('With HTTPS only the __Host- cookie counts', async () => {
  await it.setting('https', true)
  assert.equal(await reader({ cookie: `__Host-${cookie}` }), vera)
  assert.equal(await reader({ cookie }), undefined)
  await it.setting('https', false)
})

describe('A session does not outlive', () => {
  test('a lock of its user', async () => {
    assert.equal(await reader({ cookie }), vera)
    assert.equal((await it.admin.post(`/users/${vera}/lock`)).status, 200)
    assert.equal(await reader({ cookie }), undefined)
  })

  test('the removal of its user', async () => {
    await it.setting('users_deletable_by_admins', true)
    assert.equal(await reader({ cookie }), vera)
    assert.equal((await it.admin.delete(`/users/${vera}`)).status, 202)
    assert.equal(await reader({ cookie }), undefined)
  })

  test('a password change on any device; it survives other changes', async () => {
    const other = `${NAME}=${await begun(vera)}`
    assert.equal((await it.admin.patch(`/users/${vera}`, { firstName: 'Vero' })).status, 200)
    assert.deepEqual([await reader({ cookie }), await reader({ cookie: other })], [vera, vera])
    assert.equal((await it.admin.patch(`/users/${vera}`, { password: 'a long new one' })).status, 200)
    assert.deepEqual([await reader({ cookie }), await reader({ cookie: other })], [undefined, undefined])
  })

  test('thirty days, even if it is in use', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() })
    try {
      for (let day = 0; day < 30; day++) {
        assert.equal(await reader({ cookie }), vera, `day ${day}`)
        mock.timers.tick(24 * 60 * MINUTE)
      }
      assert.equal(await reader({ cookie }), undefined)
      await runDue(it.db)
      assert.equal(await isThere(), false)
    } finally {
      mock.timers.reset()
    }
  })

  test('the configured minutes without a request', async () => {
    await it.setting('session_ttl_enabled', true)
    await it.setting('session_ttl', 10)
    mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const app = await build(it.db)
    const elsewhere = async () => (await app.inject({ url: '/api/v3/users/me', headers: { cookie } })).statusCode
    try {
      for (let i = 0; i < 3; i++) {
        mock.timers.tick(9 * MINUTE)
        assert.equal(await reader({ cookie }), vera)
      }
      // Activity on another server counts too.
      assert.equal(await elsewhere(), 200)
      mock.timers.tick(9 * MINUTE)
      assert.equal(await elsewhere(), 200)
      mock.timers.tick(9 * MINUTE)
      assert.equal(await reader({ cookie }), vera)
      await runDue(it.db)
      assert.equal(await isThere(), true)
      mock.timers.tick(12 * MINUTE)
      assert.equal(await reader({ cookie }), undefined)
      await runDue(it.db)
      assert.equal(await isThere(), false)
    } finally {
      mock.timers.reset()
      await app.close()
      await it.setting('session_ttl_enabled', false)
    }
  })
})

test('The time of the last request is written once a minute at most, even by concurrent requests', async () => {
  const seen = async () =>
    (await it.db.one<{ last_seen_at: string }>(sql`select last_seen_at from sessions where user_id = ${vera}`))!.last_seen_at
  const start = Date.now()
  mock.timers.enable({ apis: ['Date'], now: start })
  try {
    await reader({ cookie })
    const first = await seen()
    mock.timers.tick(MINUTE / 2)
    await reader({ cookie })
    assert.equal(await seen(), first)
    mock.timers.tick(MINUTE)
    const writes = mock.method(it.db, 'transaction')
    const all = await Promise.all(Array.from({ length: 5 }, () => reader({ cookie })))
    assert.deepEqual(new Set(all), new Set([vera]))
    assert.equal(await seen(), new Date(start + 1.5 * MINUTE).toISOString())
    await Promise.all(Array.from({ length: 5 }, () => reader({ cookie })))
    assert.equal(writes.mock.callCount(), 1)
  } finally {
    mock.restoreAll()
    mock.timers.reset()
  }
})
