/** The OpenAPI document, the page to browse it, health checks; and CORS, which is disabled by default. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { build } from '#server/app.ts'
import { type Instance, instance } from '#test/instance.ts'

let it: Instance
before(async () => {
  it = await instance()
})
after(() => it.close())
const get = (path: string, headers: Record<string, string> = {}) => it.anonymous.send('GET', path, { headers })

describe('the description', () => {
  test('is OpenAPI 3.1 in JSON, under both of its names, open to everybody', async () => {
    const [spec, openapi] = [await get('/api/v3/spec.json'), await get('/api/v3/openapi.json')]
    assert.deepEqual([spec.status, spec.body.openapi], [200, '3.1.0'])
    assert.equal(spec.text, openapi.text)
    assert.ok(spec.body.paths['/api/v3/work_packages/{id}'].patch)
  })
  test('is the same in YAML', async () => {
    const reply = await get('/api/v3/spec.yml')
    assert.match(reply.headers.get('content-type') as string, /^text\/vnd\.yaml/)
    assert.deepEqual(parse(reply.text), (await get('/api/v3/spec.json')).body)
  })
  test('can be browsed on a page that asks nobody but us', async () => {
    const page = await get('/api/docs')
    assert.equal(page.status, 200)
    assert.match(
      page.headers.get('content-security-policy') as string,
      /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
    )
    assert.equal(/(?:src|href)="https?:/.test(page.text), false)
    assert.match((await get('/api/docs/explorer.js')).headers.get('content-type') as string, /javascript/)
  })
})

test('health checks need no login', async () => {
  for (const path of ['/livez', '/readyz', '/health_checks/default'])
    assert.deepEqual([path, (await get(path)).status], [path, 200])
})

describe('CORS', () => {
  const from = (origin: string) => ({ origin, 'access-control-request-method': 'GET' })
  test('is off', async () => {
    assert.equal((await get('/api/v3/spec.json', from('https://a.example'))).headers.get('access-control-allow-origin'), null)
  })

  test('once on, answers the origins that are named and no other', async () => {
    await it.setting('apiv3_cors_enabled', true)
    await it.setting('apiv3_cors_origins', ['https://a.example'])
    const app = await build(it.db)
    const allowed = async (origin: string) =>
      (await app.inject({ method: 'OPTIONS', url: '/api/v3/projects', headers: from(origin) })).headers[
        'access-control-allow-origin'
      ]
    assert.equal(await allowed('https://a.example'), 'https://a.example')
    for (const origin of ['https://evil-a.example', 'https://a.example.evil', 'null', 'http://a.example']) {
      assert.equal(await allowed(origin), undefined, origin)
    }
    const reply = await app.inject({ url: '/api/v3/projects', headers: { origin: 'https://a.example' } })
    assert.match(String(reply.headers.vary), /origin/i)
    await app.close()
  })
})
