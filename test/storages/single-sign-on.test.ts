/** Storages that know the users' identity provider: the tokens that they get, for how long, and for whom. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { runDue } from '#test/jobs.ts'
import { change, type FakeProvider, fakeProvider, link, register } from '#test/provider.ts'
import { browser } from '../sessions/browser.ts'
import { type Person, pathOf, type Scene, scene, see } from './scene.ts'

const URN = 'urn:openproject-org:api:v3:storages'
const SINGLE_SIGN_ON = { authenticationMethod: { href: `${URN}:authenticationMethod:OAuth2SSO` } }

let it: Scene
let acme: FakeProvider
let provider: number
before(async () => {
  it = await scene()
  acme = await fakeProvider()
  provider = await register(it, acme)
})
after(async () => {
  await acme.close()
  await it.close()
})
beforeEach(async () => {
  acme.refreshes = true
  acme.documents = {}
  await uses({ storageAudience: 'cloud', tokenExchangeScope: 'files profile' })
  it.cloud.accepts = (token) => acme.given.get(token)?.audience === 'cloud'
})

/** Has the storage authenticate users by single sign-on, with this audience and scope. */
async function uses(values: { storageAudience: string; tokenExchangeScope: string | null }): Promise<void> {
  const set = await it.admin.patch(`/storages/${it.nextcloud}`, { ...values, _links: SINGLE_SIGN_ON })
  assert.deepEqual([set.status, set.body.configured, set.body._links.authorize], [200, true, undefined], set.text)
}

/** Signs a user in by the provider. */
async function signIn(id: number): Promise<string> {
  const one = browser(it.url)
  const start = await one.get('/auth/acme')
  const address = start.headers.get('location') as string
  const end = await one.get(pathOf(acme.signIn(address, { sub: `subject ${id}` })))
  assert.equal(end.status, 303, end.text)
  return address
}

/** A member who has signed in by the provider. */
async function known(permissions: readonly string[] = see): Promise<Person> {
  const person = await it.person(permissions)
  await link(it, person.id, provider, `subject ${person.id}`)
  await signIn(person.id)
  return person
}

const stateOf = async ({ client }: Pick<Person, 'client'>): Promise<string> =>
  (await client.get(`/storages/${it.nextcloud}`)).body._links.authorizationState.href.split(':').at(-1)
const names = async ({ client }: Person): Promise<readonly string[]> =>
  ((await client.get(`/storages/${it.nextcloud}/files`)).body.files ?? []).map(({ name }: { name: string }) => name)
/** What the tokens were for that the provider gave in exchange for those of a user. */
const exchangedFor = ({ id }: Person) =>
  [...acme.given.values()]
    .filter(({ sub, audience }) => sub === `subject ${id}` && audience !== undefined)
    .map(({ audience, scope }) => [audience, scope])
/** The access tokens that are stored end now. */
const expire = () => it.db.transaction((tx) => tx.run(sql`update provider_tokens set expires_at = '2020-01-01T00:00:00.000Z'`))

test('a user is connected by signing in, and needs no consent', async () => {
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  assert.deepEqual(await names(vera), ['Drawings', 'Seekarte 50%.png'])
  // One exchange for all requests.
  assert.deepEqual(exchangedFor(vera), [['cloud', 'files profile']])
  const { body } = await vera.client.get(`/storages/${it.nextcloud}`)
  assert.equal(body._links.authorize, undefined)
  const list = await vera.client.get('/storages')
  const own = list.body._embedded.elements.find(({ id }: { id: number }) => id === it.nextcloud)
  assert.equal(own._links.authorizationState.title, 'Connected')
})

test('without a scope for an exchange, the storage gets the token of the sign-in', async () => {
  await uses({ storageAudience: 'cloud', tokenExchangeScope: null })
  it.cloud.accepts = (token) => acme.given.has(token) && acme.given.get(token)?.audience === undefined
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  assert.deepEqual(exchangedFor(vera), [])
})

test('who has not signed in by the provider is not connected, and is told what to do', async () => {
  const vera = await it.person(see)
  assert.equal(await stateOf(vera), 'NotConnected')
  const { status, body } = await vera.client.get(`/storages/${it.nextcloud}/files`)
  assert.equal(status, 403)
  assert.match(body.message, /sign in by your identity provider/)
  const page = await vera.browser.get(`/oauth_clients/${it.cloud.clientId}/ensure_connection?storage_id=${it.nextcloud}`)
  assert.equal(page.status, 404)
})

