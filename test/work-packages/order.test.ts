/** Sorted lists of work packages. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { sample } from './sample.ts'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, make } = it
const all = filters()

const order = (...by: unknown[]) => `sortBy=${encodeURIComponent(JSON.stringify(by))}`
let a: number
let b: number
let c: number
before(async () => {
  const { beta, alpha, gamma } = await sample(it)
  ;[a, b, c] = [beta, alpha, gamma]
})
const sorted = async (...by: unknown[]) => ids(await admin.get(`/work_packages?${all}&${order(...by)}`))

describe('sorting', () => {
  for (const [name, expected] of [
    ['id', () => [a, b, c]],
    ['subject', () => [b, a, c]],
    ['project', () => [b, c, a]],
    ['type', () => [c, b, a]],
    ['status', () => [b, a, c]],
    ['priority', () => [b, c, a]],
    ['assignee', () => [a, b, c]],
    ['responsible', () => [b, a, c]],
    ['author', () => [c, b, a]],
    ['category', () => [a, b, c]],
    ['version', () => [b, a, c]],
    ['startDate', () => [a, b, c]],
    ['dueDate', () => [b, a, c]],
    ['duration', () => [b, a, c]],
    ['estimatedTime', () => [a, b, c]],
    ['remainingTime', () => [a, b, c]],
    ['percentageDone', () => [b, a, c]],
    ['createdAt', () => [a, b, c]],
    ['updatedAt', () => [c, a, b]],
    ['parent', () => [a, b, c]],
  ] as const) {
    test(`by ${name}: empty values come last`, async () => assert.deepEqual(await sorted([name, 'asc']), expected()))
  }

  test('in descending order: empty values come first', async () => {
    assert.deepEqual(await sorted(['startDate', 'desc']), [c, b, a])
    assert.deepEqual(await sorted(['subject', 'desc']), [c, a, b])
  })

  test('by all names of a property', async () => {
    assert.deepEqual(await sorted(['start_date', 'asc']), [a, b, c])
    for (const name of ['assigned_to', 'assigned_to_id', 'status_id', 'done_ratio', 'estimated_hours', 'created_at'])
      assert.equal((await sorted([name, 'asc'])).length, 3, name)
  })

  test('by a text, and in an unknown direction', async () => {
    assert.deepEqual(await sorted('startDate:desc'), [c, b, a])
    assert.deepEqual(await sorted(['startDate', 'sideways']), [a, b, c])
    assert.deepEqual(await sorted(['startDate']), [a, b, c])
  })

  test('by several criteria, at most three', async () => {
    assert.deepEqual(await sorted(['status', 'asc'], ['id', 'asc']), [b, a, c])
    assert.deepEqual(await sorted(['createdAt', 'asc'], ['id', 'asc'], ['id', 'asc'], ['nothing', 'asc']), [a, b, c])
  })

  test('of equal values: the newest comes first', async () => {
    const same = await make.project()
    const made = [await created(admin, same, { subject: 'same' }), await created(admin, same, { subject: 'same' })]
    const found = ids(await admin.get(`/projects/${same}/work_packages?${order(['subject', 'asc'])}`))
    assert.deepEqual(found, made.map((one) => one.id).reverse())
    for (const { id } of made) await admin.delete(`/work_packages/${id}`)
  })

  for (const name of ['nothing', 'description', 'spentTime', '']) {
    test(`by ${name || 'an empty name'} is rejected`, async () => {
      const reply = await admin.get(`/work_packages?${order([name, 'asc'])}`)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
    })
  }

  test('by a malformed parameter is rejected', async () => {
    for (const sortBy of ['x', '{}', '"id"']) {
      assert.equal((await admin.get(`/work_packages?sortBy=${encodeURIComponent(sortBy)}`)).status, 400)
    }
  })
})
