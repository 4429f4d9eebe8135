/** Connecting an account to a storage: out to its consent and back, by whom, how often, and what becomes of the tokens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { runDue } from '#test/jobs.ts'
import { connections, type Person, pathOf, type Scene, scene, see } from './scene.ts'

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

const stateOf = async ({ client }: Person, storage: number): Promise<string> =>
  (await client.get(`/storages/${storage}`)).body._links.authorizationState.href.split(':').at(-1)
const alertIn = ({ text }: { text: string }) => /role="alert"[^>]*>([^<]*)</.exec(text)?.[1]

for (const [kind, storageOf] of [
  ['a Nextcloud', () => it.nextcloud],
  ['a drive', () => it.drive],
] as const) {
  test(`a user connects to ${kind}, and stays connected`, async () => {
    const vera = await it.person(see)
    assert.equal(await stateOf(vera, storageOf()), 'NotConnected')
    const page = await it.connect(vera, storageOf())
    assert.equal(page.status, 200)
    assert.match(page.text, /Your account is connected/)
    assert.equal(await stateOf(vera, storageOf()), 'Connected')
    const { body } = await vera.client.get(`/storages/${storageOf()}`)
    assert.equal(body._links.authorize, undefined)
    // Another user is not.
    assert.equal(await stateOf(await it.person(see), storageOf()), 'NotConnected')
  })
}

test('tokens are stored encrypted', async () => {
  await it.connect(await it.person(see), it.nextcloud)
  for (const row of await it.db.all(sql`select access_token, refresh_token from storage_connections`)) {
    assert.match(row.access_token, /^sealed:/)
    assert.match(row.refresh_token, /^sealed:/)
  }
})

test('it leads back to a page of this server, and to no other', async () => {
  const destinations = [
    ['/my/account?x=1', '/my/account?x=1'],
    // The address at which people reach the server.
    ['http://localhost:8080/my/account', '/my/account'],
  ]
  const start = (destination: string) =>
    `/oauth_clients/${it.cloud.clientId}/ensure_connection?${new URLSearchParams({ storage_id: String(it.nextcloud), destination_url: destination })}`
  for (const [destination = '', to] of destinations) {
    const vera = await it.person(see)
    const out = await vera.browser.get(start(destination))
    const back = await vera.browser.get(pathOf(it.cloud.consent(out.headers.get('location') as string)))
    assert.deepEqual([back.status, back.headers.get('location')], [303, to])
    // Whoever is connected gets there at once.
    const again = await vera.browser.get(start(destination))
    assert.deepEqual([again.status, again.headers.get('location')], [303, to])
  }
  for (const destination of [
    'https://evil.example/',
    '//evil.example',
    'http://localhost:8080.evil.example/',
    'javascript:alert(1)',
  ]) {
    const vera = await it.person(see)
    const out = await vera.browser.get(start(destination))
    const back = await vera.browser.get(pathOf(it.cloud.consent(out.headers.get('location') as string)))
    assert.deepEqual([back.status, back.headers.get('location')], [200, null])
  }
})

test('only who started a connection ends it, and once', async () => {
  const [vera, mallory] = [await it.person(see), await it.person(see)]
  const { body } = await vera.client.get(`/storages/${it.nextcloud}`)
  const out = await vera.browser.get(pathOf(body._links.authorize.href))
  const back = pathOf(it.cloud.consent(out.headers.get('location') as string))
  const before = await connections(it)
  const sentence = 'The connection was started by another account, has expired, or has already been used. Start again.'
  const stolen = await mallory.browser.get(back)
  assert.deepEqual([stolen.status, alertIn(stolen)], [422, sentence])
  assert.equal(await connections(it), before)
  assert.equal((await vera.browser.get(back)).status, 200)
  const again = await vera.browser.get(back)
  assert.deepEqual([again.status, alertIn(again)], [422, sentence])
  for (const query of ['', '?state=x', '?code=x&state=']) {
    assert.equal((await vera.browser.get(`/oauth_clients/${it.cloud.clientId}/callback${query}`)).status, 422)
  }
})

test('a consent that is refused, a wrong code and a storage that is down connect nobody', async () => {
  const vera = await it.person(see)
  const start = async () => {
    const { body } = await vera.client.get(`/storages/${it.nextcloud}`)
    const out = await vera.browser.get(pathOf(body._links.authorize.href))
    return new URL(out.headers.get('location') as string).searchParams.get('state') as string
  }
  const callback = `/oauth_clients/${it.cloud.clientId}/callback`
  for (const more of ['error=access_denied', 'code=guessed']) {
    const refused = await vera.browser.get(`${callback}?state=${await start()}&${more}`)
    assert.deepEqual([refused.status, alertIn(refused)], [422, 'Chart room rejected the connection.'])
    assert.match(refused.text, /ensure_connection/)
  }
  assert.equal(await stateOf(vera, it.nextcloud), 'NotConnected')
})

test('who does not see the storage, or is not signed in, connects to none', async () => {
  const start = `/oauth_clients/${it.cloud.clientId}/ensure_connection?storage_id=${it.nextcloud}`
  const stranger = await it.person(['view_work_packages'])
  assert.equal((await stranger.browser.get(start)).status, 404)
  const vera = await it.person(see)
  assert.equal((await vera.browser.get(start.replace(it.cloud.clientId, 'another'))).status, 404)
  assert.equal((await vera.browser.get(start.replace(/\d+$/, '0'))).status, 404)
  const nobody = await it.anonymous.send('GET', start)
  assert.deepEqual([nobody.status, nobody.headers.get('location')?.startsWith('/login?back_url=')], [303, true])
})

test('an expired token is renewed without the user; a consent that is taken back asks for a new one', async () => {
  const vera = await it.person(see)
  await it.connect(vera, it.nextcloud)
  it.cloud.expire()
  assert.equal(await stateOf(vera, it.nextcloud), 'Connected')
  it.cloud.revoke()
  assert.equal(await stateOf(vera, it.nextcloud), 'FailedAuthorization')
  const { body } = await vera.client.get(`/storages/${it.nextcloud}`)
  assert.deepEqual(body._links.authorizationState.title, 'Authorization failed')
  assert.ok(body._links.authorize)
  await it.connect(vera, it.nextcloud)
  assert.equal(await stateOf(vera, it.nextcloud), 'Connected')
})

test('a token that ends soon is renewed before it is used, once for all who wait', async () => {
  const vera = await it.person(see)
  it.cloud.life = 1
  await it.connect(vera, it.nextcloud)
  it.cloud.life = 3600
  it.cloud.asked.length = 0
  const states = await Promise.all([stateOf(vera, it.nextcloud), stateOf(vera, it.nextcloud), stateOf(vera, it.nextcloud)])
  assert.deepEqual(states, ['Connected', 'Connected', 'Connected'])
  assert.equal(it.cloud.asked.filter((one) => one.endsWith('/token')).length, 1)
})

test('a storage that is down is an error, and the connection stays', async () => {
  const vera = await it.person(see)
  await it.connect(vera, it.nextcloud)
  it.cloud.isBroken = true
  assert.equal(await stateOf(vera, it.nextcloud), 'Error')
  it.cloud.isBroken = false
  assert.equal(await stateOf(vera, it.nextcloud), 'Connected')
})

test('a list of storages asks none of them', async () => {
  const vera = await it.person(see)
  await it.connect(vera, it.nextcloud)
  it.cloud.asked.length = 0
  const { body } = await vera.client.get('/storages')
  const states = body._embedded.elements.map((one: any) => one._links.authorizationState.title)
  assert.deepEqual([states, it.cloud.asked], [['Connected', 'Not connected'], []])
})

test('starts that nobody finished are forgotten', async () => {
  const vera = await it.person(see)
  const { body } = await vera.client.get(`/storages/${it.nextcloud}`)
  await vera.browser.get(pathOf(body._links.authorize.href))
  await it.db.transaction((tx) => tx.run(sql`update storage_authorizations set expires_at = '2020-01-01T00:00:00.000Z'`))
  await runDue(it.db, { only: ['storages.forget-authorizations'] })
  assert.deepEqual(await it.db.all(sql`select state from storage_authorizations`), [])
})

test('a storage that moves, gets new credentials or goes ends all connections to it', async () => {
  const vera = await it.person(see)
  await it.connect(vera, it.drive)
  assert.equal(await stateOf(vera, it.drive), 'Connected')
  await it.admin.patch(`/storages/${it.drive}`, { tenantId: 'another' })
  assert.equal(await stateOf(vera, it.drive), 'NotConnected')
  await it.connect(vera, it.nextcloud)
  const { clientId, clientSecret } = it.cloud
  await it.admin.post(`/storages/${it.nextcloud}/oauth_client_credentials`, { clientId, clientSecret })
  assert.equal(await stateOf(vera, it.nextcloud), 'NotConnected')
  await it.connect(vera, it.nextcloud)
  assert.equal((await it.admin.delete(`/storages/${it.nextcloud}`)).status, 204)
  assert.equal(await connections(it), 0)
})
