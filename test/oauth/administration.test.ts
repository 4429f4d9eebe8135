/** Applications: registration by administrators, and revocation of grants by users. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { register } from '#identity/oauth/applications.ts'
import { allow } from '#identity/oauth/grants.ts'
import { hashToken } from '#identity/tokens.ts'
import { type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const PASSWORD = 'correct horse 7!'
const LIST = '/admin/oauth/applications'
const MINUTE = 60_000

let it: Instance
let ada: Browser
let vera: Browser
let veraId: number
before(async () => {
  it = await instance()
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const password_hash = quickHash(PASSWORD)
  await it.make.user({ login: 'ada', admin: true, password_hash })
  veraId = await it.make.user({ login: 'vera', password_hash })
})
after(async () => {
  mock.timers.reset()
  await it.close()
})
beforeEach(async () => {
  ada = browser(it.url)
  vera = browser(it.url)
  await ada.signIn('ada', PASSWORD)
  await vera.signIn('vera', PASSWORD)
})

const form = {
  name: 'Time clock',
  redirectUris: 'https://clock.example/back',
  scopes: 'api_v3',
  confidential: 'yes',
  actingUser: '',
}
const to = (reply: { status: number; headers: Headers }) => [reply.status, reply.headers.get('location')]
/** The client id or secret that a page shows for copying. */
const shown = (text: string) => [...text.matchAll(/<code class="secret">([^<]+)<\/code>/g)].map(([, one]) => one as string)
const stored = (id: number) => it.db.one(sql`select * from oauth_applications where id = ${id}`)
const made = (values: object = {}) =>
  it.db.transaction((tx) =>
    register(
      tx,
      {
        name: 'Made',
        redirectUris: ['https://made.example/back'],
        scopes: ['api_v3'],
        confidential: true,
        actingUserId: null,
        ...values,
      },
      null,
      new Date(),
    ),
  )

