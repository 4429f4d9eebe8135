/**
 * Both ends of two-way OAuth are this product: a storage signs users in here by the application that was registered with it, and
 * users connect to a storage whose OAuth server is a second Halyard.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'openid-client'
import { sql } from '#db/sql.ts'
import { keysOf, useKeys } from '#identity/secrets.ts'
import { invalidate } from '#kernel/cache.ts'
import { outgoing } from '#outgoing/client.ts'
import { build } from '#server/app.ts'
import { type HalyardCloud, halyardCloud } from '#test/halyard-cloud.ts'
import { client, type Reply } from '#test/instance.ts'
import { scene as oauthScene, query, type Scene as Remote, returned } from '../oauth/scene.ts'
import { manage, type Person, pathOf, type Scene, scene, see } from './scene.ts'

const URN = 'urn:openproject-org:api:v3:storages'

let it: Scene
let remote: Remote
let cloud: HalyardCloud
before(async () => {
  it = await scene()
  await it.setting('host_name', new URL(it.url).host)
  remote = await oauthScene()
  cloud = await halyardCloud(remote)
})
after(async () => {
  await cloud.close()
  await remote.close()
  await it.close()
})

/** The hidden fields of the consent page, and the decision. */
const allowing = ({ text }: Reply) => ({
  ...Object.fromEntries(
    [...text.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  ),
  decision: 'allow',
})

describe('a storage as a client of this server', () => {
  const callback = () => `${it.cloud.url}/index.php/apps/integration_openproject/oauth-redirect`
  let application: { clientId: string; clientSecret: string }
  before(async () => {
    // The secret is told at the creation alone, so the storage of the scene gives way to another one.
    assert.equal((await it.admin.delete(`/storages/${it.nextcloud}`)).status, 204)
    const made = await it.admin.post('/storages', {
      name: 'Told once',
      _links: { type: { href: `${URN}:Nextcloud` }, origin: { href: it.cloud.url } },
    })
    assert.equal(made.status, 201, made.text)
    const project = { href: `/api/v3/projects/${it.project}` }
    const used = await it.admin.post('/project_storages', { _links: { project, storage: made.body._links.self } })
    assert.equal(used.status, 201, used.text)
    application = made.body._embedded.oauthApplication
  })

  /** The user consents in the browser; gives the address that the storage receives. */
  async function consented({ browser: one }: Person, address: URL): Promise<URL> {
    const page = await one.get(address.pathname + address.search)
    assert.match(page.text, /<h1>Authorise Told once \(Nextcloud\)\?<\/h1>/)
    const back = await one.submit('/oauth/authorize', allowing(page))
    returned(back, callback())
    return new URL(back.headers.get('location') as string)
  }

  /** Links a file to the work package with a token. */
  async function linksAs(token: string, id: number): Promise<{ status: number; creator: string | undefined }> {
    const { status, body } = await client(it.url, token).post(`/work_packages/${it.workPackage}/file_links`, {
      _embedded: {
        elements: [{ originData: { id, name: `${id}.pdf` }, _links: { storageUrl: { href: it.cloud.url } } }],
      },
    })
    return { status, creator: body._embedded?.elements?.[0]?._links.creator.href }
  }

  for (const withPkce of [true, false]) {
    test(`signs a user in ${withPkce ? 'with' : 'without'} PKCE, and links files as that user`, async () => {
      const vera = await it.person(manage)
      const { clientId, clientSecret } = application
      const config = await oauth.discovery(new URL(it.url), clientId, clientSecret, undefined, {
        algorithm: 'oauth2',
        execute: [oauth.allowInsecureRequests],
      })
      const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
      const address = oauth.buildAuthorizationUrl(config, {
        redirect_uri: callback(),
        state: 'from the cloud',
        ...(withPkce && {
          code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
          code_challenge_method: 'S256',
        }),
      })
      const tokens = await oauth.authorizationCodeGrant(config, await consented(vera, address), {
        expectedState: 'from the cloud',
        ...(withPkce && { pkceCodeVerifier }),
      })
      const me = await client(it.url, tokens.access_token).get('/users/me')
      assert.deepEqual([me.status, me.body.id], [200, vera.id])
      const linked = await linksAs(tokens.access_token, withPkce ? 71 : 72)
      assert.deepEqual(linked, { status: 201, creator: `/api/v3/users/${vera.id}` })
      const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token as string)
      assert.equal((await client(it.url, fresh.access_token).get('/users/me')).body.id, vera.id)
    })
  }

  test('needs its secret, which it may send in the form as well', async () => {
    const vera = await it.person(manage)
    const { clientId, clientSecret } = application
    const address = new URL(`${it.url}/oauth/authorize`)
    address.search = String(
      new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: callback(), state: 's' }),
    )
    const exchange = async (code: string, more: object): Promise<{ status: number; body: any }> => {
      const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: callback(), ...more })
      const reply = await fetch(`${it.url}/oauth/token`, { method: 'POST', body })
      return { status: reply.status, body: await reply.json() }
    }
    const { code = '' } = query((await consented(vera, address)).href)
    for (const secret of [{}, { client_secret: 'guessed' }]) {
      assert.equal((await exchange(code, { client_id: clientId, ...secret })).status, 401)
    }
    const { status, body } = await exchange(code, { client_id: clientId, client_secret: clientSecret })
    assert.equal(status, 200)
    assert.equal((await client(it.url, body.access_token).get('/users/me')).body.id, vera.id)
  })

  test('gets no further than its user', async () => {
    const vera = await it.person(see)
    const { clientId, clientSecret } = application
    const config = await oauth.discovery(new URL(it.url), clientId, clientSecret, undefined, {
      algorithm: 'oauth2',
      execute: [oauth.allowInsecureRequests],
    })
    const address = oauth.buildAuthorizationUrl(config, { redirect_uri: callback(), state: 's' })
    const tokens = await oauth.authorizationCodeGrant(config, await consented(vera, address), { expectedState: 's' })
    assert.equal((await linksAs(tokens.access_token, 73)).status, 403)
    // The storage goes, and with it its application and all tokens.
    const { body } = await it.admin.get('/storages')
    const { id } = body._embedded.elements.find((one: any) => one.name === 'Told once')
    assert.equal((await it.admin.delete(`/storages/${id}`)).status, 204)
    assert.equal((await client(it.url, tokens.access_token).get('/users/me')).status, 401)
  })
})

