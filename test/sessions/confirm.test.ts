/** Confirmation of identity: pages and API require a recent one, since a session may have been stolen. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { isProved, type Session } from '#identity/sessions.ts'
import { invalidate } from '#kernel/cache.ts'
import { MINUTE, PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { type Browser, browser } from './browser.ts'

let it: Scene
let vera: number
let login: string
let one: Browser
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  ;({ id: vera, login, browser: one } = await it.visitor())
  await one.signIn(login, PASSWORD)
})

async function isFresh(): Promise<boolean> {
  const row = await it.db.one<{ proved_at: string }>(sql`select proved_at from sessions where user_id = ${vera}`)
  return isProved({ provedAt: row?.proved_at } as Session, new Date())
}

test('A sign-in is a fresh proof for a quarter of an hour', async () => {
  assert.equal(await isFresh(), true)
  mock.timers.tick(15 * MINUTE)
  assert.equal(await isFresh(), false)
})

test('The password renews the proof and redirects to the destination', async () => {
  mock.timers.tick(20 * MINUTE)
  const { status, text } = await one.get('/confirm?back_url=%2Fmy%2Faccount')
  assert.equal(status, 200)
  assert.match(text, /<input type="hidden" name="back_url" value="\/my\/account">/)
  assert.deepEqual(to(await one.submit('/confirm', { password: PASSWORD, back_url: '/my/account' })), [303, '/my/account'])
  assert.equal(await isFresh(), true)
})

test('It redirects to no other site', async () => {
  assert.deepEqual(to(await one.submit('/confirm', { password: PASSWORD, back_url: '//evil.example' })), [303, '/'])
})

test('A wrong password counts as at the sign-in page', async () => {
  mock.timers.tick(20 * MINUTE)
  await it.setting('brute_force_block_after_failed_logins', 3)
  for (let i = 0; i < 3; i++) assert.equal((await one.submit('/confirm', { password: 'wrong' })).status, 422)
  assert.equal((await one.submit('/confirm', { password: PASSWORD })).status, 422)
  assert.equal((await browser(it.url).signIn(login, PASSWORD)).status, 422)
  assert.equal(await isFresh(), false)
})

test('An anonymous visitor is redirected to the sign-in', async () => {
  const stranger = browser(it.url)
  assert.deepEqual(to(await stranger.get('/confirm')), [303, '/login?back_url=%2Fconfirm'])
  assert.deepEqual(to(await stranger.submit('/confirm', { password: PASSWORD })), [303, '/login?back_url=%2Fconfirm'])
})

test('In the API, too, a stale session cannot change e-mail address or password', async () => {
  const change = (who: number, values: object) =>
    it.anonymous.patch(`/users/${who}`, values, { cookie: one.cookie, 'x-requested-with': 'XMLHttpRequest' })
  const adam = await it.make.user()
  const attempts = [
    [vera, { email: 'new@example.net' }, 'email'],
    [adam, { email: 'other@example.net' }, 'email'],
    [adam, { password: 'a long new one' }, 'password'],
  ] as const
  await it.db.transaction(async (tx) => {
    await tx.run(sql`update principals set admin = ${true} where id = ${vera}`)
    await invalidate(tx, 'principals')
  })
  mock.timers.tick(20 * MINUTE)
  for (const [who, values, attribute] of attempts) {
    const { status, body } = await change(who, values)
    assert.deepEqual([status, body._embedded?.details?.attribute], [422, attribute])
    assert.match(body.message, /confirm at \/confirm/)
  }
  assert.equal((await change(vera, { firstName: 'Vero' })).status, 200)
  await one.submit('/confirm', { password: PASSWORD })
  for (const [who, values] of attempts) assert.equal((await change(who, values)).status, 200)
})

test('Another site cannot send the form', async () => {
  mock.timers.tick(20 * MINUTE)
  const reply = await one.submit('/confirm', { password: PASSWORD }, { 'sec-fetch-site': 'cross-site' })
  assert.equal(reply.status, 403)
  assert.equal(await isFresh(), false)
})
