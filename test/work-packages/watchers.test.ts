/** Watchers of a work package, available watchers, and permissions. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { type Client, filters, ids } from '#test/instance.ts'
import { created, errors, kind, link, type Person, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

let one: any
beforeEach(async () => {
  one = await created(admin, project)
})
const path = () => `/work_packages/${one.id}/watchers`
const add = (client: Client, id: number | string) => client.post(path(), { user: link('users', id) })
const watchers = async () => ids(await admin.get(path())).sort()

describe('adding a watcher', () => {
  test('requires a visible work package, and is 201 once', async () => {
    const { id, client } = it.reader
    const first = await add(client, id)
    assert.equal(first.status, 201)
    assert.deepEqual([first.body._type, first.body.id], ['User', id])
    const again = await add(client, id)
    assert.equal(again.status, 200)
    assert.equal(again.body.id, id)
    assert.deepEqual(await watchers(), [id])
  })

  test('accepts the link in _links, which takes precedence over the top level', async () => {
    const { id } = it.member
    assert.equal((await admin.post(path(), { _links: { user: link('users', id) } })).status, 201)
    assert.equal(
      (await admin.post(path(), { user: link('users', it.reader.id), _links: { user: link('users', id) } })).status,
      200,
    )
    assert.deepEqual(await watchers(), [id])
  })

  test('gives 404 for an impossible id', async () => {
    for (const id of [-1, '99999999999']) assert.equal((await add(admin, id)).status, 404, String(id))
  })

  test('accepts me', async () => {
    assert.equal((await add(it.reader.client, 'me')).status, 201)
    assert.deepEqual(await watchers(), [it.reader.id])
  })

  test('of others requires the permission', async () => {
    const reply = await add(it.reader.client, it.member.id)
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
    const { client } = await it.person('view_work_packages', 'view_members', 'add_work_package_watchers')
    assert.equal((await add(client, it.member.id)).status, 201)
  })

  test('accepts all addresses of a user: by login, as me, or with the host', async () => {
    const { id, client } = await it.person('view_work_packages', 'add_work_package_watchers')
    const at = (href: string) => client.post(path(), { user: { href } })
    assert.equal((await at(`http://localhost:8080/api/v3/users/${id}`)).status, 201)
    assert.equal((await at('/api/v3/users/me')).status, 200)
    assert.equal((await at(`/api/v3/users/${(await client.get('/users/me')).body.login}`)).status, 200)
    assert.equal((await at(`http://elsewhere/api/v3/users/${id}`)).status, 400)
    assert.equal((await at('/api/v3/users/nobody')).status, 404)
  })

  test('gives 404 for users hidden from the client', async () => {
    const hidden = await make.user()
    assert.equal((await add(it.member.client, hidden)).status, 404)
    assert.equal((await add(it.member.client, 99999)).status, 404)
  })

  test('requires that the watcher sees the work package', async () => {
    const reply = await add(admin, it.stranger.id)
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyConstraintViolation'])
    assert.deepEqual(errors(reply.body), ['user: User is not allowed to view the work package.'])
  })

  test('accepts watchers with a share', async () => {
    const guest = await it.sharer(one.id, 'Work package viewer')
    assert.equal((await add(guest.client, guest.id)).status, 201)
  })

  test('rejects locked users', async () => {
    const { id } = await it.person('view_work_packages')
    await admin.post(`/users/${id}/lock`)
    const reply = await add(admin, id)
    assert.deepEqual([reply.status, errors(reply.body)], [422, ['user: User is locked.']])
  })

  for (const [name, body] of [
    ['nothing', {}],
    ['null in _links', { _links: { user: null } }],
    ['a link without href', { user: { id: 1 } }],
    ['a group', { user: { href: '/api/v3/groups/1' } }],
    ['a number as href', { user: { href: 1 } }],
    ['null', { user: null }],
  ] as const) {
    test(`requires a link to a user: not ${name}`, async () => {
      const reply = await admin.post(path(), body)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidRequestBody'])
    })
  }
})

describe('the list of watchers', () => {
  test('has users, without pages and without locked ones', async () => {
    const { id } = await it.person('view_work_packages')
    await add(admin, id)
    await add(admin, it.member.id)
    const { body } = await admin.get(path())
    assert.deepEqual(Object.keys(body).sort(), ['_embedded', '_links', '_type', 'count', 'total'])
    assert.deepEqual([body._type, body.total, body.count], ['Collection', 2, 2])
    assert.deepEqual(body._links, { self: { href: `/api/v3${path()}` } })
    assert.deepEqual(await watchers(), [it.member.id, id].sort())
    await admin.post(`/users/${id}/lock`)
    assert.deepEqual(await watchers(), [it.member.id])
  })

  test('requires a permission', async () => {
    assert.equal((await it.reader.client.get(path())).status, 403)
    assert.equal((await it.member.client.get(path())).status, 200)
  })
})

describe('removing a watcher', () => {
  const remove = ({ client }: Pick<Person, 'client'>, id: number | string) => client.delete(`${path()}/${id}`)

  test('is permitted for oneself, watching or not', async () => {
    await add(it.reader.client, it.reader.id)
    const reply = await remove(it.reader, it.reader.id)
    assert.deepEqual([reply.status, reply.text], [204, ''])
    assert.deepEqual(await watchers(), [])
    assert.equal((await remove(it.reader, 'me')).status, 204)
  })

  test('of others requires the permission', async () => {
    await add(admin, it.member.id)
    assert.equal((await remove(it.reader, it.member.id)).status, 403)
    assert.deepEqual(await watchers(), [it.member.id])
    const person = await it.person('view_work_packages', 'view_members', 'delete_work_package_watchers')
    assert.equal((await remove(person, it.member.id)).status, 204)
    assert.deepEqual(await watchers(), [])
  })

  test('gives 404 for unknown and hidden users', async () => {
    assert.equal((await remove({ client: admin }, 99999)).status, 404)
    assert.equal((await remove(it.member, await make.user())).status, 404)
  })
})

describe('available watchers', () => {
  const available = () => `/work_packages/${one.id}/available_watchers`

  test('are users who see the work package and do not watch it', async () => {
    const guest = await it.sharer(one.id, 'Work package viewer')
    const locked = await it.person('view_work_packages')
    await admin.post(`/users/${locked.id}/lock`)
    await add(admin, it.member.id)
    const found = ids(await admin.get(`${available()}?pageSize=-1`))
    assert.ok(found.includes(it.reader.id))
    assert.ok(found.includes(guest.id))
    for (const id of [it.member.id, it.stranger.id, locked.id]) assert.ok(!found.includes(id))
  })

  test('can be filtered, paged and selected like users', async () => {
    const reply = await admin.get(`${available()}?${filters(['name', '=', ['nobody of that name']])}`)
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(ids(reply), [])
    const page = (await admin.get(`${available()}?pageSize=1&select=total,elements/id`)).body
    assert.deepEqual(Object.keys(page).sort(), ['_embedded', 'total'])
    assert.deepEqual(Object.keys(page._embedded.elements[0]), ['id'])
  })

  test('are visible to users who may add watchers', async () => {
    assert.equal((await it.reader.client.get(available())).status, 403)
    assert.equal((await it.member.client.get(available())).status, 200)
  })
})
