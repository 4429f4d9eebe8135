/** Running timers: at most one for each user, invisible to others. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, manager, worker } = it
const start = (client = worker.client, body: object = {}) => it.book(client, { ongoing: true, hours: undefined, ...body })
const mine = `/time_entries?${filters(['ongoing', '=', ['t']], ['user_id', '=', ['me']])}`
afterEach(async () => {
  for (const client of [worker.client, manager.client, admin]) {
    for (const id of ids(await client.get(mine))) await client.delete(`/time_entries/${id}`)
  }
})

test('is started without hours, found by its user, and stopped with hours', async () => {
  const started = await start()
  assert.equal(started.status, 201, started.text)
  assert.deepEqual([started.body.ongoing, started.body.hours], [true, null])
  assert.deepEqual(ids(await worker.client.get(mine)), [started.body.id])
  const stopped = await worker.client.patch(`/time_entries/${started.body.id}`, { ongoing: false, hours: 'PT45M' })
  assert.deepEqual([stopped.status, stopped.body.ongoing, stopped.body.hours], [200, false, 'PT45M'])
  assert.deepEqual(ids(await worker.client.get(mine)), [])
})

test('has no hours, even if they are sent', async () => {
  assert.equal((await start(worker.client, { hours: 'PT5H' })).body.hours, null)
})

test('cannot be stopped without hours: the server does not calculate them', async () => {
  const { id } = (await start()).body
  const reply = await worker.client.patch(`/time_entries/${id}`, { ongoing: false })
  assert.deepEqual([reply.status, errors(reply.body)], [422, ["hours: Hours can't be blank."]])
})

test('exists once for each user', async () => {
  const { id } = (await start()).body
  const reply = await start()
  assert.equal(reply.status, 422)
  assert.equal(kind(reply.body), 'PropertyConstraintViolation')
  assert.deepEqual(errors(reply.body), ['base: An ongoing time entry already exists: stop it before starting another.'])
  await worker.client.patch(`/time_entries/${id}`, { ongoing: false, hours: 'PT1H' })
  assert.equal((await start()).status, 201)
})

test('exists once for each user, even concurrently', async () => {
  const replies = await Promise.all([start(), start(), start()])
  assert.deepEqual(replies.map((reply) => reply.status).sort(), [201, 422, 422])
})

test('does not affect those of other users', async () => {
  assert.equal((await start(worker.client)).status, 201)
  assert.equal((await start(manager.client)).status, 201)
})

test('can only be one’s own', async () => {
  const reply = await start(manager.client, { _links: { user: link('users', worker.id) } })
  assert.deepEqual([reply.status, errors(reply.body)], [422, ['ongoing: Ongoing can only be set for oneself.']])
})

describe('a timer is visible', () => {
  test('to nobody else, with any permissions', async () => {
    const { id } = (await start()).body
    for (const client of [manager.client, admin]) {
      assert.equal((await client.get(`/time_entries/${id}`)).status, 404)
      assert.ok(!ids(await client.get('/time_entries?pageSize=-1')).includes(id))
    }
  })

  test('to its user, in lists as well', async () => {
    const { client } = await it.person('view_work_packages', 'log_own_time')
    const { id } = (await start(client)).body
    assert.equal((await client.get(`/time_entries/${id}`)).status, 200)
    assert.deepEqual(ids(await client.get('/time_entries')), [id])
    assert.deepEqual(ids(await client.get(`/time_entries?${filters(['ongoing', '=', ['f']])}`)), [])
  })

  test('to others once it has stopped', async () => {
    const { id } = (await start()).body
    await worker.client.patch(`/time_entries/${id}`, { ongoing: false, hours: 'PT1H' })
    assert.equal((await manager.client.get(`/time_entries/${id}`)).status, 200)
  })
})
