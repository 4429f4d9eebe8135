/** Documents: visibility, permissions and validation. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
let project: number
let editor: Client
let reader: Client
let stranger: Client
before(async () => {
  it = await instance()
  project = await it.make.project({ public: false })
  await it.db.transaction((tx) => switchModule(tx, product, project, 'documents', true))
  const [one, other, third] = [await it.make.user(), await it.make.user(), await it.make.user()]
  await it.make.member(one, project, ['view_documents', 'manage_documents'])
  await it.make.member(other, project, ['view_documents'])
  await it.make.member(third, project, ['view_work_packages'])
  ;[editor, reader, stranger] = [await it.as(one), await it.as(other), await it.as(third)]
})
after(() => it.close())

const payload = (more: object = {}) => ({
  title: 'Rigging plan',
  description: { raw: 'All **ropes**.' },
  _links: { project: { href: `/api/v3/projects/${project}` } },
  ...more,
})

test('a document is created by users who manage documents', async () => {
  const { status, body } = await editor.post('/documents', payload())
  assert.equal(status, 201)
  assert.deepEqual([body._type, body.title, body._embedded.project.id], ['Document', 'Rigging plan', project])
  assert.match(body.description.html, /<strong>ropes<\/strong>/)
  assert.equal((await reader.post('/documents', payload())).status, 403)
  assert.equal((await stranger.post('/documents', payload())).status, 403)
})

test('it is visible to users who may view documents, and changed by users who manage them', async () => {
  const { id } = (await editor.post('/documents', payload())).body
  const { body } = await reader.get(`/documents/${id}`)
  assert.deepEqual(Object.keys(body._links).sort(), ['attachments', 'project', 'self'])
  assert.deepEqual(body._links.attachments, { href: `/api/v3/documents/${id}/attachments` })
  assert.equal((await stranger.get(`/documents/${id}`)).status, 404)
  assert.equal((await reader.patch(`/documents/${id}`, { title: 'Mine' })).status, 403)
  assert.equal((await stranger.patch(`/documents/${id}`, { title: 'Mine' })).status, 404)
  const changed = await editor.patch(`/documents/${id}`, { title: 'Sail plan', description: { raw: 'All sails.' } })
  assert.deepEqual([changed.status, changed.body.title, changed.body.description.raw], [200, 'Sail plan', 'All sails.'])
  assert.equal((await editor.delete(`/documents/${id}`)).status, 204)
  assert.equal((await editor.get(`/documents/${id}`)).status, 404)
})

test('the forms offer the projects to choose from, and tell what is wrong', async () => {
  const form = await editor.post('/documents/form', payload({ title: '' }))
  const { schema, validationErrors } = form.body._embedded
  assert.deepEqual([form.status, Object.keys(validationErrors)], [200, ['title']])
  assert.deepEqual(schema.project._links.allowedValues, { href: '/api/v3/documents/available_projects' })
  assert.deepEqual(ids(await editor.get('/documents/available_projects')), [project])
  assert.equal((await reader.post('/documents/form', payload())).status, 403)
  const { id } = (await editor.post('/documents', payload())).body
  const edit = await editor.post(`/documents/${id}/form`, { title: 'Sail plan' })
  assert.deepEqual(edit.body._links.commit, { href: `/api/v3/documents/${id}`, method: 'patch' })
  assert.equal((await stranger.post(`/documents/${id}/form`)).status, 404)
})

test('a title is required', async () => {
  const { status, body } = await editor.post('/documents', payload({ title: ' ' }))
  assert.deepEqual([status, body.message], [422, "Title can't be blank."])
})

test('the list is sorted by creation, newest first, or by id', async () => {
  const made = [(await editor.post('/documents', payload())).body.id, (await editor.post('/documents', payload())).body.id]
  assert.deepEqual(ids(await reader.get('/documents?pageSize=2')), made.toReversed())
  const all = ids(await reader.get(`/documents?sortBy=${encodeURIComponent('[["id","asc"]]')}`))
  assert.deepEqual(
    all,
    all.toSorted((a: number, b: number) => a - b),
  )
  assert.deepEqual(ids(await stranger.get('/documents')), [])
})

test('a project with the module disabled has none', async () => {
  const { id } = (await editor.post('/documents', payload())).body
  const turn = (isOn: boolean) => it.db.transaction((tx) => switchModule(tx, product, project, 'documents', isOn))
  await turn(false)
  assert.equal((await editor.get(`/documents/${id}`)).status, 404)
  await turn(true)
  assert.equal((await editor.get(`/documents/${id}`)).status, 200)
})
