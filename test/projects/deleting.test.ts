/** Deleting projects, with all related resources. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { raw, sql } from '#db/sql.ts'
import { type Instance, ids, instance } from '#test/instance.ts'

let halyard: Instance
let userId: number

before(async () => {
  halyard = await instance()
  userId = await halyard.make.user()
})
after(() => halyard.close())

const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
const count = async (table: string) =>
  ((await halyard.db.one<{ n: number }>(sql`select count(*) as n from ${raw(table)}`)) as { n: number }).n

/** A project with related resources of every kind. */
async function full(values: Record<string, unknown> = {}): Promise<{ id: number; workPackage: number; version: number }> {
  const { make } = halyard
  const id = await make.project(values)
  const version = await make.row('versions', { project_id: id, name: '1.0', sharing: 'system', ...stamps }, 'versions')
  const category = await make.row('categories', { project_id: id, name: 'Hull' }, 'categories')
  const workPackage = await make.workPackage({ project_id: id, version_id: version, category_id: category })
  await make.workPackage({ project_id: id, parent_id: workPackage })
  const booked = {
    project_id: id,
    entity_id: workPackage,
    user_id: userId,
    logged_by_id: userId,
    spent_on: '2026-01-01',
    hours: 1,
  }
  await make.row('time_entries', { ...booked, ...stamps })
  await make.member(userId, id, ['view_work_packages', 'edit_project'])
  await make.row(
    'memberships',
    { principal_id: userId, project_id: id, entity_type: 'WorkPackage', entity_id: workPackage, ...stamps },
    'memberships',
  )
  return { id, workPackage, version }
}

const tables = [
  'projects',
  'work_packages',
  'versions',
  'categories',
  'time_entries',
  'memberships',
  'enabled_modules',
  'project_types',
]

test('all related resources of a project and its subprojects are deleted', async () => {
  const before = await Promise.all(tables.map(count))
  const { id } = await full()
  const middle = await full({ parent_id: id })
  await full({ parent_id: middle.id })
  await halyard.admin.post(`/projects/${id}/favorite`)
  const { status, text } = await halyard.admin.delete(`/projects/${id}`)
  assert.equal(status, 204)
  assert.equal(text, '')
  assert.deepEqual(await Promise.all(tables.map(count)), before)
  assert.equal((await halyard.admin.get(`/projects/${id}`)).status, 404)
  assert.equal((await halyard.admin.get(`/projects/${middle.id}`)).status, 404)
  assert.deepEqual(ids(await halyard.admin.get('/projects')), [])
})

test('work packages of other projects remain, without their deleted parents', async () => {
  const gone = await full()
  const stays = await full()
  const child = await halyard.make.workPackage({ project_id: stays.id, parent_id: gone.workPackage })
  assert.equal((await halyard.admin.delete(`/projects/${gone.id}`)).status, 204)
  const row = await halyard.db.one(sql`select parent_id from work_packages where id = ${child}`)
  assert.equal(row?.parent_id, null)
})

test('parents in other projects derive their dates from the remaining children', async () => {
  const { make, db, admin } = halyard
  const [gone, stays] = [await make.project(), await make.project()]
  const parent = await make.workPackage({ project_id: stays, derived_estimated_hours: 7 })
  await make.workPackage({ project_id: stays, parent_id: parent, estimated_hours: 3 })
  await make.workPackage({ project_id: gone, parent_id: parent, estimated_hours: 4 })
  assert.equal((await admin.delete(`/projects/${gone}`)).status, 204)
  const row = await db.one(sql`select derived_estimated_hours from work_packages where id = ${parent}`)
  assert.equal(row?.derived_estimated_hours, 3)
})

test('a project whose versions other projects use is not deleted', async () => {
  const used = await full()
  const user = await full()
  await halyard.make.workPackage({ project_id: user.id, version_id: used.version })
  const { status, body } = await halyard.admin.delete(`/projects/${used.id}`)
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'base')
  assert.equal((await halyard.admin.get(`/projects/${used.id}`)).status, 200)
})

test('only administrators delete projects', async () => {
  const { id } = await full()
  const member = await halyard.as(userId)
  assert.equal((await member.delete(`/projects/${id}`)).status, 403)
  const stranger = await halyard.as(await halyard.make.user())
  assert.equal((await stranger.delete(`/projects/${id}`)).status, 404)
})

test('an archived project can be deleted as well, and its identifier is free again', async () => {
  const { id } = await full({ identifier: 'short-lived', active: false })
  assert.equal((await halyard.admin.delete('/projects/short-lived')).status, 204)
  assert.equal((await halyard.admin.get(`/projects/${id}`)).status, 404)
  assert.equal((await halyard.admin.post('/projects', { name: 'Next', identifier: 'short-lived' })).status, 201)
})
