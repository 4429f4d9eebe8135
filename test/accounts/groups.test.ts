/** Groups: visibility, permissions, and effects of a group's membership on its users. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let i: Instance
let project: number
before(async () => {
  i = await instance()
  project = await i.make.project()
})
after(() => i.close())

const members = (...users: number[]) => ({ members: users.map((id) => ({ href: `/api/v3/users/${id}` })) })
const membersOf = async (group: number): Promise<string[]> =>
  (await i.admin.get(`/groups/${group}`)).body._links.members.map((link: any) => link.href).toSorted()
const hrefs = (...users: number[]) => users.map((id) => `/api/v3/users/${id}`).toSorted()
/** A user who sees members, and one who manages them, in a project of their own. */
const helper = async (permission: string): Promise<Client> => {
  const id = await i.make.user()
  await i.make.member(id, await i.make.project(), [permission])
  return i.as(id)
}

test('an administrator creates a group with members; the response embeds them', async () => {
  const [one, two] = [await i.make.user(), await i.make.user()]
  const { status, body } = await i.admin.post('/groups', { name: 'Crew', _links: members(one, two) })
  assert.equal(status, 201)
  assert.equal(body._type, 'Group')
  assert.deepEqual(
    body._embedded.members.map((user: any) => user.id).toSorted((a: number, b: number) => a - b),
    [one, two],
  )
  assert.deepEqual(await membersOf(body.id), hrefs(one, two))
  assert.ok('createdAt' in body)
  assert.equal(body._links.delete.method, 'delete')
  assert.equal(body._links.updateImmediately.method, 'patch')
})

test('an update replaces all members; a change of the name keeps them', async () => {
  const [one, two, three] = [await i.make.user(), await i.make.user(), await i.make.user()]
  const group = await i.make.group()
  await i.admin.patch(`/groups/${group}`, { _links: members(one, two) })
  await i.admin.patch(`/groups/${group}`, { name: 'New name' })
  assert.deepEqual(await membersOf(group), hrefs(one, two))
  await i.admin.patch(`/groups/${group}`, { _links: members(two, three) })
  assert.deepEqual(await membersOf(group), hrefs(two, three))
  await i.admin.patch(`/groups/${group}`, { _links: { members: [] } })
  assert.deepEqual(await membersOf(group), [])
})

test('a name is required, and unique among groups', async () => {
  const group = await i.make.group({ name: 'Unique' })
  for (const name of ['', 'UNIQUE', 'x'.repeat(257)]) {
    const { status, body } = await i.admin.post('/groups', { name })
    assert.equal(status, 422)
    assert.equal(body._embedded.details.attribute, 'name')
  }
  assert.equal((await i.admin.patch(`/groups/${group}`, { name: 'Unique' })).status, 200)
})

test('only existing users become members', async () => {
  const group = await i.make.group()
  const deleted = await i.db.one<{ id: number }>(sql`select id from principals where type = 'DeletedUser'`)
  for (const wrong of [999999, group, deleted?.id as number]) {
    const { status, body } = await i.admin.patch(`/groups/${group}`, { _links: members(wrong) })
    assert.equal(status, 422)
    assert.equal(body._embedded.details.attribute, 'members')
  }
  const { body } = await i.admin.patch(`/groups/${group}`, { _links: { members: [{ href: '/api/v3/roles/1' }] } })
  assert.match(body.errorIdentifier, /ResourceTypeMismatch$/)
})

test('without the permission to view or manage members in any project, groups are forbidden', async () => {
  const group = await i.make.group()
  const plain = await i.as(await i.make.user())
  assert.equal((await plain.get('/groups')).status, 403)
  assert.equal((await plain.get(`/groups/${group}`)).status, 403)
})

