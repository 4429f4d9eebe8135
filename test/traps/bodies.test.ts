/** Bodies of published clients, and the expected responses of forms. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { makeField } from '#modules/custom-fields/making.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'

let server: Instance
let admin: Client
let project: number
let hidden: number
let work: number
let other: number
/** Adds work packages, logs time and manages versions and members in one project only. */
let member: Client
let memberId: number
let personId: number
before(async () => {
  server = await instance()
  admin = server.admin
  const { make } = server
  project = await make.project({ identifier: 'ship', name: 'Ship' })
  hidden = await make.project({ identifier: 'wreck', name: 'Wreck' })
  work = await make.workPackage({ project_id: project })
  other = await make.workPackage({ project_id: project })
  memberId = await make.user()
  const permissions = ['view_work_packages', 'add_work_packages', 'edit_work_packages', 'log_time', 'view_time_entries']
  await make.member(memberId, project, [
    ...permissions,
    'manage_versions',
    'manage_members',
    'view_members',
    'work_package_assigned',
  ])
  member = await server.as(memberId)
  personId = await make.user()
  await make.member(personId, project, ['view_work_packages', 'work_package_assigned'])
})
after(() => server.close())

const to = (path: string, id: number | string) => ({ href: `/api/v3/${path}/${id}` })
const kind = (error: any): string => error.errorIdentifier.split(':').at(-1)
const errors = ({ body }: Reply): string[] =>
  (body._embedded?.errors ?? [body]).map((one: any) => `${kind(one)} ${one._embedded.details.attribute}`)
const stored = async (id = work) => (await admin.get(`/work_packages/${id}`)).body
const activity = async () => to('time_entries/activities', await server.id('time_entry_activities', 'Development'))
const entry = { hours: 'PT1H', spentOn: '2031-02-03' }

describe('links at the top level of a body', () => {
  test('create a time entry', async () => {
    const links = { project: to('projects', project), workPackage: to('work_packages', work), activity: await activity() }
    const { status, body } = await admin.post('/time_entries', { ...entry, ...links })
    assert.equal(status, 201)
    for (const [name, { href }] of Object.entries(links)) assert.equal(body._links[name].href, href)
  })

  test('create a relation', async () => {
    const { status, body } = await admin.post(`/work_packages/${work}/relations`, {
      type: 'relates',
      to: to('work_packages', other),
    })
    assert.deepEqual([status, body._links.to.href], [201, `/api/v3/work_packages/${other}`])
    assert.equal((await admin.delete(`/relations/${body.id}`)).status, 204)
  })

  test('create and change a work package', async () => {
    const links = { type: to('types', await server.id('types', 'Bug')), assignee: to('users', personId) }
    const { status, body } = await admin.post('/work_packages', {
      subject: 'At the top',
      project: to('projects', project),
      ...links,
    })
    assert.equal(status, 201)
    for (const [name, { href }] of Object.entries(links)) assert.equal(body._links[name].href, href)
    const { lockVersion } = body
    const changed = await admin.patch(`/work_packages/${body.id}`, { lockVersion, assignee: { href: null } })
    assert.equal(changed.body._links.assignee.href, null)
  })

  test('create a membership, with a list of roles', async () => {
    const principal = to('users', await server.make.user())
    const roles = [to('roles', await server.id('roles', 'Reader'))]
    const { status, body } = await admin.post('/memberships', { project: to('projects', project), principal, roles })
    assert.deepEqual([status, body._links.roles.map((one: any) => one.href)], [201, [roles[0]?.href]])
  })

  test('save a query with its columns, and with filters that have top-level links', async () => {
    const filters = [
      { filter: to('queries/filters', 'status'), operator: to('queries/operators', '%3D'), values: [to('statuses', 1)] },
    ]
    const columns = [to('queries/columns', 'id'), to('queries/columns', 'subject')]
    const { status, body } = await admin.post('/queries', {
      name: 'At the top',
      project: to('projects', project),
      columns,
      filters,
    })
    assert.equal(status, 201)
    assert.equal(body._links.project.href, `/api/v3/projects/${project}`)
    assert.deepEqual(
      body._links.columns.map((one: any) => one.href),
      columns.map(({ href }) => href),
    )
    assert.equal(body.filters[0]._links.values[0].href, '/api/v3/statuses/1')
  })

  test('are overridden by those in _links, and need an href', async () => {
    const { lockVersion } = await stored()
    const both = { lockVersion, assignee: to('users', 1), _links: { assignee: to('users', personId) } }
    const { body } = await admin.patch(`/work_packages/${work}`, both)
    assert.equal(body._links.assignee.href, `/api/v3/users/${personId}`)
    const none = await admin.patch(`/work_packages/${work}`, { lockVersion: body.lockVersion, assignee: { id: 4 }, type: 'Bug' })
    assert.deepEqual([none.status, none.body._links.assignee.href], [200, `/api/v3/users/${personId}`])
  })
})

