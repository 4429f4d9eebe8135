/** Authorization flows of an off-the-shelf client. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'openid-client'
import { sql } from '#db/sql.ts'
import { client } from '#test/instance.ts'
import { type Application, CALLBACK, fields, query, returned, type Scene, scene } from './scene.ts'

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

/** The client, configured from our metadata. */
const discovered = ({ clientId, secret }: Application) =>
  oauth.discovery(new URL(it.url), clientId, secret, undefined, { algorithm: 'oauth2', execute: [oauth.allowInsecureRequests] })

/** Follows the authorization code flow with the off-the-shelf client. */
async function connected(application: Application, one: Awaited<ReturnType<Scene['person']>>) {
  const config = await discovered(application)
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
  const expectedState = oauth.randomState()
  const address = oauth.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    state: expectedState,
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const page = await one.browser.get(address.pathname + address.search)
  const reply = await it.decide(one.browser, page)
  const answer = new URL(reply.headers.get('location') as string)
  return { config, tokens: await oauth.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState }) }
}

describe('a client that is configured by metadata', () => {
  test('gets tokens by consent, and refreshes, introspects and revokes them', async () => {
    const application = await it.application()
    const ada = await it.person()
    const { config, tokens } = await connected(application, ada)
    assert.equal(tokens.token_type, 'bearer')
    assert.equal(tokens.expires_in, 7200)
    assert.equal(tokens.scope, 'api_v3')
    assert.ok(Math.abs((tokens.created_at as number) - Date.now() / 1000) < 60)
    assert.deepEqual(await it.me(tokens.access_token), { status: 200, id: ada.id })

    const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token as string)
    assert.notEqual(fresh.refresh_token, tokens.refresh_token)
    assert.deepEqual(await it.me(fresh.access_token), { status: 200, id: ada.id })
    assert.deepEqual(await it.me(tokens.access_token), { status: 200, id: ada.id })

    const { exp, iat, ...told } = await oauth.tokenIntrospection(config, fresh.access_token)
    assert.deepEqual(told, {
      active: true,
      sub: String(ada.id),
      client_id: application.clientId,
      iss: it.url,
      aud: it.url,
      scope: 'api_v3',
      token_type: 'Bearer',
    })
    assert.equal((exp as number) - (iat as number), 7200)

    await oauth.tokenRevocation(config, fresh.refresh_token as string)
    assert.deepEqual(await it.me(fresh.access_token), { status: 401, id: undefined })
    assert.deepEqual(await oauth.tokenIntrospection(config, fresh.access_token), { active: false })
  })

  test('without a secret does the same with PKCE', async () => {
    const ada = await it.person()
    const { config, tokens } = await connected(await it.application({ confidential: false }), ada)
    assert.deepEqual(await it.me(tokens.access_token), { status: 200, id: ada.id })
    const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token as string)
    assert.deepEqual(await it.me(fresh.access_token), { status: 200, id: ada.id })
  })

  test('acts with client credentials as the configured user', async () => {
    const robot = await it.make.user()
    const config = await discovered(await it.application({ actingUserId: robot, redirectUris: [] }))
    const tokens = await oauth.clientCredentialsGrant(config)
    assert.equal(tokens.refresh_token, undefined)
    assert.deepEqual(await it.me(tokens.access_token), { status: 200, id: robot })
  })
})

test('Client credentials without a user are anonymous, if allowed', async () => {
  const { body } = await it.exchange(await it.application(), { grant_type: 'client_credentials' })
  const { get } = client(it.url, body.access_token)
  assert.equal((await get('/projects')).status, 401)
  await it.setting('login_required', false)
  const [mine, nobody] = [await get('/users/me'), await it.anonymous.get('/users/me')]
  await it.setting('login_required', true)
  assert.deepEqual([mine.status, mine.body], [200, nobody.body])
})

