/** Pages of one's own account: the same validation as the API, with errors at their fields. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { MINUTE, PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { mailOf, saidOf } from './scene.ts'

let it: Scene
let vera: number
let login: string
let one: Browser
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  ;({ id: vera, login, browser: one } = await it.visitor({ language: 'en' }))
  await one.signIn(login, PASSWORD)
})

const row = async () => (await it.db.one(sql`select * from principals where id = ${vera}`)) ?? assert.fail('nobody')

test('The name is changed, and shown as text', async () => {
  const reply = await one.submit('/my/account', { firstName: 'Zoë', lastName: "O'Hara & Co (2)" })
  assert.deepEqual(to(reply), [303, '/my/account?done=saved'])
  const { text } = await one.get('/my/account?done=saved')
  assert.match(text, /role="status" class="notice">Saved\.</)
  assert.match(text, /name="lastName" type="text" value="O&#39;Hara &amp; Co \(2\)"/)
  assert.equal((await row()).name, "Zoë O'Hara & Co (2)")
})

test('The error of a name appears at its field, which keeps the input', async () => {
  const reply = await one.submit('/my/account', { firstName: '<b>Zoë</b>', lastName: '' })
  assert.equal(reply.status, 422)
  assert.deepEqual(
    [saidOf(reply, 'firstName'), saidOf(reply, 'lastName')],
    ['First name is invalid.', "Last name can't be blank."],
  )
  assert.match(reply.text, /value="&lt;b&gt;Zoë&lt;\/b&gt;"[^>]* aria-invalid="true" aria-describedby="firstName-error"/)
  assert.equal((await row()).first_name, 'Vera')
})

test('Additional fields of a form change nothing', async () => {
  const more = { admin: 'true', status: 'locked', login: 'root', email: 'evil@example.net', password: 'another one 9!', id: '1' }
  await one.submit('/my/account', { firstName: 'Zoë', lastName: 'Z', ...more })
  await one.submit('/my/settings', { language: 'de', timeZone: 'Europe/Berlin', firstName: 'Evil', ...more })
  const { admin, status, login: now, email, password_hash, first_name } = await row()
  assert.deepEqual(
    [admin, status, now, email, password_hash, first_name],
    [false, 1, login, `${login}@example.net`, it.hash, 'Zoë'],
  )
})

test('Changing the e-mail address requires a fresh proof and notifies the old address', async () => {
  mock.timers.tick(16 * MINUTE)
  assert.deepEqual(to(await one.get('/my/email')), [303, '/confirm?back_url=%2Fmy%2Femail'])
  assert.deepEqual(to(await one.submit('/my/email', { email: 'new@example.net' })), [303, '/confirm?back_url=%2Fmy%2Femail'])
  assert.equal((await row()).email, `${login}@example.net`)
  await one.submit('/confirm', { password: PASSWORD })
  const wrong = await one.submit('/my/email', { email: 'nowhere' })
  assert.deepEqual([wrong.status, saidOf(wrong, 'email')], [422, 'Email is invalid.'])
  assert.deepEqual(await mailOf(it), [])
  assert.deepEqual(to(await one.submit('/my/email', { email: `${login}-new@example.net` })), [303, '/my/account?done=saved'])
  assert.equal((await row()).email, `${login}-new@example.net`)
  const mails = await mailOf(it)
  assert.deepEqual(
    mails.map(({ recipient, subject }) => [recipient, subject]),
    [[`${login}@example.net`, 'Your e-mail address at Halyard has been changed']],
  )
  assert.equal(mails[0]?.text.includes('-new@'), false, 'the old mailbox is not told the new address')
})

test('Language and time zone are selected from the values of the API', async () => {
  const { text } = await one.get('/my/settings')
  assert.match(text, /<option value="en" selected>English<\/option>/)
  assert.match(text, /<option value="" selected>Server default: UTC<\/option>/)
  assert.match(text, /<option value="Asia\/Kathmandu">|<option value="Asia\/Katmandu">/)
  assert.deepEqual(to(await one.submit('/my/settings', { language: 'de', timeZone: 'Europe/Berlin' })), [
    303,
    '/my/settings?done=saved',
  ])
  assert.deepEqual([(await row()).language, (await row()).time_zone], ['de', 'Europe/Berlin'])
  assert.match((await one.get('/my/settings')).text, /<option value="Europe\/Berlin" selected>/)
  await one.submit('/my/settings', { language: 'de', timeZone: '' })
  assert.equal((await row()).time_zone, null)
})

test('Without an own language the default is selected, not the first option', async () => {
  await it.db.transaction(async (tx) => {
    await tx.run(sql`update principals set language = null where id = ${vera}`)
    await invalidate(tx, 'principals')
  })
  assert.match((await one.get('/my/settings')).text, /<option value="en" selected>/)
})

test('Invalid settings are not saved, not even in part', async () => {
  const reply = await one.submit('/my/settings', { language: 'de', timeZone: 'Mars/Olympus' })
  assert.equal(reply.status, 422)
  assert.match(saidOf(reply, 'timeZone') ?? '', /allowed values/)
  assert.equal((await row()).language, 'en')
  const other = await one.submit('/my/settings', { language: 'english!', timeZone: '' })
  assert.match(saidOf(other, 'language') ?? '', /allowed values/)
})

test('Users of an identity provider learn where to change their name', async () => {
  await it.admin.patch(`/users/${vera}`, { identityUrl: `https://id.example.net/${vera}` })
  const { text } = await one.get('/my/account')
  assert.match(text, /identity provider manages your name/)
  assert.equal(text.includes('action="/my/account"'), false)
  assert.equal((await one.submit('/my/account', { firstName: 'Zoë', lastName: 'Z' })).status, 422)
  assert.equal((await one.submit('/my/email', { email: 'x@example.net' })).status, 422)
  assert.equal((await row()).first_name, 'Vera')
})

test('Other sites cannot send the form, and anonymous visitors are redirected to the sign-in', async () => {
  const stranger = browser(it.url)
  for (const path of ['/my/account', '/my/email', '/my/settings']) {
    assert.equal((await one.submit(path, {}, { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.deepEqual(to(await stranger.get(path)), [303, `/login?back_url=${encodeURIComponent(path)}`])
  }
})
