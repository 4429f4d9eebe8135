/** The schema of time entries, their forms, the activities, and available projects and work packages. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { created } from '../work-packages/scene.ts'
import { kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make, work, manager, worker, onlooker } = it
const keys = (of: object) => Object.keys(of).sort()
const activities = ['Management', 'Specification', 'Development', 'Testing', 'Support', 'Other']
const entity = link('work_packages', work.id)

describe('the schema', () => {
  test('has an entry for every property of a time entry', async () => {
    const { body } = await admin.get('/time_entries/schema')
    const entries = [
      'activity',
      'comment',
      'createdAt',
      'entity',
      'hours',
      'id',
      'ongoing',
      'project',
      'spentOn',
      'updatedAt',
      'user',
      'workPackage',
    ]
    assert.deepEqual(keys(body), ['_dependencies', '_links', '_type', ...entries].sort())
    assert.deepEqual(body._links, { self: { href: '/api/v3/time_entries/schema' } })
    assert.deepEqual(Object.fromEntries(entries.map((name) => [name, body[name].type])), {
      activity: 'TimeEntriesActivity',
      comment: 'Formattable',
      createdAt: 'DateTime',
      entity: 'WorkPackage',
      hours: 'Duration',
      id: 'Integer',
      ongoing: 'Boolean',
      project: 'Project',
      spentOn: 'Date',
      updatedAt: 'DateTime',
      user: 'User',
      workPackage: 'WorkPackage',
    })
    assert.deepEqual(
      entries.filter((name) => body[name].required),
      ['createdAt', 'entity', 'hours', 'id', 'spentOn', 'updatedAt', 'user'],
    )
    assert.deepEqual(
      entries.filter((name) => body[name].hasDefault),
      ['activity'],
    )
  })

  test('is visible to users with a permission for time', async () => {
    const reply = await onlooker.client.get('/time_entries/schema')
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
    for (const permission of ['log_time', 'log_own_time', 'edit_own_time_entries', 'view_own_time_entries']) {
      const { client } = await it.person('view_work_packages', permission)
      assert.equal((await client.get('/time_entries/schema')).status, 200, permission)
    }
  })
})

describe('the form for a new entry', () => {
  const form = async (body: object, client = worker.client) => {
    const reply = await client.post('/time_entries/form', body)
    assert.equal(reply.status, 200, reply.text)
    return { ...reply.body._embedded, links: reply.body._links }
  }

  test('without a payload reports missing values, and links to the allowed ones', async () => {
    const { payload, schema, validationErrors, links } = await form({})
    assert.deepEqual(keys(validationErrors), ['entity', 'hours', 'project', 'spentOn'])
    assert.ok(!('commit' in links))
    assert.deepEqual(schema.project._links.allowedValues, { href: '/api/v3/time_entries/available_projects' })
    assert.deepEqual(schema.entity._links.allowedValues, { href: '/api/v3/time_entries/available_work_packages' })
    assert.deepEqual(schema.activity._embedded.allowedValues, [])
    assert.deepEqual(schema.user._links, {})
    assert.equal(payload._links.user.href, `/api/v3/users/${worker.id}`)
  })

  test('of a work package has the project, its activities and its users', async () => {
    const { payload, schema, validationErrors, links } = await form({ hours: 'PT1H', spentOn: '2024-03-01', _links: { entity } })
    assert.deepEqual(validationErrors, {})
    assert.deepEqual(links.commit, { href: '/api/v3/time_entries', method: 'post' })
    assert.equal(payload._links.project.href, `/api/v3/projects/${project}`)
    assert.equal(payload._links.activity.title, 'Management')
    assert.deepEqual(
      schema.activity._embedded.allowedValues.map((one: any) => one.name),
      activities,
    )
    assert.equal(schema.activity._embedded.allowedValues[0]._type, 'TimeEntriesActivity')
    const { searchParams } = new URL(schema.user._links.allowedValues.href, 'http://x')
    assert.deepEqual(JSON.parse(searchParams.get('filters') as string), [
      { status: { operator: '!', values: ['3'] } },
      { type: { operator: '=', values: ['User'] } },
      { member: { operator: '=', values: [String(project)] } },
    ])
    assert.equal((await manager.client.send('GET', schema.user._links.allowedValues.href)).status, 200)
  })

  test('has a payload that can be posted unchanged', async () => {
    const { payload } = await form({ hours: 'PT1H', spentOn: '2024-03-01', _links: { entity } })
    const reply = await worker.client.post('/time_entries', payload)
    assert.equal(reply.status, 201, reply.text)
  })

  test('saves nothing', async () => {
    const { total } = (await admin.get('/time_entries')).body
    await form({ hours: 'PT1H', spentOn: '2024-03-01', _links: { entity } })
    assert.equal((await admin.get('/time_entries')).body.total, total)
  })

  test('is forbidden to users who may not log time', async () => {
    assert.equal((await onlooker.client.post('/time_entries/form', {})).status, 403)
    const other = await make.project()
    await make.member(worker.id, other, ['view_work_packages'])
    const there = await created(admin, other)
    assert.equal(
      (await worker.client.post('/time_entries/form', { _links: { entity: link('work_packages', there.id) } })).status,
      403,
    )
  })
})

describe('the form for an entry', () => {
  test('has its values, the allowed targets, and the commit link', async () => {
    const one = await it.booked(worker.client)
    const reply = await worker.client.post(`/time_entries/${one.id}/form`, { hours: 'PT2H' })
    assert.equal(reply.status, 200, reply.text)
    const { payload, schema, validationErrors } = reply.body._embedded
    assert.deepEqual(validationErrors, {})
    assert.equal(payload.hours, 'PT2H')
    assert.deepEqual(schema.entity._links.allowedValues, { href: `/api/v3/time_entries/${one.id}/available_work_packages` })
    assert.deepEqual(reply.body._links.commit, { href: `/api/v3/time_entries/${one.id}`, method: 'patch' })
    assert.equal((await worker.client.patch(`/time_entries/${one.id}`, payload)).status, 200)
  })

  test('accepts an empty payload', async () => {
    const one = await it.booked(worker.client)
    assert.equal((await worker.client.post(`/time_entries/${one.id}/form`)).status, 200)
  })

  test('is forbidden to users who may not change it, and not found by users who do not see it', async () => {
    const one = await it.booked(worker.client)
    const { client } = await it.person('view_work_packages', 'view_time_entries')
    assert.equal((await client.post(`/time_entries/${one.id}/form`)).status, 403)
    assert.equal((await onlooker.client.post(`/time_entries/${one.id}/form`)).status, 404)
  })
})

describe('an activity', () => {
  test('has its name, position, default flag and projects', async () => {
    const id = await it.id('time_entry_activities', 'Management')
    const { body } = await manager.client.get(`/time_entries/activities/${id}`)
    const { _embedded, ...rest } = body
    assert.deepEqual(rest, {
      _type: 'TimeEntriesActivity',
      id,
      name: 'Management',
      position: 1,
      default: true,
      _links: {
        self: { href: `/api/v3/time_entries/activities/${id}`, title: 'Management' },
        projects: [{ href: `/api/v3/projects/${project}`, title: 'Ship' }],
      },
    })
    assert.deepEqual(
      _embedded.projects.map((one: any) => one.name),
      ['Ship'],
    )
  })

  test('is not found by users without a permission for time, like an unknown one', async () => {
    const id = await it.id('time_entry_activities', 'Testing')
    assert.equal((await onlooker.client.get(`/time_entries/activities/${id}`)).status, 404)
    assert.equal((await it.stranger.client.get(`/time_entries/activities/${id}`)).status, 404)
    assert.equal((await admin.get('/time_entries/activities/99999')).status, 404)
    const guest = await it.sharer(work.id, 'Work package editor')
    assert.equal((await guest.client.get(`/time_entries/activities/${id}`)).status, 200)
  })
})

describe('available projects and work packages', () => {
  test('are projects with the permission', async () => {
    const bookable = await make.project()
    await make.member(worker.id, bookable, ['log_own_time'])
    const { body } = await worker.client.get('/time_entries/available_projects')
    assert.deepEqual(ids({ body } as never).sort(), [project, bookable].sort())
    assert.deepEqual([body._type, body.pageSize, body.offset], ['Collection', 20, 1])
    assert.equal((await onlooker.client.get('/time_entries/available_projects')).status, 403)
  })

  test('are visible work packages of such projects', async () => {
    const hidden = await make.project()
    const unbookable = await created(admin, hidden)
    await make.member(worker.id, hidden, ['view_work_packages'])
    const reply = await worker.client.get('/time_entries/available_work_packages')
    assert.equal(reply.body._type, 'WorkPackageCollection')
    assert.ok(ids(reply).includes(work.id) && !ids(reply).includes(unbookable.id))
    const filtered = await worker.client.get(`/time_entries/available_work_packages?${filters(['subject', '~', ['halyards']])}`)
    assert.deepEqual(ids(filtered), [work.id])
    assert.equal((await onlooker.client.get('/time_entries/available_work_packages')).status, 403)
  })

  test('include shared work packages, if the share allows it', async () => {
    const guest = await it.sharer(work.id, 'Work package editor')
    assert.deepEqual(ids(await guest.client.get('/time_entries/available_work_packages')), [work.id])
  })

  test('of an entry need a visible entry', async () => {
    const one = await it.booked(worker.client)
    assert.equal((await worker.client.get(`/time_entries/${one.id}/available_work_packages`)).status, 200)
    assert.equal((await onlooker.client.get(`/time_entries/${one.id}/available_work_packages`)).status, 404)
  })
})
