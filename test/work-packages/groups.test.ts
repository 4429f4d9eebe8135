/** Lists in groups and with sums. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { type Sample, sample } from './sample.ts'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, make } = it
const all = filters()
let made: Sample
before(async () => {
  made = await sample(it)
})

describe('in groups', () => {
  const groups = async (parameters: string) => (await admin.get(`/work_packages?${all}&${parameters}`)).body.groups
  const labels = async (name: string) => (await groups(`groupBy=${name}`)).map((one: any) => [one.value, one.count])

  for (const [name, expected] of [
    [
      'project',
      [
        ['anchorage', 1],
        ['Ship', 2],
      ],
    ],
    [
      'type',
      [
        ['Task', 1],
        ['Feature', 1],
        ['Bug', 1],
      ],
    ],
    [
      'status',
      [
        ['New', 1],
        ['In progress', 1],
        ['Closed', 1],
      ],
    ],
    [
      'priority',
      [
        ['High', 1],
        ['Normal', 1],
        ['Low', 1],
      ],
    ],
    [
      'author',
      [
        ['OpenProject Admin', 1],
        ['Adam Berg', 2],
      ],
    ],
    [
      'assignee',
      [
        ['Zoe Abel', 1],
        ['Adam Berg', 1],
        [null, 1],
      ],
    ],
    [
      'responsible',
      [
        ['Zoe Abel', 1],
        ['Adam Berg', 1],
        [null, 1],
      ],
    ],
    [
      'category',
      [
        ['hull', 1],
        ['Rig', 1],
        [null, 1],
      ],
    ],
    [
      'version',
      [
        ['1.0', 1],
        ['2.0', 1],
        [null, 1],
      ],
    ],
    [
      'percentageDone',
      [
        ['0%', 1],
        ['50%', 1],
        [null, 1],
      ],
    ],
  ] as const) {
    test(`by ${name}: in its order, with an empty value last`, async () => assert.deepEqual(await labels(name), expected))
  }

  test('have links to their value and to the group-by', async () => {
    const [group] = await groups('groupBy=assignee')
    assert.deepEqual(group._links, {
      valueLink: [{ href: `/api/v3/users/${made.zoe}` }],
      groupBy: { href: '/api/v3/queries/group_bys/assignee', title: 'Assignee' },
    })
    assert.deepEqual((await groups('groupBy=percentageDone'))[0]._links.valueLink, [])
  })

  test('determine the order of the elements, sorted within each', async () => {
    const found = ids(await admin.get(`/work_packages?${all}&groupBy=project&sortBy=[["subject","asc"]]`))
    assert.deepEqual(found, [made.alpha, made.beta, made.gamma])
  })

  test('are those of the whole list, not of the page', async () => {
    assert.equal((await groups('groupBy=status&pageSize=1')).length, 3)
    assert.equal((await groups('groupBy=status&pageSize=0')).length, 3)
  })

  test('exclude filtered work packages', async () => {
    const reply = await admin.get(`/work_packages?groupBy=status`)
    assert.deepEqual(
      reply.body.groups.map((one: any) => one.value),
      ['New', 'In progress'],
    )
  })

  test('accept all names of the parameter; an empty one disables them', async () => {
    assert.equal((await groups('group_by=status')).length, 3)
    assert.equal((await groups('g=status')).length, 3)
    assert.equal(await groups('groupBy='), undefined)
    assert.equal(await groups(''), undefined)
  })

  test('are rejected for other properties', async () => {
    for (const name of ['subject', 'nothing', 'parent']) {
      const reply = await admin.get(`/work_packages?groupBy=${name}`)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
    }
  })

  test('disclose no hidden names', async () => {
    const secret = await make.project({ name: 'Secret' })
    const { id } = await created(admin, secret)
    const { client } = await it.sharer(id, 'Work package viewer', secret)
    const { body, text } = await client.get('/work_packages?groupBy=project')
    assert.deepEqual([body.groups[0].value, body.groups[0]._links.valueLink], [null, []])
    assert.ok(!text.includes('Secret'))
    await admin.delete(`/work_packages/${id}`)
  })
})

describe('with sums', () => {
  test('for the whole list', async () => {
    const { body } = await admin.get(`/work_packages?${all}&showSums=true&pageSize=1`)
    assert.deepEqual(body.totalSums, { estimatedTime: 'PT12H', remainingTime: 'PT10H', percentageDone: 17 })
    assert.deepEqual(body._links.sumsSchema, { href: '/api/v3/work_packages/schemas/sums' })
    assert.ok(!('groups' in body))
  })

  test('for each group', async () => {
    const { groups } = (await admin.get(`/work_packages?${all}&groupBy=status&showSums=true`)).body
    assert.deepEqual(
      groups.map((one: any) => one.sums),
      [
        { estimatedTime: 'PT8H', remainingTime: 'PT8H', percentageDone: 0 },
        { estimatedTime: 'PT4H', remainingTime: 'PT2H', percentageDone: 50 },
        { estimatedTime: null, remainingTime: null, percentageDone: null },
      ],
    )
  })

  test('of percentages as a simple average, if the instance says so', async () => {
    await it.setting('total_percent_complete_mode', 'simple_average')
    const { totalSums } = (await admin.get(`/work_packages?${all}&showSums=true`)).body
    assert.equal(totalSums.percentageDone, 25)
    await it.setting('total_percent_complete_mode', 'work_weighted_average')
  })

  test('only on request', async () => {
    const { body } = await admin.get(`/work_packages?${all}&groupBy=status`)
    assert.ok(!('totalSums' in body) && !('sums' in body.groups[0]) && !('sumsSchema' in body._links))
  })
})
