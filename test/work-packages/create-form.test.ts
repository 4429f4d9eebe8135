/** The form for a new work package: what would be created, what may be chosen, what is wrong, and where to send it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const inProject = { project: link('projects', project) }
const keys = (of: object) => Object.keys(of).sort()
const form = async (body: object = {}, client = admin, path = '/work_packages/form') => {
  const reply = await client.post(path, body)
  assert.equal(reply.status, 200, reply.text)
  return { ...reply.body._embedded, links: reply.body._links, body: reply.body }
}
const titles = (entry: any): string[] => entry._links.allowedValues.map((one: any) => one.title)

const writable = [
  'description',
  'dueDate',
  'duration',
  'estimatedTime',
  'ignoreNonWorkingDays',
  'percentageDone',
  'remainingTime',
  'scheduleManually',
  'startDate',
  'subject',
]
const links = ['assignee', 'category', 'parent', 'priority', 'project', 'responsible', 'status', 'type', 'version']

test('has its three parts and its type', async () => {
  const { body } = await form()
  assert.equal(body._type, 'Form')
  assert.deepEqual(keys(body), ['_embedded', '_links', '_type'])
  assert.deepEqual(keys(body._embedded), ['payload', 'schema', 'validationErrors'])
})

describe('without a project', () => {
  test('says what is missing, and does not offer to be committed', async () => {
    const { validationErrors, links } = await form()
    assert.deepEqual(keys(validationErrors), ['project', 'subject', 'type'])
    assert.equal(validationErrors.subject.message, "Subject can't be blank.")
    assert.equal(kind(validationErrors.project), 'PropertyConstraintViolation')
    assert.deepEqual(links, {
      self: { href: '/api/v3/work_packages/form', method: 'post' },
      validate: { href: '/api/v3/work_packages/form', method: 'post' },
      previewMarkup: { href: '/api/v3/render/markdown', method: 'post' },
    })
  })

  test('offers all types, and tells where to find projects', async () => {
    const { schema } = await form()
    assert.deepEqual(titles(schema.type), ['Task', 'Milestone', 'Summary task', 'Feature', 'Epic', 'User story', 'Bug'])
    assert.deepEqual(schema.project._links.allowedValues, { href: '/api/v3/work_packages/available_projects' })
    assert.deepEqual(schema.assignee._links, {})
    assert.ok(!('baseSchema' in schema._links))
  })

  test('may be asked for without a body, but not without a content type', async () => {
    const { send } = admin
    const path = '/api/v3/work_packages/form'
    assert.equal((await send('POST', path, { headers: { 'content-type': 'application/json' } })).status, 200)
    assert.equal((await send('POST', path, {})).status, 406)
  })
})

describe('with all that is needed', () => {
  test('has no errors, and says where to commit', async () => {
    const { validationErrors, links } = await form({ subject: 'New', _links: inProject })
    assert.deepEqual(validationErrors, {})
    assert.deepEqual(links.commit, { href: '/api/v3/work_packages', method: 'post' })
    assert.deepEqual(links.previewMarkup, { href: `/api/v3/render/markdown?context=/api/v3/projects/${project}`, method: 'post' })
  })

  test('proposes what would be created: everything that can be written, defaults included', async () => {
    const { payload } = await form({ subject: 'New', startDate: '2024-03-02', estimatedTime: 'PT8H', _links: inProject })
    assert.deepEqual(keys(payload), [...writable, '_links'].sort())
    assert.deepEqual(keys(payload._links), links)
    assert.equal(payload.startDate, '2024-03-04')
    assert.equal(payload.remainingTime, 'PT8H')
    assert.equal(payload.percentageDone, 0)
    assert.equal(payload.description.raw, '')
    assert.equal(payload._links.type.title, 'Task')
    assert.equal(payload._links.status.title, 'New')
    assert.equal(payload._links.priority.title, 'Normal')
    assert.deepEqual(payload._links.assignee, { href: null })
  })

  test('saves nothing', async () => {
    const { total } = (await admin.get('/work_packages?pageSize=0')).body
    await form({ subject: 'New', _links: inProject })
    assert.equal((await admin.get('/work_packages?pageSize=0')).body.total, total)
  })

  test('proposes what can be posted back as it is', async () => {
    for (const client of [admin, it.member.client]) {
      for (const type of ['Task', 'Milestone', 'Bug']) {
        const { payload } = await form(
          { subject: type, _links: { ...inProject, type: link('types', await it.types(type)) } },
          client,
        )
        const reply = await client.post('/work_packages', payload)
        assert.equal(reply.status, 201, reply.text)
        assert.equal(reply.body._links.type.title, type)
      }
    }
  })

  test('leads to the schema it stands on, and has no address of its own', async () => {
    const { schema } = await form({ subject: 'New', _links: inProject })
    const task = await it.types('Task')
    const attachments = { href: null }
    assert.deepEqual(schema._links, { attachments, baseSchema: { href: `/api/v3/work_packages/schemas/${project}-${task}` } })
  })

  test('offers what the project allows', async () => {
    for (const status of ['open', 'locked', 'closed']) {
      await it.version({ project_id: project, name: status, status })
    }
    await it.category({ project_id: project, name: 'Hull' })
    await it.category({ project_id: await make.project(), name: 'Elsewhere' })
    const { schema } = await form({ _links: inProject })
    assert.deepEqual(titles(schema.version), ['open'])
    assert.deepEqual(titles(schema.category), ['Hull'])
    assert.deepEqual(titles(schema.priority), ['Low', 'Normal', 'High', 'Immediate'])
    assert.deepEqual(schema.assignee._links.allowedValues, { href: `/api/v3/projects/${project}/available_assignees` })
    assert.equal(schema.version._embedded.allowedValues[0]._type, 'Version')
  })

  test('offers the statuses that the workflow of the viewer’s roles leads to', async () => {
    const { schema } = await form({ _links: inProject }, it.member.client)
    assert.deepEqual(titles(schema.status), ['New', 'In progress', 'Closed', 'On hold', 'Rejected'])
    const { schema: bug } = await form({ _links: { ...inProject, type: link('types', await it.types('Bug')) } }, it.member.client)
    assert.deepEqual(titles(bug.status).slice(0, 3), ['New', 'Confirmed', 'In progress'])
  })

  test('offers an administrator who is no member what it offers those of any role that can be given', async () => {
    assert.deepEqual(titles((await form({ _links: inProject })).schema.status), [
      ...['New', 'In progress', 'Closed', 'On hold', 'Rejected'],
    ])
  })
})

test('a milestone has one date to write, and none of the others', async () => {
  const type = link('types', await it.types('Milestone'))
  const { payload, schema } = await form({ subject: 'M', date: '2024-03-01', _links: { ...inProject, type } })
  assert.equal(payload.date, '2024-03-01')
  assert.equal(schema.date.writable, true)
  for (const absent of ['startDate', 'dueDate', 'duration']) {
    assert.ok(!(absent in payload), absent)
    assert.ok(!(absent in schema), absent)
  }
})

test('validation errors are reported by attribute', async () => {
  const { validationErrors } = await form({ percentageDone: 101, duration: 'P0D', subject: 'x', _links: inProject })
  assert.deepEqual(keys(validationErrors), ['duration', 'percentageDone'])
  assert.deepEqual(validationErrors.duration._embedded.details, { attribute: 'duration' })
})

test('a link that leads nowhere is among the errors, and repeated', async () => {
  const status = link('statuses', 999)
  const { payload, validationErrors } = await form({ subject: 'x', _links: { ...inProject, status } })
  assert.deepEqual(keys(validationErrors), ['status'])
  assert.deepEqual(
    [kind(validationErrors.status), validationErrors.status.message],
    ['PropertyConstraintViolation', 'Status does not exist.'],
  )
  assert.deepEqual(payload._links.status, status)
})

describe('malformed payloads fail the form itself', () => {
  test('a value that is none: 422', async () => {
    const reply = await admin.post('/work_packages/form', { estimatedTime: 'PT-1H', subject: 'x', _links: inProject })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyFormatError'])
    assert.deepEqual(reply.body._embedded.details, { attribute: 'estimatedTime' })
  })

  test('a link to something else: 422', async () => {
    const reply = await admin.post('/work_packages/form', { _links: { ...inProject, type: link('users', 1) } })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'ResourceTypeMismatch'])
    assert.deepEqual(reply.body._embedded.details, { attribute: 'type' })
  })

  test('several at once are told together, without what is merely not allowed', async () => {
    const body = { startDate: 'soon', _links: { ...inProject, type: link('users', 1), status: link('statuses', 999) } }
    const reply = await admin.post(`/projects/${project}/work_packages/form`, body)
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'MultipleErrors'])
    assert.deepEqual(reply.body._embedded.errors.map(kind).sort(), ['PropertyFormatError', 'ResourceTypeMismatch'])
  })
})

describe('errors outside the payload fail the form itself', () => {
  test('nobody may add: 403', async () => {
    assert.equal((await it.reader.client.post('/work_packages/form', { _links: inProject })).status, 403)
    assert.equal((await it.stranger.client.post('/work_packages/form')).status, 403)
    assert.equal((await it.reader.client.post(`/projects/${project}/work_packages/form`)).status, 403)
  })

  test('no such project: 404', async () => {
    assert.equal((await it.stranger.client.post(`/projects/${project}/work_packages/form`)).status, 404)
  })

  test('links that are no links: 400', async () => {
    assert.equal((await admin.post('/work_packages/form', { _links: [] })).status, 400)
  })
})

test('somebody who adds somewhere may ask before choosing a project', async () => {
  assert.deepEqual(keys((await form({}, it.member.client)).validationErrors), ['project', 'subject', 'type'])
})

for (const parent of ['projects', 'workspaces']) {
  test(`the form of a project below ${parent} is for that project`, async () => {
    const path = `/${parent}/${project}/work_packages`
    const { payload, links, validationErrors } = await form({ subject: 'Here' }, admin, `${path}/form`)
    assert.deepEqual(validationErrors, {})
    assert.equal(payload._links.project.href, `/api/v3/projects/${project}`)
    assert.deepEqual(links.self, { href: `/api/v3${path}/form`, method: 'post' })
    assert.deepEqual(links.commit, { href: `/api/v3${path}`, method: 'post' })
  })
}

test('the form offers only values that the viewer may write', async () => {
  const { client } = await it.person('view_work_packages', 'add_work_packages')
  const { payload, schema } = await form({ subject: 'x', _links: inProject }, client)
  assert.deepEqual(
    keys(payload._links),
    links.filter((name) => name !== 'version' && name !== 'parent'),
  )
  assert.equal(schema.version.writable, false)
})

test('the parent that is proposed is the one that was sent', async () => {
  const parent = await make.workPackage({ project_id: project, subject: 'Above' })
  const { payload } = await form({ subject: 'x', _links: { ...inProject, parent: link('work_packages', parent) } })
  assert.deepEqual(payload._links.parent, { href: `/api/v3/work_packages/${parent}`, title: 'Above' })
})

test('a parent that cannot be seen is not told of', async () => {
  const secret = await make.project()
  const hidden = await make.workPackage({ project_id: secret, subject: 'Hidden' })
  const { body } = await form({ subject: 'x', _links: { ...inProject, parent: link('work_packages', hidden) } }, it.member.client)
  assert.equal(body._embedded.validationErrors.parent.message, 'Parent does not exist.')
  assert.ok(!JSON.stringify(body).includes('Hidden'))
})
