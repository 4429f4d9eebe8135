/** Attacks on OAuth: stolen codes and tokens, replay, and impersonation. */

import assert from 'node:assert/strict'
import { after, before, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { remove, rotateSecret, setEnabled, update } from '#identity/oauth/applications.ts'
import { allow, grantsOf, revokeGrant } from '#identity/oauth/grants.ts'
import { scope } from '#identity/scopes.ts'
import { storage } from '#server/web/oauth/store.ts'
import { client, type Reply } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { said } from '#text/messages.ts'
import { browser } from '../sessions/browser.ts'
import { type Application, CALLBACK, fields, pkce, query, returned, type Scene, scene, verifier } from './scene.ts'

const MINUTE = 60_000

/** A further scope besides the API's, without the permission for the API. */
const OTHER = scope('test_other', said`do nothing at all`)

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

const code = (values: Record<string, string>) => ({ grant_type: 'authorization_code', redirect_uri: CALLBACK, ...values })
const refresh = (refresh_token: string, more = {}) => ({ grant_type: 'refresh_token', refresh_token, ...more })
const errorOf = ({ status, body }: Reply) => [status, body.error]
const scopeOf = async (token: string) => (await client(it.url, token).send('GET', '/oauth/token/info')).body.scope

/** Fails unless the reply is an error without a redirect. */
function stays(reply: Reply, status = 400): void {
  assert.equal(reply.status, status, reply.text)
  assert.equal(reply.headers.get('location'), null)
  assert.equal(reply.headers.get('refresh'), null)
}

describe('no redirect', () => {
  const registered = 'https://app.example/callback'
  for (const uri of [
    'https://app.example/callback/',
    'https://app.example/callback/more',
    'https://app.example/callback2',
    'https://app.example/callback?more=1',
    'https://app.example/callback#',
    'https://app.example/callback#more',
    'https://app.example/Callback',
    'https://APP.example/callback',
    'HTTPS://app.example/callback',
    'http://app.example/callback',
    'https://app.example:443/callback',
    'https://app.example:8443/callback',
    'https://app.example./callback',
    'https://user@app.example/callback',
    'https://app.example@evil.example/callback',
    'https://app.example%2fcallback',
    'https://app.example/%63allback',
    'https://app.example/x/../callback',
    'https://app.example\\callback',
    'https://app.example/callback\n',
    ' https://app.example/callback',
    'https://evil.example/https://app.example/callback',
    'https://app.example.evil.example/callback',
    '//app.example/callback',
    '/callback',
    'javascript:alert(1)//app.example/callback',
    '',
  ])
    test(`to ${JSON.stringify(uri)}, which is not registered`, async () => {
      const [ada, application] = [await it.person(), await it.application({ redirectUris: [registered] })]
      await it.code(ada.browser, application)
      stays(await it.authorize(ada.browser, application, { redirect_uri: uri }))
    })

  test('with a repeated or missing redirect URI', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    await it.code(ada.browser, application)
    const asked = `/oauth/authorize?response_type=code&client_id=${application.clientId}`
    const named = `&redirect_uri=${encodeURIComponent(CALLBACK)}`
    stays(await ada.browser.get(`${asked}${named}&redirect_uri=https%3A%2F%2Fevil.example%2F`))
    stays(await ada.browser.get(`${asked}&redirect_uri=https%3A%2F%2Fevil.example%2F${named}`))
    stays(await ada.browser.get(asked))
  })

  test('for an unknown or disabled application, of which nothing is disclosed', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    await it.code(ada.browser, application)
    await it.db.transaction((tx) => setEnabled(tx, application.id, false, new Date()))
    const replies = [application.clientId, 'unknown', 'x\u0000y'].map((clientId) =>
      it.authorize(ada.browser, { ...application, clientId }),
    )
    const pages = await Promise.all(replies)
    for (const page of pages) stays(page)
    assert.equal(new Set(pages.map(({ text }) => text)).size, 1)
  })

  const loopback = (uri: string, confidential = false) =>
    it.application({ confidential, redirectUris: [uri] }).then(async (application) => {
      const ada = await it.person()
      return (asked: string) => it.authorize(ada.browser, application, { ...pkce, redirect_uri: asked })
    })

  test('to another address of the device: only the port may differ', async () => {
    const ask = await loopback('http://127.0.0.1/callback')
    for (const port of ['', ':1', ':51234', ':65535']) assert.equal((await ask(`http://127.0.0.1${port}/callback`)).status, 200)
    for (const uri of [
      'http://127.0.0.1:8080/callback/',
      'http://127.0.0.1:8080/other',
      'http://localhost:8080/callback',
      'http://127.0.0.2:8080/callback',
      'https://127.0.0.1:8080/callback',
      'http://127.0.0.1:80a/callback',
      'http://127.0.0.1:8080@evil.example/callback',
      'http://127.0.0.1.evil.example/callback',
      'http://[::1]:8080/callback',
    ])
      stays(await ask(uri))
    stays(await (await loopback('http://127.0.0.1/callback', true))('http://127.0.0.1:8080/callback'))
    assert.equal((await (await loopback('http://[::1]:1/callback'))('http://[::1]:2/callback')).status, 200)
  })
})

