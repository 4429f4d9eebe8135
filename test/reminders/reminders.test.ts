/** Reminders: one for each user and work package, their visibility, and their notifications. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { deliverEvents } from '#jobs/events.ts'
import type { Event } from '#kernel/declaration.ts'
import { remind } from '#modules/notifications/reminders.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let server: Instance
let told: Event[] = []
let project: number
let work: number
let me: { id: number; client: Client }
let other: { id: number; client: Client }
before(async () => {
  server = await instance({ subscribers: [{ event: 'reminders.due', handle: (event) => void told.push(event) }] })
  await server.setting('login_required', false)
  project = await server.make.project({ public: true })
  work = await server.make.workPackage({ project_id: project, subject: 'Work' })
  const person = async () => {
    const id = await server.make.user()
    await server.make.member(id, project, ['view_work_packages'])
    return { id, client: await server.as(id) }
  }
  me = await person()
  other = await person()
})
after(() => server.close())
beforeEach(async () => {
  await server.db.transaction((tx) => tx.run(sql`delete from reminders`))
  await server.db.transaction((tx) => tx.run(sql`delete from outbox`))
})

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
const set = (body: object = {}, { by = me.client, on = work } = {}) =>
  by.post(`/work_packages/${on}/reminders`, { remindAt: inHours(1), note: 'Look again', ...body })
/** Runs the jobs of due reminders, and delivers their events. */
async function pass(now: Date): Promise<void> {
  for (const only of [[remind.name], [deliverEvents.name]]) await runDue(server.db, { now, model: server.model, only })
}
/** A due reminder without a notification yet. */
const overdue = (creator_id = me.id) =>
  server.make.row('reminders', { work_package_id: work, creator_id, remind_at: inHours(-1), note: 'Too late' })
const attribute = (reply: { body: any }) => reply.body._embedded.details.attribute

describe('setting a reminder', () => {
  test('requires a time, and accepts a note', async () => {
    const remindAt = inHours(2)
    const { status, body } = await set({ remindAt })
    assert.equal(status, 201)
    assert.deepEqual(body, {
      _type: 'Reminder',
      id: body.id,
      note: 'Look again',
      remindAt,
      _links: {
        self: { href: `/api/v3/reminders/${body.id}` },
        creator: body._links.creator,
        remindable: { href: `/api/v3/work_packages/${work}`, title: 'Work' },
      },
    })
    assert.equal(body._links.creator.href, `/api/v3/users/${me.id}`)
  })

  test('a second one for the same work package conflicts with the first', async () => {
    await set()
    const { status, body } = await set()
    assert.deepEqual([status, body.errorIdentifier], [409, 'urn:openproject-org:api:v3:errors:UpdateConflict'])
    assert.match(body.message, /already/)
  })

  test('one for another work package, or of another user, does not', async () => {
    const elsewhere = await server.make.workPackage({ project_id: project })
    assert.equal((await set()).status, 201)
    assert.equal((await set({}, { on: elsewhere })).status, 201)
    assert.equal((await set({}, { by: other.client })).status, 201)
  })

  for (const [name, body, expected] of [
    ['without a time', { remindAt: null }, 'remindAt'],
    ['for the past', { remindAt: '2020-01-01T00:00:00Z' }, 'remindAt'],
    ['for an invalid time', { remindAt: 'tomorrow' }, 'remindAt'],
    ['for a time after the year 9999', { remindAt: '9999-12-31T23:59:59-14:00' }, 'remindAt'],
    ['with an oversized note', { note: 'x'.repeat(129) }, 'note'],
  ] as const) {
    test(`${name} is rejected`, async () => {
      const reply = await set(body)
      assert.deepEqual([reply.status, attribute(reply)], [422, expected])
    })
  }

  test('a note of 128 characters is accepted', async () => {
    assert.equal((await set({ note: 'x'.repeat(128) })).status, 201)
  })

  test('requires a visible work package, and a signed-in user', async () => {
    const stranger = await server.as(await server.make.user())
    const hidden = await server.make.workPackage({ project_id: await server.make.project() })
    assert.equal((await set({}, { by: stranger, on: hidden })).status, 404)
    assert.equal((await server.anonymous.get(`/work_packages/${work}`)).status, 200)
    assert.equal((await set({}, { by: server.anonymous })).status, 403)
  })
})

