/** The settings of the API: the administration page, and their immediate effects. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const PASSWORD = 'correct horse 7!'
const PATH = '/admin/settings/api'
const ORIGIN = 'https://app.example.org'

let it: Instance
let admin: Browser
let token: string
before(async () => {
  it = await instance()
  const hash = quickHash(PASSWORD)
  const id = await it.make.user({ login: 'ada', admin: true, password_hash: hash })
  await it.make.user({ login: 'ben', password_hash: hash })
  token = await it.token(id)
  admin = browser(it.url)
  await admin.signIn('ada', PASSWORD)
})
beforeEach(() => it.db.transaction((tx) => tx.run(sql`update sessions set proved_at = ${new Date().toISOString()}`)))
after(() => it.close())

/** Default values of the form. */
const form = (more: Record<string, string> = {}) => ({
  api_tokens_enabled: '1',
  apiv3_enable_basic_auth: '1',
  login_required: '1',
  apiv3_docs_enabled: '1',
  apiv3_max_page_size: '1000',
  apiv3_cors_origins: '',
  ...more,
})
const without = (...names: string[]) => Object.fromEntries(Object.entries(form()).filter(([name]) => !names.includes(name)))
const save = async (fields: Record<string, string>) => {
  const reply = await admin.submit(PATH, fields)
  assert.deepEqual([reply.status, reply.headers.get('location')], [303, `${PATH}?done=saved`], reply.text)
}
const bearer = () => ({ authorization: `Bearer ${token}` })
const basic = () => ({ authorization: `Basic ${Buffer.from(`apikey:${token}`).toString('base64')}` })

