/** The manual order of a query's work packages. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, filters, ids } from '#test/instance.ts'
import { filter, link, type Scene, scene } from './scene.ts'

let it: Scene
let [a, b, c] = [0, 0, 0]
/** A query of its owner, in the project. */
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
  test('is empty at first, and has positions by id', async () => {
    assert.deepEqual(await order(), {})
    assert.equal((await move({ [b]: 1, [a]: 2 })).status, 200)
    assert.deepEqual(await order(), { [b]: 1, [a]: 2 })
  })

  test('is updated by delta; -1 removes an entry', async () => {
    await move({ [a]: 1, [b]: 2 })
    await move({ [a]: -1, [b]: 5, [c]: 3 })
    assert.deepEqual(await order(), { [c]: 3, [b]: 5 })
  })

  test('responds with the time of the change, which updates the query', async () => {
    const { t } = (await move({ [a]: 1 })).body
    assert.equal((await it.keeper.get(`/queries/${query}`)).body.updatedAt, t)
  })

  test('is replaced by a write of the query with it, and otherwise kept', async () => {
    const id = await make(it.keeper, { orderedWorkPackages: { [c]: 1, [a]: 2 } })
    assert.deepEqual(await order(id), { [c]: 1, [a]: 2 })
    await it.keeper.patch(`/queries/${id}`, { name: 'Renamed' })
    await it.keeper.patch(`/queries/${id}`, { orderedWorkPackages: null })
    assert.deepEqual(await order(id), { [c]: 1, [a]: 2 })
    await it.keeper.patch(`/queries/${id}`, { orderedWorkPackages: { [b]: 7 } })
    assert.deepEqual(await order(id), { [b]: 7 })
  })

  test('is rejected if malformed', async () => {
    for (const delta of [undefined, 'a', [a], { x: 1 }, { [a]: 'first' }, { [a]: 1.5 }]) {
      const reply = await move(delta)
      assert.equal(reply.status, 400)
      assert.match(reply.body.errorIdentifier, /InvalidRequestBody$/)
    }
    const reply = await it.keeper.patch(`/queries/${query}`, { orderedWorkPackages: 'first' })
    assert.equal(reply.status, 422)
    assert.equal(reply.body._embedded.details.attribute, 'orderedWorkPackages')
  })

  test('does not accept or show hidden work packages', async () => {
    const hidden = await it.server.make.workPackage({ project_id: it.elsewhere, subject: 'hidden' })
    const open = await make(it.manager, { public: true })
    await move({ [hidden]: 1, [a]: 2, 999999: 3 }, it.manager, open)
    assert.deepEqual(await order(open, it.server.admin), { [a]: 2 })
    const shared = await make(it.server.admin, { public: true, orderedWorkPackages: { [hidden]: 1, [b]: 2 } })
    assert.deepEqual(await order(shared, it.server.admin), { [hidden]: 1, [b]: 2 })
    assert.deepEqual(await order(shared, it.viewer), { [b]: 2 })
  })

  test('is deleted with its query and its work packages', async () => {
    await move({ [a]: 1, [b]: 2 })
    assert.equal((await it.server.admin.delete(`/work_packages/${a}`)).status, 204)
    assert.deepEqual(await order(), { [b]: 2 })
    assert.equal((await it.keeper.delete(`/queries/${query}`)).status, 204)
    assert.equal((await it.keeper.get(`/queries/${query}/order`)).status, 404)
  })
})

describe('permissions to change it', () => {
  const offered = async (client: Client, id: number) => (await client.get(`/queries/${id}`)).body._links.updateOrderedWorkPackages

  test('belong to users who may change the query', async () => {
    assert.deepEqual(await offered(it.keeper, query), { href: `/api/v3/queries/${query}/order`, method: 'put' })
    const put = { body: JSON.stringify({ delta: { [a]: 1 } }), headers: { 'content-type': 'application/json' } }
    assert.equal((await it.keeper.send('PUT', `/api/v3/queries/${query}/order`, put)).status, 200)
  })

  test('belong to users who may change the work packages of its project', async () => {
    const shared = await make(it.server.admin, { public: true })
    const id = await it.server.make.user()
    await it.server.make.member(id, it.project, ['view_work_packages', 'edit_work_packages'])
    const editor = await it.server.as(id)
    assert.ok(await offered(editor, shared))
    assert.equal((await move({ [a]: 1 }, editor, shared)).status, 200)
  })

  test('belong to nobody else: others get 404', async () => {
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

  test('begin with the ordered work packages; the others follow, newest first', async () => {
    await move({ [c]: 1, [a]: 2 })
    const { results } = (await it.keeper.get(`/queries/${query}`)).body._embedded
    assert.deepEqual(
      results._embedded.elements.map((one: any) => one.id),
      [c, a, b],
    )
    const again = await it.keeper.get(results._links.self.href.replace('/api/v3', ''))
    assert.deepEqual(ids(again), [c, a, b])
  })

  test('are requested with the id of the query', async () => {
    await move({ [b]: 1, [a]: 2 })
    assert.deepEqual(ids(await it.keeper.get(`/work_packages?queryId=${query}&${sorted}`)), [b, a, c])
    assert.deepEqual(ids(await it.keeper.get(`/work_packages?${sorted}`)), [c, b, a])
  })

  test('disclose nothing of the order of a hidden query', async () => {
    await move({ [a]: 1, [b]: 2 })
    assert.deepEqual(ids(await it.manager.get(`/work_packages?queryId=${query}&${sorted}`)), [c, b, a])
    assert.deepEqual(ids(await it.manager.get(`/work_packages?queryId=${query}&${filters(['manualSort', 'ow'])}`)), [])
  })

  test('have a single page', async () => {
    await it.server.setting('forced_single_page_size', 2)
    const { count, total, offset, pageSize } = (await it.keeper.get(`/work_packages?offset=2&pageSize=1&${sorted}`)).body
    assert.deepEqual({ count, total, offset, pageSize }, { count: 2, total: 3, offset: 1, pageSize: 2 })
    assert.equal((await it.keeper.get(`/work_packages?pageSize=0&${sorted}`)).body.count, 0)
    await it.server.setting('forced_single_page_size', 250)
  })

  test('have only ordered work packages with the filter manualSort', async () => {
    const only = await make(it.keeper, { filters: [filter('manualSort', 'ow')], orderedWorkPackages: { [b]: 1 } })
    const { results } = (await it.keeper.get(`/queries/${only}`)).body._embedded
    assert.deepEqual(
      results._embedded.elements.map((one: any) => one.id),
      [b],
    )
  })
})