describe('PKCE', () => {
  test('is required of public applications, and the method plain is rejected', async () => {
    const [ada, application] = [await it.person(), await it.application({ confidential: false })]
    const ask = async (params: Record<string, string>) => returned(await it.authorize(ada.browser, application, params)).error
    assert.equal(await ask({}), 'invalid_request')
    assert.equal(await ask({ code_challenge: verifier, code_challenge_method: 'plain' }), 'invalid_request')
    assert.equal(await ask({ code_challenge: verifier }), 'invalid_request')
    assert.equal(await ask({ code_challenge_method: 'S256' }), 'invalid_request')
    assert.equal(await ask({ code_challenge: 'short', code_challenge_method: 'S256' }), 'invalid_request')
    assert.equal((await it.authorize(ada.browser, application, pkce)).status, 200)
  })

  test('requires the right verifier, which can neither be omitted nor added later', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const proved = await it.code(ada.browser, application, pkce)
    for (const wrong of [{}, { code_verifier: 'w'.repeat(43) }, { code_verifier: pkce.code_challenge }]) {
      assert.deepEqual(errorOf(await it.exchange(application, code({ code: proved, ...wrong }))), [400, 'invalid_grant'])
    }
    assert.equal((await it.exchange(application, code({ code: proved, code_verifier: verifier }))).status, 200)
    // A code requested without a challenge is not redeemed with a verifier.
    const plain = await it.code(ada.browser, application)
    assert.deepEqual(errorOf(await it.exchange(application, code({ code: plain, code_verifier: verifier }))), [
      400,
      'invalid_grant',
    ])
    assert.equal((await it.exchange(application, code({ code: plain }))).status, 200)
  })
})

describe('a code', () => {
  test('that is used twice revokes all tokens from it', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const once = code({ code: await it.code(ada.browser, application) })
    const { access_token, refresh_token } = (await it.exchange(application, once)).body
    assert.equal((await it.me(access_token)).status, 200)
    assert.deepEqual(errorOf(await it.exchange(application, once)), [400, 'invalid_grant'])
    assert.equal((await it.me(access_token)).status, 401)
    assert.deepEqual(errorOf(await it.exchange(application, refresh(refresh_token))), [400, 'invalid_grant'])
  })

  test('that is used concurrently gives at most one token, which is then revoked', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const once = code({ code: await it.code(ada.browser, application) })
    const replies = await Promise.all(Array.from({ length: 6 }, () => it.exchange(application, once)))
    const given = replies.filter(({ status }) => status === 200)
    assert.ok(given.length <= 1)
    for (const { body } of given) assert.equal((await it.me(body.access_token)).status, 401)
  })

  test('is consumed once by the first request, regardless of when the others have read it', async () => {
    const { errors } = await import('oidc-provider')
    const [ada, application] = [await it.person(), await it.application()]
    const other = code({ code: await it.code(ada.browser, application) })
    const value = await it.code(ada.browser, application)
    const store = storage(it.db, it.url, errors)('AuthorizationCode')
    assert.equal((await store.find(value))!.consumed, undefined)
    await store.consume(value)
    assert.ok((await store.find(value))!.consumed)
    await assert.rejects(store.consume(value), { error: 'invalid_grant' })
    assert.equal(await store.find(value), undefined)
    assert.equal((await it.exchange(application, other)).status, 200)
  })

  test('revoked during the token request leaves no token', async () => {
    const { errors } = await import('oidc-provider')
    const [ada, application] = [await it.person(), await it.application()]
    const value = await it.code(ada.browser, application)
    const adapters = storage(it.db, it.url, errors)
    const { grantId } = (await adapters('AuthorizationCode').find(value))!
    await adapters('AuthorizationCode').revokeByGrantId(grantId!)
    const seconds = Math.floor(Date.now() / 1000)
    const token = { clientId: application.clientId, grantId: grantId!, scope: 'api_v3', iat: seconds, exp: seconds + 60 }
    await assert.rejects(adapters('AccessToken').upsert('made-up', token, 60), { error: 'invalid_grant' })
    assert.equal((await it.me('made-up')).status, 401)
  })

  test('is rejected from another application, with another redirect URI, and after ten minutes', async () => {
    const [ada, application, other] = [await it.person(), await it.application(), await it.application()]
    const once = code({ code: await it.code(ada.browser, application) })
    assert.deepEqual(errorOf(await it.exchange(other, once)), [400, 'invalid_grant'])
    const elsewhere = { ...once, redirect_uri: `${CALLBACK}/` }
    assert.deepEqual(errorOf(await it.exchange(application, elsewhere)), [400, 'invalid_grant'])
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 10 * MINUTE })
    try {
      assert.deepEqual(errorOf(await it.exchange(application, once)), [400, 'invalid_grant'])
    } finally {
      mock.timers.reset()
    }
    assert.equal((await it.exchange(application, once)).status, 200)
  })

  test('is invalid once its user is locked or revokes the grant', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const first = code({ code: await it.code(ada.browser, application) })
    await it.admin.post(`/users/${ada.id}/lock`)
    assert.deepEqual(errorOf(await it.exchange(application, first)), [400, 'invalid_grant'])
    await it.admin.delete(`/users/${ada.id}/lock`)
    const [grant] = await grantsOf(ada.id, it.db)
    await it.db.transaction((tx) => revokeGrant(tx, grant!.id, ada.id))
    assert.deepEqual(errorOf(await it.exchange(application, first)), [400, 'invalid_grant'])
  })
})

