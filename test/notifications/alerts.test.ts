/** Notifications by time: date alerts, in the morning of the user's time zone, and reminders. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { ids } from '#test/instance.ts'
import { type Person, type Scene, scene } from './scene.ts'

let on: Scene
let me: Person
let watcher: Person
let milestone: number
let closed: number
before(async () => {
  on = await scene()
  me = await on.person()
  watcher = await on.person([], { time_zone: 'Asia/Tokyo' })
  milestone = await on.server.id('types', 'Milestone')
  closed = await on.server.id('statuses', 'Closed')
})
after(() => on.close())
beforeEach(async () => {
  for (const table of [sql`notifications`, sql`notification_settings`, sql`date_alert_days`])
    await on.server.db.transaction((tx) => tx.run(sql`delete from ${table}`))
})

const [TODAY, TOMORROW, YESTERDAY] = ['2031-03-04', '2031-03-05', '2031-03-03'] as const
/** Early in the morning of a day in UTC; in Tokyo it is noon. */
const morning = (day: string) => new Date(`${day}T03:00:00.000Z`)
let days = 0
/** Each quarter of an hour is processed once, so that every test needs its own. */
const pass = (day: string = TODAY) => on.pass(new Date(morning(day).getTime() + 15 * 60_000 * (days++ % 40)))

const make = (values: object) => on.server.make.workPackage({ project_id: on.project, assigned_to_id: me.id, ...values })
const choose = async (person: Person, setting: object) => {
  const notifications = [{ ...setting, _links: { project: { href: null } } }]
  assert.equal((await person.client.patch('/users/me/preferences', { notifications })).status, 200)
}
/** The alerts of a user: work packages, properties and dates. */
const told = async ({ client }: Person) =>
  (await client.get('/notifications?pageSize=100')).body._embedded.elements
    .flatMap((one: any) => one._embedded.details.map(({ property, value }: any) => [one._embedded.resource.id, property, value]))
    .toSorted((a: [number, string], b: [number, string]) => a[0] - b[0] || a[1].localeCompare(b[1]))

