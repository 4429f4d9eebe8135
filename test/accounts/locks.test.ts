/** Locking and unlocking users. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Instance, instance } from '#test/instance.ts'

let i: Instance
before(async () => {
  i = await instance()
})
after(() => i.close())

test('a lock takes effect at once and can be lifted; a repeated lock or unlock changes nothing', async () => {
  const id = await i.make.user()
  const client = await i.as(id)
  for (const _ of [1, 2]) {
    const locked = await i.admin.post(`/users/${id}/lock`)
    assert.equal(locked.status, 200)
    assert.equal(locked.body.status, 'locked')
    assert.equal((await client.get('/users/me')).status, 401)
  }
  for (const _ of [1, 2]) {
    const unlocked = await i.admin.delete(`/users/${id}/lock`)
    assert.equal(unlocked.status, 200)
    assert.equal(unlocked.body.status, 'active')
    assert.equal((await client.get('/users/me')).status, 200)
  }
})

test('a user who has never been active can be neither locked nor unlocked', async () => {
  for (const status of [2, 4]) {
    const id = await i.make.user({ status })
    for (const reply of [await i.admin.post(`/users/${id}/lock`), await i.admin.delete(`/users/${id}/lock`)]) {
      assert.equal(reply.status, 400)
      assert.match(reply.body.errorIdentifier, /InvalidUserStatusTransition$/)
    }
  }
})

test('only administrators lock users', async () => {
  const manager = await i.make.user()
  await i.make.member(manager, null, ['manage_user'])
  const id = await i.make.user()
  assert.equal((await (await i.as(manager)).post(`/users/${id}/lock`)).status, 403)
  assert.equal((await (await i.as(id)).post('/users/me/lock')).status, 403)
  assert.equal((await (await i.as(id)).post(`/users/${manager}/lock`)).status, 404)
})

test('the last active administrator cannot be locked', async () => {
  const me = (await i.admin.get('/users/me')).body.id
  const { status, body } = await i.admin.post('/users/me/lock')
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'base')
  const second = await i.make.user({ admin: true })
  assert.equal((await (await i.as(second)).post(`/users/${me}/lock`)).status, 200)
  assert.equal((await (await i.as(second)).delete(`/users/${me}/lock`)).status, 200)
})