describe('a refresh token', () => {
  test('that is used twice revokes all tokens from the same code, and no others', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const [stolen, elsewhere] = [await it.tokens(ada.browser, application), await it.tokens(ada.browser, application)]
    const fresh = (await it.exchange(application, refresh(stolen.refresh_token))).body
    assert.deepEqual(errorOf(await it.exchange(application, refresh(stolen.refresh_token))), [400, 'invalid_grant'])
    for (const { access_token } of [stolen, fresh]) assert.equal((await it.me(access_token as string)).status, 401)
    assert.deepEqual(errorOf(await it.exchange(application, refresh(fresh.refresh_token))), [400, 'invalid_grant'])
    assert.equal((await it.me(elsewhere.access_token)).status, 200)
  })

  test('that is used concurrently leaves no valid tokens', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { refresh_token } = await it.tokens(ada.browser, application)
    const replies = await Promise.all(Array.from({ length: 6 }, () => it.exchange(application, refresh(refresh_token))))
    const given = replies.filter(({ status }) => status === 200)
    assert.ok(given.length <= 1)
    for (const { body } of given) {
      assert.equal((await it.me(body.access_token)).status, 401)
      assert.deepEqual(errorOf(await it.exchange(application, refresh(body.refresh_token))), [400, 'invalid_grant'])
    }
  })

  test('is rejected from another application, and stays valid', async () => {
    const [ada, application, other] = [await it.person(), await it.application(), await it.application()]
    const { refresh_token } = await it.tokens(ada.browser, application)
    assert.deepEqual(errorOf(await it.exchange(other, refresh(refresh_token))), [400, 'invalid_grant'])
    assert.equal((await it.exchange(application, refresh(refresh_token))).status, 200)
  })

  test('is not an access token, and vice versa', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { access_token, refresh_token } = await it.tokens(ada.browser, application)
    assert.equal((await it.me(refresh_token)).status, 401)
    assert.deepEqual(errorOf(await it.exchange(application, refresh(access_token))), [400, 'invalid_grant'])
  })
})

