/** Right passwords never count as attempts, even concurrently; wrong ones are limited exactly. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { decide, passwordLimit, type Reserved, reserve } from '#identity/rate-limit.ts'
import type { Client } from '#test/instance.ts'
import { MINUTE, PASSWORD, type Scene, scene } from '#test/scene.ts'
import { codeOf, wrongCodeOf } from '#test/totp.ts'
import { STAGE, setUp, waitingBrowser } from '../two-factor/scene.ts'
import { type Browser, browser } from './browser.ts'

const WRONG = 'wrong horse 7!'

let it: Scene
let login: string
let vera: number
let one: Browser
let client: Client
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  // Resets the counts of wrong attempts, also of the network.
  mock.timers.tick(MINUTE)
  ;({ id: vera, login, browser: one } = await it.visitor())
  await one.signIn(login, PASSWORD)
  client = await it.as(vera)
  await it.setting('brute_force_block_after_failed_logins', 0)
})

/** Everything that accepts a password; each gives a status, 429 after too many attempts. */
const interfaces: Readonly<Record<string, { right: number; give: (password: string) => Promise<number> }>> = {
  'the sign-in page': { right: 303, give: async (password) => (await browser(it.url).signIn(login, password)).status },
  'the confirmation page': { right: 303, give: async (password) => (await one.submit('/confirm', { password })).status },
  'the password page': {
    right: 422,
    // An invalid new password keeps the current one.
    give: async (currentPassword) => {
      const reply = await one.submit('/my/password', { currentPassword, password: 'short', repeated: 'short' })
      assert.equal(reply.text.includes('id="currentPassword-error"'), reply.status === 422 && currentPassword === WRONG)
      return reply.status
    },
  },
  'the API’s form': {
    right: 200,
    give: async (currentPassword) => {
      const { status, body } = await client.post('/users/me/form', { password: 'short', currentPassword })
      if (status === 200) assert.equal('currentPassword' in body._embedded.validationErrors, currentPassword === WRONG)
      return status
    },
  },
  'the API’s update of the own user': {
    right: 422,
    give: async (currentPassword) => (await client.patch('/users/me', { password: 'short', currentPassword })).status,
  },
}
/** The status of each for a wrong password. */
const wrongAt = (name: string) => (name === 'the API’s form' ? 200 : 422)

const tally = (statuses: readonly number[]) =>
  Object.fromEntries([...Map.groupBy(statuses, (status) => status)].map(([status, all]) => [status, all.length]))

for (const [name, { right, give }] of Object.entries(interfaces)) {
  describe(`At ${name}`, () => {
    test('concurrent right passwords beyond the limit are all accepted, and then twenty wrong ones are checked', async () => {
      assert.deepEqual(tally(await Promise.all(Array.from({ length: 25 }, () => give(PASSWORD)))), { [right]: 25 })
      const wrong = await Promise.all(Array.from({ length: 25 }, () => give(WRONG)))
      assert.deepEqual(tally(wrong), { [wrongAt(name)]: 20, 429: 5 })
      assert.equal(await give(PASSWORD), 429)
    })
  })
}

test('Twenty sequential and fifty concurrent sign-ins do not count as attempts', async () => {
  const give = interfaces['the sign-in page']?.give ?? assert.fail()
  for (let i = 0; i < 20; i++) assert.equal(await give(PASSWORD), 303, `${i}`)
  assert.deepEqual(tally(await Promise.all(Array.from({ length: 50 }, () => give(PASSWORD)))), { 303: 50 })
  for (let i = 0; i < 20; i++) assert.equal(await give(WRONG), 422, `${i}`)
  assert.equal(await give(WRONG), 429)
})