describe('the consent page', () => {
  test('names application, scopes, user and target, and redirects with state and issuer', async () => {
    const ada = await it.person()
    const application = await it.application({ name: 'Sea <b>Chart' })
    const page = await it.authorize(ada.browser, application)
    assert.equal(page.status, 200)
    assert.match(page.text, /<h1>Authorise Sea &lt;b&gt;Chart\?<\/h1>/)
    assert.match(page.text, /as <strong>Ada \d+<\/strong> \(ada-\d+\)/)
    assert.match(page.text, /<li>Full API access on behalf of the user<\/li>/)
    assert.match(page.text, /redirected to <strong>app\.example<\/strong>/)
    const { code, ...told } = returned(await it.decide(ada.browser, page))
    assert.match(code as string, /^[\w-]{43}$/)
    assert.deepEqual(told, { state: 's t', iss: it.url })
  })

  test('redirects with an error if the user denies', async () => {
    const ada = await it.person()
    const application = await it.application()
    const told = returned(await it.decide(ada.browser, await it.authorize(ada.browser, application), 'deny'))
    assert.deepEqual(told, {
      error: 'access_denied',
      error_description: 'the user denied the request',
      state: 's t',
      iss: it.url,
    })
    assert.equal((await it.authorize(ada.browser, application)).status, 200)
  })

  test('is shown once for each user and application', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    await it.code(ada.browser, application)
    returned(await it.authorize(ada.browser, application))
    assert.equal((await it.authorize(ada.browser, await it.application())).status, 200)
    assert.equal((await it.authorize((await it.person()).browser, application)).status, 200)
  })

  test('is shown again on request, and each time for an unverifiable application', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    await it.code(ada.browser, application)
    const again = await it.authorize(ada.browser, application, { prompt: 'consent' })
    assert.equal(again.status, 200)
    returned(await it.decide(ada.browser, again))
    const program = await it.application({ confidential: false, redirectUris: ['sea-chart://callback'] })
    const asked = { redirect_uri: 'sea-chart://callback', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' }
    await it.code(ada.browser, program, asked)
    assert.equal((await it.authorize(ada.browser, program, asked)).status, 200)
  })

  test('follows the sign-in of anonymous visitors', async () => {
    const [ada, application] = [await it.person(), await it.application()]
    const { cookie } = ada.browser
    ada.browser.cookie = ''
    const reply = await it.authorize(ada.browser, application)
    assert.equal(reply.status, 303)
    const back = query(new URL(reply.headers.get('location') as string, it.url).href).back_url as string
    assert.match(back, /^\/oauth\/authorize\?response_type=code&client_id=/)
    ada.browser.cookie = cookie
    assert.match((await ada.browser.get(back)).text, /<h1>Authorise App \d+\?/)
  })

  test('shows a code for copying without a redirect URI', async () => {
    const ada = await it.person()
    const native = 'urn:ietf:wg:oauth:2.0:oob'
    const application = await it.application({ redirectUris: [native] })
    const reply = await it.decide(ada.browser, await it.authorize(ada.browser, application, { redirect_uri: native }))
    assert.equal(reply.status, 303)
    const location = reply.headers.get('location') as string
    assert.match(location, /^\/oauth\/authorize\/native\?code=/)
    const [, code = ''] = /<code class="secret">([\w-]{43})<\/code>/.exec((await ada.browser.get(location)).text) ?? []
    const tokens = await it.exchange(application, { grant_type: 'authorization_code', code, redirect_uri: native })
    assert.deepEqual(await it.me(tokens.body.access_token), { status: 200, id: ada.id })
  })
})

test('A token gives its own information, as some clients request it', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  const { access_token, created_at } = await it.tokens(ada.browser, application)
  const info = (token: string) => client(it.url, token).send('GET', '/oauth/token/info')
  const { expires_in, ...told } = (await info(access_token)).body
  assert.deepEqual(told, { resource_owner_id: ada.id, scope: ['api_v3'], application: { uid: application.clientId }, created_at })
  assert.ok(expires_in > 7100 && expires_in <= 7200)
  const wrong = await info('made-up')
  assert.equal(wrong.status, 401)
  assert.equal(wrong.headers.get('www-authenticate'), 'Bearer realm="OpenProject API" error="invalid_token"')
})

test('A token in the query can be revoked, like an existing client does', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  const { access_token, refresh_token } = await it.tokens(ada.browser, application)
  const reply = await it.exchange(application, {}, `/oauth/revoke?token=${access_token}`)
  assert.deepEqual([reply.status, reply.body], [200, {}])
  assert.equal((await it.me(access_token)).status, 401)
  assert.equal((await it.exchange(application, { grant_type: 'refresh_token', refresh_token })).body.error, 'invalid_grant')
})

test('The consent form contains only the request and the user', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  const page = await it.authorize(ada.browser, application, { unheard: 'of', state: '"><script>' })
  assert.deepEqual(fields(page), {
    response_type: 'code',
    client_id: application.clientId,
    redirect_uri: CALLBACK,
    scope: 'api_v3',
    state: '"><script>',
    user: String(ada.id),
  })
  assert.doesNotMatch(page.text, /<script>/)
})

test('Codes and tokens are stored as hashes', async () => {
  const [ada, application] = [await it.person(), await it.application()]
  const code = await it.code(ada.browser, application)
  const tokens = await it.tokens(ada.browser, application)
  const rows = await Promise.all([it.db.all(sql`select * from oauth_tokens`), it.db.all(sql`select * from oauth_applications`)])
  const stored = JSON.stringify(rows)
  for (const secret of [code, tokens.access_token, tokens.refresh_token, application.secret]) assert.ok(!stored.includes(secret))
})