describe('end of tokens', () => {
  const ends = (what: string, end: (ada: number, application: Application) => Promise<unknown>) =>
    test(what, async () => {
      const [ada, application] = [await it.person(), await it.application()]
      const { access_token, refresh_token } = await it.tokens(ada.browser, application)
      assert.equal((await it.me(access_token)).status, 200)
      await end(ada.id, application)
      const reply = await client(it.url, access_token).get('/users/me')
      assert.equal(reply.status, 401)
      assert.equal(reply.headers.get('www-authenticate'), 'Bearer realm="OpenProject API" error="invalid_token"')
      const told = await it.exchange(await it.application(), { token: access_token }, '/oauth/introspect')
      assert.deepEqual(told.body, { active: false })
      assert.notEqual((await it.exchange(application, refresh(refresh_token))).status, 200)
    })

  ends('locking the user', (ada) => it.admin.post(`/users/${ada}/lock`))
  ends('removing the user', async (ada) => {
    await it.setting('users_deletable_by_admins', true)
    assert.equal((await it.admin.delete(`/users/${ada}`)).status, 202)
  })
  ends('a new password', async (ada) => {
    assert.equal((await it.admin.patch(`/users/${ada}`, { password: 'quite another 7!' })).status, 200)
  })
  ends('taking the grant back', async (ada) => {
    const [grant] = await grantsOf(ada, it.db)
    await it.db.transaction((tx) => revokeGrant(tx, grant!.id, ada))
  })
  ends('disabling the application', (_, { id }) => it.db.transaction((tx) => setEnabled(tx, id, false, new Date())))
  ends('removing the application', (_, { id }) => it.db.transaction((tx) => remove(tx, id)))

  test('after two hours', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { access_token, refresh_token } = await it.tokens(ada.browser, application)
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 120 * MINUTE })
    try {
      assert.equal((await it.me(access_token)).status, 401)
      const fresh = await it.exchange(application, refresh(refresh_token))
      assert.equal((await it.me(fresh.body.access_token)).status, 200)
    } finally {
      mock.timers.reset()
    }
  })

  test('with client credentials: if its user is locked, or replaced', async () => {
    const robot = await it.make.user()
    const application = await it.application({ actingUserId: robot })
    const comes = async () => (await it.exchange(application, { grant_type: 'client_credentials' })).body.access_token as string
    const first = await comes()
    await it.admin.post(`/users/${robot}/lock`)
    assert.equal((await it.me(first)).status, 401)
    await it.admin.delete(`/users/${robot}/lock`)
    const other = await it.make.user()
    await it.db.transaction((tx) => update(tx, application.id, { actingUserId: other }, new Date()))
    assert.equal((await it.me(first)).status, 401)
    assert.deepEqual(await it.me(await comes()), { status: 200, id: other })
  })

  test('only by the user’s own revocation', async () => {
    const [ada, eve, application] = [await it.person(), await it.person(), await it.application()]
    const { access_token } = await it.tokens(ada.browser, application)
    const [grant] = await grantsOf(ada.id, it.db)
    await assert.rejects(
      it.db.transaction((tx) => revokeGrant(tx, grant!.id, eve.id)),
      { status: 404 },
    )
    assert.equal((await it.me(access_token)).status, 200)
  })
})

describe('the tokens of another application', () => {
  test('are not disclosed, and not revoked', async () => {
    const [ada, application, other] = [await it.person(), await it.application(), await it.application()]
    const { access_token, refresh_token } = await it.tokens(ada.browser, application)
    for (const token of [access_token, refresh_token]) {
      assert.deepEqual((await it.exchange(other, { token }, '/oauth/introspect')).body, { active: false })
      const revoked = await it.exchange(other, { token }, '/oauth/revoke')
      assert.deepEqual([revoked.status, revoked.body], [200, {}])
    }
    assert.equal((await it.me(access_token)).status, 200)
    assert.equal((await it.exchange(application, refresh(refresh_token))).status, 200)
  })

  test('require the authentication of the application', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { access_token } = await it.tokens(ada.browser, application)
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      for (const secret of ['wrong', 'x'.repeat(64)]) {
        const reply = await it.exchange({ ...application, secret }, { token: access_token }, path)
        assert.deepEqual(errorOf(reply), [401, 'invalid_client'])
      }
      assert.deepEqual(errorOf(await it.exchange({ ...application, secret: undefined }, { token: access_token }, path)), [
        401,
        'invalid_client',
      ])
    }
    assert.equal((await it.me(access_token)).status, 200)
  })
})