describe('a link', () => {
  test('of null is ignored, like a list; an empty address and an empty list clear the value', async () => {
    const role = await server.id('roles', 'Reader')
    const made = await admin.post('/memberships', {
      _links: { project: to('projects', project), principal: to('users', await server.make.user()), roles: [to('roles', role)] },
    })
    const path = `/memberships/${made.body.id}`
    const kept = await admin.patch(path, { roles: null, _links: { roles: null, principal: null } })
    assert.deepEqual([kept.status, kept.body._links.roles.length], [200, 1])
    const cleared = await admin.patch(path, { _links: { roles: [] } })
    assert.deepEqual([cleared.status, cleared.body.message], [422, 'Roles need to be assigned.'])
  })

  test('with an impossible id is one to a missing resource, not of the wrong type', async () => {
    for (const id of [-1, -99999, '99999999999999999999']) {
      const { lockVersion } = await stored()
      const { status, body } = await admin.patch(`/work_packages/${work}`, {
        lockVersion,
        _links: { version: to('versions', id) },
      })
      assert.deepEqual([status, kind(body), body.message], [422, 'PropertyConstraintViolation', 'Version does not exist.'])
    }
  })

  test('to an unknown kind of principal gets an error with the known kinds; preferences are no principal', async () => {
    const { lockVersion } = await stored()
    for (const path of ['my_preferences', 'roles', 'principals']) {
      const { status, body } = await admin.patch(`/work_packages/${work}`, {
        lockVersion,
        _links: { assignee: to(path, personId) },
      })
      assert.deepEqual([status, kind(body)], [422, 'ResourceTypeMismatch'])
      assert.equal(
        body.message,
        `For property 'assignee' a link like '/api/v3/groups/:id' or '/api/v3/users/:id' or '/api/v3/placeholder_users/:id' is expected, but got '/api/v3/${path}/${personId}'.`,
      )
    }
  })

  test('of a custom field with one value may be a list, and one with several values need not be', async () => {
    const { first, second, single, many } = await server.db.transaction(async (tx) => {
      const plan = { resource: 'WorkPackage', format: 'list', options: ['S', 'M'] } as const
      const single = await makeField(tx, { ...plan, name: 'Size' })
      const many = await makeField(tx, { ...plan, name: 'Sizes', multiple: true })
      const options = async (field: number) =>
        tx.all<{ id: number }>(sql`select id from custom_options where custom_field_id = ${field} order by position`)
      const [first, second] = await options(single)
      return {
        first: first!.id,
        second: second!.id,
        single: { own: `customField${single}` },
        many: { own: `customField${many}`, id: (await options(many))[0]!.id },
      }
    })
    const { lockVersion } = await stored()
    const { status, body } = await admin.patch(`/work_packages/${work}`, {
      lockVersion,
      _links: {
        [single.own]: [to('custom_options', first), to('custom_options', second)],
        [many.own]: to('custom_options', many.id),
      },
    })
    assert.equal(status, 200)
    assert.equal(body._links[single.own].href, `/api/v3/custom_options/${first}`)
    assert.deepEqual(
      body._links[many.own].map((one: any) => one.href),
      [`/api/v3/custom_options/${many.id}`],
    )
  })

  test('of a time entry to no work package makes one error, by either of its names or both', async () => {
    for (const names of [['entity'], ['workPackage'], ['entity', 'workPackage']]) {
      const _links = Object.fromEntries(names.map((name) => [name, to('work_packages', 99999)]))
      for (const links of [_links, { ..._links, project: to('projects', project) }]) {
        const reply = await admin.post('/time_entries', { ...entry, _links: links })
        assert.deepEqual([reply.status, errors(reply)], [422, [`PropertyConstraintViolation ${names[0]}`]])
      }
    }
  })
})

