/** Users: visibility of accounts and of their properties. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let i: Instance
let project: number
let vera: number
let mate: number
let stranger: number
let asVera: Client

before(async () => {
  i = await instance()
  project = await i.make.project()
  vera = await i.make.user({ login: 'vera', email: 'vera@example.net', first_name: 'Vera', last_name: 'Voss' })
  mate = await i.make.user({ name: 'Mate Mason', login: 'mate', email: 'mate@example.net' })
  stranger = await i.make.user({ name: 'Stranger Stone', login: 'stranger', email: 'stranger@example.net' })
  await i.make.member(vera, project, [])
  await i.make.member(mate, project, [])
  asVera = await i.as(vera)
})
after(() => i.close())

test('users find their own account under me, login and id, with everything but the admin flag', async () => {
  for (const name of ['me', 'vera', 'VERA', vera]) {
    const { status, body } = await asVera.get(`/users/${name}`)
    assert.equal(status, 200)
    assert.equal(body._type, 'User')
    assert.equal(body.id, vera)
    assert.deepEqual(
      [body.login, body.firstName, body.lastName, body.email, body.status, body.identityUrl],
      ['vera', 'Vera', 'Voss', 'vera@example.net', 'active', null],
    )
    assert.ok('createdAt' in body && 'avatar' in body)
    assert.ok(!('admin' in body) && !('password' in body) && !('passwordHash' in body))
    assert.deepEqual(Object.keys(body._links).sort(), ['self', 'showUser'])
  }
})

test('only the name of a user in a common project is visible', async () => {
  const { status, body } = await asVera.get(`/users/${mate}`)
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body).sort(), ['_links', '_type', 'avatar', 'id', 'name'])
  assert.doesNotMatch(JSON.stringify(body), /mate@/)
})

test('with view_user_email the address is visible too, but not the login', async () => {
  const reader = await i.make.user()
  await i.make.member(reader, null, ['view_user_email', 'view_all_principals'])
  const { body } = await (await i.as(reader)).get(`/users/${stranger}`)
  assert.equal(body.email, 'stranger@example.net')
  assert.ok(!('login' in body) && !('createdAt' in body))
})

test('users without a common project are not found: the same response as for an unknown id or login', async () => {
  const missing = await asVera.get('/users/999999')
  for (const name of [stranger, 'stranger', 'nobody-at-all']) {
    const hidden = await asVera.get(`/users/${name}`)
    assert.equal(hidden.status, 404)
    assert.equal(hidden.text, missing.text)
  }
})

test('a member of an archived project is no longer visible through it', async () => {
  const old = await i.make.project({ active: false })
  const former = await i.make.user()
  await i.make.member(vera, old, [])
  await i.make.member(former, old, [])
  assert.equal((await asVera.get(`/users/${former}`)).status, 404)
})

test('the members of a public project are visible to users who may view members, not to everybody', async () => {
  const open = await i.make.project({ public: true })
  const host = await i.make.user()
  await i.make.member(host, open, [])
  assert.equal((await asVera.get(`/users/${host}`)).status, 404)
  const watcher = await i.make.user()
  await i.make.member(watcher, open, ['view_members'])
  assert.equal((await (await i.as(watcher)).get(`/users/${host}`)).status, 200)
})

test('leaving the common project hides users at once', async () => {
  const [one, other] = [await i.make.user(), await i.make.user()]
  const shared = await i.make.project()
  await i.make.member(one, shared, [])
  const membership = await i.make.member(other, shared, [])
  const asOne = await i.as(one)
  assert.equal((await asOne.get(`/users/${other}`)).status, 200)
  assert.equal((await i.admin.delete(`/memberships/${membership}`)).status, 204)
  assert.equal((await asOne.get(`/users/${other}`)).status, 404)
})

test('only users who manage users list them: all statuses, without built-in users', async () => {
  assert.equal((await asVera.get('/users')).status, 403)
  const locked = await i.make.user({ status: 3 })
  const manager = await i.make.user()
  await i.make.member(manager, null, ['manage_user'])
  for (const client of [i.admin, await i.as(manager)]) {
    const { status, body } = await client.get('/users?pageSize=100')
    assert.equal(status, 200)
    assert.ok(body._embedded.elements.every((user: any) => user._type === 'User' && user.login))
    assert.ok(body._embedded.elements.some((user: any) => user.id === locked && user.status === 'locked'))
    assert.equal(body.total, body.count)
  }
})

test('a user manager sees account data, but neither admin flags nor times, and no links to change anything', async () => {
  const manager = await i.make.user()
  await i.make.member(manager, null, ['manage_user'])
  const { body } = await (await i.as(manager)).get(`/users/${stranger}`)
  assert.equal(body.login, 'stranger')
  assert.equal(body.email, 'stranger@example.net')
  assert.ok(!('admin' in body) && !('createdAt' in body) && !('updatedAt' in body))
  assert.deepEqual(Object.keys(body._links).sort(), ['self', 'showUser'])
})

test('an administrator sees all properties and the links to change and lock; for locked users unlock replaces lock, and there is no page', async () => {
  const { body } = await i.admin.get(`/users/${stranger}`)
  assert.equal(body.admin, false)
  assert.equal(body._links.updateImmediately.method, 'patch')
  assert.equal(body._links.lock.href, `/api/v3/users/${stranger}/lock`)
  assert.equal(body._links.memberships.href, `/api/v3/memberships?${filters(['principal', '=', [stranger]])}`)
  assert.equal(body._links.showUser.type, 'text/html')
  assert.ok(!('update' in body._links) && !('delete' in body._links) && !('unlock' in body._links))

  const locked = await i.make.user({ status: 3 })
  const { _links } = (await i.admin.get(`/users/${locked}`)).body
  assert.equal(_links.unlock.method, 'delete')
  assert.ok(!('lock' in _links) && !('showUser' in _links))
})

test('the delete link is present once the settings allow the deletion of accounts', async () => {
  await i.setting('users_deletable_by_self', true)
  assert.equal((await asVera.get('/users/me')).body._links.delete.method, 'delete')
  assert.ok(!('delete' in (await i.admin.get(`/users/${stranger}`)).body._links))
  await i.setting('users_deletable_by_self', false)
})

test('users are filtered by status name, login, name or address, and group', async () => {
  const group = await i.make.group()
  await i.admin.patch(`/groups/${group}`, { _links: { members: [{ href: `/api/v3/users/${mate}` }] } })
  const found = async (...list: Parameters<typeof filters>) => ids(await i.admin.get(`/users?${filters(...list)}`))
  assert.deepEqual(await found(['login', '=', ['MATE']]), [mate])
  assert.deepEqual(await found(['name', '~', ['stone']]), [stranger])
  assert.deepEqual(await found(['name', '=', ['stranger@example.net']]), [stranger])
  assert.deepEqual(await found(['any_name_attribute', '~', ['mas mat']]), [mate])
  assert.deepEqual(await found(['group', '=', [group]]), [mate])
  assert.deepEqual(await found(['group', '*'], ['status', '=', ['active', 'invited']]), [mate])
  assert.deepEqual(await found(['status', '=', ['registered']]), [])
  assert.deepEqual(await found(['blocked', '=', ['blocked']]), [])
  for (const wrong of [
    ['status', '=', ['1']],
    ['group', '=', ['999999']],
    ['blocked', '=', ['yes']],
    ['shoe_size', '=', ['1']],
  ] as const) {
    const { status, body } = await i.admin.get(`/users?${filters([wrong[0], wrong[1], [...wrong[2]]])}`)
    assert.equal(status, 400)
    assert.match(body.errorIdentifier, /InvalidQuery$/)
  }
})

test('users are sorted by the requested properties', async () => {
  const sorted = async (by: string, direction: string) => {
    const { body } = await i.admin.get(`/users?pageSize=100&sortBy=${encodeURIComponent(JSON.stringify([[by, direction]]))}`)
    return body._embedded.elements.map((user: any) => user[by === 'group' ? 'id' : by])
  }
  const logins = await sorted('login', 'asc')
  assert.deepEqual(logins, logins.toSorted())
  assert.deepEqual(await sorted('login', 'desc'), logins.toReversed())
  assert.equal((await sorted('group', 'asc'))[0], mate)
  assert.equal((await i.admin.get(`/users?sortBy=${encodeURIComponent('[["password_hash","asc"]]')}`)).status, 400)
})

test('without required login, an anonymous caller sees only the anonymous user', async () => {
  assert.equal((await i.anonymous.get('/users/me')).status, 401)
  await i.setting('login_required', false)
  const me = await i.anonymous.get('/users/me')
  assert.equal(me.status, 200)
  assert.equal(me.body._type, 'User')
  assert.ok(!('login' in me.body))
  assert.equal((await i.anonymous.get(`/users/${vera}`)).status, 404)
  assert.equal((await i.anonymous.get('/users')).status, 403)
  await i.setting('login_required', true)
})

test('the schema has the writable properties', async () => {
  const { status, body } = await asVera.get('/users/schema')
  assert.equal(status, 200)
  assert.equal(body.password.type, 'Password')
  assert.equal(body.name.writable, false)
  assert.equal(body.login.required, true)
  assert.equal(body._links.self.href, '/api/v3/users/schema')
})
