/** Deleting a work package: permissions, and related resources. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '#db/sql.ts'
import { created, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const below = (parent: { id: number }, body: object = {}) =>
  created(admin, project, { ...body, _links: { parent: link('work_packages', parent.id) } })
const status = async ({ id }: { id: number }) => (await admin.get(`/work_packages/${id}`)).status

test('gives an empty response, and the work package is not found any more', async () => {
  const one = await created(admin, project)
  const reply = await admin.delete(`/work_packages/${one.id}`)
  assert.deepEqual([reply.status, reply.text], [204, ''])
  assert.equal(await status(one), 404)
  assert.equal((await admin.delete(`/work_packages/${one.id}`)).status, 404)
})

test('requires the permission', async () => {
  const one = await created(admin, project)
  const reply = await it.member.client.delete(`/work_packages/${one.id}`)
  assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
  const { client } = await it.person('view_work_packages', 'delete_work_packages')
  assert.equal((await client.delete(`/work_packages/${one.id}`)).status, 204)
})

test('includes all descendants that the user may delete, in all projects', async () => {
  const root = await created(admin, project)
  const middle = await below(root)
  const other = await it.make.project()
  const elsewhere = await created(admin, other, { _links: { parent: link('work_packages', middle.id) } })
  const beside = await created(admin, project)
  const { id, client } = await it.person('view_work_packages', 'delete_work_packages')
  await it.make.member(id, other, ['view_work_packages', 'delete_work_packages'])
  assert.equal((await client.delete(`/work_packages/${root.id}`)).status, 204)
  assert.deepEqual([await status(middle), await status(elsewhere), await status(beside)], [404, 404, 200])
})

test('includes time entries, watchers and shares', async () => {
  const root = await created(admin, project)
  const leaf = await below(root)
  const booked = await admin.post('/time_entries', {
    spentOn: '2024-03-01',
    hours: 'PT1H',
    _links: { entity: link('work_packages', leaf.id) },
  })
  await admin.post(`/work_packages/${leaf.id}/watchers`, { user: link('users', it.member.id) })
  const guest = await it.sharer(leaf.id, 'Work package viewer')
  await admin.delete(`/work_packages/${root.id}`)
  assert.equal((await admin.get(`/time_entries/${booked.body.id}`)).status, 404)
  assert.equal((await guest.client.get('/work_packages')).status, 403)
  for (const left of [
    sql`select 1 as one from watchers where work_package_id = ${leaf.id}`,
    sql`select 1 as one from memberships where entity_id = ${leaf.id} and entity_type = 'WorkPackage'`,
  ]) {
    assert.equal(await it.db.one(left), undefined)
  }
})

test('updates the parent like the move of a child', async () => {
  const parent = await created(admin, project)
  const first = await below(parent, { startDate: '2024-03-04', dueDate: '2024-03-08', estimatedTime: 'PT4H' })
  const second = await below(parent, { startDate: '2024-03-11', dueDate: '2024-03-15', estimatedTime: 'PT6H' })
  await admin.delete(`/work_packages/${second.id}`)
  const after = (await admin.get(`/work_packages/${parent.id}`)).body
  assert.deepEqual([after.startDate, after.dueDate, after.derivedEstimatedTime], ['2024-03-04', '2024-03-08', 'PT4H'])
  await admin.delete(`/work_packages/${first.id}`)
  const alone = (await admin.get(`/work_packages/${parent.id}`)).body
  assert.deepEqual([alone.scheduleManually, alone.derivedEstimatedTime], [true, null])
})
