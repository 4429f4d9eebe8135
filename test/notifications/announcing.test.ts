/** Recipients of notifications about work packages, and the reasons. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { upload } from '../files/upload.ts'
import { type Person, patch, type Scene, scene, user } from './scene.ts'

let on: Scene
let writer: Person
let worker: Person
let other: Person
let work: number
before(async () => {
  on = await scene()
  writer = await on.person(['add_work_packages', 'edit_work_packages', 'add_work_package_comments', 'manage_subtasks'])
  worker = await on.person(['edit_work_packages'])
  other = await on.person()
})
after(() => on.close())
beforeEach(async () => {
  work = await on.server.make.workPackage({ project_id: on.project, author_id: writer.id })
  await on.server.db.transaction((tx) => tx.run(sql`delete from notification_settings`))
  for (const person of [writer, worker, other]) await person.told()
})

const comment = (raw: string, more: object = {}, query = '') =>
  writer.client.post(`/work_packages/${work}/activities${query}`, { comment: { raw }, ...more })
const assign = (id: number, as = 'assignee', query = '') =>
  patch(writer.client, work, { _links: { [as]: user(id) } }, query).then(({ status, text }) => assert.equal(status, 200, text))
const watch = (id: number) =>
  on.server.db.transaction((tx) => tx.run(sql`insert into watchers (work_package_id, user_id) values (${work}, ${id})`))
const choose = async (person: Person, flags: object, project: number | null = null) => {
  const everywhere = { ...(project === null && flags), _links: { project: { href: null } } }
  const here = { ...flags, _links: { project: { href: `/api/v3/projects/${project}` } } }
  const reply = await person.client.patch('/users/me/preferences', {
    notifications: project === null ? [everywhere] : [everywhere, here],
  })
  assert.equal(reply.status, 200, reply.text)
}

describe('a user is notified', () => {
  test('of new assignments, and of all changes to assigned work packages', async () => {
    await assign(worker.id)
    assert.deepEqual(await worker.told(), [['assigned', work]])
    await patch(writer.client, work, { subject: 'Other words' })
    assert.deepEqual(await worker.told(), [['assigned', work]])
    assert.deepEqual(await other.told(), [])
  })

  test('of work packages that they are accountable for, and of watched ones', async () => {
    await watch(other.id)
    await assign(worker.id, 'responsible')
    assert.deepEqual(await worker.told(), [['responsible', work]])
    assert.deepEqual(await other.told(), [['watched', work]])
  })

  test('of a file that a user attached, unless disabled by the request', async () => {
    await watch(other.id)
    const path = `/work_packages/${work}/attachments`
    assert.equal((await upload(writer.client, path)).status, 201)
    assert.deepEqual(await other.told(), [['watched', work]])
    assert.equal((await upload(writer.client, `${path}?notify=false`)).status, 201)
    assert.deepEqual(await other.told(), [])
  })

  test('as a member of an assigned group', async () => {
    const group = await on.server.make.group()
    await on.server.make.member(group, on.project, ['view_work_packages', 'work_package_assigned'])
    await on.server.db.transaction((tx) =>
      tx.run(sql`insert into group_users (group_id, user_id) values (${group}, ${worker.id})`),
    )
    const reply = await patch(writer.client, work, { _links: { assignee: { href: `/api/v3/groups/${group}` } } })
    assert.equal(reply.status, 200)
    assert.deepEqual(await worker.told(), [['assigned', work]])
    await comment(`<mention class="mention" data-type="group" data-id="${group}">@all</mention>, look.`)
    assert.deepEqual(await worker.told(), [['mentioned', work]])
    assert.deepEqual(await other.told(), [])
  })

  for (const [way, text] of [
    ['by a mention', (id: number) => `Ask <mention class="mention" data-type="user" data-id="${id}">@her</mention>!`],
    ['by a number', (id: number) => `Ask user#${id}!`],
  ] as const) {
    test(`when they are mentioned ${way}`, async () => {
      await comment(text(worker.id))
      assert.deepEqual(await worker.told(), [['mentioned', work]])
      assert.deepEqual(await other.told(), [])
    })
  }

  test('when they are mentioned by login, however that is spelled', async () => {
    const wanda = await on.person([], { login: 'Wanda' })
    await comment('Ask @wanda, but not `@wanda`.')
    assert.deepEqual(await wanda.told(), [['mentioned', work]])
  })

  test('when a new version of a description mentions them, but not on later changes', async () => {
    const description = { raw: `For user#${worker.id}.` }
    await patch(writer.client, work, { description })
    assert.deepEqual(await worker.told(), [['mentioned', work]])
    await patch(writer.client, work, { description: { raw: `${description.raw} More.` } })
    assert.deepEqual(await worker.told(), [])
  })

  test('once, with the reason of highest rank', async () => {
    await assign(worker.id)
    await watch(worker.id)
    await worker.told()
    await comment(`user#${worker.id}`)
    assert.deepEqual(await worker.told(), [['mentioned', work]])
    await comment('Nothing for anybody.')
    assert.deepEqual(await worker.told(), [['assigned', work]])
  })

  test('of work packages that are shared with them', async () => {
    const sharee = await on.server.make.user()
    const share = await on.server.make.row(
      'memberships',
      {
        principal_id: sharee,
        project_id: on.project,
        entity_type: 'WorkPackage',
        entity_id: work,
        created_at: new Date().toISOString(),
        updated_at: new Date().toISOString(),
      },
      'memberships',
    )
    const role = await on.server.make.role(['view_work_packages'], 'work_package')
    await on.server.make.row('membership_roles', { membership_id: share, role_id: role }, 'memberships')
    await patch(writer.client, work, { subject: 'Shared' })
    await on.pass()
    const { body } = await (await on.server.as(sharee)).get('/notifications')
    assert.deepEqual(
      body._embedded.elements.map((one: any) => one.reason),
      ['shared'],
    )
  })
})

describe('nobody is notified', () => {
  test('of their own changes', async () => {
    await assign(writer.id)
    await watch(writer.id)
    await comment(`As user#${writer.id} said.`)
    assert.deepEqual(await writer.told(), [])
  })

  test('if the request disables notifications', async () => {
    await assign(worker.id, 'assignee', '?notify=false')
    await comment(`user#${worker.id}`, {}, '?notify=false')
    assert.deepEqual(await worker.told(), [])
    await comment(`user#${worker.id}`, {}, '?notify=no')
    assert.deepEqual(await worker.told(), [['mentioned', work]])
  })

  test('of work packages that they do not see', async () => {
    const stranger = await on.server.make.user()
    await comment(`user#${stranger}`)
    await on.pass()
    assert.deepEqual(await on.server.db.all(sql`select id from notifications where recipient_id = ${stranger}`), [])
  })

  test('of internal comments without the permission to read them', async () => {
    const inside = await on.person(['view_internal_comments', 'add_internal_comments'])
    const insider = await on.person(['view_internal_comments', 'add_internal_comments', 'add_work_package_comments'])
    const raw = `user#${worker.id} user#${inside.id}`
    const reply = await insider.client.post(`/work_packages/${work}/activities`, { comment: { raw }, internal: true })
    assert.equal(reply.status, 201, reply.text)
    assert.deepEqual(await worker.told(), [])
    assert.deepEqual(await inside.told(), [['mentioned', work]])
  })

  test('while they are locked', async () => {
    const locked = await on.person()
    await on.server.db.transaction((tx) => tx.run(sql`update principals set status = 3 where id = ${locked.id}`))
    await comment(`user#${locked.id}`)
    await on.pass()
    assert.deepEqual(await on.server.db.all(sql`select id from notifications where recipient_id = ${locked.id}`), [])
  })

  test('of parents whose dates and totals are derived', async () => {
    const child = await on.server.make.workPackage({ project_id: on.project, author_id: writer.id })
    await assign(worker.id)
    await patch(writer.client, child, { _links: { parent: { href: `/api/v3/work_packages/${work}` } } })
    await worker.told()
    const dates = { startDate: '2031-03-03', dueDate: '2031-03-05', estimatedTime: 'PT8H' }
    assert.equal((await patch(writer.client, child, dates)).status, 200)
    assert.equal((await writer.client.get(`/work_packages/${work}`)).body.startDate, '2031-03-03')
    assert.deepEqual(await worker.told(), [])
  })
})

describe('a notification setting', () => {
  test('disables reasons', async () => {
    await choose(worker, { mentioned: false, watched: true })
    await assign(worker.id)
    await comment(`user#${worker.id}`)
    assert.deepEqual(await worker.told(), [])
    await watch(worker.id)
    await comment('Something.')
    assert.deepEqual(await worker.told(), [['watched', work]])
  })

  for (const [flag, reason, act] of [
    ['workPackageCommented', 'commented', () => comment('Something.')],
    ['workPackagePrioritized', 'prioritized', async () => patch(writer.client, work, { _links: { priority: await priority() } })],
    ['workPackageScheduled', 'scheduled', () => patch(writer.client, work, { startDate: '2031-03-03' })],
  ] as const) {
    test(`adds ${reason} work packages, independent of the assignee`, async () => {
      await choose(other, { [flag]: true })
      await patch(writer.client, work, { subject: 'No such thing' })
      assert.deepEqual(await other.told(), [])
      await act()
      assert.deepEqual(await other.told(), [[reason, work]])
    })
  }
  const priority = async () => ({ href: `/api/v3/priorities/${await on.server.id('priorities', 'High')}` })

  test('adds new work packages', async () => {
    await choose(other, { workPackageCreated: true })
    const { body } = await writer.client.post(`/projects/${on.project}/work_packages`, { subject: 'New' })
    assert.deepEqual(await other.told(), [['created', body.id]])
    await patch(writer.client, body.id, { subject: 'Not so new' })
    assert.deepEqual(await other.told(), [])
  })

  test('adds changes of the status', async () => {
    await choose(other, { workPackageProcessed: true })
    const status = await on.server.id('statuses', 'In progress')
    await on.server.db.transaction(async (tx) => {
      await tx.run(sql`
        insert into workflows (type_id, role_id, old_status_id, new_status_id)
        select w.type_id, r.role_id, w.status_id, ${status} from work_packages w, membership_roles r
        join memberships m on m.id = r.membership_id where w.id = ${work} and m.principal_id = ${writer.id}`)
      await invalidate(tx, 'workflows')
    })
    const reply = await patch(writer.client, work, { _links: { status: { href: `/api/v3/statuses/${status}` } } })
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(await other.told(), [['processed', work]])
  })

  test('of a project replaces the general one', async () => {
    await watch(other.id)
    await choose(other, { watched: true })
    await comment('One.')
    assert.deepEqual(await other.told(), [['watched', work]])
    await choose(other, { workPackageCommented: true }, on.project)
    await comment('Two.')
    assert.deepEqual(await other.told(), [['commented', work]])
    await patch(writer.client, work, { subject: 'Three' })
    assert.deepEqual(await other.told(), [])
  })
})

describe('aggregation of changes in one entry', () => {
  before(() => on.server.setting('journal_aggregation_time_minutes', 5))
  after(() => on.server.setting('journal_aggregation_time_minutes', 0))
  const stored = async () => {
    const rows = await on.server.db.all(sql`
      select id, recipient_id, reason, read_ian from notifications where work_package_id = ${work} order by id`)
    return rows.map((row) => ({ ...row }) as Record<string, any>)
  }

  test('keeps the notification, which is unread again', async () => {
    await assign(worker.id)
    await on.pass()
    const [first] = await stored()
    assert.deepEqual([first!.recipient_id, first!.reason], [worker.id, 'assigned'])
    await worker.client.post(`/notifications/${first!.id}/read_ian`)
    await comment(`user#${worker.id}`)
    await on.pass()
    assert.deepEqual(await stored(), [{ ...first, reason: 'mentioned', read_ian: false }])
  })

  test('removes the notifications of former recipients', async () => {
    await assign(worker.id)
    await on.pass()
    await assign(other.id)
    await on.pass()
    assert.deepEqual(
      (await stored()).map((one) => one.recipient_id),
      [other.id],
    )
  })

  test('a change without notifications leaves the existing ones unchanged', async () => {
    await assign(worker.id)
    await on.pass()
    const [first] = await stored()
    await worker.client.post(`/notifications/${first!.id}/read_ian`)
    await patch(writer.client, work, { subject: 'Quietly' }, '?notify=false')
    await on.pass()
    assert.deepEqual(await stored(), [{ ...first, read_ian: true }])
  })
})

test('each notification is created once, by any number of processes', async () => {
  await assign(worker.id)
  await Promise.all([on.pass(), on.pass(), on.pass()])
  assert.deepEqual(await worker.told(), [['assigned', work]])
})

test('many notifications are created in several steps, until all are', async () => {
  const many: number[] = []
  for (let i = 0; i < 250; i++)
    many.push(await on.server.make.workPackage({ project_id: on.project, author_id: writer.id, assigned_to_id: worker.id }))
  await on.server.db.transaction((tx) =>
    tx.run(sql`
    update journals set unannounced = true where resource_id >= ${many[0]}`),
  )
  const first = await worker.told()
  assert.ok(first.length > 0 && first.length < many.length, `${first.length}`)
  const rest = await worker.told()
  assert.deepEqual(
    [...first, ...rest].map(([, id]) => id),
    many,
  )
})