describe('additional scopes', () => {
  test('are rejected at the authorization', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    for (const asked of ['admin', 'api_v3 admin', `api_v3 ${OTHER}`, 'openid', 'API_V3'])
      assert.equal(returned(await it.authorize(ada.browser, application, { scope: asked })).error, 'invalid_scope')
  })

  test('are rejected at the refresh', async () => {
    const [ada, application] = [await it.person(), await it.application({ scopes: ['api_v3', OTHER] })]
    const { refresh_token } = await it.tokens(ada.browser, application, { scope: OTHER })
    for (const asked of ['api_v3', `api_v3 ${OTHER}`, 'admin'])
      assert.deepEqual(errorOf(await it.exchange(application, refresh(refresh_token, { scope: asked }))), [400, 'invalid_scope'])
    assert.equal((await it.exchange(application, refresh(refresh_token))).body.scope, OTHER)
  })

  test('are rejected for client credentials', async () => {
    const application = await it.application()
    for (const asked of ['admin', OTHER, `api_v3 ${OTHER}`])
      assert.deepEqual(errorOf(await it.exchange(application, { grant_type: 'client_credentials', scope: asked })), [
        400,
        'invalid_scope',
      ])
  })

  test('require a new consent, even with an earlier one for fewer scopes', async () => {
    const [ada, application] = [await it.person(), await it.application({ scopes: ['api_v3', OTHER] })]
    await it.code(ada.browser, application, { scope: OTHER })
    returned(await it.authorize(ada.browser, application, { scope: OTHER }))
    const page = await it.authorize(ada.browser, application, { scope: 'api_v3' })
    assert.equal(page.status, 200)
    assert.equal(
      returned(await it.authorize(ada.browser, application, { scope: 'api_v3', prompt: 'none' })).error,
      'consent_required',
    )
  })

  test('are required for the API, and the challenge names the missing one', async () => {
    const [ada, application] = [await it.person(), await it.application({ scopes: ['api_v3', OTHER] })]
    const { access_token } = await it.tokens(ada.browser, application, { scope: OTHER })
    const reply = await client(it.url, access_token).get('/projects')
    assert.equal(reply.status, 403)
    assert.equal(reply.body.errorIdentifier, 'urn:openproject-org:api:v3:errors:Unauthenticated')
    const challenge = 'Bearer realm="OpenProject API" error="insufficient_scope" scope="api_v3"'
    assert.equal(reply.headers.get('www-authenticate'), challenge)
  })

  test('are lost if an administrator removes them from the application', async () => {
    const [ada, application] = [await it.person(), await it.application({ scopes: ['api_v3', OTHER] })]
    const { access_token, refresh_token } = await it.tokens(ada.browser, application, { scope: `api_v3 ${OTHER}` })
    assert.deepEqual(await scopeOf(access_token), ['api_v3', OTHER])
    await it.db.transaction((tx) => update(tx, application.id, { scopes: [OTHER] }, new Date()))
    assert.equal((await client(it.url, access_token).get('/projects')).status, 403)
    const fresh = await it.exchange(application, refresh(refresh_token))
    assert.equal((await client(it.url, fresh.body.access_token).get('/projects')).status, 403)
  })
})

describe('a decision on the consent page is impossible', () => {
  test('from a page of another site', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const page = await it.authorize(ada.browser, application)
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site', origin: it.url },
      { 'sec-fetch-site': 'same-site', origin: it.url },
      {},
    ])
      stays(await it.decide(ada.browser, page, 'allow', headers as Record<string, string>), 403)
    assert.deepEqual(await grantsOf(ada.id, it.db), [])
  })

  test('in a frame, or with resources of other sites', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { headers } = await it.authorize(ada.browser, application)
    assert.match(
      headers.get('content-security-policy') as string,
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'$/,
    )
    assert.equal(headers.get('cache-control'), 'no-store')
  })

  test('if another user has signed in meanwhile', async () => {
    const [ada, eve, application] = [await it.person(), await it.person(), await it.application()]
    await it.code(eve.browser, application)
    const page = await it.authorize(ada.browser, application)
    const reply = await it.decide(eve.browser, page)
    stays(reply, 200)
    assert.equal(fields(reply).user, String(eve.id))
    assert.deepEqual(await grantsOf(ada.id, it.db), [])
  })

  test('if the user has signed out', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const page = await it.authorize(ada.browser, application)
    const reply = await it.decide(browser(it.url), page)
    assert.equal(reply.status, 303)
    assert.match(reply.headers.get('location') as string, /^\/oauth\/authorize\?/)
    assert.deepEqual(await grantsOf(ada.id, it.db), [])
  })

  test('by the address alone', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    stays(await it.authorize(ada.browser, application, { decision: 'allow', user: String(ada.id), allowed: 'true' }), 200)
    assert.deepEqual(await grantsOf(ada.id, it.db), [])
  })

  test('for a locked user', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const page = await it.authorize(ada.browser, application)
    await it.admin.post(`/users/${ada.id}/lock`)
    const reply = await it.decide(ada.browser, page)
    assert.match(reply.headers.get('location') as string, /^\/oauth\/authorize\?/)
    assert.deepEqual(await grantsOf(ada.id, it.db), [])
  })

  test('with a cookie or a token of the API, in place of a session', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const path = `/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: application.clientId, redirect_uri: CALLBACK })}`
    const headers = { authorization: `Bearer ${await it.token(ada.id)}` }
    const reply = await it.anonymous.send('GET', path, { headers })
    assert.match(reply.headers.get('location') as string, /^\/login\?back_url=/)
  })
})

