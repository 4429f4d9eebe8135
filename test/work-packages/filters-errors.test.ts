/** Syntax of filters, and responses to invalid ones. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters } from '#test/instance.ts'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
let one: any
let two: any
before(async () => {
  one = await created(admin, project, { subject: 'one' })
  two = await created(admin, project, { subject: 'two' })
})
const get = (list: unknown, parameter = 'filters') =>
  admin.get(`/work_packages?${parameter}=${encodeURIComponent(typeof list === 'string' ? list : JSON.stringify(list))}`)
const found = async (list: unknown, parameter?: string) => {
  const reply = await get(list, parameter)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements.map((element: any) => element.id)
}

describe('filters', () => {
  test('all apply together', async () => {
    assert.deepEqual(await found([{ subject: { operator: '~', values: ['o'] } }, { id: { operator: '!', values: [one.id] } }]), [
      two.id,
    ])
  })

  test('with the same name replace each other: the last one counts', async () => {
    const list = [{ subject: { operator: '~', values: ['one'] } }, { subject: { operator: '~', values: ['two'] } }]
    assert.deepEqual(await found(list), [two.id])
  })

  test('are also accepted as the parameter filter', async () => {
    assert.deepEqual(await found([{ subject: { operator: '~', values: ['one'] } }], 'filter'), [one.id])
  })

  test('accept numbers for texts, one value for a list, and null for an empty list', async () => {
    assert.deepEqual(await found([{ id: { operator: '=', values: [one.id] } }]), [one.id])
    assert.deepEqual(await found([{ id: { operator: '=', values: one.id } }]), [one.id])
    assert.deepEqual(await found([{ status: { operator: 'o', values: null } }]), [two.id, one.id])
    assert.deepEqual(await found([{ status: { operator: 'o' } }]), [two.id, one.id])
    assert.deepEqual(await found([{ isMilestone: { operator: '=', values: [false] } }]), [two.id, one.id])
  })

  test('use only the first name of each object', async () => {
    const list = [{ subject: { operator: '~', values: ['one'] }, nothing: { operator: '?', values: [] } }]
    assert.deepEqual(await found(list), [one.id])
  })

  for (const [name, spellings] of [
    ['assignee', ['assignee', 'assigneeId', 'assignee_id', 'assignedTo', 'assigned_to', 'assigned_to_id']],
    ['startDate', ['startDate', 'start_date']],
    ['percentageDone', ['percentageDone', 'percentage_done', 'doneRatio', 'done_ratio']],
    ['estimatedTime', ['estimatedTime', 'estimated_time', 'estimated_hours']],
    ['parent', ['parent', 'parentId', 'parent_id']],
    ['watcher', ['watcher', 'watcherId', 'watcher_id']],
  ] as const) {
    test(`accept ${name} by its API name, column name, and with an id suffix`, async () => {
      for (const spelling of spellings) {
        const values =
          name === 'startDate' ? ['2024-01-01'] : [name === 'percentageDone' || name === 'estimatedTime' ? '1' : '-1']
        const reply = await get([{ [spelling]: { operator: name === 'startDate' ? '=d' : '=', values } }])
        assert.equal(reply.status, 200, `${spelling}: ${reply.text}`)
      }
    })
  }
})

describe('invalid filters', () => {
  for (const [name, list, message] of [
    ['invalid JSON', '[{', /filters is not valid JSON/],
    ['an object for the list', { id: { operator: '=', values: ['1'] } }, /filters is not a JSON array/],
    ['a text in the list', ['id'], /entry that is not of the form/],
    ['null in the list', [null], /entry that is not of the form/],
    ['a filter without an operator', [{ id: { values: ['1'] } }], /entry that is not of the form/],
    ['an unknown name', [{ shoeSize: { operator: '=', values: ['1'] } }], /^shoeSize filter does not exist\.$/],
    [
      'a property without a filter',
      [{ remainingTime: { operator: '=', values: ['1'] } }],
      /^remainingTime filter does not exist\.$/,
    ],
    ['a name of the prototype', [{ constructor: { operator: '=', values: ['1'] } }], /^constructor filter does not exist\.$/],
    [
      'an operator of another filter',
      [{ subject: { operator: '>=', values: ['1'] } }],
      /^Subject filter: the operator ">=" is not one of/,
    ],
    ['an unknown operator', [{ id: { operator: '=n', values: ['1'] } }], /the operator "=n" is not one of/],
    ['missing values', [{ status: { operator: '=', values: [] } }], /^Status filter values can't be blank\.$/],
    ['blank values', [{ subject: { operator: '~', values: [' '] } }], /^Subject filter values can't be blank\.$/],
    ['an invalid number', [{ duration: { operator: '=', values: ['x'] } }], /^Duration filter needs numbers as values\.$/],
    [
      'an oversized number',
      [{ duration: { operator: '=', values: ['99999999999'] } }],
      /^Duration filter needs numbers as values\.$/,
    ],
    [
      'an invalid number of days',
      [{ dueDate: { operator: '<t+', values: ['soon'] } }],
      /^Finish date filter needs a number of days\.$/,
    ],
    ['an invalid date', [{ dueDate: { operator: '=d', values: ['2024-02-30'] } }], /^Finish date filter needs one date\.$/],
    ['a date in the year 0', [{ dueDate: { operator: '=d', values: ['0000-01-01'] } }], /^Finish date filter needs one date\.$/],
    ['one date for an interval', [{ dueDate: { operator: '<>d', values: ['2024-01-01'] } }], /needs two dates/],
    ['an invalid timestamp', [{ createdAt: { operator: '=d', values: ['yesterday'] } }], /^Created on filter needs one date\.$/],
    ['a timestamp in the year 0', [{ createdAt: { operator: '=d', values: ['0000-01-01T00:00:00Z'] } }], /needs one date/],
    [
      'an invalid boolean',
      [{ isMilestone: { operator: '=', values: ['yes'] } }],
      /^Is milestone filter needs one value, t or f\.$/,
    ],
    ['an object for a value', [{ subject: { operator: '~', values: [{}] } }], /^Subject filter has invalid values\.$/],
    ['an impossible value', [{ type: { operator: '=', values: ['null'] } }], /^Type filter has invalid values\.$/],
  ] as const) {
    test(name, async () => {
      const reply = await get(list)
      assert.equal(reply.status, 400, reply.text)
      assert.equal(kind(reply.body), 'InvalidQuery')
      assert.match(reply.body.message, message)
    })
  }

  test('several of them are reported together', async () => {
    const reply = await get([
      { shoeSize: { operator: '=', values: ['43'] } },
      { subject: { operator: '~', values: [] } },
      { id: { operator: '=', values: [one.id] } },
    ])
    assert.equal(reply.status, 422)
    assert.equal(kind(reply.body), 'MultipleErrors')
    assert.deepEqual(
      reply.body._embedded.errors.map((error: any) => [kind(error), error.message]),
      [
        ['InvalidQuery', 'shoeSize filter does not exist.'],
        ['InvalidQuery', "Subject filter values can't be blank."],
      ],
    )
  })

  test('are rejected in the list of a project as well', async () => {
    const reply = await admin.get(`/projects/${project}/work_packages?${filters(['shoeSize', '=', ['43']])}`)
    assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
  })

  test('a hundred filters are accepted', async () => {
    const list = Array.from({ length: 101 }, (_, n) => ({ [`f${n}`]: { operator: '=', values: ['1'] } }))
    assert.equal((await get(list)).status, 400)
  })

  test('dates at the limits of the calendar are harmless', async () => {
    assert.deepEqual(await found([{ dueDate: { operator: '<>d', values: ['0001-01-01', '9999-12-31'] } }]), [])
    assert.deepEqual(await found([{ dueDate: { operator: '<t-', values: ['99999'] } }]), [])
    assert.equal(
      (await get([{ createdAt: { operator: '<>d', values: ['1000-01-01T00:00:00Z', '9000-01-01T00:00:00Z'] } }])).status,
      200,
    )
    assert.equal((await get([{ createdAt: { operator: '=d', values: ['9999-12-31T23:00:00-05:00'] } }])).status, 400)
  })
})