describe('An account with a limit of three wrong passwords', () => {
  beforeEach(() => it.setting('brute_force_block_after_failed_logins', 3))
  const signIn = async (password: string) => (await browser(it.url).signIn(login, password)).status

  test('accepts ten concurrent right passwords', async () => {
    const many = await Promise.all(Array.from({ length: 10 }, () => signIn(PASSWORD)))
    assert.deepEqual(tally(many), { 303: 10 })
  })

  test('is blocked after three of any number of concurrent wrong ones', async () => {
    assert.deepEqual(tally(await Promise.all(Array.from({ length: 10 }, () => signIn(WRONG)))), { 422: 10 })
    const row = await it.db.one<{ failed_logins: number }>(sql`select failed_logins from principals where id = ${vera}`)
    assert.equal(row?.failed_logins, 3)
    assert.equal(await signIn(PASSWORD), 422)
  })

  test('checks no password while three are pending, and is blocked if these are wrong', async () => {
    const other = `other-${vera}`
    await it.make.user({ login: other, password_hash: it.hash })
    const undecided = await it.db.transaction(async (tx) => {
      const all = []
      for (let i = 0; i < 3; i++) all.push(await reserve(tx, passwordLimit, login, new Date()))
      return all as Reserved[]
    })
    const waiting = signIn(PASSWORD)
    // A later sign-in of another user succeeds meanwhile.
    assert.equal((await browser(it.url).signIn(other, PASSWORD)).status, 303)
    await it.db.transaction(async (tx) => {
      for (const one of undecided) await decide(tx, one, 'wrong')
      const at = new Date().toISOString()
      await tx.run(sql`update principals set failed_logins = 3, failed_login_at = ${at} where id = ${vera}`)
    })
    assert.equal(await waiting, 422)
  })

  test('resets the count with each right password', async () => {
    for (let round = 0; round < 3; round++) {
      assert.equal(await signIn(WRONG), 422)
      assert.equal(await signIn(WRONG), 422)
      assert.equal(await signIn(PASSWORD), 303)
    }
  })
})

test('An attempt that a crash left pending counts as wrong until its minute is over', async () => {
  const give = interfaces['the sign-in page']?.give ?? assert.fail()
  await give(WRONG)
  await it.db.transaction((tx) => tx.run(sql`update attempts set pending = pending + 1, attempts = attempts + 1`))
  const statuses = await Promise.all(Array.from({ length: 18 }, () => give(WRONG)))
  assert.deepEqual(tally(statuses), { 422: 18 })
  mock.timers.tick(MINUTE)
  assert.equal(await give(PASSWORD), 303)
})

describe('Codes:', () => {
  test('twenty right ones in ten minutes are all accepted, and then ten wrong ones are checked', async () => {
    const { secret } = await setUp(one)
    for (let i = 0; i < 20; i++) {
      mock.timers.tick(MINUTE / 2)
      assert.equal((await (await waitingBrowser(it.url, login)).submit(STAGE, { code: codeOf(secret) })).status, 303, `${i}`)
    }
    const two = await waitingBrowser(it.url, login)
    for (let i = 0; i < 10; i++) assert.equal((await two.submit(STAGE, { code: wrongCodeOf(secret) })).status, 422, `${i}`)
    assert.equal((await two.submit(STAGE, { code: wrongCodeOf(secret) })).status, 429)
  })

  test('all recovery codes are accepted, sequentially or concurrently', async () => {
    const { codes } = await setUp(one)
    const waiting = await Promise.all(codes.map(() => waitingBrowser(it.url, login)))
    const statuses = await Promise.all(
      codes.map(async (recovery, i) => ((await waiting[i]?.submit(STAGE, { recovery })) ?? assert.fail()).status),
    )
    assert.deepEqual(tally(statuses), { 200: 10 })
    const two = await waitingBrowser(it.url, login)
    for (let i = 0; i < 10; i++) assert.equal((await two.submit(STAGE, { recovery: codes[0] as string })).status, 422, `${i}`)
    assert.equal((await two.submit(STAGE, { recovery: codes[0] as string })).status, 429)
  })
})
