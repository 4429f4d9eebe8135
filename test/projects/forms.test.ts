/** The forms and the schema of projects. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let editor: Client
let branch: Client
let projectId: number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  projectId = await make.project({ name: 'One', identifier: 'one' })
  const editorId = await make.user()
  await make.member(editorId, projectId, ['edit_project'])
  editor = await halyard.as(editorId)
  const branchId = await make.user()
  await make.member(branchId, projectId, ['add_subprojects'])
  branch = await halyard.as(branchId)
})
after(() => halyard.close())

test('the schema has every property, with required and writable', async () => {
  const { status, body } = await halyard.admin.get('/projects/schema')
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body).sort(), [
    '_attributeGroups',
    '_dependencies',
    '_links',
    '_type',
    'active',
    'createdAt',
    'description',
    'id',
    'identifier',
    'name',
    'parent',
    'public',
    'status',
    'statusExplanation',
    'updatedAt',
  ])
  assert.deepEqual([body.name.required, body.name.minLength, body.name.maxLength], [true, 1, 255])
  assert.deepEqual([body.identifier.required, body.identifier.hasDefault, body.identifier.maxLength], [true, true, 100])
  assert.deepEqual([body.id.name, body.createdAt.name, body.parent.name], ['ID', 'Created on', 'Subproject of'])
  assert.deepEqual([body.parent.type, body.parent.location, body.status.type], ['Workspace', '_links', 'ProjectStatus'])
  assert.deepEqual([body.createdAt.writable, body.name.writable], [false, true])
  assert.equal(body._links.self.href, '/api/v3/projects/schema')
  const workspaces = (await halyard.admin.get('/workspaces/schema')).body
  assert.equal(workspaces._links.self.href, '/api/v3/workspaces/schema')
  assert.deepEqual({ ...workspaces, _links: {} }, { ...body, _links: {} })
})

test('an empty form reports missing values and the payload', async () => {
  const { status, body } = await halyard.admin.post('/projects/form', {})
  assert.equal(status, 200)
  const { payload, schema, validationErrors } = body._embedded
  assert.deepEqual(Object.keys(validationErrors), ['name'])
  assert.deepEqual([payload.active, payload.public], [true, false])
  assert.deepEqual(payload._links, { parent: { href: null }, status: { href: null } })
  assert.equal(schema.parent._links.allowedValues.href, '/api/v3/projects/available_parent_projects?workspace_type=project')
  assert.deepEqual(
    schema.status._embedded.allowedValues.map((one: any) => one.id),
    ['on_track', 'at_risk', 'off_track', 'not_started', 'finished', 'discontinued'],
  )
  assert.ok(!('commit' in body._links))
})

test('a form without errors can be committed unchanged', async () => {
  const form = (await halyard.admin.post('/projects/form', { name: 'From a form' })).body
  assert.deepEqual(form._embedded.validationErrors, {})
  assert.equal(form._embedded.payload.identifier, 'from-a-form')
  assert.deepEqual(form._links.commit, { href: '/api/v3/projects', method: 'post' })
  const { status, body } = await halyard.admin.post('/projects', form._embedded.payload)
  assert.equal(status, 201)
  assert.equal(body.identifier, 'from-a-form')
})

test('a parent is required of users who may only add subprojects', async () => {
  const form = (await branch.post('/projects/form', { name: 'Below' })).body
  assert.equal(form._embedded.schema.parent.required, true)
  assert.deepEqual(Object.keys(form._embedded.validationErrors), ['parent'])
  assert.ok('description' in form._embedded.payload)
  const placed = { ...form._embedded.payload, _links: { parent: { href: `/api/v3/projects/${projectId}` } } }
  assert.ok('commit' in (await branch.post('/projects/form', placed)).body._links)
})

test('the form of a stored project links to its update', async () => {
  const form = (await editor.post(`/projects/${projectId}/form`, { name: 'Two' })).body
  assert.equal(form._embedded.payload.name, 'Two')
  assert.deepEqual(form._links.self, { href: `/api/v3/projects/${projectId}/form`, method: 'post' })
  assert.deepEqual(form._links.commit, { href: `/api/v3/projects/${projectId}`, method: 'patch' })
  const { parent, active } = form._embedded.schema
  assert.equal(parent._links.allowedValues.href, `/api/v3/projects/available_parent_projects?of=${projectId}`)
  assert.equal(active.writable, false)
  assert.ok(!('active' in form._embedded.payload))
  assert.equal((await editor.get('/projects/one')).body.name, 'One')
  assert.equal((await editor.patch(`/projects/${projectId}`, form._embedded.payload)).body.name, 'Two')
})

test('a body that is not a JSON object is rejected', async () => {
  const options = { body: '[]', headers: { 'content-type': 'application/json' } }
  assert.equal((await halyard.admin.send('POST', '/api/v3/projects/form', options)).status, 400)
  const plain = { body: 'x', headers: { 'content-type': 'text/plain' } }
  assert.equal((await halyard.admin.send('POST', '/api/v3/projects/form', plain)).status, 415)
})
