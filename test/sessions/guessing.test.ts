/** Limits of guesses: of usernames and passwords, sequential and concurrent. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { computations } from '#identity/passwords.ts'
import { build } from '#server/app.ts'
import { filters, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { MINUTE, PASSWORD, type Scene, scene } from '#test/scene.ts'
import { browser } from './browser.ts'

let it: Scene
let vera: number
let login: string
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  ;({ id: vera, login } = await it.visitor())
  await it.setting('brute_force_block_after_failed_logins', 3)
})

const signIn = (name: string, password: string) => browser(it.url).signIn(name, password)
const status = async (password: string) => (await signIn(login, password)).status
const failing = async (times: number) => {
  for (let i = 0; i < times; i++) assert.equal(await status('wrong'), 422)
}

test('Text, status, headers and work do not reveal whether a user exists, or their status', async () => {
  const user = (name: string, values: object) => it.make.user({ login: name, password_hash: it.hash, ...values })
  await user('locked', { status: 3 })
  await user('invited', { status: 4 })
  await user('registered', { status: 2 })
  await user('blocked', { failed_logins: 3, failed_login_at: new Date().toISOString() })
  await user('elsewhere', { password_hash: null })
  await it.make.row('principals', {
    type: 'Group',
    name: 'group',
    login: 'group',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
  })
  const told = new Set<string>()
  for (const [name, password] of [
    [login, 'wrong'],
    ['nobody', PASSWORD],
    ['locked', PASSWORD],
    ['locked', 'wrong'],
    ['invited', PASSWORD],
    ['registered', PASSWORD],
    ['blocked', PASSWORD],
    ['blocked', 'wrong'],
    ['elsewhere', PASSWORD],
    ['elsewhere', ''],
    ['group', PASSWORD],
    ['', ''],
    ['a\u0000b', PASSWORD],
  ] as const) {
    const before = computations()
    const reply = await signIn(name, password)
    const head = [...reply.headers].filter(([key]) => !['x-request-id', 'content-length', 'date'].includes(key))
    const text = reply.text.replace(/(name="username" type="text") value="[^"]*"/, '$1')
    told.add(JSON.stringify([reply.status, head, text, computations() - before]))
  }
  assert.equal(told.size, 1, [...told].join('\n'))
  assert.match([...told][0] as string, /^\[422,.*,1\]$/)
})

describe('An account after wrong passwords', () => {
  test('refuses the right password for the configured time', async () => {
    await failing(3)
    assert.equal(await status(PASSWORD), 422)
    mock.timers.tick(29 * MINUTE)
    assert.equal(await status(PASSWORD), 422)
    mock.timers.tick(2 * MINUTE)
    assert.equal(await status(PASSWORD), 303)
  })

  test('resets the count after the right password, or after a while', async () => {
    for (let round = 0; round < 2; round++) {
      await failing(2)
      assert.equal(await status(PASSWORD), 303)
    }
    await failing(2)
    mock.timers.tick(31 * MINUTE)
    await failing(2)
    assert.equal(await status(PASSWORD), 303)
  })

  test('does not allow more concurrent guesses', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => status('wrong')))
    assert.deepEqual(new Set(replies), new Set([422]))
    const row = await it.db.one<{ failed_logins: number }>(sql`select failed_logins from principals where id = ${vera}`)
    assert.equal(row?.failed_logins, 3)
    assert.equal(await status(PASSWORD), 422)
  })

  test('is listed as blocked while it is', async () => {
    const project = await it.make.project()
    const membership = await it.make.member(vera, project, ['view_project'])
    const found = async (operator: string) => {
      const of = filters(['blocked', operator, ['blocked']])
      const users = ids(await it.admin.get(`/users?${of}&pageSize=-1`)).includes(vera)
      return [users, ids(await it.admin.get(`/memberships?${of}&pageSize=-1`)).includes(membership)]
    }
    assert.deepEqual(
      [await found('='), await found('!')],
      [
        [false, false],
        [true, true],
      ],
    )
    await failing(3)
    assert.deepEqual(
      [await found('='), await found('!')],
      [
        [true, true],
        [false, false],
      ],
    )
    mock.timers.tick(31 * MINUTE)
    assert.deepEqual(
      [await found('='), await found('!')],
      [
        [false, false],
        [true, true],
      ],
    )
  })

  test('is never blocked if the setting is off', async () => {
    await it.setting('brute_force_block_after_failed_logins', 0)
    await failing(5)
    assert.equal(await status(PASSWORD), 303)
  })

  test('keeps its sessions', async () => {
    const one = browser(it.url)
    await one.signIn(login, PASSWORD)
    await failing(3)
    assert.equal(await one.me(), vera)
  })
})

test('Twenty attempts a minute at a username, existing or not, block it for half an hour', async () => {
  await it.setting('brute_force_block_after_failed_logins', 0)
  for (const name of [login, `nobody-${vera}`]) {
    for (let i = 0; i < 20; i++) {
      const spelled = i % 2 ? name.toUpperCase() : ` ${name} `
      assert.equal((await signIn(spelled, 'wrong')).status, 422, `${name} ${i}`)
    }
    const before = computations()
    const reply = await signIn(name, PASSWORD)
    assert.deepEqual([reply.status, reply.headers.get('retry-after')], [429, '1800'])
    assert.match(reply.text, /role="alert".*30 minutes/)
    const other = await build(it.db)
    const there = await other.inject({
      method: 'POST',
      url: '/login',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      payload: new URLSearchParams({ username: name, password: PASSWORD }).toString(),
    })
    assert.equal(there.statusCode, 429, 'another server counts along')
    await other.close()
    assert.equal(computations(), before)
  }
  mock.timers.tick(29 * MINUTE)
  await runDue(it.db)
  assert.equal(await status(PASSWORD), 429)
  mock.timers.tick(MINUTE)
  await runDue(it.db)
  assert.deepEqual(await it.db.all(sql`select * from attempts`), [])
  assert.equal(await status(PASSWORD), 303)
})

test('Twenty attempts in two minutes block nothing', async () => {
  await it.setting('brute_force_block_after_failed_logins', 0)
  await failing(15)
  mock.timers.tick(MINUTE)
  await failing(15)
  assert.equal(await status(PASSWORD), 303)
})

test('Hashing is limited under load: excess requests get 503', async () => {
  const before = computations()
  const replies = await Promise.all(Array.from({ length: 150 }, (_, i) => signIn(`crowd-${i}`, 'wrong')))
  const tired = replies.filter((reply) => reply.status === 503)
  assert.ok(tired.length > 0 && tired.length < 150, `${tired.length} of 150`)
  assert.equal(tired[0]?.headers.get('retry-after'), '5')
  assert.equal(computations() - before, 150 - tired.length)
  assert.equal(await status(PASSWORD), 303)
})

test('Attempted passwords and usernames are neither stored nor logged', async () => {
  const loud = await instance({ seed: 'none', logLevel: 'trace' })
  await browser(loud.url).signIn('my typo', 'my secret')
  const kept = JSON.stringify(await loud.db.all(sql`select * from attempts`)) + loud.logged.join('')
  await loud.close()
  assert.equal(/my.typo|my.secret/.test(kept), false, kept)
})
