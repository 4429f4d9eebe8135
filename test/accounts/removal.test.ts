/** Deletion of accounts: permissions by setting, and effects on related resources. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'
import { type Instance, instance } from '#test/instance.ts'
import { references } from '#test/layout.ts'

let i: Instance
before(async () => {
  i = await instance()
})
beforeEach(async () => {
  await i.setting('users_deletable_by_admins', false)
  await i.setting('users_deletable_by_self', false)
})
after(() => i.close())

test('by default nobody deletes accounts, not even administrators', async () => {
  const id = await i.make.user()
  assert.equal((await i.admin.delete(`/users/${id}`)).status, 403)
  assert.equal((await (await i.as(id)).delete('/users/me')).status, 403)
  assert.equal((await i.admin.get(`/users/${id}`)).status, 200)
})

test('if the settings allow it, administrators delete others, and users themselves', async () => {
  const [one, two] = [await i.make.user(), await i.make.user()]
  await i.setting('users_deletable_by_admins', true)
  assert.equal((await (await i.as(one)).delete('/users/me')).status, 403)
  const { status, text } = await i.admin.delete(`/users/${one}`)
  assert.deepEqual([status, text], [202, ''])
  assert.equal((await i.admin.get(`/users/${one}`)).status, 404)

  await i.setting('users_deletable_by_self', true)
  const client = await i.as(two)
  assert.equal((await client.delete(`/users/${two}`)).status, 202)
  assert.equal((await client.get('/users/me')).status, 401)
})

test('a user manager deletes nobody', async () => {
  await i.setting('users_deletable_by_admins', true)
  const [manager, id] = [await i.make.user(), await i.make.user()]
  await i.make.member(manager, null, ['manage_user'])
  assert.equal((await (await i.as(manager)).delete(`/users/${id}`)).status, 403)
})

test('the last active administrator cannot be deleted', async () => {
  await i.setting('users_deletable_by_admins', true)
  const { status, body } = await i.admin.delete('/users/me')
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'base')
  assert.equal((await i.admin.get('/users/me')).status, 200)
})

test('created resources stay, in the name of the deleted user; memberships, tokens and running timers are removed', async () => {
  await i.setting('users_deletable_by_admins', true)
  const id = await i.make.user()
  const token = await i.as(id)
  const project = await i.make.project()
  await i.make.member(id, project, ['view_work_packages'])
  const workPackage = await i.make.workPackage({ project_id: project, author_id: id, assigned_to_id: id, responsible_id: id })
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const entry = { project_id: project, entity_id: workPackage, user_id: id, logged_by_id: id, spent_on: '2026-01-05', ...stamps }
  const logged = await i.make.row('time_entries', { ...entry, hours: 2 })
  const running = await i.make.row('time_entries', { ...entry, ongoing: true })
  const category = await i.make.row('categories', { project_id: project, name: 'Things', assigned_to_id: id }, 'categories')

  assert.equal((await i.admin.delete(`/users/${id}`)).status, 202)

  const deleted = await i.db.one<{ id: number }>(sql`select id from principals where type = 'DeletedUser'`)
  const stored = await i.db.one(
    sql`select author_id, assigned_to_id, responsible_id from work_packages where id = ${workPackage}`,
  )
  assert.deepEqual(Object.values({ ...stored }), [deleted?.id, deleted?.id, deleted?.id])
  assert.equal((await i.db.one(sql`select user_id from time_entries where id = ${logged}`))?.user_id, deleted?.id)
  assert.equal(await i.db.one(sql`select id from time_entries where id = ${running}`), undefined)
  assert.equal((await i.db.one(sql`select assigned_to_id from categories where id = ${category}`))?.assigned_to_id, null)
  assert.equal((await token.get('/users/me')).status, 401)
  const name = (await i.admin.get(`/users/${deleted?.id}`)).body.name
  assert.match(name, /deleted/i)
})

test('every column that refers to a principal declares the effect of its deletion', () => {
  const pointing = references.filter((one) => one.target === 'principals' && !one.isLetGo)
  assert.deepEqual(
    pointing.map(({ table, column }) => `${table}.${column}`).toSorted(),
    (product.references.get('principals') ?? []).map(({ by, column }) => `${product.of(by).table}.${column}`).toSorted(),
  )
})
