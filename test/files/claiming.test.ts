/** Attachments in writes of work packages: claiming uploads, replacing attachments, and permissions. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { changed, created, errors, link, scene } from '../work-packages/scene.ts'
import { upload } from './upload.ts'

const it = await scene()
const { client } = it.member
const loose = async (by = client): Promise<number> => (await upload(by, '/attachments')).body.id
const named = (...ids: number[]) => ({ _links: { attachments: ids.map((id) => link('attachments', id)) } })
const of = async (task: number, by = it.admin): Promise<number[]> =>
  (await by.get(`/work_packages/${task}/attachments`)).body._embedded.elements.map((one: any) => one.id)
const attached = async (task: number): Promise<number> => (await upload(client, `/work_packages/${task}/attachments`)).body.id

describe('an uploaded attachment', () => {
  test('has no container until it is claimed', async () => {
    const { _links, _embedded } = (await upload(client, '/attachments')).body
    assert.deepEqual(_links.container, { href: null })
    assert.deepEqual(Object.keys(_embedded), ['author'])
    assert.ok(_links.delete)
  })

  test('is claimed by a new work package that links to it', async () => {
    const file = await loose()
    const task = await created(client, it.project, named(file))
    assert.deepEqual(await of(task.id), [file])
    assert.deepEqual(
      task._embedded.attachments._embedded.elements.map((one: any) => one.id),
      [file],
    )
    const { _links } = (await client.get(`/attachments/${file}`)).body
    assert.equal(_links.container.href, `/api/v3/work_packages/${task.id}`)
  })
})

describe('an update with attachments', () => {
  test('replaces the existing ones', async () => {
    const { id } = await created(client, it.project)
    const [kept, dropped, added] = [await attached(id), await attached(id), await loose()]
    assert.equal((await changed(client, id, named(kept, added))).status, 200)
    assert.deepEqual(await of(id), [kept, added])
    assert.equal((await client.get(`/attachments/${dropped}`)).status, 404)
    assert.equal((await changed(client, id, named())).status, 200)
    assert.deepEqual(await of(id), [])
  })

  test('without that property keeps them', async () => {
    const { id } = await created(client, it.project)
    const file = await attached(id)
    assert.equal((await changed(client, id, { subject: 'Other' })).status, 200)
    assert.deepEqual(await of(id), [file])
  })

  test('with nothing but the link of the representation keeps them', async () => {
    const { id } = await created(client, it.project)
    const file = await attached(id)
    const { _links } = (await client.get(`/work_packages/${id}`)).body
    for (const attachments of [_links.attachments, { href: null }, null]) {
      assert.equal((await changed(client, id, { _links: { attachments } })).status, 200)
    }
    assert.deepEqual(await of(id), [file])
  })

  test('updates the work package only if they differ', async () => {
    const { id } = await created(client, it.project)
    const file = await loose()
    const at = async () => (await client.get(`/work_packages/${id}`)).body.updatedAt
    const first = await at()
    await changed(client, id, named(file))
    const second = await at()
    assert.ok(second > first)
    await changed(client, id, named(file))
    assert.equal(await at(), second)
  })

  test('accepts each of them once', async () => {
    const file = await loose()
    const first = await created(client, it.project, named(file))
    const { id } = await created(client, it.project)
    const own = await attached(id)
    const reply = await changed(client, id, named(own, file))
    assert.equal(reply.status, 422)
    assert.deepEqual(errors(reply.body), ['attachments: Attachments does not exist.'])
    assert.deepEqual([await of(first.id), await of(id)], [[file], [own]])
  })

  test('rejects uploads of others and unknown ones, and then removes nothing', async () => {
    const { id } = await created(client, it.project)
    const own = await attached(id)
    for (const foreign of [await loose(it.admin), 999_999]) {
      const reply = await changed(client, id, named(foreign))
      assert.equal(reply.status, 422)
      assert.deepEqual(errors(reply.body), ['attachments: Attachments does not exist.'])
    }
    const wrong = await changed(client, id, { _links: { attachments: [link('users', 1)] } })
    assert.equal(wrong.status, 422)
    assert.deepEqual(await of(id), [own])
  })

  test('requires the permission to edit', async () => {
    const { id } = await created(client, it.project)
    const own = await attached(id)
    const { client: other } = await it.person('view_work_packages', 'add_work_package_attachments', 'assign_versions')
    const reply = await changed(other, id, named())
    assert.equal(reply.status, 422)
    assert.deepEqual(errors(reply.body), ['attachments: Attachments was attempted to be written but is not writable.'])
    assert.deepEqual(await of(id), [own])
  })
})

describe('a form', () => {
  test('repeats the sent attachments, and no others', async () => {
    const { id, lockVersion } = await created(client, it.project)
    await attached(id)
    const file = await loose()
    const ask = async (body: object) =>
      (await client.post(`/work_packages/${id}/form`, { lockVersion, ...body })).body._embedded.payload._links.attachments
    assert.equal(await ask({}), undefined)
    assert.deepEqual(await ask(named(file)), [{ href: `/api/v3/attachments/${file}`, title: 'note.txt' }])
    assert.deepEqual(await ask(named()), [])
  })

  test('has a schema with attachments', async () => {
    const { _embedded } = (await client.post('/work_packages/form', {})).body
    assert.deepEqual(_embedded.schema._links.attachments, { href: null })
    assert.ok(!('attachments' in _embedded.schema))
  })
})
