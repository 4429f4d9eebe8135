/** Notifications: representation, list, filters, orders and groups; marking as read and unread. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { filters, ids } from '#test/instance.ts'
import { type Person, patch, type Scene, scene, user } from './scene.ts'

let on: Scene
let writer: Person
let me: Person
let other: Person
let work: number
let elsewhere: number
let assigned: number
let mentioned: number
let watched: number
let turn = 0
before(async () => {
  on = await scene()
  writer = await on.person(['edit_work_packages', 'add_work_package_comments'], { name: 'Wim Writer' })
  me = await on.person()
  other = await on.person()
  await on.server.setting('login_required', false)
  const annex = await on.server.make.project({ name: 'Annex' })
  await on.server.make.member(writer.id, annex, ['view_work_packages', 'edit_work_packages', 'work_package_assigned'])
  await on.server.make.member(me.id, annex, ['view_work_packages'])
  work = await on.server.make.workPackage({ project_id: on.project, subject: 'Work' })
  elsewhere = await on.server.make.workPackage({ project_id: annex, subject: 'Elsewhere' })
  await on.server.db.transaction((tx) =>
    tx.run(sql`insert into watchers (work_package_id, user_id) values (${elsewhere}, ${me.id})`),
  )
})
after(() => on.close())
beforeEach(async () => {
  await on.server.db.transaction(async (tx) => {
    await tx.run(sql`delete from notifications`)
    await tx.run(sql`update journals set unannounced = false`)
    await tx.run(sql`update work_packages set assigned_to_id = null`)
  })
  await patch(writer.client, work, { _links: { assignee: user(me.id) } })
  await writer.client.post(`/work_packages/${work}/activities`, { comment: { raw: `user#${me.id}, user#${other.id}` } })
  await patch(writer.client, elsewhere, { subject: `Elsewhere ${++turn}` })
  await on.pass()
  ;[assigned, mentioned, watched] = ids(await me.client.get('/notifications')).toReversed() as [number, number, number]
})

const isRead = async () =>
  Object.fromEntries(
    (await me.client.get('/notifications')).body._embedded.elements.map((one: any) => [one.id, one.readIAN]),
  ) as Record<string, boolean>

describe('a notification', () => {
  test('has the actor, the activity and the work package', async () => {
    const { status, body } = await me.client.get(`/notifications/${mentioned}`)
    const { activity, resource, project, actor, details, ...rest } = body._embedded
    assert.equal(status, 200)
    assert.deepEqual(rest, {})
    assert.deepEqual(
      [activity._type, resource._type, resource.id, project._type, actor._type, details],
      ['Activity::Comment', 'WorkPackage', work, 'Project', 'User', []],
    )
    const { _embedded, ...own } = body
    assert.deepEqual(own, {
      _type: 'Notification',
      id: mentioned,
      reason: 'mentioned',
      readIAN: false,
      createdAt: body.createdAt,
      updatedAt: body.updatedAt,
      _links: {
        self: { href: `/api/v3/notifications/${mentioned}` },
        actor: { href: `/api/v3/users/${writer.id}`, title: 'Wim Writer' },
        project: { href: `/api/v3/projects/${on.project}`, title: 'Harbour' },
        activity: { href: `/api/v3/activities/${activity.id}` },
        resource: { href: `/api/v3/work_packages/${work}`, title: 'Work' },
        readIAN: { href: `/api/v3/notifications/${mentioned}/read_ian`, method: 'post' },
      },
    })
    assert.equal((await me.client.get(body._links.activity.href.slice('/api/v3'.length))).body._embedded.workPackage.id, work)
  })

  test('has details only for a date or a reminder', async () => {
    assert.equal((await me.client.get(`/notifications/${mentioned}/details/0`)).status, 404)
  })

  test('is visible only to its recipient, not even to administrators', async () => {
    for (const client of [other.client, on.server.admin]) {
      assert.equal((await client.get(`/notifications/${mentioned}`)).status, 404)
      assert.equal((await client.post(`/notifications/${mentioned}/read_ian`)).status, 404)
      assert.equal((await client.post(`/notifications/${mentioned}/unread_ian`)).status, 404)
      assert.equal((await client.get(`/notifications/${mentioned}/details/0`)).status, 404)
    }
    assert.equal((await me.client.get(`/notifications/${mentioned}`)).body.readIAN, false)
  })

  test('requires a session or a token', async () => {
    for (const path of ['/notifications', `/notifications/${mentioned}`, `/notifications/${mentioned}/details/0`])
      assert.equal((await on.server.anonymous.get(path)).status, 403)
    for (const path of ['/notifications/read_ian', `/notifications/${mentioned}/read_ian`])
      assert.equal((await on.server.anonymous.post(path)).status, 403)
  })

  test('that is disabled in the application is not found', async () => {
    await on.server.db.transaction((tx) => tx.run(sql`update notifications set read_ian = null where id = ${assigned}`))
    assert.deepEqual(ids(await me.client.get('/notifications')), [watched, mentioned])
    assert.equal((await me.client.get(`/notifications/${assigned}`)).status, 404)
  })
})

describe('the list', () => {
  test('has the viewer’s own, the newest first, in pages, with their resources', async () => {
    const { body } = await me.client.get('/notifications?pageSize=2')
    assert.deepEqual([body.total, body.count, body.pageSize, body.offset], [3, 2, 2, 1])
    assert.deepEqual(
      body._embedded.elements.map((one: any) => [one.id, one._embedded.resource.id, one._embedded.details]),
      [
        [watched, elsewhere, []],
        [mentioned, work, []],
      ],
    )
    assert.equal('detailsSchemas' in body._embedded, false)
    assert.match(body._links.nextByOffset.href, /offset=2/)
    assert.deepEqual(ids(await other.client.get('/notifications')).length, 1)
  })

  for (const [name, list, expected] of [
    ['id', () => [['id', '=', [assigned]]], () => [assigned]],
    ['project', () => [['project', '=', [on.project]]], () => [mentioned, assigned]],
    ['no project', () => [['project', '!', [on.project]]], () => [watched]],
    ['reason', () => [['reason', '=', ['watched', 'assigned']]], () => [watched, assigned]],
    ['no reason', () => [['reason', '!', ['watched']]], () => [mentioned, assigned]],
    ['no such reason', () => [['reason', '=', ['dateAlert']]], () => []],
    [
      'resource',
      () => [
        ['resourceId', '=', [work]],
        ['resourceType', '=', ['WorkPackage']],
      ],
      () => [mentioned, assigned],
    ],
    ['no resource', () => [['resource_id', '!', [work]]], () => [watched]],
    ['type of resource', () => [['resourceType', '=', ['News']]], () => []],
    ['read ones', () => [['readIAN', '=', ['t']]], () => []],
    ['unread ones', () => [['readIAN', '=', ['f']]], () => [watched, mentioned, assigned]],
  ] as [string, () => Parameters<typeof filters>, () => number[]][]) {
    test(`is filtered by ${name}`, async () => {
      assert.deepEqual(ids(await me.client.get(`/notifications?${filters(...list())}`)), expected())
    })
  }

  for (const [name, list] of [
    ['an unknown reason', [['reason', '=', ['boredom']]]],
    ['an unknown project', [['project', '=', [999_999]]]],
    ['an unknown filter', [['actor', '=', [1]]]],
  ] as [string, Parameters<typeof filters>][]) {
    test(`is 400 when filtered by ${name}`, async () => {
      for (const reply of [
        await me.client.get(`/notifications?${filters(...list)}`),
        await me.client.post(`/notifications/read_ian?${filters(...list)}`),
      ]) {
        assert.deepEqual([reply.status, reply.body.errorIdentifier], [400, 'urn:openproject-org:api:v3:errors:InvalidQuery'])
      }
    })
  }

  for (const [sort, expected] of [
    [[['id', 'asc']], () => [assigned, mentioned, watched]],
    [[['reason', 'asc']], () => [mentioned, assigned, watched]],
    [[['reason', 'desc']], () => [watched, assigned, mentioned]],
    [
      [
        ['project', 'asc'],
        ['id', 'asc'],
      ],
      () => [watched, assigned, mentioned],
    ],
  ] as const) {
    test(`is sorted by ${sort.flat().join(' ')}`, async () => {
      const sorted = await me.client.get(`/notifications?sortBy=${encodeURIComponent(JSON.stringify(sort))}`)
      assert.deepEqual(ids(sorted), expected())
    })
  }

  test('is sorted by read and unread', async () => {
    await me.client.post(`/notifications/${mentioned}/read_ian`)
    const sorted = await me.client.get(`/notifications?sortBy=${encodeURIComponent('[["readIAN","desc"],["id","asc"]]')}`)
    assert.deepEqual(ids(sorted), [mentioned, assigned, watched])
  })

  test('is grouped by reason', async () => {
    const { body } = await me.client.get('/notifications?groupBy=reason')
    assert.deepEqual(
      body.groups,
      ['mentioned', 'assigned', 'watched'].map((value) => ({ value, count: 1, _links: { valueLink: [] } })),
    )
  })

  test('is grouped by project, independent of the page', async () => {
    const { body } = await me.client.get('/notifications?groupBy=project&pageSize=1')
    assert.deepEqual(
      body.groups.map(({ value, count, _links }: any) => [value, count, _links.valueLink.length]),
      [
        ['Annex', 1, 1],
        ['Harbour', 2, 1],
      ],
    )
    assert.deepEqual(body.groups[1]._links, { valueLink: [{ href: `/api/v3/projects/${on.project}` }] })
    assert.deepEqual(ids(body && (await me.client.get('/notifications?groupBy=project'))), [watched, mentioned, assigned])
  })

  test('is not grouped by other properties', async () => {
    assert.equal((await me.client.get('/notifications?groupBy=actor')).status, 400)
  })
})

describe('marking as read and unread', () => {
  test('applies to one', async () => {
    const reply = await me.client.send('POST', `/api/v3/notifications/${mentioned}/read_ian`, {
      headers: { 'content-type': 'application/json' },
    })
    assert.deepEqual([reply.status, reply.text], [204, ''])
    assert.deepEqual(await isRead(), { [assigned]: false, [mentioned]: true, [watched]: false })
    const { _links } = (await me.client.get(`/notifications/${mentioned}`)).body
    assert.deepEqual(_links.unreadIAN, { href: `/api/v3/notifications/${mentioned}/unread_ian`, method: 'post' })
    assert.equal('readIAN' in _links, false)
    assert.equal((await me.client.post(`/notifications/${mentioned}/unread_ian`)).status, 204)
    assert.deepEqual(await isRead(), { [assigned]: false, [mentioned]: false, [watched]: false })
  })

  test('applies to all of the user’s own', async () => {
    assert.equal((await me.client.post('/notifications/read_ian?pageSize=1')).status, 204)
    assert.deepEqual(await isRead(), { [assigned]: true, [mentioned]: true, [watched]: true })
    assert.deepEqual(ids(await other.client.get(`/notifications?${filters(['readIAN', '=', ['f']])}`)).length, 1)
    assert.equal((await me.client.post('/notifications/unread_ian')).status, 204)
    assert.deepEqual(await isRead(), { [assigned]: false, [mentioned]: false, [watched]: false })
  })

  test('applies to those that satisfy filters', async () => {
    await me.client.post(`/notifications/read_ian?${filters(['project', '=', [on.project]])}`)
    assert.deepEqual(await isRead(), { [assigned]: true, [mentioned]: true, [watched]: false })
    await me.client.post(`/notifications/unread_ian?${filters(['reason', '=', ['mentioned']])}`)
    assert.deepEqual(await isRead(), { [assigned]: true, [mentioned]: false, [watched]: false })
  })

  test('updates updatedAt', async () => {
    const before = (await me.client.get(`/notifications/${mentioned}`)).body.updatedAt
    await on.server.db.transaction((tx) =>
      tx.run(sql`update notifications set updated_at = '2026-01-01T00:00:00.000Z' where id = ${mentioned}`),
    )
    await me.client.post(`/notifications/${mentioned}/read_ian`)
    assert.ok((await me.client.get(`/notifications/${mentioned}`)).body.updatedAt >= before)
  })
})

describe('notifications of deleted and hidden work packages', () => {
  test('are deleted with the work package', async () => {
    const gone = await on.server.make.workPackage({ project_id: on.project })
    await patch(writer.client, gone, { _links: { assignee: user(me.id) } })
    await on.pass()
    const path = `/notifications?${filters(['resourceId', '=', [gone]])}`
    assert.equal((await me.client.get(path)).body.total, 1)
    assert.equal((await on.server.admin.delete(`/work_packages/${gone}`)).status, 204)
    assert.equal((await me.client.get(path)).body.total, 0)
    assert.equal((await me.client.get('/notifications')).body.total, 3)
  })

  test('are excluded from lists, filters, counts and marking', async () => {
    const annex = (await me.client.get(`/work_packages/${elsewhere}`)).body._links.project.href.split('/').at(-1)
    const close = (active: boolean) => on.server.admin.patch(`/projects/${annex}`, { active })
    assert.equal((await close(false)).status, 200)
    const { body } = await me.client.get('/notifications?groupBy=project')
    assert.deepEqual([body.total, body.groups.map((group: any) => [group.value, group.count])], [2, [['Harbour', 2]]])
    assert.equal((await me.client.get(`/notifications/${watched}`)).status, 404)
    await me.client.post('/notifications/read_ian')
    assert.equal((await close(true)).status, 200)
    assert.deepEqual(await isRead(), { [assigned]: true, [mentioned]: true, [watched]: false })
  })

  test('are deleted at the end of the membership', async () => {
    const project = await on.server.make.project()
    const membership = await on.server.make.member(me.id, project, ['view_work_packages', 'work_package_assigned'])
    const there = await on.server.make.workPackage({ project_id: project })
    await patch(on.server.admin, there, { _links: { assignee: user(me.id) } })
    await on.pass()
    const count = async () => (await on.server.db.all(sql`select id from notifications where work_package_id = ${there}`)).length
    assert.equal(await count(), 1)
    assert.equal((await on.server.admin.delete(`/memberships/${membership}`)).status, 204)
    assert.equal(await count(), 0)
    assert.equal((await me.client.get('/notifications')).body.total, 3)
  })

  test('do not name a deleted actor', async () => {
    await on.server.setting('users_deletable_by_admins', true)
    const leaver = await on.person(['edit_work_packages'])
    await patch(leaver.client, work, { description: { raw: 'Last words' } })
    await on.pass()
    const [last] = ids(await me.client.get('/notifications'))
    assert.equal((await on.server.admin.delete(`/users/${leaver.id}`)).status, 202)
    const { actor } = (await me.client.get(`/notifications/${last}`)).body._links
    assert.notEqual(actor.href, `/api/v3/users/${leaver.id}`)
  })

  test('of internal comments are hidden from users without the permission', async () => {
    const project = await on.server.make.project()
    const rights = ['view_work_packages', 'view_internal_comments']
    const role = await on.server.make.role(rights)
    await on.server.make.member(me.id, project, { role })
    const there = await on.server.make.workPackage({ project_id: project })
    const raw = `user#${me.id}`
    const said = await on.server.admin.post(`/work_packages/${there}/activities`, { comment: { raw }, internal: true })
    assert.equal(said.status, 201)
    await on.pass()
    const path = `/notifications?${filters(['resourceId', '=', [there]])}`
    assert.equal((await me.client.get(path)).body.total, 1)
    await on.server.db.transaction(async (tx) => {
      await tx.run(sql`delete from role_permissions where role_id = ${role} and permission = 'view_internal_comments'`)
      await invalidate(tx, 'roles')
    })
    assert.equal((await me.client.get(path)).body.total, 0)
  })
})

test('old notifications are deleted', async () => {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
  await on.pass(inDays(29))
  assert.equal((await me.client.get(`/notifications?${filters(['id', '=', [mentioned]])}`)).body.total, 1)
  await on.pass(inDays(31))
  assert.equal((await me.client.get('/notifications')).body.total, 0)
})
