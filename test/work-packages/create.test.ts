/** Creating a work package: defaults, validation and permissions. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { created, errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const inProject = { project: link('projects', project) }

test('requires only a subject and a project; the rest has defaults', async () => {
  const reply = await it.member.client.post('/work_packages', { subject: 'Splice', _links: inProject })
  assert.equal(reply.status, 201)
  const { body } = reply
  assert.equal(body.subject, 'Splice')
  assert.equal(body.lockVersion, 0)
  assert.equal(body.scheduleManually, true)
  assert.equal(body.ignoreNonWorkingDays, false)
  assert.equal(body._links.type.title, 'Task')
  assert.equal(body._links.status.title, 'New')
  assert.equal(body._links.priority.title, 'Normal')
  assert.equal(body._links.author.href, `/api/v3/users/${it.member.id}`)
  assert.equal(body.startDate, null)
  assert.equal(body.dueDate, null)
})

test('the response equals the stored work package', async () => {
  const body = await created(admin, project, { subject: 'Same', estimatedTime: 'PT8H', startDate: '2024-03-01' })
  assert.deepEqual((await admin.get(`/work_packages/${body.id}`)).body, body)
})

test('an empty or missing subject is rejected with OpenProject’s message', async () => {
  for (const subject of ['', '   ', null, undefined]) {
    const reply = await admin.post('/work_packages', { subject, _links: inProject })
    assert.equal(reply.status, 422)
    assert.equal(kind(reply.body), 'PropertyConstraintViolation')
    assert.equal(reply.body.message, "Subject can't be blank.")
    assert.deepEqual(reply.body._embedded, { details: { attribute: 'subject' } })
  }
})

test('several errors are reported together', async () => {
  const reply = await admin.post('/work_packages', { dueDate: 'soon', _links: { ...inProject, type: link('types', 99999) } })
  assert.equal(reply.status, 422)
  assert.equal(kind(reply.body), 'MultipleErrors')
  assert.equal(reply.body.message, 'Multiple field constraints have been violated.')
  assert.deepEqual(errors(reply.body), [
    "dueDate: Invalid format for property 'dueDate': expected YYYY-MM-DD (ISO 8601 date only), but got 'soon'.",
    "subject: Subject can't be blank.",
    'type: Type does not exist.',
  ])
})

for (const [name, body, links, expected] of [
  ['a subject that is too long', { subject: 'x'.repeat(256) }, {}, ['subject: Subject is too long (maximum is 255 characters).']],
  ['a type that does not exist', {}, { type: link('types', 99999) }, ['type: Type does not exist.']],
  ['a status that does not exist', {}, { status: link('statuses', 99999) }, ['status: Status does not exist.']],
  ['a priority that does not exist', {}, { priority: link('priorities', 99999) }, ['priority: Priority does not exist.']],
  ['a parent that does not exist', {}, { parent: link('work_packages', 99999) }, ['parent: Parent does not exist.']],
  ['no type', {}, { type: { href: null } }, ["type: Type can't be blank."]],
  ['no status', {}, { status: { href: null } }, ["status: Status can't be blank."]],
  ['no priority', {}, { priority: { href: null } }, ["priority: Priority can't be blank."]],
  [
    'automatic scheduling without a predecessor or children',
    { scheduleManually: false },
    {},
    ['scheduleManually: Manual scheduling cannot be false without children or predecessors to follow.'],
  ],
] as const) {
  test(`rejected: ${name}`, async () => {
    const reply = await admin.post('/work_packages', { subject: 'x', ...body, _links: { ...inProject, ...links } })
    assert.equal(reply.status, 422)
    assert.deepEqual(errors(reply.body), expected)
  })
}

test('255 characters are accepted, in any encoding', async () => {
  const subject = '⛵'.repeat(255)
  assert.equal((await created(admin, project, { subject })).subject, subject)
})

test('a project is required', async () => {
  const reply = await admin.post('/work_packages', { subject: 'x' })
  assert.equal(reply.status, 422)
  assert.ok(errors(reply.body).includes("project: Project can't be blank."))
})

describe('the path of a project', () => {
  for (const route of [() => `/projects/${project}`, () => '/projects/ship', () => `/workspaces/${project}`]) {
    test(`creates a work package there: ${route().replace(/\d+/, ':id')}`, async () => {
      const reply = await admin.post(`${route()}/work_packages`, { subject: 'Here' })
      assert.equal(reply.status, 201, reply.text)
      assert.equal(reply.body._links.project.href, `/api/v3/projects/${project}`)
    })
  }

  test('ignores the project of the body', async () => {
    const elsewhere = await make.project()
    const reply = await admin.post(`/projects/${project}/work_packages`, {
      subject: 'Here',
      _links: { project: link('projects', elsewhere) },
    })
    assert.equal(reply.status, 201)
    assert.equal(reply.body._links.project.href, `/api/v3/projects/${project}`)
  })
})

describe('a user without the permission to add', () => {
  test('gets 403', async () => {
    const reply = await it.reader.client.post('/work_packages', { subject: 'x', _links: inProject })
    assert.equal(reply.status, 403)
    assert.equal(kind(reply.body), 'MissingPermission')
  })

  test('gets no validation errors', async () => {
    assert.equal((await it.reader.client.post('/work_packages', { _links: inProject })).status, 403)
  })

  test('cannot add elsewhere, with the permission for one project', async () => {
    const elsewhere = await make.project()
    const reply = await it.member.client.post('/work_packages', {
      subject: 'x',
      _links: { project: link('projects', elsewhere) },
    })
    assert.equal(reply.status, 403)
  })

  test('gets 404 for a hidden project', async () => {
    assert.equal((await it.stranger.client.post(`/projects/${project}/work_packages`, { subject: 'x' })).status, 404)
  })
})

test('any status is accepted, whatever the workflow offers', async () => {
  const tested = await it.statuses('Tested')
  const body = await created(it.member.client, project, { _links: { status: link('statuses', tested) } })
  assert.equal(body._links.status.title, 'Tested')
})

test('a type that is disabled in the project is rejected', async () => {
  const narrow = (await admin.post('/projects', { name: 'Narrow' })).body.id
  const reply = await admin.post('/work_packages', {
    subject: 'x',
    _links: { project: link('projects', narrow), type: link('types', await it.types('Epic')) },
  })
  assert.equal(reply.status, 422)
  assert.deepEqual(errors(reply.body), ['type: Type is not set to one of the allowed values.'])
})

test('an inactive priority is rejected', async () => {
  const id = await make.row('priorities', { name: 'Whenever', position: 99, is_active: false }, 'priorities')
  const reply = await admin.post('/work_packages', { subject: 'x', _links: { ...inProject, priority: link('priorities', id) } })
  assert.deepEqual(errors(reply.body), ['priority: Priority is not active.'])
})

describe('the description', () => {
  test('is the template of the type by default', async () => {
    assert.equal((await created(admin, project)).description.raw, '')
    const bug = await created(admin, project, { _links: { type: link('types', await it.types('Bug')) } })
    assert.match(bug.description.raw, /^## What went wrong/)
  })

  test('is the template of the type if that of another type was sent', async () => {
    const raw = '## Who wants it'
    await it.db.transaction(async (tx) => {
      await tx.run(sql`update types set description = ${raw} where name = 'Feature'`)
      await raise(tx, 'types')
    })
    const bug = await created(admin, project, {
      description: { raw: `${raw}\n\n` },
      _links: { type: link('types', await it.types('Bug')) },
    })
    assert.match(bug.description.raw, /^## What went wrong/)
  })

  test('stays as sent otherwise', async () => {
    assert.equal((await created(admin, project, { description: { raw: 'Mine' } })).description.raw, 'Mine')
  })
})

describe('below a parent', () => {
  let parent: any
  before(async () => {
    parent = await created(admin, project, { startDate: '2024-03-04', dueDate: '2024-03-15' })
  })
  const child = (body: object) => created(admin, project, { ...body, _links: { parent: link('work_packages', parent.id) } })
  const days = ({ startDate, dueDate, duration }: any) => [startDate, dueDate, duration]

  test('omitted dates are those of the parent', async () => {
    assert.deepEqual(days(await child({})), ['2024-03-04', '2024-03-15', 'P10D'])
  })

  test('dates that are given as null stay unset', async () => {
    assert.deepEqual(days(await child({ startDate: null, dueDate: null })), [null, null, null])
  })

  test('a due date before the parent’s start leaves the start empty', async () => {
    assert.deepEqual(days(await child({ dueDate: '2024-03-01' })), [null, '2024-03-01', null])
  })

  test('a start after the parent’s due date leaves the due date empty', async () => {
    assert.deepEqual(days(await child({ startDate: '2024-03-18' })), ['2024-03-18', null, null])
  })
})

test('the start is today if the instance says so, unless it is sent or after the due date', async () => {
  await it.setting('work_package_startdate_is_adddate', true)
  await it.setting('working_days', [1, 2, 3, 4, 5, 6, 7])
  const today = new Date().toISOString().slice(0, 10)
  assert.equal((await created(admin, project)).startDate, today)
  assert.equal((await created(admin, project, { startDate: null })).startDate, null)
  assert.equal((await created(admin, project, { dueDate: '2020-01-01' })).startDate, null)
  await it.setting('work_package_startdate_is_adddate', false)
  await it.setting('working_days', [1, 2, 3, 4, 5])
})

test('a category sets its assignee, unless one is sent', async () => {
  const category = await it.category({ project_id: project, name: 'Hull', assigned_to_id: it.member.id })
  const links = { category: link('categories', category) }
  assert.equal((await created(admin, project, { _links: links }))._links.assignee.href, `/api/v3/users/${it.member.id}`)
  const other = await it.person('work_package_assigned')
  const given = await created(admin, project, { _links: { ...links, assignee: link('users', other.id) } })
  assert.equal(given._links.assignee.href, `/api/v3/users/${other.id}`)
  const none = await created(admin, project, { _links: { ...links, assignee: { href: null } } })
  assert.equal(none._links.assignee.href, null)
})

describe('author and moment of creation', () => {
  const wanted = () => ({ createdAt: '2020-02-02T02:02:02Z', _links: { author: link('users', it.member.id) } })

  test('are set by the server', async () => {
    const reply = await admin.post('/work_packages', { subject: 'x', ...wanted(), _links: { ...inProject, ...wanted()._links } })
    assert.equal(reply.status, 422)
    assert.deepEqual(errors(reply.body), [
      'author: Author was attempted to be written but is not writable.',
      'createdAt: Created on was attempted to be written but is not writable.',
    ])
  })

  test('are accepted from administrators if the instance allows it', async () => {
    await it.setting('apiv3_write_readonly_attributes', true)
    const body = await created(admin, project, wanted())
    assert.equal(body.createdAt, '2020-02-02T02:02:02.000Z')
    assert.equal(body._links.author.href, `/api/v3/users/${it.member.id}`)
    const reply = await it.member.client.post('/work_packages', {
      subject: 'x',
      createdAt: '2020-02-02T02:02:02Z',
      _links: inProject,
    })
    assert.equal(kind(reply.body), 'PropertyIsReadOnly')
    await it.setting('apiv3_write_readonly_attributes', false)
  })
})

test('lock version, id and unknown properties are ignored', async () => {
  const body = await created(admin, project, { lockVersion: 7, id: 1, shoeSize: 43, _type: 'WorkPackage' })
  assert.equal(body.lockVersion, 0)
  assert.notEqual(body.id, 1)
})

test('a JSON body is required', async () => {
  const { send } = admin
  const path = '/api/v3/work_packages'
  const broken = await send('POST', path, { body: '{', headers: { 'content-type': 'application/json' } })
  assert.equal(broken.status, 400)
  assert.equal(kind(broken.body), 'InvalidRequestBody')
  const typeless = await send('POST', path, { body: '{}', headers: { 'content-type': 'text/csv' } })
  assert.equal(typeless.status, 415)
})