describe('alerts', () => {
  beforeEach(() => on.server.db.transaction((tx) => tx.run(sql`update work_packages set start_date = null, due_date = null`)))

  test('come a day before by default', async () => {
    const starts = await make({ start_date: TOMORROW })
    const ends = await make({ start_date: '2031-01-01', due_date: TOMORROW })
    await make({ start_date: TODAY, due_date: '2031-03-06' })
    await pass()
    assert.deepEqual(await told(me), [
      [starts, 'startDate', TOMORROW],
      [ends, 'dueDate', TOMORROW],
    ])
  })

  test('have the date in their details, and no actor', async () => {
    const id = await make({ due_date: TOMORROW })
    await pass()
    const { body } = await me.client.get('/notifications')
    const [one] = body._embedded.elements
    const detail = {
      _type: 'Values::Property',
      property: 'dueDate',
      value: TOMORROW,
      _links: {
        self: { href: `/api/v3/notifications/${one.id}/details/0` },
        schema: { href: '/api/v3/values/schema/dueDate' },
      },
    }
    assert.deepEqual([one.reason, one._embedded.resource.id, one._embedded.details], ['dateAlert', id, [detail]])
    assert.deepEqual(Object.keys(one._links).toSorted(), ['project', 'readIAN', 'resource', 'self'])
    const schema = await me.client.get('/values/schema/dueDate')
    assert.deepEqual(schema.body, {
      _type: 'Schema',
      property: { name: 'Property', type: 'String' },
      value: { name: 'Finish date', type: 'Date' },
      _links: { self: { href: '/api/v3/values/schema/dueDate' } },
    })
    assert.deepEqual(body._embedded.detailsSchemas, [schema.body])
    assert.deepEqual((await me.client.get(`/notifications/${one.id}/details/0`)).body, detail)
    for (const at of ['1', '-1', 'x']) assert.equal((await me.client.get(`/notifications/${one.id}/details/${at}`)).status, 404)
    const { groups } = (await me.client.get('/notifications?groupBy=reason')).body
    assert.deepEqual(groups, [{ value: 'dateAlert', count: 1, _links: { valueLink: [] } }])
  })

  test('of a milestone have a single date', async () => {
    const id = await make({ type_id: milestone, start_date: TOMORROW, due_date: TOMORROW })
    await pass()
    assert.deepEqual(await told(me), [[id, 'date', TOMORROW]])
  })

  test('come at the configured time, or not at all', async () => {
    await choose(me, { startDate: 'PT0S', dueDate: 'P7D' })
    const id = await make({ start_date: TODAY, due_date: '2031-03-11' })
    await make({ start_date: TOMORROW, due_date: TOMORROW })
    await pass()
    assert.deepEqual(await told(me), [
      [id, 'dueDate', '2031-03-11'],
      [id, 'startDate', TODAY],
    ])
    await choose(me, {})
    await pass(TOMORROW)
    assert.equal((await told(me)).length, 2)
  })

  test('continue after the date, the first on the next day', async () => {
    await choose(me, { overdue: 'P3D' })
    const late = await make({ due_date: YESTERDAY })
    const later = await make({ due_date: '2031-02-28' })
    await make({ due_date: '2031-03-02' })
    await make({ due_date: TODAY })
    await pass()
    assert.deepEqual(await told(me), [
      [late, 'dueDate', YESTERDAY],
      [later, 'dueDate', '2031-02-28'],
    ])
  })

  test('go to assignees, accountable users and watchers who see the work package, while it is open', async () => {
    const watched = await make({ assigned_to_id: null, due_date: TOMORROW })
    await on.server.db.transaction((tx) =>
      tx.run(sql`insert into watchers (work_package_id, user_id) values (${watched}, ${watcher.id})`),
    )
    const answered = await make({ assigned_to_id: null, responsible_id: me.id, due_date: TOMORROW })
    await make({ status_id: closed, due_date: TOMORROW })
    await make({ project_id: await on.server.make.project(), due_date: TOMORROW })
    await pass()
    assert.deepEqual(await told(me), [[answered, 'dueDate', TOMORROW]])
    assert.deepEqual(await told(watcher), [[watched, 'dueDate', TOMORROW]])
  })

  test('come once a day, from any process, in the morning of the user’s time zone', async () => {
    const id = await make({ due_date: TOMORROW })
    const far = await make({ assigned_to_id: watcher.id, due_date: TOMORROW })
    await on.pass(new Date('2031-03-03T15:59:00.000Z'))
    assert.deepEqual(await told(watcher), [])
    await on.pass(new Date('2031-03-03T16:01:00.000Z'))
    assert.deepEqual([await told(me), await told(watcher)], [[], [[far, 'dueDate', TOMORROW]]])
    await on.pass(new Date('2031-03-04T00:59:00.000Z'))
    assert.deepEqual(await told(me), [])
    const one = new Date('2031-03-04T01:01:00.000Z')
    await Promise.all([on.pass(one), on.pass(one)])
    await on.pass(new Date('2031-03-04T22:00:00.000Z'))
    assert.deepEqual(await told(me), [[id, 'dueDate', TOMORROW]])
    assert.deepEqual(await told(watcher), [[far, 'dueDate', TOMORROW]])
  })

  test('that are unread are replaced by later ones', async () => {
    await choose(me, { overdue: 'P1D' })
    await make({ due_date: YESTERDAY })
    await pass()
    const [first] = ids(await me.client.get('/notifications'))
    await pass(TOMORROW)
    const { elements } = (await me.client.get('/notifications')).body._embedded
    assert.deepEqual(
      elements.map((one: any) => [one.id === first, one.readIAN]),
      [
        [false, false],
        [true, true],
      ],
    )
  })
})

describe('a due reminder', () => {
  test('is a notification with its note', async () => {
    const id = await make({})
    const remind_at = new Date(Date.now() - 60_000).toISOString()
    await on.server.make.row('reminders', { work_package_id: id, creator_id: me.id, remind_at, note: 'Look again' })
    await Promise.all([on.pass(), on.pass()])
    await on.pass()
    const { body } = await me.client.get('/notifications')
    assert.deepEqual(
      body._embedded.elements.map((one: any) => [one.reason, one._embedded.resource.id]),
      [['reminder', id]],
    )
    assert.deepEqual(await told(me), [[id, 'note', 'Look again']])
    assert.deepEqual(await told(watcher), [])
  })
})

test('the schema of a value is the one of a date or a note', async () => {
  for (const [property, status] of [
    ['startDate', 200],
    ['date', 200],
    ['note', 200],
    ['subject', 404],
    ['start_date', 400],
    ['StartDate', 400],
  ] as const)
    assert.equal((await me.client.get(`/values/schema/${property}`)).status, status, property)
})
