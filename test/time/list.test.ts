/** Lists of time entries: pages, order, and every filter. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { created } from '../work-packages/scene.ts'
import { kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make, work, manager, worker } = it
type Use = [name: string, operator: string, values?: (string | number)[]]

let a: number
let b: number
let c: number
let other: number
let there: number
const activity: Record<string, number> = {}
before(async () => {
  for (const name of ['Management', 'Testing']) activity[name] = await it.id('time_entry_activities', name)
  other = await make.project()
  there = (await created(admin, other)).id
  const today = new Date().toISOString().slice(0, 10)
  a = (await it.booked(worker.client, { hours: 'PT3H', spentOn: '2024-03-01' })).id
  b = (
    await it.booked(admin, {
      hours: 'PT1H',
      spentOn: today,
      _links: { entity: link('work_packages', there), activity: link('time_entries/activities', activity.Testing!) },
    })
  ).id
  c = (await it.booked(manager.client, { hours: 'PT2H', spentOn: '2024-02-01', _links: { activity: { href: null } } })).id
})
const found = async (...uses: Use[]) => ids(await admin.get(`/time_entries?${filters(...uses)}`))

test('a list has pages, newest first', async () => {
  const { body } = await admin.get('/time_entries?pageSize=2')
  assert.deepEqual(ids({ body } as never), [c, b])
  assert.deepEqual([body._type, body.total, body.count, body.pageSize, body.offset], ['Collection', 3, 2, 2, 1])
  assert.ok('nextByOffset' in body._links && 'jumpTo' in body._links && 'changeSize' in body._links)
  assert.deepEqual(ids(await admin.get('/time_entries?pageSize=2&offset=2')), [a])
})

describe('in order', () => {
  for (const [name, expected] of [
    ['id', () => [a, b, c]],
    ['hours', () => [b, c, a]],
    ['spent_on', () => [c, a, b]],
    ['spentOn', () => [c, a, b]],
    ['created_at', () => [a, b, c]],
    ['updatedAt', () => [a, b, c]],
  ] as const) {
    test(`of ${name}, in either direction`, async () => {
      const sorted = async (direction: string) => ids(await admin.get(`/time_entries?sortBy=[["${name}","${direction}"]]`))
      assert.deepEqual(await sorted('asc'), expected())
      assert.deepEqual(await sorted('desc'), expected().toReversed())
    })
  }

  test('of no other property', async () => {
    for (const name of ['user', 'activity', 'comment']) {
      const reply = await admin.get(`/time_entries?sortBy=[["${name}","asc"]]`)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'], name)
    }
  })
})

describe('filtered', () => {
  test('by user', async () => {
    assert.deepEqual(await found(['user', '=', [worker.id]]), [a])
    assert.deepEqual(await found(['user_id', '!', [worker.id]]), [c, b])
    assert.deepEqual(await found(['user', '=', ['me']]), [b])
    assert.deepEqual(await found(['user', '*']), [c, b, a])
    assert.deepEqual(await found(['user', '!*']), [])
  })

  for (const name of ['entity', 'entity_id', 'entityId', 'workPackage', 'work_package', 'work_package_id', 'workPackageId']) {
    test(`by container, as ${name}`, async () => {
      assert.deepEqual(await found([name, '=', [work.id]]), [c, a])
      assert.deepEqual(await found([name, '!', [work.id]]), [b])
    })
  }

  test('by type of container', async () => {
    assert.deepEqual(await found(['entity_type', '=', ['WorkPackage']]), [c, b, a])
    assert.deepEqual(await found(['entityType', '!', ['WorkPackage']]), [])
    assert.deepEqual(await found(['entity_type', '=', ['Meeting']]), [])
  })

  test('by project', async () => {
    assert.deepEqual(await found(['project', '=', [other]]), [b])
    assert.deepEqual(await found(['project_id', '!', [other]]), [c, a])
    assert.deepEqual(await found(['project', '*']), [c, b, a])
  })

  test('by activity', async () => {
    assert.deepEqual(await found(['activity', '=', [activity.Testing!]]), [b])
    assert.deepEqual(await found(['activity_id', '!', [activity.Testing!]]), [c, a])
    assert.deepEqual(await found(['activity', '!*']), [c])
    assert.deepEqual(await found(['activity', '*']), [b, a])
  })

  test('by day', async () => {
    assert.deepEqual(await found(['spentOn', 't']), [b])
    assert.deepEqual(await found(['spent_on', '=d', ['2024-03-01']]), [a])
    assert.deepEqual(await found(['spent_on', '<>d', ['2024-02-01', '2024-03-01']]), [c, a])
    assert.deepEqual(await found(['spent_on', '<t-', [1]]), [c, a])
  })

  test('by creation', async () => {
    for (const name of ['created_at', 'createdAt', 'updated_at', 'updatedAt']) {
      assert.deepEqual(await found([name, 't']), [c, b, a])
      assert.deepEqual(await found([name, '<t-', [1]]), [])
    }
  })

  test('by ongoing', async () => {
    assert.deepEqual(await found(['ongoing', '=', ['f']]), [c, b, a])
    assert.deepEqual(await found(['ongoing', '=', ['t']]), [])
    assert.deepEqual(await found(['ongoing', '!', ['t']]), [c, b, a])
  })

  test('by several properties at once', async () => {
    assert.deepEqual(await found(['project', '=', [project]], ['user', '=', [worker.id]]), [a])
  })

  for (const [name, operator, values] of [
    ['user', '=', [99999]],
    ['entity', '=', [99999]],
    ['entity_type', '=', ['Budget']],
    ['project', '=', ['x']],
    ['activity', '=', [99999]],
    ['spentOn', '=d', ['soon']],
    ['ongoing', '=', ['maybe']],
    ['hours', '=', [1]],
    ['comment', '~', ['x']],
  ] as const) {
    test(`not by ${name} ${operator} ${values}`, async () => {
      const reply = await admin.get(`/time_entries?${filters([name, operator, [...values]])}`)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
    })
  }
})

test('select reduces the response', async () => {
  const { body } = await admin.get('/time_entries?select=total,elements/hours&pageSize=1')
  assert.deepEqual(body, { total: 3, _embedded: { elements: [{ hours: 'PT2H' }] } })
})