describe('the page', () => {
  test('is for administrators; other users get 404', async () => {
    const ben = browser(it.url)
    await ben.signIn('ben', PASSWORD)
    assert.equal((await ben.get(PATH)).status, 404)
    assert.equal((await ben.submit(PATH, form({ api_tokens_enabled: '' }))).status, 404)
    const nobody = browser(it.url)
    assert.equal((await nobody.get(PATH)).headers.get('location'), `/login?back_url=${encodeURIComponent(PATH)}`)
  })

  test('requires a fresh proof to be shown and saved', async () => {
    await it.db.transaction((tx) => tx.run(sql`update sessions set proved_at = '2026-01-01T00:00:00.000Z'`))
    const other = browser(it.url)
    other.cookie = admin.cookie
    await it.db.transaction(async (tx) => {
      await tx.run(sql`update revisions set value = value + 1 where name in ('all', 'sessions')`)
    })
    const to = `/confirm?back_url=${encodeURIComponent(PATH)}`
    assert.equal((await other.get(PATH)).headers.get('location'), to)
    assert.equal((await other.submit(PATH, without('login_required'))).headers.get('location'), to)
    assert.equal((await it.anonymous.get('/users/me')).status, 401)
    await admin.submit('/confirm', { password: PASSWORD })
  })

  test('accepts no form of another site, and no frame', async () => {
    const reply = await admin.submit(PATH, without('login_required'), {
      origin: 'https://evil.example',
      'sec-fetch-site': 'cross-site',
    })
    assert.equal(reply.status, 403)
    assert.equal((await it.anonymous.get('/users/me')).status, 401)
    assert.match((await admin.get(PATH)).headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  })

  test('shows the error of each field, keeps the input, and saves nothing', async () => {
    const wrong = [
      '*',
      'null',
      'https://a.example/',
      'https://*.example.org',
      'a.example',
      'ftp://a.example',
      'https://a.example/path',
    ]
    wrong.push('https://user@a.example', 'https://A.example', 'https://a.example:443', 'https://a.example?x', 'file://')
    for (const origin of wrong) {
      const { status, text } = await admin.submit(
        PATH,
        form({ apiv3_cors_enabled: '1', apiv3_cors_origins: `${ORIGIN}\n${origin}` }),
      )
      assert.equal(status, 422, origin)
      assert.match(text, /aria-invalid="true" aria-describedby="apiv3_cors_origins-error/)
      assert.match(text, /role="alert"/)
      assert.ok(text.includes(`${ORIGIN}\n`), origin)
    }
    for (const size of ['0', '-1', 'many', '1000000', '']) {
      const { status, text } = await admin.submit(PATH, form({ apiv3_max_page_size: size }))
      assert.equal(status, 422, size)
      assert.match(text, /id="apiv3_max_page_size-error">The value must be a number from 1 to 10000\.</)
    }
    assert.deepEqual(await it.db.all(sql`select name from settings where name like 'apiv3%'`), [])
  })

  test('shows the current settings', async () => {
    await save(
      form({
        apiv3_max_page_size: '50',
        apiv3_cors_enabled: '1',
        apiv3_cors_origins: ` ${ORIGIN}\r\nhttp://localhost:3000 ${ORIGIN}`,
      }),
    )
    const { text } = await admin.get(`${PATH}?done=saved`)
    assert.match(text, /role="status"[^>]*>The settings have been saved\./)
    assert.match(text, /name="apiv3_max_page_size" type="number" value="50"/)
    assert.match(text, /name="apiv3_cors_enabled" value="1" checked/)
    assert.ok(text.includes(`\n${ORIGIN}\nhttp://localhost:3000</textarea>`))
    await save(form())
  })
})

describe('a change takes effect at once:', () => {
  test('API tokens are rejected with Bearer, or with Basic, while that is disabled', async () => {
    await save(without('api_tokens_enabled'))
    assert.equal((await it.anonymous.get('/users/me', bearer())).status, 401)
    assert.equal((await it.anonymous.get('/users/me', basic())).status, 200)
    await save(without('apiv3_enable_basic_auth'))
    assert.equal((await it.anonymous.get('/users/me', bearer())).status, 200)
    assert.equal((await it.anonymous.get('/users/me', basic())).status, 401)
    await save(form())
    assert.equal((await it.anonymous.get('/users/me', basic())).status, 200)
  })

  test('a login is required, or not', async () => {
    await save(without('login_required'))
    assert.equal((await it.anonymous.get('/projects')).status, 200)
    await save(form())
    assert.equal((await it.anonymous.get('/projects')).status, 401)
  })

  test('the API documentation is available, or not', async () => {
    const paths = ['/api/docs', '/api/docs/explorer.js']
    await save(without('apiv3_docs_enabled'))
    for (const path of paths) assert.equal((await it.anonymous.send('GET', path)).status, 404)
    await save(form())
    for (const path of paths) assert.equal((await it.anonymous.send('GET', path)).status, 200)
  })
})

describe('CORS', () => {
  const places = [
    '/api/v3',
    '/api/v3/projects',
    '/api/v3/nowhere',
    '/oauth/token/info',
    '/.well-known/oauth-authorization-server',
  ]
  const ask = (path: string, origin: string | undefined, method = 'GET', more: Record<string, string> = {}) =>
    it.anonymous.send(method, path, { headers: { ...(origin && { origin }), ...more } })
  const preflight = (path: string, origin: string) =>
    ask(path, origin, 'OPTIONS', {
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization,x-of-their-own',
    })
  const allowed = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin')

  test('is off', async () => {
    for (const path of places) {
      const { headers } = await ask(path, ORIGIN)
      assert.equal(headers.get('access-control-allow-origin'), null, path)
      assert.doesNotMatch(headers.get('vary') ?? '', /origin/i)
    }
  })

  test('permits allowed origins to read all addresses for programs', async () => {
    await save(form({ apiv3_cors_enabled: '1', apiv3_cors_origins: ORIGIN }))
    for (const path of places) {
      const { headers } = await ask(path, ORIGIN)
      assert.deepEqual([allowed({ headers }), headers.get('access-control-allow-credentials')], [ORIGIN, 'true'], path)
      assert.match(headers.get('vary') ?? '', /\borigin\b/)
      const before = await preflight(path, ORIGIN)
      assert.deepEqual([before.status, allowed(before), before.text], [204, ORIGIN, ''], path)
      assert.match(before.headers.get('access-control-allow-methods') ?? '', /PATCH/)
      assert.match(before.headers.get('access-control-allow-headers') ?? '', /^authorization,x-of-their-own$/)
      assert.match(before.headers.get('vary') ?? '', /\borigin\b/)
    }
  })

  test('rejects all other origins, and each response varies by origin', async () => {
    const others = ['null', 'https://evil-app.example.org', `${ORIGIN}.evil.example`, 'http://app.example.org', `${ORIGIN}:8443`]
    for (const origin of [
      ...others,
      `${ORIGIN}/`,
      ORIGIN.toUpperCase(),
      'https://example.org',
      '*',
      `${ORIGIN}, ${ORIGIN}`,
      undefined,
    ]) {
      for (const path of places) {
        const reply = await ask(path, origin)
        assert.equal(allowed(reply), null, `${origin} ${path}`)
        assert.equal(reply.headers.get('access-control-allow-credentials'), null)
        assert.match(reply.headers.get('vary') ?? '', /\borigin\b/, `${origin} ${path}`)
        if (origin !== undefined) assert.equal(allowed(await preflight(path, origin)), null)
      }
    }
  })

  test('an invalid setting does not allow "null" or a star', async () => {
    await it.setting('apiv3_cors_origins', ['null', '*'])
    for (const origin of ['null', ORIGIN]) assert.equal(allowed(await ask('/api/v3', origin)), null)
  })

  test('pages for people are not available to other origins', async () => {
    await save(form({ apiv3_cors_enabled: '1', apiv3_cors_origins: ORIGIN }))
    for (const path of ['/login', '/', PATH, '/oauth/authorize', '/my/access_tokens'])
      assert.equal(allowed(await ask(path, ORIGIN)), null, path)
  })

  test('allows no origin once disabled', async () => {
    await save(form({ apiv3_cors_origins: ORIGIN }))
    for (const path of places) assert.equal(allowed(await ask(path, ORIGIN)), null)
    assert.notEqual((await preflight('/api/v3/projects', ORIGIN)).status, 204)
  })
})
