/** Notification settings: global ones and those of projects, in one list that is written as a whole. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'

let server: Instance
let project: number
let hidden: number
let id: number
let me: Client
before(async () => {
  server = await instance()
  project = await server.make.project({ name: 'Harbour' })
  hidden = await server.make.project({ name: 'Hidden' })
  id = await server.make.user()
  await server.make.member(id, project, ['view_work_packages'])
  me = await server.as(id)
})
after(() => server.close())
beforeEach(() => server.db.transaction((tx) => tx.run(sql`delete from notification_settings`)))

const read = async (by = me, of: number | string = 'me') => (await by.get(`/users/${of}/preferences`)).body.notifications
const write = (notifications: unknown, by = me, of: number | string = 'me') =>
  by.patch(`/users/${of}/preferences`, { notifications })
const everywhere = { project: { href: null } }
const inProject = (of: number) => ({ project: { href: `/api/v3/projects/${of}` } })
const isFault = (reply: Reply, message: RegExp) => {
  assert.equal(reply.status, 422, reply.text)
  assert.match(reply.body.message, message)
  assert.equal(reply.body._embedded.details.attribute, 'notificationSettings')
}

const off = {
  watched: false,
  assignee: false,
  responsible: false,
  mentioned: false,
  shared: false,
  workPackageCreated: false,
  workPackageCommented: false,
  workPackageProcessed: false,
  workPackagePrioritized: false,
  workPackageScheduled: false,
  newsAdded: false,
  newsCommented: false,
  documentAdded: false,
  forumMessages: false,
  wikiPageAdded: false,
  wikiPageUpdated: false,
  membershipAdded: false,
  membershipUpdated: false,
  startDate: null,
  dueDate: null,
  overdue: null,
}

test('default settings notify users of work packages that concern them', async () => {
  const on = { watched: true, assignee: true, responsible: true, mentioned: true, shared: true, startDate: 'P1D', dueDate: 'P1D' }
  assert.deepEqual(await read(), [{ ...off, ...on, _links: everywhere }])
})

describe('the notification settings', () => {
  test('are written as a whole, and equal in the response', async () => {
    const first = [
      { mentioned: true, newsAdded: true, startDate: 'P3D', overdue: 'P7D', _links: everywhere },
      { watched: true, dueDate: 'PT0S', _links: inProject(project) },
    ]
    const written = await write(first)
    assert.equal(written.status, 200, written.text)
    const all = [
      { ...off, ...first[0] },
      { ...off, ...first[1], _links: { project: { href: `/api/v3/projects/${project}`, title: 'Harbour' } } },
    ]
    assert.deepEqual(written.body.notifications, all)
    assert.deepEqual((await write(all)).body.notifications, all)
    assert.deepEqual((await write([{ _links: everywhere }])).body.notifications, [{ ...off, _links: everywhere }])
  })

  test('stay the same when other preferences change', async () => {
    await write([{ shared: true, _links: everywhere }])
    const { status, body } = await me.patch('/users/me/preferences', { autoHidePopups: false })
    assert.deepEqual([status, body.notifications], [200, [{ ...off, shared: true, _links: everywhere }]])
  })

  for (const [name, given, message] of [
    ['without a general setting', () => [{ _links: inProject(project) }], /exactly one/],
    ['with two of them', () => [{ _links: everywhere }, { _links: everywhere }], /exactly one/],
    [
      'with a project twice',
      () => [everywhere, inProject(project), inProject(project)].map((_links) => ({ _links })),
      /one setting/,
    ],
    ['with an unknown project', () => [everywhere, inProject(999_999)].map((_links) => ({ _links })), /not exist/],
    ['with a hidden project', () => [everywhere, inProject(hidden)].map((_links) => ({ _links })), /not exist/],
    [
      'with news for a project',
      () => [{ _links: everywhere }, { newsAdded: true, _links: inProject(project) }],
      /only for all projects/,
    ],
    ['with another number of days', () => [{ startDate: 'P2D', _links: everywhere }], /days/],
    ['with alerts several times a day', () => [{ overdue: 'PT0S', _links: everywhere }], /days/],
    ['with half a day', () => [{ dueDate: 'PT12H', _links: everywhere }], /days/],
    ['with an invalid duration', () => [{ dueDate: 'soon', _links: everywhere }], /format/],
    ['with an invalid flag', () => [{ watched: 'perhaps', _links: everywhere }], /format/],
    ['without a project link', () => [{ watched: true }], /format/],
    ['in an object', () => ({ watched: true }), /format/],
    ['with null', () => null, /format/],
    ['with texts', () => ['watched'], /format/],
  ] as [string, () => unknown, RegExp][]) {
    test(`a list ${name} is rejected`, async () => {
      isFault(await write(given()), message)
      assert.deepEqual(await server.db.all(sql`select id from notification_settings`), [])
    })
  }
})

test('a hidden project is not disclosed, and its setting kept', async () => {
  const secret = await server.make.project({ name: 'Secret' })
  const membership = await server.make.member(id, secret, ['view_work_packages'])
  await write([{ _links: everywhere }, { watched: true, _links: inProject(secret) }])
  assert.equal((await server.admin.delete(`/memberships/${membership}`)).status, 204)
  assert.deepEqual(await read(), [{ ...off, _links: everywhere }])
  await write([{ shared: true, _links: everywhere }])
  await server.make.member(id, secret, ['view_work_packages'])
  assert.deepEqual(
    (await read()).map((one: any) => [one.shared, one.watched]),
    [
      [true, false],
      [false, true],
    ],
  )
})

test('the settings of others are writable only for users who manage users', async () => {
  const other = await server.make.user()
  assert.equal((await write([{ shared: true, _links: everywhere }], server.admin, other)).status, 200)
  assert.deepEqual(await read(server.admin, other), [{ ...off, shared: true, _links: everywhere }])
  assert.equal((await write([{ _links: everywhere }], me, other)).status, 403)
  assert.deepEqual(await read(server.admin, other), [{ ...off, shared: true, _links: everywhere }])
})
