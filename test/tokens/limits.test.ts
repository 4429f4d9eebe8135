/** API tokens with limits: expiry, read-only tokens, and tokens for projects. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { expiryOf } from '#identity/tokens.ts'
import { product } from '#server/modules.ts'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

const { permissions } = product

const URN = 'urn:openproject-org:api:v3:errors:'
const all = permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name)

let server: Instance
let inside: number
let outside: number
let ada: number
let role: number
let task: number
let other: number

before(async () => {
  server = await instance()
  const { make } = server
  inside = await make.project({ identifier: 'inside', name: 'Inside' })
  outside = await make.project({ identifier: 'outside', name: 'Outside' })
  ada = await make.user({ name: 'Ada Byron', login: 'ada' })
  role = await make.role(all)
  await make.member(ada, inside, { role })
  await make.member(ada, outside, { role })
  task = await make.workPackage({ project_id: inside, author_id: ada, subject: 'In' })
  other = await make.workPackage({ project_id: outside, author_id: ada, subject: 'Out' })
})
after(() => server.close())

const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`apikey:${token}`).toString('base64')}` })
const status = async (client: Client, path = '/users/me') => (await client.get(path)).status

describe('a token', () => {
  test('is valid until the second it expires, also with Basic', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const token = await server.token(ada, { expiresAt: later })
    assert.equal((await server.anonymous.get('/users/me', basic(token))).status, 200)
    // Cached by now: the expiry is checked on each use.
    const past = await server.token(ada, { expiresAt: new Date().toISOString() })
    assert.equal((await server.anonymous.get('/users/me', { authorization: `Bearer ${past}` })).status, 401)
    assert.equal((await server.anonymous.get('/users/me', basic(past))).status, 401)
  })

  test('expires after a number of days, or at the end of a date', () => {
    const now = new Date('2026-03-01T10:00:00Z')
    assert.equal(expiryOf('30', now), '2026-03-31T10:00:00.000Z')
    assert.equal(expiryOf('2026-03-01', now), '2026-03-02T00:00:00.000Z')
    for (const wrong of ['0', '-1', 'soon', '2026-02-28', '2026-02-30', '2026-13-01', '1.5', '', '100000'])
      assert.equal(expiryOf(wrong, now), undefined, wrong)
  })

  test('records its last use, once a minute at most', async () => {
    const client = await server.as(ada)
    const last = () => server.db.one<{ at: string | null }>(sql`select last_used_at as at from tokens order by id desc limit 1`)
    assert.equal((await last())!.at, null)
    await client.get('/users/me')
    const used = (await last())!.at
    assert.ok(used)
    const before = server.db.statements
    await client.get('/users/me')
    assert.equal(server.db.statements - before, 1, 'the counters')
    assert.equal((await last())!.at, used)
  })

  test('with another scope is rejected', async () => {
    for (const scope of ['mcp', 'scim_v2', 'bcf_v2_1']) {
      const { status, headers, body } = await (await server.as(ada, { scope })).get('/users/me')
      assert.deepEqual([status, body.errorIdentifier], [403, `${URN}Unauthenticated`], scope)
      assert.match(headers.get('www-authenticate') ?? '', /error="insufficient_scope" scope="api_v3"/)
    }
  })
})

test('a read-only token gets insufficient_scope', async () => {
  const client = await server.as(ada, { scope: 'api_v3:read' })
  assert.equal(await status(client, `/work_packages/${task}`), 200)
  const { status: refused, headers, body } = await client.patch(`/work_packages/${task}`, { lockVersion: 0, subject: 'New' })
  assert.deepEqual(
    [refused, body],
    [
      403,
      {
        _type: 'Error',
        errorIdentifier: `${URN}InsufficientScope`,
        message: 'The token has the scope api_v3:read; this request requires api_v3.',
      },
    ],
  )
  assert.equal(headers.get('www-authenticate'), 'Bearer realm="OpenProject API" error="insufficient_scope" scope="api_v3"')
})

describe('a token for one project', () => {
  let limited: Client
  before(async () => {
    limited = await server.as(ada, { projects: [inside] })
  })

  test('sees and counts its project only', async () => {
    assert.deepEqual(ids(await limited.get('/work_packages?filters=[]')), [task])
    assert.deepEqual(ids(await limited.get('/projects')), [inside])
    assert.equal(await status(limited, `/work_packages/${other}`), 404)
    assert.equal(await status(limited, `/projects/${outside}`), 404)
    // The same user without the limit is another viewer.
    assert.deepEqual(ids(await (await server.as(ada)).get('/projects')), [outside, inside])
  })

  test('shows no permissions of other projects', async () => {
    const { body } = await limited.get(`/capabilities?pageSize=1000&${filters(['principal', '=', [ada]])}`)
    const contexts = new Set(body._embedded.elements.map((one: any) => one._links.context.href))
    assert.deepEqual([...contexts], [`/api/v3/projects/${inside}`])
  })

  test('permits writes in it', async () => {
    const lockVersion = (await limited.get(`/work_packages/${task}`)).body.lockVersion
    assert.equal((await limited.patch(`/work_packages/${task}`, { lockVersion, subject: 'Still in' })).status, 200)
  })

  test('does not move work packages out of the project or into it', async () => {
    const to = (project: number, lockVersion: number) => ({
      lockVersion,
      _links: { project: { href: `/api/v3/projects/${project}` } },
    })
    const { lockVersion } = (await limited.get(`/work_packages/${task}`)).body
    const out = await limited.patch(`/work_packages/${task}`, to(outside, lockVersion))
    assert.equal(out.status, 403)
    assert.equal((await limited.patch(`/work_packages/${other}`, to(inside, 0))).status, 404)
    const places = await server.db.all(sql`select project_id from work_packages where id in (${task}, ${other}) order by id`)
    assert.deepEqual(
      places.map((row) => row.project_id),
      [inside, outside],
    )
  })

  test('does not create or change memberships in other projects', async () => {
    const link = (path: string) => ({ href: `/api/v3/${path}` })
    const body = { _links: { principal: link('users/1'), project: link(`projects/${outside}`), roles: [link(`roles/${role}`)] } }
    assert.equal((await limited.post('/memberships', body)).status, 403)
    const theirs = await server.db.one<{ id: number }>(
      sql`select id from memberships where principal_id = ${ada} and project_id = ${outside}`,
    )
    assert.equal((await limited.delete(`/memberships/${theirs!.id}`)).status, 404)
  })

  test('creates no project, not even a subproject, and no calendar address', async () => {
    const { make } = server
    const carl = await make.user()
    await make.member(carl, inside, { role })
    await make.member(carl, null, ['add_project'])
    const own = await server.as(carl, { projects: [inside] })
    const parent = { href: `/api/v3/projects/${inside}` }
    assert.equal((await own.post('/projects', { name: 'New' })).status, 403)
    assert.equal((await own.post('/projects', { name: 'New', _links: { parent } })).status, 403)
    assert.equal((await (await server.as(carl)).post('/projects', { name: 'New', _links: { parent } })).status, 201)
    const query = await own.post('/queries', { name: 'Mine', _links: { project: parent } })
    assert.equal(query.status, 201)
    assert.equal((await own.post(`/queries/${query.body.id}/ical_url`, { token_name: 'Way out' })).status, 403)
    assert.equal((await own.post('/queries', { name: 'Nowhere' })).status, 403)
  })

  test('cannot change the account, but read it', async () => {
    assert.equal((await limited.get('/users/me')).body.login, 'ada')
    assert.equal((await limited.patch('/users/me', { firstName: 'Eve' })).status, 403)
    assert.equal((await limited.patch('/users/me', { password: 'Something new 1!' })).status, 403)
    assert.equal((await limited.patch(`/users/${ada}/preferences`, { timeZone: 'Europe/Paris' })).status, 403)
    await server.setting('users_deletable_by_self', true)
    assert.equal((await limited.delete(`/users/${ada}`)).status, 403)
    await server.setting('users_deletable_by_self', false)
  })

  test('of an administrator has no administrative permissions', async () => {
    const admin = await server.db.one<{ id: number }>(sql`select id from principals where login = 'admin'`)
    const own = await server.as(admin!.id, { projects: [inside] })
    assert.deepEqual(ids(await own.get('/projects')), [inside])
    assert.equal((await own.get('')).body.coreVersion, undefined)
    assert.equal((await own.post('/groups', { name: 'New' })).status, 403)
    assert.equal((await own.patch(`/users/${ada}`, { admin: true })).status, 403)
    assert.equal((await own.delete(`/projects/${inside}`)).status, 403)
  })

  test('has no access after the deletion of its project', async () => {
    const gone = await server.as(ada, { projects: [999_999] })
    assert.deepEqual(ids(await gone.get('/projects')), [])
    const none = await server.as(ada, { projects: [] })
    assert.deepEqual(ids(await none.get('/projects')), [])
  })
})
