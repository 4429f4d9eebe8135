/** Placeholder users: reading, and writing with the global permission. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let i: Instance
let asManager: Client
before(async () => {
  i = await instance()
  const manager = await i.make.user()
  await i.make.member(manager, null, ['manage_placeholder_user'])
  asManager = await i.as(manager)
})
after(() => i.close())

test('a placeholder user is created, renamed and deleted by users who manage them', async () => {
  const made = await asManager.post('/placeholder_users', { name: 'Welder' })
  assert.equal(made.status, 201)
  const { id, _links, ...rest } = made.body
  assert.deepEqual([rest._type, rest.name, rest.status], ['PlaceholderUser', 'Welder', 'active'])
  assert.ok('createdAt' in rest)
  assert.deepEqual(_links.showUser, { href: `/placeholder_users/${id}`, type: 'text/html' })
  assert.equal(_links.updateImmediately.title, 'Update Welder')

  const renamed = await asManager.patch(`/placeholder_users/${id}`, { name: 'Senior welder' })
  assert.deepEqual([renamed.status, renamed.body.name], [200, 'Senior welder'])
  assert.equal((await asManager.patch(`/placeholder_users/${id}`, { name: '' })).status, 422)
  assert.equal((await asManager.patch(`/placeholder_users/${id}`, { status: 'locked' })).status, 422)

  const removed = await asManager.delete(`/placeholder_users/${id}`)
  assert.deepEqual([removed.status, removed.text], [202, ''])
  assert.equal((await asManager.get(`/placeholder_users/${id}`)).status, 404)
})

test('read-only properties keep their value when null is sent', async () => {
  const made = await asManager.post('/placeholder_users', { name: 'Painter', status: null })
  assert.deepEqual([made.status, made.body.status], [201, 'active'])
})

test('other users get an error before any lookup; users who manage members find the placeholder users of their projects', async () => {
  const [mine, foreign] = [
    (await asManager.post('/placeholder_users', { name: 'Mine' })).body.id,
    (await asManager.post('/placeholder_users', { name: 'Foreign' })).body.id,
  ]
  const plain = await i.as(await i.make.user())
  for (const id of [mine, 999999]) {
    assert.equal((await plain.get(`/placeholder_users/${id}`)).status, 403)
    assert.equal((await plain.patch(`/placeholder_users/${id}`, { name: 'X' })).status, 403)
    assert.equal((await plain.delete(`/placeholder_users/${id}`)).status, 403)
  }
  assert.equal((await plain.post('/placeholder_users', { name: 'X' })).status, 403)
  assert.deepEqual(ids(await plain.get('/placeholder_users')), [])

  const project = await i.make.project()
  await i.make.member(mine, project, [])
  const lead = await i.make.user()
  await i.make.member(lead, project, ['manage_members'])
  const asLead = await i.as(lead)
  const seen = await asLead.get(`/placeholder_users/${mine}`)
  assert.equal(seen.status, 200)
  assert.deepEqual(Object.keys(seen.body).sort(), ['_links', '_type', 'id', 'name'])
  assert.equal((await asLead.get(`/placeholder_users/${foreign}`)).status, 404)
  assert.equal((await asLead.patch(`/placeholder_users/${mine}`, { name: 'X' })).status, 403)
  assert.deepEqual(ids(await asLead.get('/placeholder_users')), [mine])
})

test('a user is not found as a placeholder user, and vice versa', async () => {
  const user = await i.make.user()
  const { id } = (await i.admin.post('/placeholder_users', { name: 'Kind' })).body
  assert.equal((await i.admin.get(`/placeholder_users/${user}`)).status, 404)
  assert.equal((await i.admin.get(`/users/${id}`)).status, 404)
  assert.equal((await i.admin.get(`/groups/${id}`)).status, 404)
})

test('placeholder users are filtered by name and status', async () => {
  const { id } = (await i.admin.post('/placeholder_users', { name: 'Findable' })).body
  assert.deepEqual(ids(await i.admin.get(`/placeholder_users?${filters(['name', '~', ['FINDA']])}`)), [id])
  assert.deepEqual(ids(await i.admin.get(`/placeholder_users?${filters(['status', '!', ['active']])}`)), [])
})