describe('a form', () => {
  for (const [path, body, expected] of [
    ['versions', { startDate: '1.2.2031' }, 'PropertyFormatError startDate'],
    ['time_entries', { spentOn: 'today' }, 'PropertyFormatError spentOn'],
    ['time_entries', { hours: 'one' }, 'PropertyFormatError hours'],
    ['work_packages', { percentageDone: 'half' }, 'PropertyFormatError percentageDone'],
    ['memberships', { _links: { principal: { href: '/api/v3/projects/1' } } }, 'ResourceTypeMismatch principal'],
    ['memberships', { _meta: { notificationMessage: 'Hello' } }, 'PropertyFormatError notificationMessage'],
    ['projects', { _links: { status: { href: '/api/v3/statuses/1' } } }, 'ResourceTypeMismatch status'],
    ['queries', { _links: { project: { href: '/api/v3/users/1' } } }, 'ResourceTypeMismatch project'],
    ['users', { admin: 'maybe' }, 'PropertyFormatError admin'],
  ] as const) {
    test(`is 422 for malformed values: ${path} ${JSON.stringify(body)}`, async () => {
      const reply = await admin.post(`/${path}/form`, body)
      assert.deepEqual([reply.status, errors(reply)], [422, [expected]])
    })
  }

  test('repeats sent links, valid or not', async () => {
    const _links = {
      project: to('projects', project),
      type: to('types', 1),
      assignee: to('users', 99999),
      version: to('versions', -4),
    }
    const { status, body } = await admin.post('/work_packages/form', { subject: 'x', _links })
    assert.equal(status, 200)
    const { payload, validationErrors } = body._embedded
    assert.deepEqual(Object.keys(validationErrors).sort(), ['assignee', 'version'])
    for (const [name, { href }] of Object.entries(_links)) assert.equal(payload._links[name].href, href, name)
    const roles = [to('roles', 99999), to('roles', await server.id('roles', 'Reader'))]
    const { payload: members } = (await admin.post('/memberships/form', { _links: { roles } })).body._embedded
    assert.deepEqual(members._links.roles.map((one: any) => one.href).sort(), roles.map(({ href }) => href).sort())
  })

  test('repeats hidden values like missing ones', async () => {
    const secret = await server.make.workPackage({ project_id: hidden, subject: 'Gold' })
    const of = async (id: number) => {
      const links = { project: to('projects', project), parent: to('work_packages', id) }
      const { text } = await member.post('/work_packages/form', { subject: 'x', _links: links })
      return text.replaceAll(`work_packages/${id}"`, 'work_packages/…"')
    }
    assert.equal(await of(secret), await of(99999))
  })

  test('of a stored work package needs no body, but a body requires a lock version', async () => {
    const headers = { 'content-type': 'application/json' }
    const path = `/api/v3/work_packages/${work}/form`
    for (const body of [undefined, '', ' \n']) {
      const reply = await admin.send('POST', path, { headers, ...(body !== undefined && { body }) })
      assert.equal(reply.status, 200, reply.text)
      const { payload } = reply.body._embedded
      const { subject, lockVersion, _links } = await stored()
      assert.deepEqual([payload.subject, payload.lockVersion, payload._links.type.href], [subject, lockVersion, _links.type.href])
    }
    const empty = await admin.send('POST', path, { headers, body: '{}' })
    assert.deepEqual([empty.status, kind(empty.body)], [409, 'UpdateConflict'])
  })

  for (const [path, own] of [
    ['versions', 'definingProject'],
    ['work_packages', 'project'],
    ['time_entries', 'project'],
    ['memberships', 'project'],
  ] as const) {
    test(`of ${path} reports an unknown project to administrators only`, async () => {
      for (const project of [to('projects', 99999), to('projects', -1), to('projects', 'nowhere')]) {
        const roles = path === 'memberships' ? { roles: [to('roles', await server.id('roles', 'Reader'))] } : {}
        const { status, body, text } = await admin.post(`/${path}/form`, { _links: { [own]: project, ...roles } })
        assert.equal(status, 200, text)
        assert.equal(kind(body._embedded.validationErrors[own]), 'PropertyConstraintViolation')
        assert.deepEqual(body._embedded.payload._links[own], project)
        assert.ok(!text.includes('/-1') || project.href.endsWith('/-1'))
        assert.equal((await admin.post(`/${path}`, { _links: { [own]: project, ...roles } })).status, 422)
      }
      const answers = [99999, hidden].map(async (id) => {
        const roles = path === 'memberships' ? { roles: [to('roles', await server.id('roles', 'Reader'))] } : {}
        const { status, text } = await member.post(`/${path}/form`, { _links: { [own]: to('projects', id), ...roles } })
        return `${status} ${text}`
      })
      const [unknown, secret] = await Promise.all(answers)
      assert.equal(unknown, secret)
      assert.match(unknown as string, /^403 /)
    })
  }

  test('of a move to an unknown project reports it to an administrator', async () => {
    const { lockVersion } = await stored()
    const _links = { project: to('projects', 99999) }
    const { status, body } = await admin.post(`/work_packages/${work}/form`, { lockVersion, _links })
    assert.deepEqual([status, Object.keys(body._embedded.validationErrors)], [200, ['project']])
    assert.deepEqual(
      errors(await admin.patch(`/work_packages/${work}`, { lockVersion, _links }))[0],
      'PropertyConstraintViolation project',
    )
  })

  test('of a membership contains its message, empty by default', async () => {
    const form = async (body: object) => (await admin.post('/memberships/form', body)).body._embedded
    const empty = { format: 'markdown', raw: '', html: '' }
    assert.deepEqual((await form({})).payload._meta, { notificationMessage: empty })
    assert.deepEqual((await form({ _meta: { notificationMessage: null, unheard: 'of' } })).payload._meta, {
      notificationMessage: empty,
    })
    const { payload, schema } = await form({ _meta: { notificationMessage: { raw: '*Hello*' }, sendNotifications: false } })
    const html = '<p class="op-uc-p"><em>Hello</em></p>'
    assert.deepEqual(payload._meta, {
      notificationMessage: { format: 'markdown', raw: '*Hello*', html },
      sendNotifications: false,
    })
    assert.deepEqual([schema.notificationMessage.type, schema.notificationMessage.location], ['Formattable', '_meta'])
  })

  test('of a new work package has a subject from the start', async () => {
    const { payload, validationErrors } = (await admin.post('/work_packages/form', {})).body._embedded
    assert.deepEqual([payload.subject, validationErrors.subject.message], ['', "Subject can't be blank."])
  })
})