test('tokens are stored encrypted, and only while a storage needs them', async () => {
  const vera = await known()
  const row = await it.db.one(sql`select access_token, refresh_token from provider_tokens where user_id = ${vera.id}`)
  assert.match(row?.access_token, /^sealed:/)
  assert.match(row?.refresh_token, /^sealed:/)
  const method = { authenticationMethod: { href: `${URN}:authenticationMethod:TwoWayOAuth2` } }
  assert.equal((await it.admin.patch(`/storages/${it.nextcloud}`, { _links: method })).status, 200)
  const ada = await known()
  assert.equal(await it.db.one(sql`select id from provider_tokens where user_id = ${ada.id}`), undefined)
  assert.equal(await stateOf(ada), 'NotConnected')
})

test('the provider is asked for a refresh token, where it wants to be', async () => {
  const scopeOf = (address: string) => new URL(address).searchParams.get('scope')
  const vera = await known()
  assert.equal(scopeOf(await signIn(vera.id)), 'openid profile email')
  const other = await fakeProvider()
  other.documents = { scopes_supported: ['openid', 'offline_access'] }
  await register(it, other, { slug: 'other', name: 'Other' })
  const start = await browser(it.url).get('/auth/other')
  assert.equal(scopeOf(start.headers.get('location') as string), 'openid profile email offline_access')
  await other.close()
})

test('an expired token is renewed, and exchanged again', async () => {
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  await expire()
  acme.given.clear()
  assert.equal(await stateOf(vera), 'Connected')
  assert.deepEqual(exchangedFor(vera), [['cloud', 'files profile']])
})

test('a token that the storage does not accept any more is exchanged again', async () => {
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  for (const [token, { audience }] of acme.given) if (audience) acme.given.delete(token)
  assert.equal(await stateOf(vera), 'Connected')
})

test('a sign-in that the provider has ended is a failed authorization, until the user signs in again', async () => {
  const vera = await known()
  acme.revoke()
  await expire()
  assert.equal(await stateOf(vera), 'FailedAuthorization')
  const list = await vera.client.get('/storages')
  const own = list.body._embedded.elements.find(({ id }: { id: number }) => id === it.nextcloud)
  assert.equal(own._links.authorizationState.title, 'Authorization failed')
  await signIn(vera.id)
  assert.equal(await stateOf(vera), 'Connected')
})

test('a provider without refresh tokens connects for as long as its access token works', async () => {
  acme.refreshes = false
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  await expire()
  assert.equal(await stateOf(vera), 'FailedAuthorization')
})

test('a storage that refuses the tokens of the provider is a failed authorization', async () => {
  const vera = await known()
  it.cloud.accepts = () => false
  assert.equal(await stateOf(vera), 'FailedAuthorization')
})

test('a provider that is down is an error', async () => {
  const vera = await known()
  await expire()
  acme.answers = { '/token': (_, response) => void response.destroy() }
  assert.equal(await stateOf(vera), 'Error')
  acme.answers = {}
  assert.equal(await stateOf(vera), 'Connected')
})

test('a provider that is disabled or removed connects nobody', async () => {
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  await change(it, provider, 'available', false)
  assert.equal(await stateOf(vera), 'NotConnected')
  await change(it, provider, 'available', true)
  assert.equal(await stateOf(vera), 'Connected')
})

test('who is not linked to the provider any more is not connected', async () => {
  const vera = await known()
  assert.equal(await stateOf(vera), 'Connected')
  await it.db.transaction((tx) => tx.run(sql`delete from user_auth_identities where user_id = ${vera.id}`))
  assert.equal(await stateOf(vera), 'NotConnected')
})

test('members who are connected by single sign-on have their rights in managed folders', async () => {
  await it.admin.patch(`/storages/${it.nextcloud}`, { applicationPassword: it.cloud.applicationPassword })
  const vera = await known([...see, 'read_files'])
  it.cloud.account = 'vera by single sign-on'
  assert.equal(await stateOf(vera), 'Connected')
  const { body } = await it.admin.get(
    `/project_storages?filters=${encodeURIComponent(`[{"storageId":{"operator":"=","values":["${it.nextcloud}"]}}]`)}`,
  )
  const [use] = body._embedded.elements
  assert.equal((await it.admin.patch(`/project_storages/${use.id}`, { projectFolderMode: 'automatic' })).status, 200)
  await runDue(it.db, { only: ['storages.manage-folders'] })
  const folder = it.cloud.groupFiles.find(({ path }) => path.endsWith(`(${it.project})`))
  assert.equal(folder?.rights['user vera by single sign-on'], 1)
})
