/** Versions: reading, writing and deleting them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let halyard: Instance
let manager: Client
let member: Client
let stranger: Client
let projectId: number
let otherId: number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  projectId = await make.project({ name: 'Ship' })
  otherId = await make.project({ name: 'Other' })
  const managerId = await make.user()
  await make.member(managerId, projectId, ['manage_versions'])
  const memberId = await make.user()
  await make.member(memberId, projectId, ['view_work_packages'])
  manager = await halyard.as(managerId)
  member = await halyard.as(memberId)
  stranger = await halyard.as(await make.user())
})
after(() => halyard.close())

const inProject = (id = projectId) => ({ _links: { definingProject: { href: `/api/v3/projects/${id}` } } })
const create = (name: string, more: object = {}) => manager.post('/versions', { name, ...inProject(), ...more })

test('a new version is open and not shared, and the response is complete', async () => {
  const { status, body } = await create('1.0', {
    description: { raw: 'First *one*' },
    startDate: '2026-01-01',
    endDate: '2026-02-01',
  })
  assert.equal(status, 201)
  assert.deepEqual(
    [body._type, body.name, body.status, body.sharing, body.startDate, body.endDate],
    ['Version', '1.0', 'open', 'none', '2026-01-01', '2026-02-01'],
  )
  assert.deepEqual(body.description, { format: 'plain', raw: 'First *one*', html: '<p>First *one*</p>' })
  assert.deepEqual(Object.keys(body._links).sort(), [
    'availableInProjects',
    'definingProject',
    'delete',
    'schema',
    'self',
    'update',
    'updateImmediately',
  ])
  assert.deepEqual(body._links.self, { href: `/api/v3/versions/${body.id}`, title: '1.0' })
  assert.deepEqual(body._links.definingProject, { href: `/api/v3/projects/${projectId}`, title: 'Ship' })
  assert.deepEqual(body._links.availableInProjects, { href: `/api/v3/versions/${body.id}/workspaces` })
  assert.equal(body._embedded.definingProject.name, 'Ship')
})

test('members see it without links to change it, non-members do not see it', async () => {
  const { id } = (await create('Seen')).body
  const { status, body } = await member.get(`/versions/${id}`)
  assert.equal(status, 200)
  for (const rel of ['update', 'updateImmediately', 'delete']) assert.ok(!(rel in body._links), rel)
  assert.equal((await stranger.get(`/versions/${id}`)).status, 404)
})

test('a manager changes all but the project', async () => {
  const { id } = (await create('Draft')).body
  const changed = await manager.patch(`/versions/${id}`, { name: 'Final', status: 'closed', endDate: null })
  assert.deepEqual([changed.status, changed.body.name, changed.body.status], [200, 'Final', 'closed'])
  const moved = await halyard.admin.patch(`/versions/${id}`, inProject(otherId))
  assert.equal(moved.status, 422)
  assert.match(moved.body.errorIdentifier, /PropertyIsReadOnly$/)
  assert.equal((await manager.patch(`/versions/${id}`, inProject())).status, 200)
})

test('without the permission it is 403, and hidden projects are not disclosed', async () => {
  const { id } = (await create('Mine')).body
  assert.equal((await member.post('/versions', { name: 'No', ...inProject() })).status, 403)
  assert.equal((await member.patch(`/versions/${id}`, { name: 'No' })).status, 403)
  assert.equal((await member.delete(`/versions/${id}`)).status, 403)
  assert.equal((await stranger.patch(`/versions/${id}`, { name: 'No' })).status, 404)
  const hidden = await manager.post('/versions', { name: 'No', ...inProject(otherId) })
  const missing = await manager.post('/versions', { name: 'No', ...inProject(999_999) })
  assert.equal(hidden.status, 403)
  assert.deepEqual(hidden.body, missing.body)
})

test('missing and invalid values are rejected', async () => {
  const refused = async (payload: object) => {
    const { status, body } = await manager.post('/versions', payload)
    assert.equal(status, 422)
    return body.message
  }
  assert.equal(await refused({ name: 'Nowhere' }), "Project can't be blank.")
  assert.equal(await refused(inProject()), "Name can't be blank.")
  assert.equal(await refused({ name: 'x', status: 'done', ...inProject() }), 'Status is not set to one of the allowed values.')
  assert.equal(await refused({ name: 'x', sharing: 'all', ...inProject() }), 'Sharing is not set to one of the allowed values.')
  const backwards = { name: 'x', startDate: '2026-02-02', endDate: '2026-02-01', ...inProject() }
  assert.equal(await refused(backwards), 'Finish date must be greater than the start date.')
  assert.match(await refused({ name: 'x', startDate: '2026-02-30', ...inProject() }), /startDate/)
})

test('a name is unique in a project, ignoring case', async () => {
  await create('Ärger 1')
  const { status, body } = await create('äRGER 1')
  assert.equal(status, 422)
  assert.equal(body.message, 'Name has already been taken.')
  const elsewhere = await halyard.admin.post('/versions', { name: 'Ärger 1', ...inProject(otherId) })
  assert.equal(elsewhere.status, 201)
})

test('a version with work packages cannot be deleted', async () => {
  const { id } = (await create('Used')).body
  await halyard.make.workPackage({ project_id: projectId, version_id: id })
  const { status, body } = await manager.delete(`/versions/${id}`)
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'base')
  const { id: unused } = (await create('Unused')).body
  assert.equal((await manager.delete(`/versions/${unused}`)).status, 204)
  assert.equal((await manager.get(`/versions/${unused}`)).status, 404)
})

test('lists are filtered by name and sharing, and sorted by numbers within names', async () => {
  for (const name of ['v1.10', 'v1.9', 'V1.2']) await create(name)
  const list = async (query: string) => {
    const { status, body } = await manager.get(`/versions?${query}`)
    assert.equal(status, 200)
    assert.ok(!('pageSize' in body))
    return body._embedded.elements.map((one: any) => one.name)
  }
  const named = filters(['name', '~', ['v1.']])
  assert.deepEqual(await list(`${named}&sortBy=[["name","asc"]]`), ['V1.2', 'v1.9', 'v1.10'])
  assert.deepEqual(await list(`${named}&sortBy=[["id","desc"]]`), ['V1.2', 'v1.9', 'v1.10'])
  assert.deepEqual(await list(filters(['sharing', '=', ['tree']])), [])
  assert.equal((await manager.get(`/versions?${filters(['sharing', '=', ['all']])}`)).status, 400)
  assert.deepEqual(ids(await stranger.get('/versions')), [])
})

test('the schema limits a name to 60 characters, the server does not', async () => {
  const { name } = (await manager.get('/versions/schema')).body
  assert.deepEqual([name.minLength, name.maxLength], [1, 60])
  assert.equal((await create('n'.repeat(61))).status, 201)
})

test('the schema and the forms have the allowed values', async () => {
  const { body } = await manager.get('/versions/schema')
  assert.deepEqual(
    [body.definingProject.type, body.definingProject.name, body.definingProject.required],
    ['Project', 'Project', true],
  )
  assert.equal(body.endDate.name, 'Finish date')
  assert.equal((await stranger.get('/versions/schema')).status, 403)

  const form = (await manager.post('/versions/form', { name: 'Formed', ...inProject() })).body
  const { schema, payload } = form._embedded
  assert.deepEqual(schema.status._embedded.allowedValues, ['open', 'locked', 'closed'])
  assert.equal(schema.definingProject._links.allowedValues.href, '/api/v3/versions/available_projects')
  assert.deepEqual(form._links.commit, { href: '/api/v3/versions', method: 'post' })
  const { status, body: made } = await manager.post('/versions', payload)
  assert.equal(status, 201)
  const edit = (await manager.post(`/versions/${made.id}/form`, {})).body
  assert.equal(edit._embedded.schema.definingProject.writable, false)
  assert.ok(!('definingProject' in edit._embedded.payload._links))
  assert.equal((await member.post('/versions/form', {})).status, 403)
})

test('available projects are those in which the user manages versions', async () => {
  assert.deepEqual(ids(await manager.get('/versions/available_projects')), [projectId])
  assert.equal((await member.get('/versions/available_projects')).status, 403)
})