describe('unusual requests', () => {
  const told = async (params: Record<string, string>) => {
    const [ada, application] = [await it.person(), await it.application()]
    await it.code(ada.browser, application)
    return returned(await it.authorize(ada.browser, application, params))
  }

  test('get responses only in the query: no forms, no fragments, no scripts', async () => {
    for (const mode of ['form_post', 'fragment', 'web_message', 'jwt', 'query.jwt', ''])
      assert.equal((await told({ response_mode: mode })).error, 'unsupported_response_mode', mode)
    assert.ok((await told({ response_mode: 'query' })).code)
  })

  test('get only codes: neither access tokens nor ID tokens', async () => {
    for (const type of ['token', 'id_token', 'code token', 'code id_token', 'none'])
      assert.equal((await told({ response_type: type })).error, 'unsupported_response_type', type)
  })

  test('with prompt=none get a code or an error, and never a page', async () => {
    assert.ok((await told({ prompt: 'none' })).code)
    const [ada, application] = [await it.person(), await it.application()]
    assert.equal(returned(await it.authorize(ada.browser, application, { prompt: 'none' })).error, 'consent_required')
    const nobody = await it.authorize(browser(it.url), application, { prompt: 'none' })
    assert.equal(returned(nobody).error, 'login_required')
    for (const prompt of ['none consent', 'login', 'select_account', 'create', 'NONE'])
      assert.equal(returned(await it.authorize(ada.browser, application, { prompt })).error, 'invalid_request', prompt)
  })

  test('as request objects are rejected', async () => {
    assert.equal((await told({ request: 'e30.e30.' })).error, 'request_not_supported')
    assert.equal((await told({ request_uri: 'https://evil.example/' })).error, 'request_uri_not_supported')
  })

  test('for another resource than this server are rejected', async () => {
    assert.ok((await told({ resource: it.url })).code)
    assert.ok((await told({ resource: `${it.url}/api/v3` })).code)
    for (const resource of ['https://evil.example/', `${it.url}/other`, 'api', `${it.url}#x`])
      assert.equal((await told({ resource })).error, 'invalid_target', resource)
    const [ada, application] = [await it.person(), await it.application()]
    const once = code({ code: await it.code(ada.browser, application), resource: 'https://evil.example/' })
    assert.deepEqual(errorOf(await it.exchange(application, once)), [400, 'invalid_target'])
  })

  test('for tokens have to be forms with a supported grant type', async () => {
    const application = await it.application()
    for (const grant_type of ['password', 'implicit', 'urn:ietf:params:oauth:grant-type:device_code', ''])
      assert.match(
        (await it.exchange(application, { grant_type, username: 'admin', password: 'admin' })).body.error,
        /^unsupported_grant_type$|^invalid_request$/,
      )
    const { clientId: client_id, secret: client_secret } = application
    const body = JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret })
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const reply = await it.anonymous.send('POST', '/oauth/token', { body, headers: { 'content-type': type } })
      assert.deepEqual(errorOf(reply), [400, 'invalid_request'], type)
    }
    assert.equal(
      (
        await it.anonymous.send(
          'GET',
          `/oauth/token?grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`,
        )
      ).status,
      404,
    )
  })

  test('with two client authentications are rejected', async () => {
    const [one, other] = [await it.application(), await it.application()]
    const grant_type = 'client_credentials'
    const reply = await it.exchange(one, { grant_type, client_id: other.clientId })
    assert.deepEqual(errorOf(reply), [400, 'invalid_request'])
    const both = await it.exchange(one, { grant_type, client_id: one.clientId, client_secret: one.secret as string })
    assert.deepEqual(errorOf(both), [400, 'invalid_request'])
  })

  test('with offline_access get the usual tokens', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const given = await it.tokens(ada.browser, application, { scope: 'api_v3 offline_access' })
    assert.equal(given.scope, 'api_v3')
    const again = { refresh_token: given.refresh_token, scope: 'api_v3 offline_access' }
    assert.equal((await it.exchange(application, { grant_type: 'refresh_token', ...again })).status, 200)
    assert.ok((await told({ scope: 'offline_access' })).code)
  })

  test('from public applications get no token with client credentials', async () => {
    const application = await it.application({ confidential: false })
    assert.notEqual((await it.exchange(application, { grant_type: 'client_credentials' })).status, 200)
  })
})

describe('a token for the API', () => {
  test('is not accepted in the query, alone or beside another', async () => {
    const [ada, eve, application] = [await it.person(), await it.person(), await it.application()]
    const [mine, other] = [await it.tokens(ada.browser, application), await it.tokens(eve.browser, application)]
    const path = `/users/me?access_token=${mine.access_token}`
    for (const one of [it.anonymous, client(it.url, other.access_token), it.admin]) {
      const reply = await one.get(path)
      assert.equal(reply.status, 401)
      assert.match(reply.headers.get('www-authenticate') as string, /^Bearer .* error="invalid_token"/)
    }
    assert.equal((await ada.browser.get(`/api/v3${path}`)).status, 401)
  })

  test('takes precedence over a session, which does not replace an invalid token', async () => {
    const [ada, eve, application] = [await it.person(), await it.person(), await it.application()]
    const { access_token } = await it.tokens(ada.browser, application)
    const both = (token: string) => eve.browser.get('/api/v3/users/me', { authorization: `Bearer ${token}` })
    assert.equal((await both(access_token)).body.id, ada.id)
    assert.equal((await both('made-up')).status, 401)
    assert.equal(
      (await eve.browser.get('/api/v3/users/me', { authorization: `Basic ${btoa(`apikey:${access_token}`)}` })).status,
      401,
    )
  })
})

