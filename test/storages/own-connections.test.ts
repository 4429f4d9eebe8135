/** The page of a user's own connections to file storages. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { fakeProvider, link, register } from '#test/provider.ts'
import { browser } from '../sessions/browser.ts'
import { connections, type Person, pathOf, type Scene, scene, see } from './scene.ts'

const PATH = '/my/storages'

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

/** The storages on the page, with their states and what can be done. */
async function listed({ browser: one }: Pick<Person, 'browser'>): Promise<readonly (readonly [string, string, string])[]> {
  const { status, text } = await one.get(PATH)
  assert.equal(status, 200, text)
  const plain = (part = '') => part.replaceAll(/<span class="unseen">[^<]*<\/span>|<[^>]*>/g, '').trim()
  return [
    ...text.matchAll(/<tr><th scope="row">(.*?)<\/th>\n<td[^>]*>(.*?)<\/td>\n<td[^>]*>.*?<\/td>\n<td>(.*?)<\/td><\/tr>/gs),
  ].map(([, name, state, actions]) => [plain(name), plain(state), plain(actions)])
}
const buttonIn = async ({ browser: one }: Person): Promise<string> =>
  /name="end" value="(\w+)"/.exec((await one.get(PATH)).text)?.[1] ?? ''

test('it lists the storages of the projects of a user, connects them, and disconnects one', async () => {
  const vera = await it.person(see)
  assert.deepEqual(await listed(vera), [
    ['Chart room', 'Not connected', 'Connect'],
    ['Drive', 'Not connected', 'Connect'],
  ])
  const [, href = ''] = /<a href="([^"]*ensure_connection[^"]*)">/.exec((await vera.browser.get(PATH)).text) ?? []
  const out = await vera.browser.get(href.replaceAll('&amp;', '&'))
  const back = await vera.browser.get(pathOf(it.cloud.consent(out.headers.get('location') as string)))
  assert.deepEqual([back.status, back.headers.get('location')], [303, PATH])
  assert.deepEqual(await listed(vera), [
    ['Chart room', 'Connected', 'Disconnect'],
    ['Drive', 'Not connected', 'Connect'],
  ])
  const ended = await vera.browser.submit(PATH, { end: await buttonIn(vera) })
  assert.deepEqual([ended.status, ended.headers.get('location')], [303, `${PATH}?done=ended`])
  assert.match((await vera.browser.get(`${PATH}?done=ended`)).text, /The account has been disconnected/)
  assert.equal((await listed(vera))[0]?.[1], 'Not connected')
  const { body } = await vera.client.get(`/storages/${it.nextcloud}`)
  assert.match(body._links.authorizationState.href, /:NotConnected$/)
})

test('a connection that the storage has rejected can be made again, or ended', async () => {
  const vera = await it.person(see)
  await it.connect(vera, it.nextcloud)
  it.cloud.revoke()
  await vera.client.get(`/storages/${it.nextcloud}`)
  const [first] = await listed(vera)
  assert.deepEqual(first, ['Chart room', 'Rejected by the storage: connect again', 'Connect\nDisconnect'])
})

test('nobody ends the connection of another', async () => {
  const [vera, mallory] = [await it.person(see), await it.person(see)]
  await it.connect(vera, it.nextcloud)
  const before = await connections(it)
  for (const end of [await buttonIn(vera), '0', 'provider', '']) {
    assert.equal((await mallory.browser.submit(PATH, { end })).status, 404)
  }
  assert.equal(await connections(it), before)
})

test('a connection to a storage that the user no longer sees is listed without its name, and can be ended', async () => {
  const vera = await it.person(see)
  await it.connect(vera, it.nextcloud)
  await it.db.transaction(async (tx) => {
    await tx.run(sql`delete from memberships where principal_id = ${vera.id}`)
    await invalidate(tx, 'memberships')
  })
  assert.deepEqual(await listed(vera), [['A storage that you no longer see', 'Connected', 'Disconnect']])
  assert.doesNotMatch((await vera.browser.get(PATH)).text, /Chart room/)
  assert.equal((await vera.browser.submit(PATH, { end: await buttonIn(vera) })).status, 303)
  assert.match((await vera.browser.get(PATH)).text, /There are no file storages that you can connect to\./)
})

test('connections by single sign-on end together', async () => {
  const URN = 'urn:openproject-org:api:v3:storages:authenticationMethod'
  const set = await it.admin.patch(`/storages/${it.nextcloud}`, {
    storageAudience: 'cloud',
    _links: { authenticationMethod: { href: `${URN}:OAuth2SSO` } },
  })
  assert.equal(set.status, 200, set.text)
  const acme = await fakeProvider()
  const vera = await it.person(see)
  await link(it, vera.id, await register(it, acme), 'vera')
  assert.deepEqual((await listed(vera))[0], ['Chart room', 'Not connected: sign in by your identity provider', ''])
  const one = browser(it.url)
  const start = await one.get('/auth/acme')
  await one.get(pathOf(acme.signIn(start.headers.get('location') as string, { sub: 'vera' })))
  assert.deepEqual((await listed({ browser: one }))[0], ['Chart room', 'Connected by your sign-in', 'Disconnect'])
  assert.equal((await one.submit(PATH, { end: 'provider' })).status, 303)
  assert.equal((await listed(vera))[0]?.[1], 'Not connected: sign in by your identity provider')
  assert.deepEqual(await it.db.all(sql`select id from provider_tokens`), [])
  await acme.close()
})
