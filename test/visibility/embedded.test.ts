/** Embedded resources: the same as at the address of the link, or absent; links may disclose names of hidden ones. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Scene, scene, stamps } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

test('A hidden assignee is linked with the name, and not embedded', async () => {
  const field = await s.field({ resource: 'User', name: 'Blood group', format: 'string' })
  const hidden = await s.person('Hedda Hidden', { custom_values: { [field]: 'zero' } })
  const id = await s.task('Of somebody hidden', { assigned_to_id: hidden, responsible_id: hidden, author_id: hidden })
  assert.equal((await s.watch.get(`/users/${hidden}`)).status, 404)
  const { body, text } = await s.watch.get(`/work_packages/${id}`)
  assert.deepEqual(body._links.assignee, { href: `/api/v3/users/${hidden}`, title: 'Hedda Hidden' })
  for (const link of ['assignee', 'responsible', 'author']) assert.equal(body._embedded[link], undefined, link)
  assert.ok(!text.includes('zero'))
  assert.equal((await s.server.admin.get(`/work_packages/${id}`)).body._embedded.assignee[`customField${field}`], 'zero')
})

test('A group without permission to view it is not embedded either', async () => {
  const { make } = s.server
  const reader = await make.user({ name: 'Rita Reader' })
  await make.member(reader, s.bay, ['view_work_packages'])
  const group = await make.group({ name: 'Rowers' })
  await make.member(group, s.bay, ['view_work_packages'])
  const id = await s.task('Of a group', { assigned_to_id: group })
  const client = await s.server.as(reader)
  assert.equal((await client.get(`/groups/${group}`)).status, 403)
  const { body } = await client.get(`/work_packages/${id}`)
  assert.equal(body._links.assignee.title, 'Rowers')
  assert.equal(body._embedded.assignee, undefined)
  assert.equal((await s.watch.get(`/work_packages/${id}`)).body._embedded.assignee._type, 'Group')
})

test('The category and the version of a work package shared from a hidden project are linked with names, and not embedded', async () => {
  const { make } = s.server
  const category_id = await make.row('categories', { project_id: s.deep, name: 'Wrecks' }, 'categories')
  const version_id = await make.row(
    'versions',
    { project_id: s.deep, name: 'First dive', description: 'Secret.', ...stamps },
    'versions',
  )
  const id = await s.shared('Shared', { category_id, version_id })
  const { body, text } = await s.watch.get(`/work_packages/${id}`)
  assert.deepEqual([body._links.category.title, body._links.version.title], ['Wrecks', 'First dive'])
  assert.deepEqual([body._embedded.category, body._embedded.version, body._embedded.project], [undefined, undefined, undefined])
  assert.ok(!text.includes('Secret.'))
  const { body: whole } = await s.server.admin.get(`/work_packages/${id}`)
  assert.deepEqual([whole._embedded.category.name, whole._embedded.version.description.raw], ['Wrecks', 'Secret.'])
})

test('A hidden watcher is not in the list of watchers', async () => {
  const hidden = await s.person('Wanda Hidden')
  const id = await s.task('Watched')
  await s.server.db.transaction(async (tx) => {
    for (const user of [hidden, s.watch.id])
      await tx.run(sql`insert into watchers (work_package_id, user_id) values (${id}, ${user})`)
    await invalidate(tx, 'principals')
  })
  const names = async (who: typeof s.watch | typeof s.server.admin) =>
    (await who.get(`/work_packages/${id}/watchers`)).body._embedded.elements.map((one: any) => one.name)
  assert.deepEqual(await names(s.watch), ['Wendy Watch'])
  assert.deepEqual(await names(s.server.admin), ['Wendy Watch', 'Wanda Hidden'])
})

test('The project of a shared work package is identified by its id in addresses, and not by its name', async () => {
  const id = await s.shared('Shared with a schema')
  const { schema } = (await s.watch.get(`/work_packages/${id}`)).body._links
  const [, type] = /\/schemas\/\d+-(\d+)$/.exec(schema.href) as unknown as [string, string]
  const statuses = async (who: typeof s.watch | typeof s.server.admin) =>
    Promise.all([`${s.deep}-${type}`, `deep-${type}`].map(async (one) => (await who.get(`/work_packages/schemas/${one}`)).status))
  assert.deepEqual(await statuses(s.watch), [200, 404])
  assert.deepEqual(await statuses(s.server.admin), [200, 200])
})

test('A form offers the current version by its name if it is hidden', async () => {
  const version_id = await s.server.make.row(
    'versions',
    { project_id: s.deep, name: 'Second dive', description: 'Secret.', ...stamps },
    'versions',
  )
  const id = await s.task('Planned elsewhere', { version_id })
  const versionIn = async (who: typeof s.watch | typeof s.server.admin) => {
    const { body } = await who.post(`/work_packages/${id}/form`, { lockVersion: 0 })
    const { _links, _embedded } = body._embedded.schema.version
    const seen = _embedded.allowedValues.filter((one: any) => one.name === 'Second dive')
    return { titles: _links.allowedValues.map((one: any) => one.title), seen: seen.length }
  }
  assert.deepEqual(await versionIn(s.watch), { titles: ['Second dive'], seen: 0 })
  assert.deepEqual(await versionIn(s.server.admin), { titles: ['Second dive'], seen: 1 })
})
