/** Attachments of comments: claiming, permissions and visibility. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Client } from '#test/instance.ts'
import { created, errors, link, type Person, scene } from '../work-packages/scene.ts'
import { upload } from './upload.ts'

const it = await scene()
const { client } = it.member
const task: number = (await created(it.admin, it.project)).id
const activities = `/work_packages/${task}/activities`

const loose = async (by = client): Promise<number> => (await upload(by, '/attachments')).body.id
const named = (...ids: number[]) => ({ _links: { attachments: ids.map((id) => link('attachments', id)) } })
const say = (raw: string, more: object = {}, by = client) => by.post(activities, { comment: { raw }, ...more })
const said = async (more: object = {}, by = client): Promise<number> => (await say('See there', more, by)).body.id
const attach = (comment: number, by = client) => upload(by, `/activities/${comment}/attachments`)
const of = async (comment: number, by: Client = it.admin): Promise<number[]> =>
  (await by.get(`/activities/${comment}/attachments`)).body._embedded.elements.map((one: any) => one.id)

describe('a comment', () => {
  test('links to its attachments, and embeds them at its own address', async () => {
    const comment = await said()
    const { id } = (await attach(comment)).body
    const { body } = await client.get(`/activities/${comment}`)
    const href = `/api/v3/activities/${comment}/attachments`
    assert.deepEqual([body._links.attachments, body._links.addAttachment], [{ href }, { href, method: 'post' }])
    assert.ok(!('prepareAttachment' in body._links))
    const { _type, total, _links, _embedded } = body._embedded.attachments
    assert.deepEqual([_type, total, _links, _embedded.elements[0].id], ['Collection', 1, { self: { href } }, id])
    assert.deepEqual(await of(comment), [id])
  })

  test('is updated by an attachment, unlike its work package', async () => {
    const comment = await said()
    const [before, { updatedAt }] = [
      (await client.get(`/activities/${comment}`)).body,
      (await client.get(`/work_packages/${task}`)).body,
    ]
    const { body } = await attach(comment)
    assert.deepEqual(body._links.container, { href: `/api/v3/activities/${comment}` })
    assert.equal(body._embedded.container.comment.raw, 'See there')
    assert.ok((await client.get(`/activities/${comment}`)).body.updatedAt > before.updatedAt)
    assert.equal((await client.get(`/work_packages/${task}`)).body.updatedAt, updatedAt)
    const last = (await client.get(activities)).body._embedded.elements.at(-1)
    assert.deepEqual([last.id, last.details], [comment, []])
    assert.equal((await client.get(`/work_packages/${task}/attachments`)).body.total, 0)
  })
})

describe('an upload of the writer’s own is claimed', () => {
  test('by a comment that links to it', async () => {
    const file = await loose()
    const { status, body } = await say('With a file', named(file))
    assert.deepEqual([status, body._embedded.attachments._embedded.elements[0].id], [201, file])
    assert.deepEqual(await of(body.id), [file])
  })

  test('by a comment that shows it in its text', async () => {
    const [shown, other] = [await loose(), await loose()]
    const { body } = await say(`![](/api/v3/attachments/${shown}/content) and #${other}`)
    assert.deepEqual(await of(body.id), [shown])
  })

  test('but uploads of others cannot be claimed', async () => {
    const [foreign, taken] = [await loose(it.admin), (await attach(await said())).body.id]
    for (const id of [foreign, taken]) {
      const reply = await say('Mine!', named(id))
      assert.deepEqual([reply.status, errors(reply.body)], [422, ['attachments: Attachments does not exist.']])
      assert.deepEqual(await of((await say(`![](/api/v3/attachments/${id}/content)`)).body.id), [])
    }
  })
})

describe('an edit', () => {
  test('with attachments replaces the existing ones, and needs no text', async () => {
    const comment = await said()
    const [kept, dropped, added] = [(await attach(comment)).body.id, (await attach(comment)).body.id, await loose()]
    const reply = await client.patch(`/activities/${comment}`, named(kept, added))
    assert.deepEqual([reply.status, reply.body.comment.raw], [200, 'See there'])
    assert.deepEqual(await of(comment), [kept, added])
    assert.equal((await client.get(`/attachments/${dropped}`)).status, 404)
  })

  test('of the text keeps them, and adds the ones that it shows', async () => {
    const comment = await said()
    const [there, shown] = [(await attach(comment)).body.id, await loose()]
    await client.patch(`/activities/${comment}`, { comment: 'See here' })
    assert.deepEqual(await of(comment), [there])
    await client.patch(`/activities/${comment}`, { comment: `![](/api/v3/attachments/${shown}/content)` })
    assert.deepEqual(await of(comment), [there, shown])
  })

  test('ignores other links', async () => {
    const comment = await said()
    await client.patch(`/activities/${comment}`, { _links: { user: link('users', it.reader.id), attachments: [] } })
    assert.equal((await client.get(`/activities/${comment}`)).body._links.user.href, `/api/v3/users/${it.member.id}`)
  })
})

describe('adding and removing attachments', () => {
  const view = 'view_work_packages'
  const comments = async (person: Person) => said({}, person.client)

  test('requires the permission to edit the comment', async () => {
    const writer = await it.person(view, 'add_work_package_comments', 'edit_own_work_package_comments')
    const keeper = await it.person(view, 'edit_work_package_comments')
    const own = await comments(writer)
    for (const { client } of [writer, keeper]) {
      const { status, body } = await attach(own, client)
      assert.equal(status, 201)
      assert.equal((await client.delete(`/attachments/${body.id}`)).status, 204)
    }
  })

  test('is 403 without it, without links to do so, and 404 for a hidden comment', async () => {
    const comment = await said()
    const { id } = (await attach(comment)).body
    const onlooker = await it.person(view, 'add_work_package_comments', 'edit_own_work_package_comments')
    assert.ok(!('addAttachment' in (await onlooker.client.get(`/activities/${comment}`)).body._links))
    assert.ok(!('delete' in (await onlooker.client.get(`/attachments/${id}`)).body._links))
    for (const [by, status] of [
      [onlooker, 403],
      [it.stranger, 404],
    ] as const) {
      assert.equal((await attach(comment, by.client)).status, status)
      assert.equal((await by.client.delete(`/attachments/${id}`)).status, status)
    }
  })

  test('needs no text: any activity can have attachments', async () => {
    const [first] = (await it.admin.get(activities)).body._embedded.elements
    assert.ok('addAttachment' in first._links)
    assert.equal((await attach(first.id, it.admin)).status, 201)
    assert.equal((await it.admin.get(`/activities/${first.id}`)).body._type, 'Activity')
  })

  test('before the comment requires the permission to comment', async () => {
    const writer = await it.person(view, 'add_work_package_comments')
    const file = await loose(writer.client)
    assert.deepEqual(await of(await said(named(file), writer.client)), [file])
    assert.equal((await upload((await it.person(view)).client, '/attachments')).status, 403)
  })
})

test('attachments of an internal comment are visible only to users who may read internal comments', async () => {
  const insider = await it.person(
    ...['view_work_packages', 'add_work_package_comments'],
    ...['view_internal_comments', 'add_internal_comments', 'edit_own_internal_comments'],
  )
  const comment = await said({ internal: true }, insider.client)
  const { id } = (await attach(comment, insider.client)).body
  const paths = [`/activities/${comment}/attachments`, `/attachments/${id}`, `/attachments/${id}/content`]
  for (const path of paths) {
    assert.equal((await insider.client.get(path)).status, 200)
    assert.equal((await it.reader.client.get(path)).status, 404)
  }
  assert.equal((await attach(comment, it.reader.client)).status, 404)
})
