/** Administrators: user managers cannot change them, and the last one cannot be removed. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { PASSWORD } from '#test/scene.ts'
import { browser } from '../sessions/browser.ts'

let it: Instance
let hash: string
let manager: Client
let boss: number
before(async () => {
  it = await instance()
  hash = quickHash(PASSWORD)
  const id = await it.make.user({ login: 'manager', password_hash: hash })
  await it.make.member(id, null, ['manage_user', 'create_user'])
  manager = await it.as(id)
  boss = await it.make.user({ login: 'boss', admin: true, password_hash: hash, email: 'boss@example.net' })
})
after(() => it.close())

const stored = (id: number) => it.db.one(sql`select * from principals where id = ${id}`)

describe('A user manager cannot change an administrator:', () => {
  for (const change of [
    { password: 'mine from now on 1' },
    { password: 'mine from now on 1', currentPassword: PASSWORD },
    { email: 'manager+boss@example.net' },
    { admin: false },
    { login: 'nobody' },
    { firstName: 'Some', lastName: 'One' },
    { status: 'locked' },
    { identityUrl: 'https://id.example.net/manager' },
    { language: 'de' },
  ]) {
    test(JSON.stringify(change), async () => {
      const row = await stored(boss)
      assert.equal((await manager.patch(`/users/${boss}`, change)).status, 403)
      assert.equal((await manager.patch('/users/boss', change)).status, 403)
      assert.equal((await manager.post(`/users/${boss}/form`, change)).status, 403)
      assert.deepEqual(await stored(boss), row)
    })
  }

  test('by locking or deletion', async () => {
    assert.equal((await manager.post(`/users/${boss}/lock`)).status, 403)
    assert.equal((await manager.delete(`/users/${boss}`)).status, 403)
    assert.equal((await stored(boss))?.status, 1)
  })

  test('with a session', async () => {
    const one = browser(it.url)
    await one.signIn('manager', PASSWORD)
    await one.submit('/my/account', { id: String(boss), firstName: 'X', lastName: 'Y' })
    await one.submit('/my/password', {
      id: String(boss),
      login: 'boss',
      currentPassword: PASSWORD,
      password: 'mine now 12!',
      repeated: 'mine now 12!',
    })
    assert.equal((await stored(boss))?.password_hash, hash)
    assert.notEqual((await stored(boss))?.first_name, 'X')
  })

  test('or create one: neither from an existing user nor a new one', async () => {
    const other = await it.make.user()
    assert.equal((await manager.patch(`/users/${other}`, { admin: true })).status, 422)
    const { status } = await manager.post('/users', { email: 'new@example.net', status: 'invited', admin: true })
    assert.equal(status, 422)
    assert.equal((await stored(other))?.admin, false)
  })
})

test('The last administrator cannot be locked, demoted or removed', async () => {
  const me = (await it.admin.get('/users/me')).body.id
  const asBoss = await it.as(boss)
  assert.equal((await asBoss.patch(`/users/${me}`, { admin: false })).status, 200)
  await it.setting('users_deletable_by_self', true)
  await it.setting('users_deletable_by_admins', true)
  const row = await stored(boss)
  assert.equal((await asBoss.post('/users/me/lock')).status, 422)
  assert.equal((await asBoss.post(`/users/${boss}/lock`)).status, 422)
  assert.equal((await asBoss.patch('/users/me', { admin: false })).status, 422)
  assert.equal((await asBoss.patch('/users/me', { status: 'locked' })).status, 422)
  assert.equal((await asBoss.delete('/users/me')).status, 422)
  assert.deepEqual(await stored(boss), row)
})

test('If two administrators lock each other concurrently, one remains', async () => {
  const second = await it.make.user({ admin: true })
  const [one, other] = [await it.as(boss), await it.as(second)]
  await Promise.all([one.post(`/users/${second}/lock`), other.post(`/users/${boss}/lock`)])
  const left = await it.db.all(sql`select id from principals where admin and status = 1 and type = 'User'`)
  assert.equal(left.length, 1)
})