test('the schema of time entries has the work package beside the entity', async () => {
  const { body } = await admin.get('/time_entries/schema')
  assert.deepEqual([body.workPackage.type, body.workPackage.location, body.entity.type], ['WorkPackage', '_links', 'WorkPackage'])
})

test('createdAt and updatedAt are read-only for any sent value', async () => {
  const { id: version } = (await admin.post('/versions', { name: '1', _links: { definingProject: to('projects', project) } }))
    .body
  for (const path of [`/work_packages/${work}`, `/versions/${version}`, `/projects/${project}`, `/users/${personId}`]) {
    const { lockVersion, createdAt } = (await admin.get(path)).body
    for (const name of ['createdAt', 'updatedAt']) {
      for (const value of ['2020-01-01', '2020-01-01T00:00:00Z', 'long ago', 5, {}, null]) {
        const reply = await admin.patch(path, { lockVersion, [name]: value })
        assert.deepEqual([reply.status, errors(reply)], [422, [`PropertyIsReadOnly ${name}`]], `${path} ${JSON.stringify(value)}`)
      }
    }
    assert.equal((await admin.patch(path, { lockVersion, createdAt })).status, 200, 'what it is already can be said')
  }
})

test('a custom action accepts a top-level link to the work package', async () => {
  const now = new Date().toISOString()
  const action = {
    name: 'Take',
    position: 1,
    conditions: {},
    changes: { _links: { assignee: to('users', 'me') } },
    created_at: now,
    updated_at: now,
  }
  const id = await server.make.row('custom_actions', action, 'custom_actions')
  const { lockVersion } = await stored(other)
  const reply = await member.post(`/custom_actions/${id}/execute`, { lockVersion, workPackage: to('work_packages', other) })
  assert.deepEqual([reply.status, reply.body._links?.assignee.href], [200, `/api/v3/users/${memberId}`])
})

test('notification settings accept top-level links to their project', async () => {
  const settings = [
    { watched: true, project: { href: null } },
    { assignee: true, project: to('projects', project) },
  ]
  const { status, body } = await member.patch('/users/me/preferences', { notifications: settings })
  assert.equal(status, 200)
  assert.deepEqual(
    body.notifications.map((one: any) => one._links.project.href),
    [null, `/api/v3/projects/${project}`],
  )
})