describe('lists', () => {
  test('have the user’s own future reminders, the earliest first, without pages', async () => {
    const elsewhere = await server.make.workPackage({ project_id: project })
    const late = (await set({ remindAt: inHours(5) })).body.id
    const early = (await set({ remindAt: inHours(3) }, { on: elsewhere })).body.id
    await set({}, { by: other.client })
    const all = await me.client.get('/reminders?pageSize=1')
    assert.deepEqual(ids(all), [early, late])
    assert.deepEqual(all.body._links, { self: { href: '/api/v3/reminders' } })
    const ofWork = await me.client.get(`/work_packages/${work}/reminders`)
    assert.deepEqual(ids(ofWork), [late])
    assert.deepEqual(ofWork.body._links, { self: { href: `/api/v3/work_packages/${work}/reminders` } })
  })

  test('do not have due ones', async () => {
    await overdue()
    assert.deepEqual(ids(await me.client.get('/reminders')), [])
    assert.deepEqual(ids(await me.client.get(`/work_packages/${work}/reminders`)), [])
  })

  test('do not have those of hidden work packages', async () => {
    const secret = await server.make.project()
    const membership = await server.make.member(me.id, secret, ['view_work_packages'])
    const on = await server.make.workPackage({ project_id: secret })
    const { id } = (await set({}, { on })).body
    assert.deepEqual(ids(await me.client.get('/reminders')), [id])
    await server.admin.delete(`/memberships/${membership}`)
    assert.deepEqual(ids(await me.client.get('/reminders')), [])
    assert.equal((await me.client.patch(`/reminders/${id}`, { note: 'Still?' })).status, 404)
  })

  test('are empty for anonymous users', async () => {
    await set()
    assert.deepEqual(ids(await server.anonymous.get('/reminders')), [])
  })
})

describe('a reminder', () => {
  test('is changed, and keeps its other properties', async () => {
    const { id, remindAt } = (await set()).body
    const noted = await me.client.patch(`/reminders/${id}`, { note: 'Now really' })
    assert.deepEqual([noted.status, noted.body.note, noted.body.remindAt], [200, 'Now really', remindAt])
    const moved = inHours(9)
    assert.equal((await me.client.patch(`/reminders/${id}`, { remindAt: moved })).body.remindAt, moved)
    const past = await me.client.patch(`/reminders/${id}`, { remindAt: inHours(-1) })
    assert.deepEqual([past.status, attribute(past)], [422, 'remindAt'])
  })

  test('is deleted, and can be replaced by another', async () => {
    const { id } = (await set()).body
    assert.equal((await me.client.delete(`/reminders/${id}`)).status, 204)
    assert.equal((await set()).status, 201)
  })

  test('is visible only to its creator, not even to administrators', async () => {
    const { id } = (await set()).body
    for (const client of [other.client, server.admin]) {
      assert.equal((await client.patch(`/reminders/${id}`, { note: 'Mine' })).status, 404)
      assert.equal((await client.delete(`/reminders/${id}`)).status, 404)
      assert.deepEqual(ids(await client.get('/reminders')), [])
    }
  })

  test('that is due cannot be changed', async () => {
    const id = await overdue()
    assert.equal((await me.client.patch(`/reminders/${id}`, { note: 'Later' })).status, 404)
    assert.equal((await me.client.delete(`/reminders/${id}`)).status, 404)
  })

  test('is deleted with its work package', async () => {
    const on = await server.make.workPackage({ project_id: project })
    await set({}, { on })
    assert.equal((await server.admin.delete(`/work_packages/${on}`)).status, 204)
    assert.deepEqual(ids(await me.client.get('/reminders')), [])
  })
})

describe('a due reminder', () => {
  beforeEach(() => {
    told = []
  })

  test('causes one notification, in the name of its creator', async () => {
    const id = await overdue()
    const now = new Date()
    await Promise.all([pass(now), pass(now)])
    await pass(now)
    assert.deepEqual(
      told.map(({ resourceId, actorId }) => [resourceId, actorId]),
      [[id, me.id]],
    )
  })

  test('causes no notification before its time', async () => {
    const { id, remindAt } = (await set({ remindAt: inHours(1) })).body
    await pass(new Date(Date.parse(remindAt) - 1))
    assert.deepEqual(told, [])
    await pass(new Date(remindAt))
    assert.deepEqual(
      told.map(({ resourceId }) => resourceId),
      [id],
    )
  })

  test('permits another one for the work package', async () => {
    await overdue()
    await pass(new Date())
    assert.equal((await set()).status, 201)
  })
})
