/** Representation and visibility of time entries. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ids } from '#test/instance.ts'
import { kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, work, manager, worker, onlooker } = it
const keys = (of: object) => Object.keys(of).sort()
const management = await it.id('time_entry_activities', 'Management')

describe('a time entry', () => {
  test('has exactly these members and links', async () => {
    const body = await it.booked(manager.client, { comment: { raw: 'Two strands\nand a core' }, hours: 'PT36H' })
    assert.equal(body._type, 'TimeEntry')
    assert.deepEqual(keys(body), [
      '_embedded',
      '_links',
      '_type',
      'comment',
      'createdAt',
      'hours',
      'id',
      'ongoing',
      'spentOn',
      'updatedAt',
    ])
    const self = `/api/v3/time_entries/${body.id}`
    const entity = { href: `/api/v3/work_packages/${work.id}`, title: 'Splice the halyards' }
    const user = body._links.user
    assert.deepEqual(body._links, {
      self: { href: self },
      schema: { href: '/api/v3/time_entries/schema' },
      update: { href: `${self}/form`, method: 'post' },
      updateImmediately: { href: self, method: 'patch' },
      delete: { href: self, method: 'delete' },
      project: { href: `/api/v3/projects/${project}`, title: 'Ship' },
      entity,
      workPackage: entity,
      user: { href: `/api/v3/users/${manager.id}`, title: user.title },
      activity: { href: `/api/v3/time_entries/activities/${management}`, title: 'Management' },
    })
    assert.deepEqual([body.spentOn, body.hours, body.ongoing], ['2024-03-01', 'P1DT12H', false])
    assert.deepEqual([body.comment.format, body.comment.raw], ['plain', 'Two strands\nand a core'])
    assert.deepEqual(keys(body._embedded), ['activity', 'entity', 'project', 'user', 'workPackage'])
    assert.equal(body._embedded.entity.subject, 'Splice the halyards')
    assert.deepEqual((await manager.client.get(`/time_entries/${body.id}`)).body, body)
  })

  test('without comment and activity has an empty comment, and a link without target', async () => {
    const body = await it.booked(admin, { _links: { activity: { href: null } } })
    assert.deepEqual(body.comment, { format: 'plain', raw: '', html: '' })
    assert.deepEqual(body._links.activity, { href: null })
    assert.ok(!('activity' in body._embedded))
  })

  test('escapes HTML in the comment', async () => {
    const { comment } = await it.booked(admin, { comment: { raw: '<b>**bold**</b>' } })
    assert.ok(!comment.html.includes('<b>') && comment.html.includes('**bold**'))
  })

  test('has action links only for users who may change it', async () => {
    const mine = await it.booked(worker.client)
    const actions = ['delete', 'update', 'updateImmediately']
    const offered = (body: any) => actions.filter((rel) => rel in body._links)
    assert.deepEqual(offered(mine), actions)
    const { client } = await it.person('view_work_packages', 'view_time_entries')
    assert.deepEqual(offered((await client.get(`/time_entries/${mine.id}`)).body), [])
  })

  test('has no embedded resources in a list', async () => {
    await it.booked(admin)
    const { body } = await admin.get('/time_entries')
    assert.equal(body._type, 'Collection')
    for (const element of body._embedded.elements) assert.ok(!('_embedded' in element))
  })
})

describe('a time entry is visible', () => {
  test('to users who may see all time entries', async () => {
    const one = await it.booked(worker.client)
    assert.equal((await manager.client.get(`/time_entries/${one.id}`)).status, 200)
  })

  test('to its user, with the permission to see their own', async () => {
    const mine = await it.booked(worker.client)
    const theirs = await it.booked(manager.client)
    assert.equal((await worker.client.get(`/time_entries/${mine.id}`)).status, 200)
    const reply = await worker.client.get(`/time_entries/${theirs.id}`)
    assert.deepEqual([reply.status, kind(reply.body)], [404, 'NotFound'])
    const listed = ids(await worker.client.get('/time_entries?pageSize=-1'))
    assert.ok(listed.includes(mine.id) && !listed.includes(theirs.id))
  })

  test('to no one else: other users get an empty list', async () => {
    await it.booked(worker.client)
    for (const client of [onlooker.client, it.stranger.client]) {
      const reply = await client.get('/time_entries')
      assert.equal(reply.status, 200)
      assert.deepEqual(ids(reply), [])
    }
  })

  test('without hidden names, if its work package is hidden', async () => {
    const one = await it.booked(manager.client)
    const { client } = await it.person('view_time_entries')
    const { body, text } = await client.get(`/time_entries/${one.id}`)
    for (const rel of ['entity', 'workPackage']) assert.equal(body._links[rel].href, 'urn:openproject-org:api:v3:undisclosed')
    assert.ok(!text.includes('halyards'))
    assert.ok(!('entity' in body._embedded) && !('workPackage' in body._embedded))
  })

  test('to its user with a share of the work package', async () => {
    const guest = await it.sharer(work.id, 'Work package editor')
    const mine = await it.booked(guest.client)
    const theirs = await it.booked(manager.client)
    assert.deepEqual(ids(await guest.client.get('/time_entries')), [mine.id])
    assert.equal((await guest.client.get(`/time_entries/${theirs.id}`)).status, 404)
  })
})

describe('time in the representation of a work package', () => {
  const spent = async ({ client }: { client: typeof admin }, id: number) =>
    (await client.get(`/work_packages/${id}`)).body.spentTime

  test('is the sum of the visible entries', async () => {
    const one = (await admin.post('/work_packages', { subject: 'x', _links: { project: link('projects', project) } })).body
    const entity = link('work_packages', one.id)
    await it.booked(worker.client, { hours: 'PT1H30M', _links: { entity } })
    await it.booked(manager.client, { hours: 'PT2H', _links: { entity } })
    assert.equal(await spent({ client: admin }, one.id), 'PT3H30M')
    assert.equal(await spent(manager, one.id), 'PT3H30M')
    assert.equal(await spent(worker, one.id), 'PT1H30M')
    assert.equal(await spent(onlooker, one.id), undefined)
  })

  test('excludes running timers', async () => {
    const one = (await admin.post('/work_packages', { subject: 'x', _links: { project: link('projects', project) } })).body
    await it.booked(worker.client, { ongoing: true, hours: null, _links: { entity: link('work_packages', one.id) } })
    assert.equal(await spent(worker, one.id), 'PT0S')
  })

  test('links to the entries', async () => {
    const { _links } = (await admin.get(`/work_packages/${work.id}`)).body
    const listed = await admin.send('GET', `${_links.timeEntries.href}&pageSize=-1`)
    assert.equal(listed.status, 200)
    assert.ok(listed.body.total > 0)
    assert.ok(listed.body._embedded.elements.every((entry: any) => entry._links.entity.title === 'Splice the halyards'))
  })
})