describe('this server as a client of a storage', () => {
  let storage: number
  before(async () => {
    const made = await it.admin.post('/storages', {
      name: 'Second Halyard',
      _links: { type: { href: `${URN}:Nextcloud` }, origin: { href: cloud.url } },
    })
    assert.equal(made.status, 201, made.text)
    storage = made.body.id
    const project = { href: `/api/v3/projects/${it.project}` }
    assert.equal((await it.admin.post('/project_storages', { _links: { project, storage: made.body._links.self } })).status, 201)
    // Our callback contains the client id, which the other server assigns: its URI is registered afterwards.
    const { id, clientId, secret } = await remote.application({ name: 'First Halyard' })
    const set = await it.admin.post(`/storages/${storage}/oauth_client_credentials`, { clientId, clientSecret: secret })
    assert.deepEqual([set.status, set.body.configured], [201, true])
    await remote.redirectsTo(id, `${it.url}/oauth_clients/${clientId}/callback`)
  })

  const stateOf = async ({ client: one }: Pick<Person, 'client'>): Promise<string> =>
    (await one.get(`/storages/${storage}`)).body._links.authorizationState.href.split(':').at(-1)

  /** Follows the link to connect, as far as the consent page of the other server, where a user of its own is signed in. */
  async function consentPage(vera: Person, ada: Awaited<ReturnType<Remote['person']>>): Promise<Reply> {
    const { body } = await vera.client.get(`/storages/${storage}`)
    const start = await vera.browser.get(pathOf(body._links.authorize.href))
    assert.equal(start.status, 303, start.text)
    const out = await fetch(start.headers.get('location') as string, { redirect: 'manual' })
    return ada.browser.get(pathOf(out.headers.get('location') as string))
  }

  /** Connects a new user here to the account of a new user there. */
  async function connected() {
    const [vera, ada] = [await it.person(see), await remote.person()]
    const page = await consentPage(vera, ada)
    assert.match(page.text, /<h1>Authorise First Halyard\?<\/h1>/)
    const back = await ada.browser.submit('/oauth/authorize', allowing(page))
    assert.equal(back.status, 303, back.text)
    const end = await vera.browser.get(pathOf(back.headers.get('location') as string))
    assert.deepEqual([end.status, /Your account is connected/.test(end.text)], [200, true])
    return { vera, ada }
  }

  /** Ends all access tokens that the other server has issued. */
  const expire = () =>
    remote.db.transaction(async (tx) => {
      await tx.run(sql`update oauth_tokens set expires_at = '2020-01-01T00:00:00.000Z' where kind = 'access'`)
      await invalidate(tx, 'oauth')
    })

  test('connects an account by the consent of the other server', async () => {
    const { vera } = await connected()
    assert.equal(await stateOf(vera), 'Connected')
  })

  test('connects nobody who denies', async () => {
    const [vera, ada] = [await it.person(see), await remote.person()]
    const page = await consentPage(vera, ada)
    const back = await ada.browser.submit('/oauth/authorize', { ...allowing(page), decision: 'deny' })
    const end = await vera.browser.get(pathOf(back.headers.get('location') as string))
    assert.deepEqual([end.status, /Second Halyard rejected the connection\./.test(end.text)], [422, true])
    assert.equal(await stateOf(vera), 'NotConnected')
  })

  test('renews tokens that the other server has let expire, time and again', async () => {
    const { vera } = await connected()
    for (let i = 0; i < 3; i++) {
      await expire()
      cloud.exchanges.length = 0
      assert.equal(await stateOf(vera), 'Connected')
      assert.deepEqual(cloud.exchanges, [200])
    }
  })

  test('renews a token once, even if several servers notice at once that it has expired', async () => {
    const { vera } = await connected()
    // A second server on the same database.
    const second = { ...it.db, engine: it.db.engine, statements: 0 }
    useKeys(second, keysOf(it.db).source)
    const app = await build(second, { files: it.files, logLevel: 'silent', outgoing: outgoing({ allow: ['127.0.0.1'] }) })
    const elsewhere = { client: client(await app.listen({ port: 0, host: '127.0.0.1' }), await it.token(vera.id)) }
    try {
      assert.equal(await stateOf(elsewhere), 'Connected')
      await expire()
      cloud.exchanges.length = 0
      // The token endpoint waits until both servers have been refused.
      const both = Promise.withResolvers<void>()
      let refusals = 0
      cloud.refused = () => {
        if (++refusals === 2) both.resolve()
      }
      cloud.held = () => both.promise
      assert.deepEqual(await Promise.all([stateOf(vera), stateOf(elsewhere)]), ['Connected', 'Connected'])
      assert.deepEqual(cloud.exchanges, [200])
      // A second use of the refresh token would have ended the consent.
      await expire()
      assert.equal(await stateOf(vera), 'Connected')
    } finally {
      Object.assign(cloud, { held: async () => {}, refused: () => {} })
      await app.close()
    }
  })

  test('tells that the user has revoked the access, and connects again', async () => {
    const { vera, ada } = await connected()
    const page = await ada.browser.get('/my/applications')
    const [, grant = ''] = /name="end" value="(\d+)"/.exec(page.text) ?? []
    assert.equal((await ada.browser.submit('/my/applications', { end: grant })).status, 303)
    assert.equal(await stateOf(vera), 'FailedAuthorization')
    const back = await ada.browser.submit('/oauth/authorize', allowing(await consentPage(vera, ada)))
    assert.equal((await vera.browser.get(pathOf(back.headers.get('location') as string))).status, 200)
    assert.equal(await stateOf(vera), 'Connected')
  })

  test('does not reach the account of a user who is locked there', async () => {
    const { vera, ada } = await connected()
    assert.equal((await remote.admin.post(`/users/${ada.id}/lock`)).status, 200)
    assert.equal(await stateOf(vera), 'FailedAuthorization')
  })
})
