/** Pages to sign in and out, and their protection against other sites. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { type Browser, browser } from './browser.ts'

let it: Scene
let vera: number
let login: string
let one: Browser
before(async () => {
  it = await scene()
})
after(() => it.close())
let count = 0
beforeEach(async () => {
  const own = `Vera-${++count}`
  ;({ id: vera, login, browser: one } = await it.visitor({ login: own, name: `Vera <${count}>` }))
})

const sessions = async () => (await it.db.all(sql`select id from sessions where user_id = ${vera}`)).length

describe('signing in', () => {
  test('sets a cookie that the API accepts, and redirects to the home page', async () => {
    assert.deepEqual(to(await one.get('/')), [303, '/login'])
    assert.deepEqual(to(await one.signIn(login, PASSWORD)), [303, '/'])
    assert.equal(await one.me(), vera)
    const { status, text } = await one.get('/')
    assert.equal(status, 200)
    assert.match(text, /signed in as <strong>Vera &lt;\d+&gt;<\/strong>/)
    assert.match(text, /href="\/api\/docs"/)
    assert.deepEqual(to(await one.get('/login')), [303, '/'])
  })

  test('ignores case and surrounding spaces of the username', async () => {
    await one.signIn(` ${login.toUpperCase()} `, PASSWORD)
    assert.equal(await one.me(), vera)
  })

  test('sets a cookie with HttpOnly and SameSite that ends with the browser', async () => {
    const cookie = (await one.signIn(login, PASSWORD)).headers.get('set-cookie') as string
    assert.match(cookie, /^_open_project_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  test('with HTTPS, sets a __Host- cookie', async () => {
    await it.setting('https', true)
    const cookie = (await one.signIn(login, PASSWORD)).headers.get('set-cookie') as string
    await it.setting('https', false)
    assert.match(cookie, /^__Host-_open_project_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  })

  test('never continues an earlier session, real or made up (session fixation)', async () => {
    const attacker = browser(it.url)
    await attacker.signIn(login, PASSWORD)
    for (const planted of [attacker.cookie, `_open_project_session=${'0'.repeat(64)}`]) {
      one.cookie = planted
      await one.signIn(login, PASSWORD)
      assert.notEqual(one.cookie, planted)
      assert.equal(await one.me(), vera)
      const other = browser(it.url)
      other.cookie = planted
      assert.equal(await other.me(), undefined)
    }
  })

  test('keeps or ends sessions of other browsers, by the setting', async () => {
    await one.signIn(login, PASSWORD)
    await browser(it.url).signIn(login, PASSWORD)
    assert.equal(await one.me(), vera)
    await it.setting('drop_old_sessions_on_login', true)
    await browser(it.url).signIn(login, PASSWORD)
    await it.setting('drop_old_sessions_on_login', false)
    assert.equal(await one.me(), undefined)
    assert.equal(await sessions(), 1)
  })
})

describe('signing out', () => {
  test('ends the session and, unless configured otherwise, those of other browsers', async () => {
    const [other, third] = [browser(it.url), browser(it.url)]
    for (const each of [one, other, third]) await each.signIn(login, PASSWORD)
    const { cookie } = one
    await it.setting('drop_old_sessions_on_logout', false)
    const reply = await one.submit('/logout')
    await it.setting('drop_old_sessions_on_logout', true)
    assert.deepEqual(to(reply), [303, '/login'])
    assert.match(reply.headers.get('set-cookie') as string, /^_open_project_session=; Max-Age=0; Path=\//)
    one.cookie = cookie
    assert.deepEqual([await one.me(), await other.me()], [undefined, vera])
    await other.submit('/logout')
    assert.equal(await third.me(), undefined)
    assert.equal(await sessions(), 0)
  })

  test('asks for a confirmation on GET', async () => {
    await one.signIn(login, PASSWORD)
    const { status, text } = await one.get('/logout')
    assert.equal(status, 200)
    assert.match(text, /<form method="post" action="\/logout">/)
    assert.equal(await one.me(), vera)
  })

  test('does nothing without a session', async () => {
    assert.deepEqual(to(await one.get('/logout')), [303, '/login'])
    assert.deepEqual(to(await one.submit('/logout')), [303, '/login'])
  })
})

describe('Another site cannot', () => {
  const foreign: [string, Record<string, string>][] = [
    ['from another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['from another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['with a forged origin', { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:8080' }],
    ['by an older browser', { origin: 'https://evil.example' }],
    ['from an opaque origin', { origin: 'null' }],
    ['without headers about its origin', {}],
  ]
  for (const [how, headers] of foreign) {
    test(`sign somebody in, ${how}`, async () => {
      const reply = await one.submit('/login', { username: login, password: PASSWORD }, headers)
      assert.deepEqual([reply.status, reply.headers.get('set-cookie')], [403, null])
      assert.match(reply.text, /role="alert"/)
      assert.equal(await sessions(), 0)
    })

    test(`sign somebody out, ${how}`, async () => {
      await one.signIn(login, PASSWORD)
      const reply = await one.submit('/logout', {}, headers)
      assert.deepEqual([reply.status, reply.headers.get('set-cookie')], [403, null])
      assert.equal(await one.me(), vera)
    })
  }

  test('but our own page can, in a browser that sends only Origin', async () => {
    for (const origin of [it.url, 'http://localhost:8080']) {
      assert.equal((await one.submit('/login', { username: login, password: PASSWORD }, { origin })).status, 303)
    }
  })
})

describe('After the sign-in, the browser is redirected', () => {
  const fields = (back_url: string) => ({ username: login, password: PASSWORD, back_url })

  test('to the destination', async () => {
    const own = '/api/v3/work_packages?filters=%5B%5D&a=%5C#x'
    const { text } = await one.get(`/login?back_url=${encodeURIComponent(own)}`)
    assert.match(text, /name="back_url" value="\/api\/v3\/work_packages\?filters=%5B%5D&amp;a=%5C#x"/)
    assert.deepEqual(to(await one.submit('/login', fields(own))), [303, own])
    assert.deepEqual(to(await one.get(`/login?back_url=${encodeURIComponent(own)}`)), [303, own])
    assert.deepEqual(to(await one.submit('/login', fields('/ä'))), [303, '/%C3%A4'])
  })

  const elsewhere = [
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/x\r\nset-cookie: a=b',
    '/\u0000/evil.example',
    '/%2fevil.example',
    '/%2F%2Fevil.example',
    '/%5cevil.example',
    '/%09/evil.example',
    '/x%0d%0aset-cookie:a=b',
    '%2f%2fevil.example',
    '/..//evil.example',
    '/.//evil.example',
    '/%2e%2e//evil.example',
    '/a/../%2fevil.example',
    '/a/..\\/evil.example',
    '/%zz',
    'https://evil.example',
    'https:evil.example',
    'http://localhost:8080/own',
    'javascript:alert(1)',
    'data:text/html,x',
    'evil.example',
    ' //evil.example',
    '@evil.example',
    '',
  ]
  for (const back of elsewhere) {
    test(`nowhere else: ${JSON.stringify(back)}`, async () => {
      assert.equal((await one.get(`/login?back_url=${encodeURIComponent(back)}`)).text.includes('name="back_url"'), false)
      assert.deepEqual(to(await one.submit('/login', fields(back))), [303, '/'])
      assert.deepEqual(to(await one.get(`/login?back_url=${encodeURIComponent(back)}`)), [303, '/'])
    })
  }
})

describe('a page', () => {
  test('may only show text, send forms to us and use passkeys where needed, and is not cached', async () => {
    await it.setting('app_title', '<b>Ours</b>')
    for (const path of ['/login', '/logout', '/']) {
      if (path !== '/login') await one.signIn(login, PASSWORD)
      const { status, headers, text } = await one.get(path)
      assert.equal(status, 200)
      assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
      assert.match(
        (headers.get('content-security-policy') as string).replace(
          path === '/login' ? /; script-src 'sha256-[\w+/=]+'; connect-src 'self'$/ : /$/,
          '',
        ),
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      )
      assert.equal(headers.get('referrer-policy'), 'same-origin')
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.match(text, /<html lang="en">/)
      assert.match(text, /&lt;b&gt;Ours&lt;\/b&gt;/)
      assert.equal((text.match(/<script/g) ?? []).length, path === '/login' ? 1 : 0)
      assert.equal(/<b>|style="|\son\w+="/.test(text), false)
    }
    await it.setting('app_title', 'Halyard')
  })

  test('has a style sheet that its policy allows', async () => {
    const { headers, text } = await one.get('/login')
    const style = /<style>(.*)<\/style>/s.exec(text)?.[1] as string
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style))
    assert.ok(headers.get('content-security-policy')?.includes(`'sha256-${Buffer.from(digest).toString('base64')}'`))
  })

  test('shows the input as text and the error, and never the password', async () => {
    const { status, text } = await one.signIn('"><script>alert(1)</script>', 'my secret')
    assert.equal(status, 422)
    assert.match(text, /value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/)
    assert.match(text, /role="alert"/)
    assert.equal(text.includes('my secret'), false)
  })

  test('responds to HEAD as well', async () => {
    const { status, text } = await it.anonymous.send('HEAD', '/login')
    assert.deepEqual([status, text], [200, ''])
  })

  test('is not readable by an origin that may read the API', async () => {
    await one.signIn(login, PASSWORD)
    assert.deepEqual(to(await one.get('/', { origin: 'https://a.example' })), [303, '/login'])
  })
})

test('404 is a page for browsers and an API error for other clients', async () => {
  const page = await one.get('/nowhere', { accept: 'text/html,*/*;q=0.8' })
  assert.deepEqual([page.status, page.headers.get('content-type')], [404, 'text/html; charset=utf-8'])
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  for (const headers of [{ accept: '*/*' }, {}]) {
    const { status, body } = await one.get('/nowhere', headers as Record<string, string>)
    assert.deepEqual([status, body.errorIdentifier], [404, 'urn:openproject-org:api:v3:errors:NotFound'])
  }
})

test('An oversized or other body is refused with a message', async () => {
  const own = { origin: it.url }
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
    const body = `username=${login}&password=${encodeURIComponent(PASSWORD)}`
    const { status, headers } = await it.anonymous.send('POST', '/login', { body, headers: { ...own, 'content-type': type } })
    assert.deepEqual([status, headers.get('content-type')], [415, 'text/html; charset=utf-8'], type)
  }
  const { status, text } = await one.signIn(login, 'x'.repeat(20_000))
  assert.equal(status, 413)
  assert.match(text, /role="alert"/)
  assert.equal((await one.signIn('a\u0000b', PASSWORD)).status, 422)
  assert.equal((await one.submit('/login')).status, 422)
  assert.equal(await sessions(), 0)
})
