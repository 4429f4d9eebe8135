/** The first run: the printed setup link creates the first administrator's account, once. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { sendOut } from '#jobs/mail.ts'
import { build } from '#server/app.ts'
import { setup, setupPath } from '#server/setup.ts'
import { emptyDatabase } from '#test/database.ts'
import { jobsOf } from '#test/jobs.ts'
import { MINUTE, PASSWORD, to } from '#test/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { ANOTHER, DAY, saidOf, twice } from './scene.ts'

let place: Awaited<ReturnType<typeof emptyDatabase>>
let app: Awaited<ReturnType<typeof build>>
let url: string
let link: string
let one: Browser
before(() => mock.timers.enable({ apis: ['Date'], now: Date.now() }))
after(() => mock.timers.reset())
beforeEach(async () => {
  place = await emptyDatabase()
  await setup(place.db, { seed: 'basic' })
  app = await build(place.db)
  url = await app.listen({ port: 0, host: '127.0.0.1' })
  link = (await setupPath(place.db)) ?? assert.fail('no link')
  one = browser(url)
})
afterEach(async () => {
  await app.close()
  await place.drop()
})

const ada = { firstName: 'Ada', lastName: 'Byron', login: 'ada', email: 'ada@example.org', ...twice(PASSWORD) }
async function follow(by = one, to_ = link) {
  assert.deepEqual(to(await by.get(to_)), [303, '/setup'])
  return by.get('/setup')
}
const users = () =>
  place.db.all(sql`select login, name, email, admin, password_hash is not null as able from principals where type = 'User'`)
const untouched = [{ login: 'admin', name: 'OpenProject Admin', email: 'admin@example.net', admin: true, able: false }]
const plain = (rows: object[]) => rows.map((row) => ({ ...row, ...('able' in row && { able: Boolean(row.able) }) }))

test('The link sets up the first administrator, signs them in, and expires', async () => {
  const { status, text } = await follow()
  assert.equal(status, 200)
  assert.match(text, /<h1>Set up Halyard<\/h1>/)
  assert.equal(text.includes(link.slice(-64)), false)
  assert.deepEqual(to(await one.submit('/setup', ada)), [303, '/'])
  assert.deepEqual(plain(await users()), [{ login: 'ada', name: 'Ada Byron', email: 'ada@example.org', admin: true, able: true }])
  assert.equal((await one.get('/')).status, 200)
  assert.equal((await one.get('/api/v3/users/me')).body.admin, true)
  assert.equal((await browser(url).signIn('ada', PASSWORD)).status, 303)
  assert.deepEqual(await place.db.all(sql`select * from one_time_links`), [])
  assert.deepEqual(await jobsOf(place.db, sendOut), [], 'nobody is told of an address that was an example')
  assert.equal(await setupPath(place.db), undefined)
  const again = browser(url)
  assert.equal((await follow(again)).status, 410)
  assert.equal((await again.submit('/setup', { ...ada, login: 'eve', email: 'eve@example.org' })).status, 410)
  assert.equal((await users()).length, 1)
})

test('Nobody can sign in before, as the administrator has no password', async () => {
  for (const password of ['', 'admin', 'null', PASSWORD]) assert.equal((await one.signIn('admin', password)).status, 422)
  assert.deepEqual(plain(await users()), untouched)
})

test('Without the secret the page shows and does nothing', async () => {
  const bare = browser(url)
  const dead = [await bare.get('/setup'), await bare.submit('/setup', ada), await follow(bare, `/setup?token=${'0'.repeat(64)}`)]
  for (const { status, text } of dead) assert.deepEqual([status, text], [410, dead[0]?.text])
  await follow()
  assert.equal((await one.submit('/setup', ada, { 'sec-fetch-site': 'cross-site' })).status, 403)
  assert.deepEqual(plain(await users()), untouched)
})

test('A demoted administrator cannot use the link', async () => {
  await follow()
  await place.db.transaction((tx) => tx.run(sql`update principals set admin = ${false} where login = 'admin'`))
  assert.equal((await one.submit('/setup', ada)).status, 410)
  assert.deepEqual(plain(await users()), [{ ...untouched[0], admin: false }])
})

test('Of two concurrent uses one succeeds', async () => {
  const both = [browser(url), browser(url)]
  for (const each of both) await follow(each)
  const replies = await Promise.all(
    both.map((each, i) =>
      each.submit('/setup', { ...ada, login: `ada${i}`, email: `ada${i}@example.org`, ...twice(`${PASSWORD} ${i}`) }),
    ),
  )
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [303, 410])
  const won = replies.findIndex(({ status }) => status === 303)
  assert.deepEqual(
    (await users()).map((user) => user.login),
    [`ada${won}`],
  )
  assert.equal((await browser(url).signIn(`ada${won}`, `${PASSWORD} ${won}`)).status, 303)
  assert.equal((await both[1 - won]?.get('/'))?.status, 303)
})

test('Errors appear at their fields and do not consume the link', async () => {
  await follow()
  for (const [wrong, field] of [
    [{ email: 'nowhere' }, 'email'],
    [{ login: 'a;b' }, 'login'],
    [{ login: '' }, 'login'],
    [{ firstName: '' }, 'firstName'],
    [{ lastName: '<b>' }, 'lastName'],
    [twice('admin'), 'password'],
    [twice(PASSWORD, ANOTHER), 'repeated'],
  ] as const) {
    const reply = await one.submit('/setup', { ...ada, ...wrong })
    assert.equal(reply.status, 422)
    assert.notEqual(saidOf(reply, field), undefined, `${field}: ${reply.text}`)
    assert.equal(reply.text.includes(PASSWORD), false)
  }
  assert.deepEqual(plain(await users()), untouched)
  assert.deepEqual(to(await one.submit('/setup', { ...ada, back_url: '//evil.example' })), [303, '/'])
})

test('It is valid for a day; each start before its use prints a new one', async () => {
  mock.timers.tick(DAY - MINUTE)
  assert.equal((await follow()).status, 200)
  mock.timers.tick(MINUTE)
  assert.equal((await one.get('/setup')).status, 410)
  assert.equal((await one.submit('/setup', ada)).status, 410)
  const fresh = (await setupPath(place.db)) ?? assert.fail('no link')
  assert.notEqual(fresh, link)
  await follow(one, fresh)
  assert.deepEqual(to(await one.submit('/setup', ada)), [303, '/'])
})

describe('It expires when an administrator has a password', () => {
  const ways: [name: string, way: (admin: { id: number }, token: string) => Promise<unknown>][] = [
    ['by a change', async ({ id }, token) => api('PATCH', `/users/${id}`, token, { password: PASSWORD })],
    [
      'by a creation',
      async (_, token) => api('POST', '/users', token, { ...ada, admin: true, status: 'active', password: PASSWORD }),
    ],
  ]
  const api = async (method: string, path: string, token: string, body: object) => {
    const reply = await fetch(`${url}/api/v3${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(reply.ok, await reply.text())
  }
  for (const [name, way] of ways) {
    test(name, async () => {
      const token = `opapi-${'ab'.repeat(20)}`
      await setup(place.db, { seed: 'basic', adminToken: token })
      const admin = (await place.db.one<{ id: number }>(sql`select id from principals where login = 'admin'`)) ?? assert.fail()
      // By a second administrator, because one's own password requires the current one.
      const { id } =
        (await place.db.one<{ id: number }>(
          sql`insert into principals (type, name, login, admin, status, created_at, updated_at)
          values ('User', 'Second', 'second', true, 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z') returning id`,
        )) ?? assert.fail()
      await place.db.transaction((tx) => tx.run(sql`update tokens set user_id = ${id} where name = 'Given at start'`))
      assert.equal((await follow()).status, 200)
      await way(admin, token)
      assert.equal((await one.get('/setup')).status, 410)
      assert.equal(await setupPath(place.db), undefined)
    })
  }
})
