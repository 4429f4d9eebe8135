/** The OpenAPI document, its page, health checks, and CORS, which is disabled by default. */
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

describe('the OpenAPI document', () => {
  test('is OpenAPI 3.1 in JSON, at both of its addresses, without a login', async () => {
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
  test('has a page without external resources', async () => {
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

test('health checks require no login', async () => {
  for (const path of ['/livez', '/readyz', '/health_checks/default'])
    assert.deepEqual([path, (await get(path)).status], [path, 200])
})

describe('CORS', () => {
  const from = (origin: string) => ({ origin, 'access-control-request-method': 'GET' })
  test('is disabled by default', async () => {
    assert.equal((await get('/api/v3/spec.json', from('https://a.example'))).headers.get('access-control-allow-origin'), null)
  })

  test('permits only the configured origins', async () => {
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