describe('the public address', () => {
  test('comes from the setting: no header changes the issuer or a redirect', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    await it.code(ada.browser, application)
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
      'x-forwarded-prefix': '/evil',
    }
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource']) {
      const reply = await it.anonymous.send('GET', path, { headers })
      assert.equal(reply.status, 200)
      assert.doesNotMatch(reply.text, /evil/)
    }
    assert.equal(returned(await it.authorize(ada.browser, application, {}, headers)).iss, it.url)
    assert.doesNotMatch((await it.authorize(browser(it.url), application, {}, headers)).headers.get('location') as string, /evil/)
  })

  test('does not depend on the Host header either', async () => {
    const { port } = new URL(it.url)
    const { request } = await import('node:http')
    const body = await new Promise<string>((resolve, reject) => {
      const path = '/.well-known/oauth-authorization-server'
      request({ port, host: '127.0.0.1', path, headers: { host: 'evil.example' } }, async (reply) =>
        resolve(Buffer.concat(await reply.toArray()).toString()),
      )
        .on('error', reject)
        .end()
    })
    assert.equal(JSON.parse(body).issuer, it.url)
  })

  test('a new address applies to the next request, and tokens stay valid', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { access_token, refresh_token } = await it.tokens(ada.browser, application)
    const { host } = new URL(it.url)
    await it.setting('host_name', 'new.example')
    await it.setting('https', true)
    const metadata = (await it.anonymous.send('GET', '/.well-known/oauth-authorization-server')).body
    const fresh = await it.exchange(application, refresh(refresh_token))
    const told = await it.exchange(application, { token: fresh.body.access_token }, '/oauth/introspect')
    await it.setting('host_name', host)
    await it.setting('https', false)
    assert.equal(metadata.issuer, 'https://new.example')
    assert.equal(metadata.token_endpoint, 'https://new.example/oauth/token')
    assert.deepEqual([told.body.iss, told.body.aud], ['https://new.example', 'https://new.example'])
    assert.equal((await it.me(access_token)).status, 200)
  })
})

test('A new secret replaces the old one', async () => {
  const application = await it.application()
  const secret = await it.db.transaction((tx) => rotateSecret(tx, application.id, new Date()))
  const comes = (value?: string) => it.exchange({ ...application, secret: value }, { grant_type: 'client_credentials' })
  assert.equal((await comes(application.secret)).status, 401)
  assert.equal((await comes(secret)).status, 200)
})

test('Only allowed origins can read responses', async () => {
  await it.setting('apiv3_cors_enabled', true)
  await it.setting('apiv3_cors_origins', ['https://app.example'])
  try {
    const { send } = it.anonymous
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const asked = (origin: string) => send('POST', '/oauth/token', { body: 'grant_type=x', headers: { ...form, origin } })
    const known = await asked('https://app.example')
    assert.equal(known.headers.get('access-control-allow-origin'), 'https://app.example')
    assert.match(known.headers.get('vary') as string, /origin/i)
    for (const origin of [
      'null',
      'https://evil-app.example',
      'https://app.example.evil.example',
      'http://app.example',
      'https://app.example:8443',
      '*',
    ]) {
      const reply = await asked(origin)
      assert.equal(reply.headers.get('access-control-allow-origin'), null, origin)
      assert.match(reply.headers.get('vary') as string, /origin/i)
    }
  } finally {
    await it.setting('apiv3_cors_enabled', false)
  }
  const off = await it.anonymous.send('POST', '/oauth/token', { body: '', headers: { origin: 'https://app.example' } })
  assert.equal(off.headers.get('access-control-allow-origin'), null)
})

test('Public responses disclose no users, and those to an application no others', async () => {
  const hidden = await it.make.user({ login: 'zqkhidden', name: 'Zqk Hidden' })
  const application = await it.application({ name: 'zqk app', actingUserId: hidden })
  const tokens = await it.exchange(application, { grant_type: 'client_credentials' })
  const texts = [
    (await it.anonymous.send('GET', '/.well-known/oauth-authorization-server')).text,
    (await it.anonymous.send('GET', '/.well-known/oauth-protected-resource')).text,
    (await it.authorize(browser(it.url), application)).text,
    (await it.authorize(browser(it.url), application, { redirect_uri: 'https://evil.example/' })).text,
    tokens.text,
    (await it.exchange(application, { token: tokens.body.access_token }, '/oauth/introspect')).text,
    (await it.exchange({ ...application, secret: 'wrong' }, { grant_type: 'client_credentials' })).text,
  ]
  for (const text of texts) assert.doesNotMatch(text, /zqk/i)
})

