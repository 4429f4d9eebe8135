/** Permissions to see, change, star and remove queries. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, ids } from '#test/instance.ts'
import { link, type Scene, scene } from './scene.ts'

let world: Scene
before(async () => {
  world = await scene()
})
after(() => world.server.close())

const create = async (by: Client, body: object = {}, project: number | undefined = world.project): Promise<number> => {
  const links = project === undefined ? {} : { project: link(`projects/${project}`) }
  const { status, body: made, text } = await by.post('/queries', { name: 'One', ...body, _links: links })
  assert.equal(status, 201, text)
  return made.id
}
const seen = async (by: Client, query = ''): Promise<number[]> => ids(await by.get(`/queries?${query}`))

test('queries are visible to their owners, public ones to users who see work packages there', async () => {
  const { keeper, manager, viewer, stranger, server, elsewhere } = world
  const own = await create(keeper)
  const shared = await create(manager, { public: true })
  const everywhere = await keeper.post('/queries', { name: 'Everywhere' })
  const other = await create(server.admin, { public: true }, elsewhere)
  assert.deepEqual(await seen(keeper), [own, shared, everywhere.body.id])
  assert.deepEqual(await seen(manager), [shared])
  assert.deepEqual(await seen(viewer), [shared])
  assert.equal((await stranger.get('/queries')).status, 403)
  for (const [who, id] of [
    [viewer, own],
    [manager, own],
    [keeper, other],
    [stranger, shared],
  ] as const) {
    assert.equal((await who.get(`/queries/${id}`)).status, 404)
    assert.equal((await who.delete(`/queries/${id}`)).status, 404)
    assert.equal((await who.patch(`/queries/${id}/star`)).status, 404)
  }
  assert.deepEqual(await seen(keeper, filters(['project', '!*'])), [everywhere.body.id])
  assert.deepEqual(await seen(keeper, filters(['project', '=', [world.project]])), [own, shared])
  assert.deepEqual(await seen(keeper, filters(['id', '=', [own]])), [own])
  assert.deepEqual(await seen(keeper, filters(['updatedAt', '>t-', [1]])), [own, shared, everywhere.body.id])
  assert.equal((await keeper.get(`/queries?${filters(['id', '=', [other]])}`)).status, 400)
})

test('users without the permission to save queries create none; no user does so in other projects', async () => {
  const { viewer, keeper, elsewhere } = world
  assert.equal((await viewer.post('/queries', { name: 'One' })).status, 403)
  for (const project of [elsewhere, 99999]) {
    const { status } = await keeper.post('/queries', { name: 'One', _links: { project: link(`projects/${project}`) } })
    assert.equal(status, 403)
  }
})

test('only users who manage public queries make a query public', async () => {
  const { keeper, manager } = world
  const refused = await keeper.post('/queries', { name: 'One', public: true })
  assert.deepEqual([refused.status, refused.body._embedded.details.attribute], [422, 'public'])
  assert.ok(refused.body.errorIdentifier.endsWith(':PropertyIsReadOnly'))
  const own = await create(keeper)
  assert.equal((await keeper.patch(`/queries/${own}`, { public: true })).status, 422)
  const shared = await create(manager)
  assert.equal((await manager.patch(`/queries/${shared}`, { public: true })).body.public, true)
})

test('a query is changed by its owner, a public one by users who manage public queries', async () => {
  const { keeper, manager, viewer, server } = world
  const own = await create(keeper)
  assert.equal((await keeper.patch(`/queries/${own}`, { name: 'Mine' })).body.name, 'Mine')
  const shared = await create(server.admin, { public: true })
  assert.equal((await manager.patch(`/queries/${shared}`, { name: 'Ours' })).body.name, 'Ours')
  for (const who of [keeper, viewer]) {
    assert.equal((await who.patch(`/queries/${shared}`, { name: 'Theirs' })).status, 403)
    assert.equal((await who.patch(`/queries/${shared}/star`)).status, 403)
    assert.equal((await who.delete(`/queries/${shared}`)).status, 403)
    const { body } = await who.get(`/queries/${shared}?pageSize=0`)
    for (const rel of ['updateImmediately', 'delete', 'star', 'unstar']) assert.ok(!(rel in body._links), rel)
    const form = await who.post(`/queries/${shared}/form`)
    assert.equal(form.status, 200)
    assert.equal(form.body._embedded.schema.name.writable, false)
    assert.ok(!('commit' in form.body._links))
  }
})

test('a query is starred and unstarred', async () => {
  const { keeper } = world
  const own = await create(keeper)
  for (const [verb, other, starred] of [
    ['star', 'unstar', true],
    ['unstar', 'star', false],
  ] as const) {
    const { status, body } = await keeper.patch(`/queries/${own}/${verb}`)
    assert.deepEqual([status, body.starred], [200, starred])
    assert.deepEqual(body._links[other], { href: `/api/v3/queries/${own}/${other}`, method: 'patch' })
    assert.ok(!(verb in body._links))
  }
})

test('a query is deleted permanently', async () => {
  const { keeper } = world
  const own = await create(keeper)
  assert.equal((await keeper.delete(`/queries/${own}`)).status, 204)
  assert.equal((await keeper.get(`/queries/${own}`)).status, 404)
})

test('the projects of queries are those in which the user sees work packages', async () => {
  assert.deepEqual(ids(await world.viewer.get('/queries/available_projects')), [world.project])
  assert.equal((await world.stranger.get('/queries/available_projects')).status, 403)
})

test('private queries are deleted with their user, and public ones stay', async () => {
  const { server, viewer } = world
  await server.setting('users_deletable_by_admins', true)
  const id = await server.make.user()
  await server.make.member(id, world.project, ['view_work_packages', 'save_queries', 'manage_public_queries'])
  const leaver = await server.as(id)
  const [own, shared] = [await create(leaver), await create(leaver, { public: true })]
  assert.equal((await server.admin.delete(`/users/${id}`)).status, 202)
  assert.equal((await server.admin.get(`/queries/${own}`)).status, 404)
  assert.equal((await viewer.get(`/queries/${shared}?pageSize=0`)).status, 200)
})
