/** Views present queries as tables, plans and calendars. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { link, type Scene, scene } from './scene.ts'

let world: Scene
let [own, shared, table] = [0, 0, 0]
before(async () => {
  world = await scene()
  const { keeper, manager, project } = world
  const place = { _links: { project: link(`projects/${project}`) } }
  own = (await keeper.post('/queries', { name: 'Mine', starred: true })).body.id
  shared = (await manager.post('/queries', { name: 'Ours', public: true, ...place })).body.id
})
after(() => world.server.close())

const of = (query: number) => ({ _links: { query: link(`queries/${query}`) } })

test('a view has a query, which is no longer hidden', async () => {
  const { keeper } = world
  assert.equal((await keeper.get(`/queries/${own}?pageSize=0`)).body.hidden, true)
  const { status, body } = await keeper.post('/views/work_packages_table', of(own))
  table = body.id
  assert.equal(status, 201)
  assert.deepEqual([body._type, body.name, body.public, body.starred], ['Views::WorkPackagesTable', 'Mine', false, true])
  assert.deepEqual(body._links.self, { href: `/api/v3/views/${table}` })
  assert.deepEqual(body._links.query, { href: `/api/v3/queries/${own}`, title: 'Mine' })
  assert.equal(body._links.project.href, null)
  assert.equal(body._embedded.query.id, own)
  assert.equal((await keeper.get(`/queries/${own}?pageSize=0`)).body.hidden, false)
  assert.deepEqual((await keeper.get(`/views/${table}`)).body, body)
})

test('views are visible to users who see their query', async () => {
  const { manager, viewer, keeper } = world
  const { body } = await manager.post('/views/gantt', of(shared))
  assert.deepEqual([body._type, body._links.project.href], ['Views::Gantt', `/api/v3/projects/${world.project}`])
  assert.deepEqual(ids(await viewer.get('/views')), [body.id])
  assert.equal((await viewer.get(`/views/${table}`)).status, 404)
  assert.deepEqual(ids(await keeper.get('/views')), [table, body.id])
  assert.deepEqual(ids(await keeper.get(`/views?${filters(['type', '=', ['Views::Gantt']])}`)), [body.id])
  assert.deepEqual(ids(await keeper.get(`/views?${filters(['project', '!*'])}`)), [table])
  assert.deepEqual(ids(await keeper.get(`/views?${filters(['id', '=', [table]])}`)), [table])
  assert.equal((await keeper.get(`/views?${filters(['type', '=', ['sundial']])}`)).status, 400)
})

test('a view is created by users who may change its query', async () => {
  const { viewer, manager, keeper } = world
  assert.equal((await viewer.post('/views/gantt', of(shared))).status, 403)
  assert.equal((await keeper.post('/views/gantt', of(shared))).status, 403)
  assert.equal((await manager.post('/views/team_planner', of(shared))).status, 403)
  for (const query of [own, 99999]) {
    const { status, body } = await manager.post('/views/gantt', of(query))
    assert.deepEqual([status, body.message], [422, 'Query does not exist.'])
  }
  assert.equal((await manager.post('/views/sundial', of(shared))).status, 404)
  assert.equal((await manager.post('/views/gantt', {})).status, 422)
})
