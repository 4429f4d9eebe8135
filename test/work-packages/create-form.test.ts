/** The form for a new work package: payload, allowed values, validation errors, and commit link. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kind, link, payloadLinks, scene } from './scene.ts'

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

test('has a payload, a schema and validation errors, and its own type', async () => {
  const { body } = await form()
  assert.equal(body._type, 'Form')
  assert.deepEqual(keys(body), ['_embedded', '_links', '_type'])
  assert.deepEqual(keys(body._embedded), ['payload', 'schema', 'validationErrors'])
})

describe('without a project', () => {
  test('reports missing values, and has no commit link', async () => {
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

  test('offers all types, and links to the available projects', async () => {
    const { schema } = await form()
    assert.deepEqual(titles(schema.type), ['Task', 'Milestone', 'Summary task', 'Feature', 'Epic', 'User story', 'Bug'])
    assert.deepEqual(schema.project._links.allowedValues, { href: '/api/v3/work_packages/available_projects' })
    assert.deepEqual(schema.assignee._links, {})
    assert.ok(!('baseSchema' in schema._links))
  })

  test('accepts a missing body, but not a missing content type', async () => {
    const { send } = admin
    const path = '/api/v3/work_packages/form'
    assert.equal((await send('POST', path, { headers: { 'content-type': 'application/json' } })).status, 200)
    assert.equal((await send('POST', path, {})).status, 406)
  })
})

describe('with all required values', () => {
  test('has no errors, and a commit link', async () => {
    const { validationErrors, links } = await form({ subject: 'New', _links: inProject })
    assert.deepEqual(validationErrors, {})
    assert.deepEqual(links.commit, { href: '/api/v3/work_packages', method: 'post' })
    assert.deepEqual(links.previewMarkup, { href: `/api/v3/render/markdown?context=/api/v3/projects/${project}`, method: 'post' })
  })

  test('has all writable properties with their defaults as its payload', async () => {
    const { payload } = await form({ subject: 'New', startDate: '2024-03-02', estimatedTime: 'PT8H', _links: inProject })
    assert.deepEqual(keys(payload), [...writable, '_links'].sort())
    assert.deepEqual(keys(payload._links), payloadLinks)
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

  test('has a payload that can be posted unchanged', async () => {
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

  test('links to its base schema, and has no address of its own', async () => {
    const { schema } = await form({ subject: 'New', _links: inProject })
    const task = await it.types('Task')
    const attachments = { href: null }
    assert.deepEqual(schema._links, { attachments, baseSchema: { href: `/api/v3/work_packages/schemas/${project}-${task}` } })
  })

  test('offers the values of the project', async () => {
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

  test('offers the initial statuses of the viewer’s workflows', async () => {
    const { schema } = await form({ _links: inProject }, it.member.client)
    assert.deepEqual(titles(schema.status), ['New', 'In progress', 'Closed', 'On hold', 'Rejected'])
    const { schema: bug } = await form({ _links: { ...inProject, type: link('types', await it.types('Bug')) } }, it.member.client)
    assert.deepEqual(titles(bug.status).slice(0, 3), ['New', 'Confirmed', 'In progress'])
  })

  test('offers an administrator without a membership the statuses of all roles', async () => {
    assert.deepEqual(titles((await form({ _links: inProject })).schema.status), [
      ...['New', 'In progress', 'Closed', 'On hold', 'Rejected'],
    ])
  })
})

test('a milestone has a single date', async () => {
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

test('a link to nothing is a validation error, and repeated', async () => {
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
  test('an invalid value: 422', async () => {
    const reply = await admin.post('/work_packages/form', { estimatedTime: 'PT-1H', subject: 'x', _links: inProject })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyFormatError'])
    assert.deepEqual(reply.body._embedded.details, { attribute: 'estimatedTime' })
  })

  test('a link to something else: 422', async () => {
    const reply = await admin.post('/work_packages/form', { _links: { ...inProject, type: link('users', 1) } })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'ResourceTypeMismatch'])
    assert.deepEqual(reply.body._embedded.details, { attribute: 'type' })
  })

  test('several of them are reported together, without validation errors', async () => {
    const body = { startDate: 'soon', _links: { ...inProject, type: link('users', 1), status: link('statuses', 999) } }
    const reply = await admin.post(`/projects/${project}/work_packages/form`, body)
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'MultipleErrors'])
    assert.deepEqual(reply.body._embedded.errors.map(kind).sort(), ['PropertyFormatError', 'ResourceTypeMismatch'])
  })
})

describe('errors outside the payload fail the form itself', () => {
  test('without permission: 403', async () => {
    assert.equal((await it.reader.client.post('/work_packages/form', { _links: inProject })).status, 403)
    assert.equal((await it.stranger.client.post('/work_packages/form')).status, 403)
    assert.equal((await it.reader.client.post(`/projects/${project}/work_packages/form`)).status, 403)
  })

  test('hidden project: 404', async () => {
    assert.equal((await it.stranger.client.post(`/projects/${project}/work_packages/form`)).status, 404)
  })

  test('invalid _links: 400', async () => {
    assert.equal((await admin.post('/work_packages/form', { _links: [] })).status, 400)
  })
})

test('users who may add work packages anywhere get a form without a project', async () => {
  assert.deepEqual(keys((await form({}, it.member.client)).validationErrors), ['project', 'subject', 'type'])
})

for (const parent of ['projects', 'workspaces']) {
  test(`the form of a project below ${parent} has that project`, async () => {
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
    payloadLinks.filter((name) => !['version', 'parent', 'budget', 'sprint'].includes(name)),
  )
  assert.equal(schema.version.writable, false)
})

test('the payload has the sent parent', async () => {
  const parent = await make.workPackage({ project_id: project, subject: 'Above' })
  const { payload } = await form({ subject: 'x', _links: { ...inProject, parent: link('work_packages', parent) } })
  assert.deepEqual(payload._links.parent, { href: `/api/v3/work_packages/${parent}`, title: 'Above' })
})

test('a hidden parent is not disclosed', async () => {
  const secret = await make.project()
  const hidden = await make.workPackage({ project_id: secret, subject: 'Hidden' })
  const { body } = await form({ subject: 'x', _links: { ...inProject, parent: link('work_packages', hidden) } }, it.member.client)
  assert.equal(body._embedded.validationErrors.parent.message, 'Parent does not exist.')
  assert.ok(!JSON.stringify(body).includes('Hidden'))
})
