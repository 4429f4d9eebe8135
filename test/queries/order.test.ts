/** The order that the work packages of a query are given by hand. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, filters, ids } from '#test/instance.ts'
import { filter, link, type Scene, scene } from './scene.ts'

let it: Scene
let [a, b, c] = [0, 0, 0]
/** Its owner's, in the project. */
let query = 0
before(async () => {
  it = await scene()
})
after(() => it.server.close())

const byHand = { sortBy: [link('queries/sort_bys/manualSorting-asc')] }
const make = async (client: Client, body: object = {}) => {
  const reply = await client.post('/queries', {
    name: 'By hand',
    filters: [],
    ...body,
    _links: { project: link(`projects/${it.project}`), ...byHand },
  })
  assert.equal(reply.status, 201, reply.text)
  return reply.body.id as number
}
const order = async (id = query, client = it.keeper) => {
  const reply = await client.get(`/queries/${id}/order`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body
}
const move = (delta: unknown, client = it.keeper, id = query) => client.patch(`/queries/${id}/order`, { delta })

beforeEach(async () => {
  await it.server.db.transaction((tx) => tx.run(sql`delete from work_packages`))
  a = await it.server.make.workPackage({ project_id: it.project, subject: 'a' })
  b = await it.server.make.workPackage({ project_id: it.project, subject: 'b' })
  c = await it.server.make.workPackage({ project_id: it.project, subject: 'c' })
  query = await make(it.keeper)
})

describe('the order of a query', () => {
  test('is empty at first, and nothing but positions by id', async () => {
    assert.deepEqual(await order(), {})
    assert.equal((await move({ [b]: 1, [a]: 2 })).status, 200)
    assert.deepEqual(await order(), { [b]: 1, [a]: 2 })
  })

  test('is changed piece by piece; -1 takes a piece out', async () => {
    await move({ [a]: 1, [b]: 2 })
    await move({ [a]: -1, [b]: 5, [c]: 3 })
    assert.deepEqual(await order(), { [c]: 3, [b]: 5 })
  })

  test('tells when it was changed, as the query does', async () => {
    const { t } = (await move({ [a]: 1 })).body
    assert.equal((await it.keeper.get(`/queries/${query}`)).body.updatedAt, t)
  })

  test('is given as a whole when a query is made or changed, and left alone otherwise', async () => {
    const id = await make(it.keeper, { orderedWorkPackages: { [c]: 1, [a]: 2 } })
    assert.deepEqual(await order(id), { [c]: 1, [a]: 2 })
    await it.keeper.patch(`/queries/${id}`, { name: 'Renamed' })
    await it.keeper.patch(`/queries/${id}`, { orderedWorkPackages: null })
    assert.deepEqual(await order(id), { [c]: 1, [a]: 2 })
    await it.keeper.patch(`/queries/${id}`, { orderedWorkPackages: { [b]: 7 } })
    assert.deepEqual(await order(id), { [b]: 7 })
  })

  test('is refused where it is none', async () => {
    for (const delta of [undefined, 'a', [a], { x: 1 }, { [a]: 'first' }, { [a]: 1.5 }]) {
      const reply = await move(delta)
      assert.equal(reply.status, 400)
      assert.match(reply.body.errorIdentifier, /InvalidRequestBody$/)
    }
    const reply = await it.keeper.patch(`/queries/${query}`, { orderedWorkPackages: 'first' })
    assert.equal(reply.status, 422)
    assert.equal(reply.body._embedded.details.attribute, 'orderedWorkPackages')
  })

  test('neither takes nor tells what one does not see', async () => {
    const hidden = await it.server.make.workPackage({ project_id: it.elsewhere, subject: 'hidden' })
    const open = await make(it.manager, { public: true })
    await move({ [hidden]: 1, [a]: 2, 999999: 3 }, it.manager, open)
    assert.deepEqual(await order(open, it.server.admin), { [a]: 2 })
    const shared = await make(it.server.admin, { public: true, orderedWorkPackages: { [hidden]: 1, [b]: 2 } })
    assert.deepEqual(await order(shared, it.server.admin), { [hidden]: 1, [b]: 2 })
    assert.deepEqual(await order(shared, it.viewer), { [b]: 2 })
  })

  test('goes with its query and its work packages', async () => {
    await move({ [a]: 1, [b]: 2 })
    assert.equal((await it.server.admin.delete(`/work_packages/${a}`)).status, 204)
    assert.deepEqual(await order(), { [b]: 2 })
    assert.equal((await it.keeper.delete(`/queries/${query}`)).status, 204)
    assert.equal((await it.keeper.get(`/queries/${query}/order`)).status, 404)
  })
})

describe('permissions to change it', () => {
  const offered = async (client: Client, id: number) => (await client.get(`/queries/${id}`)).body._links.updateOrderedWorkPackages

  test('users who may change the query', async () => {
    assert.deepEqual(await offered(it.keeper, query), { href: `/api/v3/queries/${query}/order`, method: 'put' })
    const put = { body: JSON.stringify({ delta: { [a]: 1 } }), headers: { 'content-type': 'application/json' } }
    assert.equal((await it.keeper.send('PUT', `/api/v3/queries/${query}/order`, put)).status, 200)
  })

  test('users who may change the work packages of its project', async () => {
    const shared = await make(it.server.admin, { public: true })
    const id = await it.server.make.user()
    await it.server.make.member(id, it.project, ['view_work_packages', 'edit_work_packages'])
    const editor = await it.server.as(id)
    assert.ok(await offered(editor, shared))
    assert.equal((await move({ [a]: 1 }, editor, shared)).status, 200)
  })

  test('nobody else: who sees the query finds nothing to change, who does not finds nothing', async () => {
    const shared = await make(it.server.admin, { public: true })
    assert.equal(await offered(it.viewer, shared), undefined)
    assert.equal((await move({ [a]: 1 }, it.viewer, shared)).status, 404)
    assert.deepEqual(await order(shared, it.viewer), {})
    assert.equal((await it.manager.get(`/queries/${query}/order`)).status, 404)
    assert.equal((await move({ [a]: 1 }, it.manager)).status, 404)
  })
})

describe('lists in this order', () => {
  const sorted = 'sortBy=[["manualSorting","asc"]]'

  test('begin with what has a place; all else follows, newest first', async () => {
    await move({ [c]: 1, [a]: 2 })
    const { results } = (await it.keeper.get(`/queries/${query}`)).body._embedded
    assert.deepEqual(
      results._embedded.elements.map((one: any) => one.id),
      [c, a, b],
    )
    const again = await it.keeper.get(results._links.self.href.replace('/api/v3', ''))
    assert.deepEqual(ids(again), [c, a, b])
  })

  test('name the query whose order it is', async () => {
    await move({ [b]: 1, [a]: 2 })
    assert.deepEqual(ids(await it.keeper.get(`/work_packages?queryId=${query}&${sorted}`)), [b, a, c])
    assert.deepEqual(ids(await it.keeper.get(`/work_packages?${sorted}`)), [c, b, a])
  })

  test('tell nothing of the order of a query that one does not see', async () => {
    await move({ [a]: 1, [b]: 2 })
    assert.deepEqual(ids(await it.manager.get(`/work_packages?queryId=${query}&${sorted}`)), [c, b, a])
    assert.deepEqual(ids(await it.manager.get(`/work_packages?queryId=${query}&${filters(['manualSort', 'ow'])}`)), [])
  })

  test('come on one page', async () => {
    await it.server.setting('forced_single_page_size', 2)
    const { count, total, offset, pageSize } = (await it.keeper.get(`/work_packages?offset=2&pageSize=1&${sorted}`)).body
    assert.deepEqual({ count, total, offset, pageSize }, { count: 2, total: 3, offset: 1, pageSize: 2 })
    assert.equal((await it.keeper.get(`/work_packages?pageSize=0&${sorted}`)).body.count, 0)
    await it.server.setting('forced_single_page_size', 250)
  })

  test('are of nothing but what has a place, where the query says so', async () => {
    const only = await make(it.keeper, { filters: [filter('manualSort', 'ow')], orderedWorkPackages: { [b]: 1 } })
    const { results } = (await it.keeper.get(`/queries/${only}`)).body._embedded
    assert.deepEqual(
      results._embedded.elements.map((one: any) => one.id),
      [b],
    )
  })
})
