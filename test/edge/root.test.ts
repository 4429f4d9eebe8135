/** A server below a path of its host, as `--public-url https://example.org/work` has it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { withoutRoot } from '#http/root.ts'
import { build } from '#server/app.ts'
import { setup } from '#server/setup.ts'
import { emptyDatabase } from '#test/database.ts'

const token = `opapi-${'0123456789'.repeat(4)}`
const authorization = `Bearer ${token}`

describe('a server below a path', () => {
  let opened: Awaited<ReturnType<typeof emptyDatabase>>
  let app: FastifyInstance
  before(async () => {
    opened = await emptyDatabase()
    await setup(opened.db, { seed: 'demo', adminToken: token, publicUrl: 'https://example.org/work/' })
    app = await build(opened.db, { root: '/work' })
  })
  after(async () => {
    await app.close()
    await opened.drop()
  })

  const ask = (url: string, more: object = {}): Promise<LightMyRequestResponse> =>
    app.inject({ url, headers: { authorization, host: 'example.org' }, ...more })
  const send = (method: 'POST' | 'PATCH', url: string, payload: object) =>
    ask(url, { method, payload, headers: { authorization, 'content-type': 'application/json' } })

  test('answers below it, also where a proxy has removed it, and links lead there', async () => {
    for (const url of [
      '/work/api/v3/work_packages/1',
      '/api/v3/work_packages/1',
      'https://example.org/work/api/v3/work_packages/1',
    ]) {
      const reply = await ask(url)
      assert.equal(reply.statusCode, 200)
      const { _links } = reply.json()
      for (const name of ['self', 'project', 'status', 'update']) assert.match(_links[name].href, /^\/work\/api\/v3\//)
      assert.equal(reply.headers.link, '</work/api/v3/openapi.json>; rel="service-desc"')
    }
    assert.equal((await ask('/workshop/api/v3')).statusCode, 404)
  })

  test('takes links as it gives them, as well as others', async () => {
    for (const prefix of ['/work', '', 'https://example.org/work']) {
      const href = `${prefix}/api/v3/projects/1`
      const reply = await send('POST', '/work/api/v3/work_packages', { subject: 'Ahoy', _links: { project: { href } } })
      assert.equal(reply.statusCode, 201, reply.body)
      assert.equal(reply.json()._links.project.href, '/work/api/v3/projects/1')
    }
  })

  test('leaves texts as they were written, and has links of rendered ones lead there', async () => {
    const raw = 'See "href":"/x", <a href="/mine">mine</a>, " href="/x and `<a href="/x">`, and #1.'
    const reply = await send('POST', '/work/api/v3/projects/demo-project/work_packages', {
      subject: '"href":"/x"',
      description: { raw },
    })
    const { subject, description } = reply.json()
    assert.deepEqual([subject, description.raw], ['"href":"/x"', raw])
    assert.match(description.html, /href="\/work\/mine"/)
    assert.match(description.html, /href="\/work\/work_packages\/1"/)
    assert.match(description.html, /, " href="\/x and <code [^>]+>&lt;a href="\/x"(>|&gt;)<\/code>/)
  })

  test('has pages whose forms and links lead there, and redirects', async () => {
    const page = await ask('/work/login', { headers: {} })
    assert.equal(page.statusCode, 200)
    assert.match(page.body, / action="\/work\/login"/)
    assert.doesNotMatch(page.body, / (?:href|src|action)="\/(?!work\/)/)
    const away = await ask('/work/my/account', { headers: {} })
    assert.deepEqual([away.statusCode, away.headers.location], [303, '/work/login?back_url=%2Fmy%2Faccount'])
    const docs = await ask('/work/api/docs', { headers: {} })
    assert.match(docs.body, /spec-url="\/work\/api\/v3\/spec\.json"/)
    assert.doesNotMatch(docs.body, / (?:href|src)="\/(?!work\/)/)
  })

  test('writes back what is no link as it was read', async () => {
    const options = { name: 'Ahoy', href: '/x', url: '/x' }
    const widget = { identifier: 'custom_text', startRow: 1, endRow: 2, startColumn: 1, endColumn: 2, options }
    const made = await send('POST', '/work/api/v3/grids', {
      rowCount: 3,
      columnCount: 3,
      widgets: [widget],
      _links: { scope: { href: '/work/my/page' } },
    })
    assert.equal(made.statusCode, 201, made.body)
    const [read] = made.json().widgets
    assert.deepEqual([read.options.href, read.options.url], ['/work/x', '/x'])
    const again = await send('PATCH', made.json()._links.self.href, { widgets: [read] })
    assert.deepEqual(again.json().widgets[0].options, read.options)
  })

  test('has cookies for itself alone', async () => {
    const headers = { origin: 'https://example.org', 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await app.inject({ method: 'POST', url: '/work/logout', headers, payload: '' })
    assert.match(
      String(reply.headers['set-cookie']),
      /^__Secure-_open_project_session=; Max-Age=0; Path=\/work; HttpOnly; SameSite=Lax; Secure$/,
    )
  })

  test('has absolute addresses below it', async () => {
    const metadata = (await ask('/work/.well-known/oauth-authorization-server')).json()
    assert.equal(metadata.issuer, 'https://example.org/work')
    assert.equal(metadata.token_endpoint, 'https://example.org/work/oauth/token')
    assert.equal((await ask('/work/api/v3/configuration')).json().hostName, 'example.org')
  })
})

test('only a whole part of a path is removed', () => {
  for (const [url, expected] of [
    ['/work', '/'],
    ['/work?x=1', '/?x=1'],
    ['/work/', '/'],
    ['/work/login?x=/work/', '/login?x=/work/'],
    ['/works', '/works'],
    ['/login', '/login'],
  ] as const) {
    assert.equal(withoutRoot(url, '/work'), expected)
  }
  assert.equal(withoutRoot('/work', ''), '/work')
})
