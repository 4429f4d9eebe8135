/** Roles: the list, its filters and its visibility. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { filters, type Instance, instance, type Reply } from '#test/instance.ts'

let i: Instance
before(async () => {
  i = await instance()
})
after(() => i.close())

const names = (reply: Reply): string[] => reply.body._embedded.elements.map((role: any) => role.name)

test('signed-in users list all roles on one page; roles for shares are not listed', async () => {
  const reply = await (await i.as(await i.make.user())).get('/roles?pageSize=1&offset=2')
  assert.equal(reply.status, 200)
  assert.ok(['Non member', 'Anonymous', 'Member', 'Project admin'].every((name) => names(reply).includes(name)))
  assert.ok(!names(reply).some((name) => /^Work package|^Project query/.test(name)))
  assert.ok(!('pageSize' in reply.body))
  assert.deepEqual(reply.body._links, { self: { href: '/api/v3/roles' } })
})

test('roles are filtered by grantable and unit', async () => {
  const found = async (...list: Parameters<typeof filters>) => names(await i.admin.get(`/roles?${filters(...list)}`))
  assert.deepEqual(await found(['grantable', '=', ['t']], ['unit', '=', ['project']]), ['Member', 'Reader', 'Project admin'])
  assert.deepEqual(await found(['grantable', '=', ['t']], ['unit', '=', ['system']]), ['Staff and projects manager'])
  assert.deepEqual(await found(['unit', '=', ['project']]), ['Member', 'Reader', 'Project admin'])
  assert.ok((await found(['grantable', '=', ['f']])).includes('Anonymous'))
  assert.deepEqual(await found(['unit', '!', ['project']]), ['Standard global role', 'Staff and projects manager'])
  assert.equal((await i.admin.get(`/roles?${filters(['unit', '=', ['galaxy']])}`)).status, 400)
})

test('a single role is visible to users who see members in any project', async () => {
  const member = await i.id('roles', 'Member')
  const { status, body } = await i.admin.get(`/roles/${member}`)
  assert.equal(status, 200)
  assert.deepEqual(body, {
    _type: 'Role',
    id: member,
    name: 'Member',
    _links: { self: { href: `/api/v3/roles/${member}`, title: 'Member' } },
  })
  assert.equal((await i.admin.get('/roles/999999')).status, 404)
  assert.equal((await (await i.as(await i.make.user())).get(`/roles/${member}`)).status, 403)
})

test('anonymous users see no roles', async () => {
  await i.setting('login_required', false)
  assert.equal((await i.anonymous.get('/roles')).status, 403)
})
