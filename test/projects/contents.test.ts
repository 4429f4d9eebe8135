/** The types and categories of a project. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let halyard: Instance
let vera: Client
let bare: Client
let veraId: number
let projectId: number
let otherId: number
const categories: Record<string, number> = {}

before(async () => {
  halyard = await instance()
  const { make } = halyard
  projectId = await make.project({ name: 'Ship', identifier: 'ship' })
  otherId = await make.project()
  veraId = await make.user({ name: 'Vera' })
  await make.member(veraId, projectId, ['view_work_packages'])
  vera = await halyard.as(veraId)
  const bareId = await make.user()
  await make.member(bareId, projectId, [])
  bare = await halyard.as(bareId)
  categories.sails = await make.row('categories', { project_id: projectId, name: 'Sails' }, 'categories')
  categories.hull = await make.row('categories', { project_id: projectId, name: 'Hull', assigned_to_id: veraId }, 'categories')
  categories.other = await make.row('categories', { project_id: otherId, name: 'Other' }, 'categories')
})
after(() => halyard.close())

test('a category names its project and its assignee', async () => {
  const { status, body } = await vera.get(`/categories/${categories.hull}`)
  assert.equal(status, 200)
  assert.deepEqual([body._type, body.name], ['Category', 'Hull'])
  assert.deepEqual(body._links, {
    self: { href: `/api/v3/categories/${categories.hull}`, title: 'Hull' },
    project: { href: `/api/v3/projects/${projectId}`, title: 'Ship' },
    defaultAssignee: { href: `/api/v3/users/${veraId}`, title: 'Vera' },
  })
  assert.equal(body._embedded.project.identifier, 'ship')
  assert.equal(body._embedded.defaultAssignee.name, 'Vera')
  const { _links } = (await vera.get(`/categories/${categories.sails}`)).body
  assert.deepEqual(_links.defaultAssignee, { href: null })
})

test('categories of hidden projects are hidden', async () => {
  assert.equal((await vera.get(`/categories/${categories.other}`)).status, 404)
  assert.equal((await vera.get('/categories/999999')).status, 404)
})

test('a project lists its categories by name, without pages', async () => {
  for (const path of [`/projects/${projectId}`, '/projects/ship', `/workspaces/${projectId}`]) {
    const reply = await bare.get(`${path}/categories?pageSize=1`)
    assert.equal(reply.status, 200)
    assert.deepEqual(ids(reply), [categories.hull, categories.sails])
    assert.ok(!('pageSize' in reply.body))
    assert.equal(reply.body._links.self.href, `/api/v3${path}/categories`)
  }
  assert.equal((await vera.get(`/projects/${otherId}/categories`)).status, 404)
})

test('a project lists its types, for users who work with them', async () => {
  const { status, body } = await vera.get(`/projects/${projectId}/types`)
  assert.equal(status, 200)
  assert.equal(body._embedded.elements[0].name, 'Task')
  assert.equal(body._embedded.elements[0]._type, 'Type')
  assert.equal(body.total, 7)
  assert.equal((await bare.get(`/projects/${projectId}/types`)).status, 404)
  assert.equal((await vera.get(`/projects/${otherId}/types`)).status, 404)
})

test('versions are listed for users who plan with them', async () => {
  assert.equal((await vera.get(`/projects/${projectId}/versions`)).status, 200)
  assert.equal((await bare.get(`/projects/${projectId}/versions`)).status, 404)
})
