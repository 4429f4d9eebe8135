/** Pages of lists, however they are found: by walking along an index, or by gathering; and their totals, by counts. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { mergeCounts } from '#db/counts.ts'
import { raw, sql } from '#db/sql.ts'
import { begin } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import { type Client, filters, ids } from '#test/instance.ts'
import { created, link, type Person, scene } from './scene.ts'

const it = await scene()
const { admin, db, make } = it

/** Copies a work package so many times into a project, last changed at a time. */
const multiply = (id: number, times: number, project: number, updated: string) =>
  db.transaction(async (tx) => {
    const columns = raw('type_id, status_id, priority_id, author_id, subject, created_at')
    await tx.run(sql`
      insert into work_packages (project_id, updated_at, ${columns})
      with recursive counted (n) as (select 1 union all select n + 1 from counted where n < ${times})
      select ${raw(String(project))}, ${raw(`'${updated}'`)}, ${columns} from counted cross join work_packages w where w.id = ${id}`)
    await begin(tx, product.of('WorkPackage'))
  })

let other: number
let hidden: number
/** Sees two of three projects, with sixty work packages of ninety. */
let viewer: Person
/** Sees one project, whose work packages were last changed long before those of others. */
let dormant: Person

before(async () => {
  viewer = it.member
  other = await make.project()
  hidden = await make.project()
  await make.member(viewer.id, other, { role: await it.id('roles', 'Member') })
  const statuses = [await it.statuses('New'), await it.statuses('In progress'), await it.statuses('Closed')]
  for (let n = 0; n < 90; n++) {
    await make.workPackage({
      project_id: [it.project, other, hidden][n % 3] as number,
      status_id: statuses[n % 4 === 0 ? 2 : n % 2] as number,
      assigned_to_id: n % 5 === 0 ? viewer.id : null,
      // Several at the same time, and in another order than that of the ids.
      updated_at: new Date(Date.UTC(2026, 0, 1 + ((n * 7) % 30))).toISOString(),
    })
  }
  dormant = await it.person()
  const former = await make.project()
  await make.member(dormant.id, former, ['view_work_packages'])
  const id = await make.workPackage({ project_id: former, updated_at: '2025-01-01T00:00:00.000Z' })
  await multiply(id, 700, former, '2025-01-01T00:00:00.000Z')
  await multiply(id, 1900, hidden, '2025-02-01T00:00:00.000Z')
})

/** The ids of all pages of a size, each of which is to tell the same total. */
async function paged(client: Client, query: string, pageSize: number): Promise<number[]> {
  const found: number[] = []
  for (let offset = 1; ; offset++) {
    const { body } = await client.get(`/work_packages?${query}&pageSize=${pageSize}&offset=${offset}`)
    const page = body._embedded.elements.map((element: { id: number }) => element.id)
    found.push(...page)
    if (page.length < pageSize) {
      assert.equal(body.total, found.length, query)
      return found
    }
  }
}

describe('a list', () => {
  const orders = [
    [['id', 'asc']],
    [['id', 'desc']],
    [['updatedAt', 'desc']],
    [['updatedAt', 'asc']],
    [
      ['updatedAt', 'desc'],
      ['id', 'asc'],
    ],
  ]
  const conditions: [string, Parameters<typeof filters>][] = [
    ['all there are', []],
    ['open ones', [['status', 'o']]],
    ['closed ones', [['status', 'c']]],
    [
      'those of a person',
      [
        ['status', 'o'],
        ['assignee', '=', ['me']],
      ],
    ],
    ['those of no person', [['assignee', '!*']]],
  ]
  for (const [meaning, asked] of conditions) {
    for (const order of orders) {
      test(`of ${meaning} by ${order.join(' and ')} has the same on pages of any size`, async () => {
        const query = `${filters(...asked)}&sortBy=${JSON.stringify(order)}`
        const whole = await paged(viewer.client, query, 1000)
        assert.equal(new Set(whole).size, whole.length)
        assert.ok(whole.length > 0)
        for (const size of [1, 7]) assert.deepEqual(await paged(viewer.client, query, size), whole)
      })
    }
  }

  test('has those that its viewer sees, although many others changed after them', async () => {
    const query = `${filters()}&sortBy=[["updatedAt","desc"]]`
    const whole = await paged(dormant.client, query, 1000)
    assert.equal(whole.length, 701)
    for (const offset of [1, 2]) {
      const page = await dormant.client.get(`/work_packages?${query}&pageSize=2&offset=${offset}`)
      assert.deepEqual(ids(page), whole.slice(2 * offset - 2, 2 * offset))
      assert.equal(page.body.total, 701)
    }
  })

  test('beyond the last page is empty, and tells the total', async () => {
    const { body } = await viewer.client.get(`/work_packages?${filters()}&offset=100`)
    assert.deepEqual([body.total, body.count], [60, 0])
  })
})

describe('the counts of work packages', () => {
  /** Each combination of project and status with its number. */
  const told = async () => {
    const columns = raw('project_id, status_id')
    const of = (rows: readonly { n: number }[]) => rows.map((row) => JSON.stringify(row))
    const counted = sql`select ${columns}, sum(n) as n from counts_work_packages group by ${columns} having sum(n) <> 0 order by ${columns}`
    const stored = sql`select ${columns}, count(*) as n from work_packages group by ${columns} order by ${columns}`
    return { counted: of(await db.all(counted)), stored: of(await db.all(stored)) }
  }
  const areRight = async () => {
    const { counted, stored } = await told()
    assert.deepEqual(counted, stored)
    return stored
  }

  test('follow every write, also one that is rolled back', async () => {
    const before = await areRight()
    const { id, lockVersion } = await created(admin, it.project)
    assert.notDeepEqual(await areRight(), before)
    const moved = {
      lockVersion,
      _links: { project: link('projects', other), status: link('statuses', await it.statuses('Closed')) },
    }
    assert.equal((await admin.patch(`/work_packages/${id}`, moved)).status, 200)
    await areRight()
    const fresh = await it.statuses('New')
    const failure = db.transaction(async (tx) => {
      await tx.run(sql`update work_packages set status_id = ${fresh} where id = ${id}`)
      throw new Error('Taken back.')
    })
    await assert.rejects(failure, /Taken back/)
    await areRight()
    assert.equal((await admin.delete(`/work_packages/${id}`)).status, 204)
    assert.deepEqual(await areRight(), before)
  })

  test('are the same once their changes are merged', async () => {
    const { id } = await created(admin, it.project)
    await db.transaction((tx) => mergeCounts(tx, 'work_packages', ['project_id', 'status_id']))
    await areRight()
    const doubles = sql`select project_id from counts_work_packages group by project_id, status_id having count(*) > 1 or sum(n) = 0`
    assert.deepEqual(await db.all(doubles), [])
    await admin.delete(`/work_packages/${id}`)
    await db.transaction((tx) => mergeCounts(tx, 'work_packages', ['project_id', 'status_id']))
    await areRight()
  })
})
