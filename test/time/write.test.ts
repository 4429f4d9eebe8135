/** Logging time, and changing and deleting time entries. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { created } from '../work-packages/scene.ts'
import { errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make, work, manager, worker, onlooker } = it
const activity = (name: string) => it.id('time_entry_activities', name).then((id) => link('time_entries/activities', id))

describe('logging time', () => {
  test('requires a day, hours and a work package; the rest has defaults', async () => {
    const body = await it.booked(worker.client)
    assert.equal(body._links.user.href, `/api/v3/users/${worker.id}`)
    assert.equal(body._links.project.href, `/api/v3/projects/${project}`)
    assert.equal(body._links.activity.title, 'Management')
    assert.equal(body.ongoing, false)
  })

  test('accepts the former name of the work package', async () => {
    const body = await it.booked(admin, { _links: { entity: undefined, workPackage: link('work_packages', work.id) } })
    assert.equal(body._links.entity.href, `/api/v3/work_packages/${work.id}`)
  })

  test('reports all missing values', async () => {
    const reply = await admin.post('/time_entries', {})
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'MultipleErrors'])
    assert.deepEqual(errors(reply.body), [
      "entity: Logged for can't be blank.",
      "hours: Hours can't be blank.",
      "project: Project can't be blank.",
      "spentOn: Date can't be blank.",
    ])
  })

  test('on a project alone is rejected', async () => {
    const reply = await it.book(admin, { _links: { entity: { href: null }, project: link('projects', project) } })
    assert.deepEqual(errors(reply.body), ["entity: Logged for can't be blank."])
  })

  test('accepts no time at all, and more than a day', async () => {
    assert.equal((await it.booked(admin, { hours: 'PT0S' })).hours, 'PT0S')
    assert.equal((await it.booked(admin, { hours: 'PT30H' })).hours, 'P1DT6H')
  })

  for (const [name, body, expected] of [
    ['less than no time', { hours: '-PT1H' }, ['hours: Hours must be greater than or equal to 0.']],
    [
      'a comment too long',
      { comment: { raw: 'x'.repeat(1001) } },
      ['comment: Comment is too long (maximum is 1000 characters).'],
    ],
    [
      'an unknown work package',
      { _links: { entity: link('work_packages', 99999), project: link('projects', project) } },
      ['entity: Logged for does not exist.'],
    ],
    ['an unknown user', { _links: { user: link('users', 99999) } }, ['user: User does not exist.']],
    [
      'an unknown activity',
      { _links: { activity: link('time_entries/activities', 99999) } },
      ['activity: Activity does not exist.'],
    ],
  ] as const) {
    test(`rejected: ${name}`, async () => {
      const reply = await it.book(admin, body)
      assert.equal(reply.status, 422)
      assert.deepEqual(errors(reply.body), expected)
    })
  }

  for (const body of [{ hours: 'one' }, { hours: 1 }, { spentOn: 'today' }, { spentOn: '10000-01-01' }, { comment: 'text' }]) {
    test(`malformed: ${JSON.stringify(body)}`, async () => {
      const reply = await it.book(admin, body)
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyFormatError'])
    })
  }

  test('requires links of the right types', async () => {
    const reply = await it.book(admin, { _links: { entity: link('projects', project), activity: link('types', 1) } })
    assert.deepEqual(reply.body._embedded.errors.map(kind), ['ResourceTypeMismatch', 'ResourceTypeMismatch'])
  })

  test('is for users, not for groups', async () => {
    const reply = await it.book(admin, { _links: { user: link('groups', await make.group()) } })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'ResourceTypeMismatch'])
  })

  test('requires the work package to be in the given project', async () => {
    const other = await make.project()
    const reply = await it.book(admin, { _links: { project: link('projects', other) } })
    assert.deepEqual(errors(reply.body), ['entity: Logged for is invalid.'])
  })

  test('requires an active activity', async () => {
    const id = await make.row('time_entry_activities', { name: 'Past', position: 9, is_active: false }, 'time_entry_activities')
    const reply = await it.book(admin, { _links: { activity: link('time_entries/activities', id) } })
    assert.deepEqual(errors(reply.body), ['activity: Activity is not set to one of the allowed values.'])
  })
})

describe('permissions to log time', () => {
  test('a user who may log time for all may do so for others', async () => {
    const body = await it.booked(manager.client, { _links: { user: link('users', worker.id) } })
    assert.equal(body._links.user.href, `/api/v3/users/${worker.id}`)
  })

  test('a user who may log their own time may not do so for others', async () => {
    const reply = await it.book(worker.client, { _links: { user: link('users', manager.id) } })
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
  })

  test('nobody else may, with valid or invalid values', async () => {
    assert.equal((await it.book(onlooker.client)).status, 403)
    assert.equal((await onlooker.client.post('/time_entries', {})).status, 403)
  })

  test('on hidden work packages it is 404', async () => {
    const hidden = await created(admin, await make.project())
    const reply = await it.book(worker.client, {
      _links: { entity: link('work_packages', hidden.id), project: link('projects', project) },
    })
    assert.deepEqual(errors(reply.body), ['entity: Logged for does not exist.'])
  })

  test('nobody may in projects with time tracking disabled', async () => {
    await it.setting('default_projects_modules', ['work_package_tracking'])
    const { id: quiet } = (await admin.post('/projects', { name: 'Quiet' })).body
    const one = await created(admin, quiet)
    assert.equal((await it.book(admin, { _links: { entity: link('work_packages', one.id) } })).status, 403)
  })

  test('a user with a share of the work package may log their own time there', async () => {
    const guest = await it.sharer(work.id, 'Work package editor')
    const body = await it.booked(guest.client)
    assert.equal(body._links.user.href, `/api/v3/users/${guest.id}`)
    const other = await created(admin, project)
    assert.equal((await it.book(guest.client, { _links: { entity: link('work_packages', other.id) } })).status, 422)
    const viewer = await it.sharer(work.id, 'Work package viewer')
    assert.equal((await it.book(viewer.client)).status, 403)
  })
})

describe('changing a time entry', () => {
  let one: any
  beforeEach(async () => {
    one = await it.booked(worker.client, { comment: { raw: 'Text' } })
  })
  const patch = (body: object, client = worker.client) => client.patch(`/time_entries/${one.id}`, body)

  test('keeps all other properties, and requires no lock version', async () => {
    const { body } = await patch({ hours: 'PT2H' })
    assert.deepEqual([body.hours, body.comment.raw, body.spentOn], ['PT2H', 'Text', '2024-03-01'])
    assert.equal((await patch({ comment: { raw: '' }, lockVersion: 7 })).body.comment.raw, '')
  })

  test('accepts its representation sent back', async () => {
    const { body } = await worker.client.get(`/time_entries/${one.id}`)
    const reply = await patch(body)
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(reply.body, body)
  })

  test('accepts both names of the work package: the changed one counts', async () => {
    const next = link('work_packages', (await created(admin, project)).id)
    const before = link('work_packages', work.id)
    for (const links of [
      { entity: next, workPackage: before },
      { entity: before, workPackage: next },
    ]) {
      const { body } = await patch({ _links: links })
      assert.equal(body._links.entity.href, next.href)
      await patch({ _links: { entity: before } })
    }
  })

  test('requires the permission to change all, or one’s own', async () => {
    assert.equal((await patch({ hours: 'PT2H' }, manager.client)).status, 200)
    const { client } = await it.person('view_work_packages', 'view_time_entries', 'edit_own_time_entries', 'log_own_time')
    const reply = await patch({ hours: 'PT2H' }, client)
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
    const mine = await it.booked(client)
    assert.equal((await client.patch(`/time_entries/${mine.id}`, { hours: 'PT3H' })).status, 200)
  })

  test('gives 404 for hidden entries', async () => {
    assert.equal((await patch({ hours: 'PT2H' }, onlooker.client)).status, 404)
  })

  test('changing the user needs the permission to log time for all', async () => {
    const { client, id } = await it.person('view_work_packages', 'view_time_entries', 'edit_time_entries', 'view_members')
    for (const user of [id, manager.id]) {
      const reply = await patch({ _links: { user: link('users', user) } }, client)
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
    }
    assert.equal((await patch({ _links: { user: link('users', worker.id) } }, client)).status, 200, 'it is theirs already')
    assert.equal((await patch({ _links: { user: link('users', manager.id) } }, manager.client)).status, 200)
  })

  test('to another project requires the permission to change time there as well', async () => {
    const target = await make.project()
    await make.member(manager.id, target, ['view_work_packages', 'view_time_entries'])
    const there = await created(admin, target)
    const links = { project: link('projects', target), entity: link('work_packages', there.id) }
    const reply = await patch({ _links: links }, manager.client)
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
    assert.equal((await patch({ _links: links }, admin)).status, 200)
  })

  test('changes of read-only properties are rejected', async () => {
    for (const body of [{ createdAt: '2020-01-01T00:00:00Z' }, { updatedAt: '2020-01-01T00:00:00Z' }]) {
      const reply = await patch(body)
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
    }
  })

  test('accepts another activity, or none', async () => {
    assert.equal((await patch({ _links: { activity: await activity('Testing') } })).body._links.activity.title, 'Testing')
    assert.deepEqual((await patch({ _links: { activity: { href: null } } })).body._links.activity, { href: null })
  })
})

describe('deleting a time entry', () => {
  test('gives an empty response, and requires the permission to change it', async () => {
    const one = await it.booked(worker.client)
    const { client } = await it.person('view_work_packages', 'view_time_entries')
    assert.equal((await client.delete(`/time_entries/${one.id}`)).status, 403)
    assert.equal((await onlooker.client.delete(`/time_entries/${one.id}`)).status, 404)
    const reply = await worker.client.delete(`/time_entries/${one.id}`)
    assert.deepEqual([reply.status, reply.text], [204, ''])
    assert.equal((await admin.get(`/time_entries/${one.id}`)).status, 404)
  })
})