test('a user who may view members sees the groups of those projects, without their users', async () => {
  const [here, elsewhere] = [await i.make.group({ name: 'Here' }), await i.make.group({ name: 'Canary group' })]
  await i.make.member(here, project, [])
  const viewer = await i.make.user()
  await i.make.member(viewer, project, ['view_members'])
  const client = await i.as(viewer)
  const list = await client.get('/groups')
  assert.deepEqual(ids(list), [here])
  assert.ok(!('members' in list.body._embedded.elements[0]._links))
  const one = await client.get(`/groups/${here}`)
  assert.equal(one.status, 200)
  assert.ok(!('_embedded' in one.body) && !('members' in one.body._links) && !('createdAt' in one.body))
  const hidden = await client.get(`/groups/${elsewhere}`)
  assert.equal(hidden.status, 404)
  assert.equal(hidden.text, (await client.get('/groups/999999')).text)
})

test('a user who manages members sees all groups, but only their visible users', async () => {
  const client = await helper('manage_members')
  const hidden = await i.make.user({ name: 'Canary Person' })
  const group = await i.make.group()
  await i.admin.patch(`/groups/${group}`, { _links: members(hidden) })
  const { status, body, text } = await client.get(`/groups/${group}`)
  assert.equal(status, 200)
  assert.deepEqual(body._links.members, [])
  assert.deepEqual(body._embedded.members, [])
  assert.doesNotMatch(text, /Canary/)
})

test('only administrators write groups', async () => {
  const group = await i.make.group()
  const client = await helper('manage_members')
  assert.equal((await client.post('/groups', { name: 'Mine' })).status, 403)
  assert.equal((await client.patch(`/groups/${group}`, { name: 'Mine' })).status, 403)
  assert.equal((await client.delete(`/groups/${group}`)).status, 403)
  const viewer = await helper('view_members')
  assert.equal((await viewer.patch(`/groups/${group}`, { name: 'Mine' })).status, 404)
})

test('users get the group’s roles when they join and lose them when they leave; their own roles stay', async () => {
  const group = await i.make.group()
  const [joins, has] = [await i.make.user(), await i.make.user()]
  const place = await i.make.project()
  const workPackage = await i.make.workPackage({ project_id: place })
  await i.make.member(group, place, ['view_work_packages'])
  await i.make.member(has, place, ['view_members'])
  const [asJoins, asHas] = [await i.as(joins), await i.as(has)]
  const seesWork = async (client: Client) =>
    (await client.get(`/capabilities/work_packages/read/w${place}-${client === asJoins ? joins : has}`)).status

  assert.equal(await seesWork(asJoins), 404)
  await i.admin.patch(`/groups/${group}`, { _links: members(joins, has) })
  assert.deepEqual([await seesWork(asJoins), await seesWork(asHas)], [200, 200])
  await i.db.transaction((tx) => tx.run(sql`insert into watchers (work_package_id, user_id) values (${workPackage}, ${joins})`))

  await i.admin.patch(`/groups/${group}`, { _links: { members: [] } })
  assert.deepEqual([await seesWork(asJoins), await seesWork(asHas)], [404, 404])
  const left = await i.admin.get(`/memberships?${filters(['project', '=', [place]])}`)
  assert.deepEqual(
    left.body._embedded.elements.map((one: any) => one._links.principal.href).toSorted(),
    [`/api/v3/groups/${group}`, `/api/v3/users/${has}`].toSorted(),
  )
  assert.deepEqual(await i.db.all(sql`select * from watchers where user_id = ${joins}`), [])
})

test('deleting a group gives 202 without a body and removes the inherited roles', async () => {
  const group = await i.make.group()
  const user = await i.make.user()
  const place = await i.make.project()
  await i.make.member(group, place, [])
  await i.admin.patch(`/groups/${group}`, { _links: members(user) })
  assert.equal((await (await i.as(user)).get(`/projects/${place}`)).status, 200)
  const { status, text } = await i.admin.delete(`/groups/${group}`)
  assert.deepEqual([status, text], [202, ''])
  assert.equal((await i.admin.get(`/groups/${group}`)).status, 404)
  assert.equal((await (await i.as(user)).get(`/projects/${place}`)).status, 404)
  assert.deepEqual(await i.db.all(sql`select * from memberships where project_id = ${place}`), [])
})
