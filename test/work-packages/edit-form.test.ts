/** The form for changing a work package: payload, allowed values, validation errors, and commit link. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Client } from '#test/instance.ts'
import { changed, created, kind, link, payloadLinks, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const keys = (of: object) => Object.keys(of).sort()
const titles = (entry: any): string[] => entry._links.allowedValues.map((one: any) => one.title)

let one: any
beforeEach(async () => {
  one = await created(it.member.client, project, { subject: 'Before', startDate: '2024-03-01', dueDate: '2024-03-05' })
})
const ask = (body: object, client: Client = it.member.client) =>
  client.post(`/work_packages/${one.id}/form`, { lockVersion: one.lockVersion, ...body })
const form = async (body: object = {}, client?: Client) => {
  const reply = await ask(body, client)
  assert.equal(reply.status, 200, reply.text)
  return { ...reply.body._embedded, links: reply.body._links }
}

const self = () => `/api/v3/work_packages/${one.id}`

test('has links to itself, to the commit, and to the preview of texts', async () => {
  const { links, validationErrors } = await form()
  assert.deepEqual(validationErrors, {})
  assert.deepEqual(links, {
    self: { href: `${self()}/form`, method: 'post' },
    validate: { href: `${self()}/form`, method: 'post' },
    commit: { href: self(), method: 'patch' },
    previewMarkup: { href: `/api/v3/render/markdown?context=${self()}`, method: 'post' },
  })
})

test('has all writable properties as its payload, with the lock version', async () => {
  const { payload } = await form({ subject: 'After' })
  assert.deepEqual(keys(payload), [
    '_links',
    'description',
    'dueDate',
    'duration',
    'estimatedTime',
    'ignoreNonWorkingDays',
    'lockVersion',
    'percentageDone',
    'remainingTime',
    'scheduleManually',
    'startDate',
    'subject',
  ])
  assert.deepEqual(keys(payload._links), payloadLinks)
  assert.equal(payload.lockVersion, 0)
  assert.equal(payload.subject, 'After')
})

test('has the values derived from the sent ones', async () => {
  const { payload } = await form({ duration: 'P5D', estimatedTime: 'PT10H' })
  assert.deepEqual([payload.startDate, payload.dueDate, payload.duration], ['2024-03-01', '2024-03-07', 'P5D'])
  assert.deepEqual([payload.remainingTime, payload.percentageDone], ['PT10H', 0])
})

test('saves nothing', async () => {
  await form({ subject: 'After' })
  assert.deepEqual((await it.member.client.get(`/work_packages/${one.id}`)).body, one)
})

test('has a payload that can be sent back unchanged', async () => {
  const { payload } = await form({ subject: 'After', duration: 'P5D' })
  const reply = await it.member.client.patch(`/work_packages/${one.id}`, payload)
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual([reply.body.subject, reply.body.dueDate], ['After', '2024-03-07'])
})

test('changes nothing if its payload is sent back', async () => {
  const { payload } = await form()
  const reply = await it.member.client.patch(`/work_packages/${one.id}`, payload)
  assert.equal(reply.body.lockVersion, one.lockVersion)
})

test('reports validation errors, without a commit link', async () => {
  const { validationErrors, links } = await form({ subject: '', dueDate: '2024-02-01' })
  assert.deepEqual(keys(validationErrors), ['dueDate', 'subject'])
  assert.equal(validationErrors.dueDate.message, 'Finish date must be greater than or equal to the start date.')
  assert.ok(!('commit' in links))
})

test('requires the lock version like an update', async () => {
  const reply = await it.member.client.post(`/work_packages/${one.id}/form`, { subject: '' })
  assert.equal(reply.status, 409)
  assert.equal(kind(reply.body), 'UpdateConflict')
  assert.equal((await it.member.client.post(`/work_packages/${one.id}/form`)).status, 409)
})

test('is forbidden to users without permission for any change', async () => {
  assert.equal((await ask({}, it.reader.client)).status, 403)
})

describe('a user who may only change the status', () => {
  test('gets the form without a commit link, though the change itself is accepted', async () => {
    const { client, role } = await it.withRole('view_work_packages', 'change_work_package_status')
    await it.transition({ type: 'Task', role, from: 'New', to: 'In progress' })
    const status = link('statuses', await it.statuses('In progress'))
    const { links, payload, validationErrors, schema } = await form({ _links: { status } }, client)
    assert.deepEqual(validationErrors, {})
    assert.ok(!('commit' in links))
    assert.deepEqual(keys(payload), ['_links', 'lockVersion'])
    assert.deepEqual(keys(payload._links), ['status'])
    assert.equal(schema.status.writable, true)
    assert.equal(schema.subject.writable, false)
    assert.equal((await client.patch(`/work_packages/${one.id}`, payload)).status, 200)
  })
})

test('a user with a share for editing may commit', async () => {
  const { client } = await it.sharer(one.id, 'Work package editor')
  const { links, payload } = await form({ subject: 'Shared' }, client)
  assert.ok('commit' in links)
  assert.ok(!('project' in payload._links) && !('parent' in payload._links) && !('version' in payload._links))
  assert.equal((await client.patch(`/work_packages/${one.id}`, payload)).status, 200)
})

describe('allowed values', () => {
  test('are those of the project and the viewer', async () => {
    const { schema } = await form()
    assert.deepEqual(schema.project._links.allowedValues, { href: `${self()}/available_projects` })
    assert.deepEqual(schema.assignee._links.allowedValues, { href: `${self()}/available_assignees` })
    assert.deepEqual(schema.responsible._links.allowedValues, { href: `${self()}/available_assignees` })
  })

  test('include the current version, closed or not', async () => {
    await it.version({ project_id: project, name: 'open' })
    const closing = await it.version({ project_id: project, name: 'done' })
    await changed(admin, one.id, { _links: { version: link('versions', closing) } })
    await admin.patch(`/versions/${closing}`, { status: 'closed' })
    await it.version({ project_id: project, name: 'old', status: 'closed' })
    const { schema } = await form({ lockVersion: 1 })
    assert.deepEqual(titles(schema.version).sort(), ['done', 'open'])
  })

  test('are transitions from the stored status, not from the sent one', async () => {
    const { client, role } = await it.withRole('view_work_packages', 'edit_work_packages')
    await it.transition({ type: 'Epic', role, from: 'New', to: 'Specified' })
    await it.transition({ type: 'Epic', role, from: 'Specified', to: 'Closed' })
    const epic = await created(admin, project, { _links: { type: link('types', await it.types('Epic')) } })
    const reply = await client.post(`/work_packages/${epic.id}/form`, {
      lockVersion: 0,
      _links: { status: link('statuses', await it.statuses('Specified')) },
    })
    assert.deepEqual(titles(reply.body._embedded.schema.status), ['New', 'Specified'])
  })
})

test('the type milestone changes the writable properties', async () => {
  const { payload, schema } = await form({ _links: { type: link('types', await it.types('Milestone')) } })
  assert.equal(payload.date, '2024-03-05')
  assert.ok(!('startDate' in payload) && !('startDate' in schema))
  assert.equal(schema._links.baseSchema.href, `/api/v3/work_packages/schemas/${project}-${await it.types('Milestone')}`)
  const reply = await it.member.client.patch(`/work_packages/${one.id}`, payload)
  assert.equal(reply.status, 200, reply.text)
  assert.equal(reply.body.date, '2024-03-05')
})

test('dates derived from children are read-only', async () => {
  await created(admin, project, {
    startDate: '2024-03-04',
    dueDate: '2024-03-08',
    _links: { parent: link('work_packages', one.id) },
  })
  const { lockVersion } = (await admin.get(`/work_packages/${one.id}`)).body
  const { payload, schema } = await form({ lockVersion })
  for (const name of ['startDate', 'dueDate', 'duration', 'ignoreNonWorkingDays']) {
    assert.equal(schema[name].writable, false, name)
    assert.ok(!(name in payload), name)
  }
  const { payload: byHand } = await form({ lockVersion, scheduleManually: true })
  assert.equal(byHand.startDate, '2024-03-04')
})