test('Both metadata documents are public and follow the standards', async () => {
  const { body } = await it.anonymous.send('GET', '/.well-known/oauth-authorization-server')
  const at = (path: string) => it.url + path
  const methods = ['client_secret_basic', 'client_secret_post', 'none']
  assert.deepEqual(body, {
    issuer: it.url,
    authorization_endpoint: at('/oauth/authorize'),
    token_endpoint: at('/oauth/token'),
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint: at('/oauth/revoke'),
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint: at('/oauth/introspect'),
    introspection_endpoint_auth_methods_supported: methods,
    scopes_supported: ['api_v3', OTHER],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    service_documentation: at('/api/docs'),
  })
  const provider = { registration: 'none', claims: '{}', client_id: 'us', created_at: new Date().toISOString() }
  for (const available of [true, false]) {
    const issuer = `https://${available ? 'one' : 'other'}.example`
    const named = { slug: issuer, name: issuer, issuer, available }
    await it.make.row('auth_providers', { ...provider, ...named }, 'auth_providers')
  }
  assert.deepEqual((await it.anonymous.send('GET', '/.well-known/oauth-protected-resource')).body, {
    resource: it.url,
    resource_name: 'Halyard',
    authorization_servers: [it.url, 'https://one.example'],
    scopes_supported: ['api_v3', OTHER],
    bearer_methods_supported: ['header'],
    resource_documentation: at('/api/docs'),
  })
})

test('Expired tokens are removed, and others stay', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  const { access_token, refresh_token } = await it.tokens(ada.browser, application)
  const count = async (table: 'oauth_tokens' | 'oauth_authorizations') =>
    (await it.db.all(table === 'oauth_tokens' ? sql`select id from oauth_tokens` : sql`select id from oauth_authorizations`))
      .length
  await runDue(it.db)
  assert.equal((await it.me(access_token)).status, 200)
  await runDue(it.db, { now: new Date(Date.now() + 121 * MINUTE) })
  assert.equal((await it.exchange(application, refresh(refresh_token))).status, 200)
  await runDue(it.db, { now: new Date(Date.now() + 181 * 24 * 60 * MINUTE) })
  assert.deepEqual([await count('oauth_tokens'), await count('oauth_authorizations')], [0, 0])
  assert.equal((await grantsOf(ada.id, it.db)).length, 1)
})

test('After a sign-in, the redirect comes from a page instead of the form', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  await it.code(ada.browser, application)
  for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { referer: `${it.url}/login` }] as Record<string, string>[]) {
    const reply = await it.authorize(ada.browser, application, {}, headers)
    assert.equal(reply.status, 200)
    const [, address = ''] = /^0;url=(.+)$/.exec(reply.headers.get('refresh') as string) ?? []
    assert.ok(query(address).code)
  }
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'none' },
    { referer: 'https://app.example/' },
  ] as Record<string, string>[])
    returned(await it.authorize(ada.browser, application, {}, headers))
})

test('Two concurrent decisions make one grant', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  const decisions = ['api_v3', OTHER, 'api_v3'].map((one) =>
    it.db.transaction((tx) => allow(tx, application.id, ada.id, [one], new Date())),
  )
  const ids = new Set((await Promise.all(decisions)).map(({ id }) => id))
  assert.equal(ids.size, 1)
  assert.deepEqual([...(await grantsOf(ada.id, it.db))[0]!.scopes].sort(), ['api_v3', OTHER])
})

test('An invalid registration is rejected for every registrant', async () => {
  const registered = (values: object) =>
    it.application(values).then(
      () => undefined,
      (error: Error) => error.message,
    )
  assert.equal(
    await registered({ redirectUris: ['http://app.example/'] }),
    'The redirect URI http://app.example/ must begin with https:// (http:// only for localhost, 127.0.0.1, [::1]).',
  )
  assert.equal(await registered({ name: ' ' }), "Name can't be blank.")
  assert.equal(await registered({ scopes: ['admin'] }), 'There is no scope admin.')
  assert.equal(await registered({ scopes: [] }), "Scopes can't be blank.")
  assert.equal(await registered({ confidential: false, redirectUris: [] }), 'A public application needs a redirect URI.')
  const locked = await it.make.user({ status: 3 })
  assert.equal(await registered({ actingUserId: locked }), 'The user for client credentials must be active.')
  const public_ = { confidential: false, actingUserId: await it.make.user() }
  assert.equal(await registered(public_), 'Only a confidential application can use client credentials.')
})