describe('an application', () => {
  test('is registered, and its secret shown once; a hash is stored', async () => {
    const { status, text } = await ada.submit(`${LIST}/new`, form)
    assert.equal(status, 200)
    const [secret, clientId] = shown(text)
    const row = await it.db.one(sql`select * from oauth_applications where client_id = ${clientId}`)
    assert.equal(row?.secret_hash, hashToken(secret as string))
    const again = await ada.get(`${LIST}/${row?.id}`)
    assert.deepEqual(shown(again.text), [clientId])
    assert.match((await ada.get(LIST)).text, new RegExp(`<a href="${LIST}/${row?.id}">Time clock</a>`))
  })

  test('that is public has no secret', async () => {
    const reply = await ada.submit(`${LIST}/new`, { ...form, confidential: 'no', redirectUris: 'clock://back' })
    assert.equal(reply.status, 303)
    const { text } = await ada.get(reply.headers.get('location') as string)
    assert.match(text, /Public client, /)
    assert.equal(text.includes('Rotate secret'), false)
  })

  test('is not registered with errors: each field shows its own, and the input is kept', async () => {
    const { status, text } = await ada.submit(`${LIST}/new`, {
      ...form,
      name: '',
      redirectUris: 'https://clock.example/back\njavascript:alert(1)',
      actingUser: 'nobody-at-all',
    })
    assert.equal(status, 422)
    assert.match(text, /id="name-error">Name can&#39;t be blank\./)
    assert.match(text, /id="redirectUris-error">The redirect URI javascript:alert\(1\) cannot begin with javascript:/)
    assert.match(text, /id="actingUser-error">The user for client credentials must be active\./)
    assert.match(text, /javascript:alert\(1\)<\/textarea>/)
  })

  test('acts with client credentials as the configured user', async () => {
    const { id } = await made()
    assert.deepEqual(to(await ada.submit(`${LIST}/${id}`, { ...form, do: 'save', actingUser: ' VERA ' })), [
      303,
      `${LIST}/${id}?done=saved`,
    ])
    assert.deepEqual([(await stored(id))?.acting_user_id, (await stored(id))?.name], [veraId, 'Time clock'])
    assert.match((await ada.get(`${LIST}/${id}`)).text, /name="actingUser" type="text" value="vera"/)
  })

  test('has its secret rotated, is disabled and enabled', async () => {
    const { id, secret } = await made()
    const [fresh] = shown((await ada.submit(`${LIST}/${id}`, { do: 'rotate' })).text)
    assert.notEqual(fresh, secret)
    assert.equal((await stored(id))?.secret_hash, hashToken(fresh as string))
    await ada.submit(`${LIST}/${id}`, { do: 'disable' })
    assert.equal(Boolean((await stored(id))?.enabled), false)
    assert.match((await ada.get(`${LIST}/${id}?done=disabled`)).text, /role="status"/)
    await ada.submit(`${LIST}/${id}`, { do: 'enable' })
    assert.equal(Boolean((await stored(id))?.enabled), true)
  })

  test('is deleted after a confirmation', async () => {
    const { id } = await made({ name: 'Old <clock>' })
    assert.match((await ada.get(`${LIST}/${id}/delete`)).text, /<strong>Old &lt;clock&gt;<\/strong>/)
    assert.deepEqual(to(await ada.submit(`${LIST}/${id}/delete`)), [303, `${LIST}?done=deleted`])
    assert.equal(await stored(id), undefined)
    assert.equal((await ada.get(`${LIST}/${id}`)).status, 404)
  })
})

describe('These pages are', () => {
  test('404 for all other users', async () => {
    const { id } = await made()
    const before = await stored(id)
    for (const path of [LIST, `${LIST}/new`, `${LIST}/${id}`, `${LIST}/${id}/delete`]) {
      assert.equal((await vera.get(path)).status, 404, path)
      if (path !== LIST) assert.equal((await vera.submit(path, { ...form, do: 'rotate' })).status, 404, path)
      assert.equal((await browser(it.url).get(path)).status, 303, path)
    }
    assert.deepEqual(await stored(id), before)
  })

  test('not for a stale session: they require a fresh proof', async () => {
    const { id } = await made()
    const before = await stored(id)
    mock.timers.tick(20 * MINUTE)
    assert.deepEqual(to(await ada.get(LIST)), [303, `/confirm?back_url=${encodeURIComponent(LIST)}`])
    assert.equal((await ada.submit(`${LIST}/${id}`, { do: 'rotate' })).status, 303)
    assert.deepEqual(await stored(id), before)
  })

  test('protected from frames and forms of other sites', async () => {
    const { id } = await made()
    const { headers } = await ada.get(`${LIST}/${id}/delete`)
    assert.match(headers.get('content-security-policy') as string, /frame-ancestors 'none'/)
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    assert.equal((await ada.submit(`${LIST}/${id}/delete`, {}, foreign)).status, 403)
    assert.notEqual(await stored(id), undefined)
  })
})

describe('A user', () => {
  test('sees only the applications that they authorised, and revokes their access', async () => {
    const { id } = await made({ name: 'Seen' })
    const other = await made({ name: 'Not mine' })
    const adas = (await it.db.one(sql`select id from principals where login = 'ada'`))?.id
    const grant = await it.db.transaction((tx) => allow(tx, id, veraId, ['api_v3'], new Date()))
    const foreign = await it.db.transaction((tx) => allow(tx, other.id, adas, ['api_v3'], new Date()))
    const { text } = await vera.get('/my/applications')
    assert.deepEqual([text.includes('Seen'), text.includes('Not mine')], [true, false])
    assert.equal((await vera.submit('/my/applications', { end: String(foreign.id) })).status, 404)
    assert.deepEqual(to(await vera.submit('/my/applications', { end: String(grant.id) })), [303, '/my/applications?done=ended'])
    assert.deepEqual(
      (await it.db.all(sql`select id from oauth_grants`)).map((row) => row.id),
      [foreign.id],
    )
  })
})
