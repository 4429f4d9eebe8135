/** The examples of the official description. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let vera: Client
let stranger: Client

before(async () => {
  halyard = await instance()
  const { make } = halyard
  const projectId = await make.project()
  await make.workPackage({ project_id: projectId, estimated_hours: 3 })
  await make.workPackage({ project_id: projectId, estimated_hours: 5 })
  await make.workPackage({ project_id: await make.project() })
  const userId = await make.user()
  await make.member(userId, projectId, ['view_work_packages'])
  vera = await halyard.as(userId)
  stranger = await halyard.as(await make.user())
})
after(() => halyard.close())

test('the schema offers the existing statuses', async () => {
  const { status, body } = await vera.get('/example/schema')
  assert.equal(status, 200)
  assert.deepEqual([body._type, body._links.self.href], ['Schema', '/api/v3/example/schema'])
  assert.deepEqual([body.subject.type, body.subject.minLength, body.subject.maxLength], ['String', 1, 255])
  assert.deepEqual([body.lockVersion.type, body.lockVersion.writable], ['Integer', false])
  assert.equal(body.status.type, 'Status')
  assert.equal(body.status._embedded.allowedValues[0].name, 'New')
  assert.equal((await stranger.get('/example/schema')).status, 403)
})

test('the form reports validation errors, and saves nothing', async () => {
  const { status, body } = await vera.post('/example/form', { subject: '' })
  assert.equal(status, 200)
  assert.equal(body._type, 'Form')
  assert.deepEqual(Object.keys(body._embedded.validationErrors), ['subject'])
  assert.deepEqual(Object.keys(body._embedded.payload).sort(), ['_links', 'lockVersion', 'subject'])
  assert.ok('previewMarkup' in body._links)
  assert.ok(!('commit' in body._links))
  assert.equal((await vera.post('/example/form', { lockVersion: 99 })).status, 409)
  assert.equal((await stranger.post('/example/form', {})).status, 403)
})

test('a valid form has writable properties, but no commit link', async () => {
  const { body } = await vera.post('/example/form', { subject: 'Another one' })
  assert.deepEqual(body._embedded.validationErrors, {})
  assert.deepEqual([body._embedded.schema.subject.writable, body._embedded.schema.status.writable], [true, true])
  assert.ok(!('commit' in body._links))
})

test('the collection is one of work packages, with the requested groups and sums', async () => {
  const { status, body } = await vera.get('/examples?groupBy=status&showSums=true')
  assert.equal(status, 200)
  assert.equal(body.total, 2)
  assert.deepEqual([body.groups[0].value, body.groups[0].count], ['New', 2])
  assert.equal(body.totalSums.estimatedTime, 'PT8H')
})
