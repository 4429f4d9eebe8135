/** Effects of moving and deleting a work package on its descendants and their related resources, by permission. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import type { Client, Reply } from '#test/instance.ts'
import { link, scene, stamps } from './scene.ts'

const it = await scene()
const { make, home, away, dock } = it

/** A parent at home with a child at home and a hidden one; below the hidden one another one at home. */
let [parent, child, hidden, below] = [0, 0, 0, 0]
let entry = 0
beforeEach(async () => {
  await it.setting('cross_project_work_package_relations', true)
  parent = await make.workPackage({ project_id: home })
  child = await make.workPackage({ project_id: home, parent_id: parent })
  hidden = await make.workPackage({ project_id: away, parent_id: parent })
  below = await make.workPackage({ project_id: home, parent_id: hidden })
  entry = await it.book(hidden, away, it.insider.id)
})

const placeOf = async (id: number) => {
  const row = await it.row('work_packages', id)
  return row && { project: row.project_id, parent: row.parent_id }
}
async function move(client: Client, id = parent): Promise<Reply> {
  const { lockVersion } = (await client.get(`/work_packages/${id}`)).body
  return client.patch(`/work_packages/${id}`, { lockVersion, _links: { project: link('projects', dock) } })
}

for (const [who, client] of [
  ['a member', it.actor],
  ['a token limited to projects', it.limited],
] as const) {
  describe(`by ${who}`, () => {
    test('moving a work package leaves its hidden descendants in their projects, with their time entries', async () => {
      const reply = await move(client)
      assert.equal(reply.status, 200, reply.text)
      assert.deepEqual(await placeOf(child), { project: dock, parent })
      assert.deepEqual(await placeOf(hidden), { project: away, parent })
      assert.deepEqual(await placeOf(below), { project: home, parent: hidden })
      assert.equal((await it.row('time_entries', entry))!.project_id, away)
      assert.equal((await client.get(`/work_packages/${hidden}`)).status, 404)
      assert.equal((await it.insider.get(`/work_packages/${hidden}`)).status, 200)
    })

    test('deleting one keeps its hidden descendants, without a parent', async () => {
      assert.equal((await client.delete(`/work_packages/${parent}`)).status, 204)
      assert.equal(await placeOf(child), undefined)
      assert.deepEqual(await placeOf(hidden), { project: away, parent: null })
      // For the viewer, a visible child of a hidden descendant is not a descendant of the deleted work package.
      assert.deepEqual(await placeOf(below), { project: home, parent: hidden })
      assert.equal((await it.row('time_entries', entry))!.entity_id, hidden)
      assert.deepEqual((await it.insider.get(`/work_packages/${hidden}`)).body._links.parent, { href: null })
      const { body } = await it.insider.get(`/work_packages/${hidden}/activities`)
      assert.equal(body._embedded.elements.length, 2, 'the history says that it has lost its parent')
    })
  })
}

test('the response does not depend on hidden descendants', async () => {
  const alone = await make.workPackage({ project_id: home })
  const words = (reply: Reply) => [reply.status, reply.text]
  assert.deepEqual(
    words(await it.actor.delete(`/work_packages/${parent}`)),
    words(await it.actor.delete(`/work_packages/${alone}`)),
  )
})

test('visible descendants that the actor may not move or delete stay as well', async () => {
  const id = await make.user()
  await make.member(id, home, { role: it.role })
  await make.member(id, dock, { role: it.role })
  await make.member(id, away, ['view_work_packages', 'edit_work_packages'])
  const client = await it.as(id)
  assert.equal((await move(client)).status, 200)
  assert.deepEqual(await placeOf(hidden), { project: away, parent })
  assert.equal((await client.delete(`/work_packages/${parent}`)).status, 204)
  assert.deepEqual(await placeOf(hidden), { project: away, parent: null })
})

test('an actor with the permission in other projects moves and deletes the descendants there as well', async () => {
  assert.equal((await move(it.admin)).status, 200)
  for (const id of [child, hidden, below]) assert.equal((await placeOf(id))!.project, dock)
  assert.equal((await it.row('time_entries', entry))!.project_id, dock)
  assert.equal((await it.admin.delete(`/work_packages/${parent}`)).status, 204)
  for (const id of [child, hidden, below]) assert.equal(await placeOf(id), undefined)
})

test('without cross-project parents, remaining descendants lose their parent', async () => {
  await it.setting('cross_project_work_package_relations', false)
  assert.equal((await move(it.actor)).status, 200)
  assert.deepEqual(await placeOf(child), { project: dock, parent })
  assert.deepEqual(await placeOf(hidden), { project: away, parent: null })
})

describe('time entries of others', () => {
  test('move with their work package', async () => {
    const own = await it.book(child, home, it.insider.id)
    assert.equal((await move(it.actor)).status, 200)
    assert.equal((await it.row('time_entries', own))!.project_id, dock)
  })

  test('prevent the deletion of the work package by users who may not delete them; those of descendants too', async () => {
    const own = await it.book(child, home, it.insider.id)
    const id = await make.user()
    await make.member(id, home, ['view_work_packages', 'delete_work_packages', 'view_time_entries', 'edit_own_time_entries'])
    const client = await it.as(id)
    for (const one of [child, parent]) {
      const { status, body } = await client.delete(`/work_packages/${one}`)
      assert.deepEqual([status, body._embedded.details.attribute], [422, 'base'])
      assert.match(body.message, /^Time that you may not delete is booked on the work package or below it\./)
    }
    assert.deepEqual(await placeOf(hidden), { project: away, parent }, 'nothing was done')
    assert.ok(await it.row('time_entries', own))
    assert.equal((await it.actor.delete(`/work_packages/${child}`)).status, 204)
    assert.equal(await it.row('time_entries', own), undefined)
    assert.equal((await client.delete(`/work_packages/${parent}`)).status, 204)
  })
})

test('remaining descendants are scheduled by their remaining relations', async () => {
  const before = await make.workPackage({ project_id: home, start_date: '2026-03-02', due_date: '2026-03-06', duration: 5 })
  const planned = { start_date: '2026-03-09', due_date: '2026-03-10', duration: 2, schedule_manually: false }
  const root = await make.workPackage({ project_id: home, ...planned })
  const leaf = await make.workPackage({ project_id: away, parent_id: root, ...planned })
  await make.row('relations', { from_id: root, to_id: before, relation_type: 'follows', lag: 0, ...stamps })
  assert.equal((await it.actor.delete(`/work_packages/${root}`)).status, 204)
  const row = (await it.row('work_packages', leaf))!
  assert.deepEqual([row.schedule_manually, row.start_date, row.due_date], [true, '2026-03-09', '2026-03-10'])
})

test('replacing the order of a query keeps the positions of hidden work packages', async () => {
  const _links = { project: link('projects', home) }
  const { body: query } = await it.actor.post('/queries', { name: 'By hand', public: true, filters: [], _links })
  await it.db.transaction((tx) =>
    tx.run(
      sql`insert into ordered_work_packages (query_id, work_package_id, position) values (${query.id}, ${hidden}, 1), (${query.id}, ${child}, 2)`,
    ),
  )
  const reply = await it.actor.patch(`/queries/${query.id}`, { orderedWorkPackages: { [parent]: 5 } })
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual((await it.admin.get(`/queries/${query.id}/order`)).body, { [hidden]: 1, [parent]: 5 })
})
