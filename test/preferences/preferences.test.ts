/** Preferences: one's own and those of others, what they hold, and what follows from them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance, type Reply } from '#test/instance.ts'

let server: Instance
let admin: Client
let id: number
let me: Client
before(async () => {
  server = await instance()
  await server.setting('login_required', false)
  admin = server.admin
  id = await server.make.user({ name: 'Pia Pick' })
  me = await server.as(id)
})
after(() => server.close())

const attributes = ({ body }: Reply): string[] =>
  (body._embedded.errors ?? [body]).map((error: any) => error._embedded.details.attribute).toSorted()
const change = (body: object, by = me) => by.patch('/users/me/preferences', body)

test('nobody has chosen anything yet', async () => {
  const { status, body } = await me.get('/users/me/preferences')
  assert.equal(status, 200)
  assert.deepEqual(body, {
    _type: 'UserPreferences',
    timeZone: null,
    disableKeyboardShortcuts: false,
    warnOnLeavingUnsaved: true,
    commentSortDescending: false,
    autoHidePopups: true,
    dailyReminders: { enabled: true, times: ['08:00'] },
    immediateReminders: { mentioned: true, personalReminder: true },
    pauseReminders: { enabled: false },
    workdays: [1, 2, 3, 4, 5],
    // See notifications.test.ts.
    notifications: body.notifications,
    _links: {
      self: { href: `/api/v3/users/${id}/preferences` },
      user: { href: `/api/v3/users/${id}`, title: 'Pia Pick' },
      updateImmediately: { href: `/api/v3/users/${id}/preferences`, method: 'patch' },
    },
  })
})

test('one’s own are elsewhere than the shorter path says', async () => {
  const found = await me.get('/my_preferences')
  assert.deepEqual([found.status, found.headers.get('location')], [301, '/api/v3/users/me/preferences'])
  const updated = await me.patch('/my_preferences', { autoHidePopups: false })
  assert.deepEqual([updated.status, updated.headers.get('location')], [308, '/api/v3/users/me/preferences'])
})

test('the root leads to them, and the configuration holds them', async () => {
  const { href } = (await me.get('')).body._links.userPreferences
  assert.equal(href, `/api/v3/users/${id}/preferences`)
  const own = (await me.get(href.slice('/api/v3'.length))).body
  const { _embedded, _links } = (await me.get('/configuration')).body
  assert.deepEqual(_embedded.userPreferences, own)
  assert.equal(_links.userPreferences.href, href)
})

describe('changing', () => {
  test('changes what is given, and nothing else', async () => {
    const before = (await me.get('/users/me/preferences')).body
    const given = {
      timeZone: 'Europe/Berlin',
      disableKeyboardShortcuts: true,
      warnOnLeavingUnsaved: false,
      commentSortDescending: true,
      autoHidePopups: false,
      dailyReminders: { enabled: false, times: ['09:00', '15:00'] },
      immediateReminders: { mentioned: false, personalReminder: false },
      pauseReminders: { enabled: true, firstDay: '2026-12-24', lastDay: '2026-12-31' },
      workdays: [2, 3],
    }
    for (const [name, value] of Object.entries(given)) {
      const reply = await change({ [name]: value })
      assert.equal(reply.status, 200, reply.text)
      assert.deepEqual(reply.body, { ...before, [name]: value })
      assert.deepEqual((await change({ [name]: before[name] })).body, before)
    }
  })

  test('completes what is given in part', async () => {
    await change({ dailyReminders: { times: ['10:00'] } })
    assert.deepEqual((await change({ dailyReminders: { enabled: false } })).body.dailyReminders, {
      enabled: false,
      times: ['10:00'],
    })
    assert.deepEqual((await change({ immediateReminders: { mentioned: false } })).body.immediateReminders, {
      mentioned: false,
      personalReminder: true,
    })
    assert.deepEqual((await change({ pauseReminders: { enabled: true, firstDay: '2026-12-24' } })).body.pauseReminders, {
      enabled: true,
      firstDay: '2026-12-24',
      lastDay: '2026-12-24',
    })
    const cleared = await change({ dailyReminders: null, immediateReminders: null, pauseReminders: null, workdays: null })
    assert.deepEqual(cleared.body.dailyReminders, { enabled: true, times: ['08:00'] })
    assert.deepEqual(cleared.body.pauseReminders, { enabled: false })
  })

  test('takes times with seconds and a zone for what they are', async () => {
    const { body } = await change({ dailyReminders: { enabled: true, times: ['07:00:00+00:00'] } })
    assert.deepEqual(body.dailyReminders.times, ['07:00'])
  })

  test('does not mind what it does not know', async () => {
    assert.equal((await change({ theme: 'dark', workdaysOff: [1] })).status, 200)
  })

  for (const [name, body, expected] of [
    ['a time that is no full hour', { dailyReminders: { enabled: true, times: ['08:30'] } }, 'dailyReminders'],
    ['a time that is none', { dailyReminders: { enabled: true, times: ['25:00'] } }, 'dailyReminders'],
    ['reminders that are no object', { dailyReminders: true }, 'dailyReminders'],
    ['a flag that is none', { immediateReminders: { mentioned: 'yes' } }, 'immediateReminders'],
    ['a zone on another planet', { timeZone: 'Mars/Base' }, 'timeZone'],
    ['a zone that is an offset', { timeZone: '+02:00' }, 'timeZone'],
    ['a pause without days', { pauseReminders: { enabled: true } }, 'pauseReminders'],
    [
      'a pause that ends before it begins',
      { pauseReminders: { enabled: true, firstDay: '2026-12-24', lastDay: '2026-12-23' } },
      'pauseReminders',
    ],
    ['a pause from no day', { pauseReminders: { enabled: true, firstDay: 'soon' } }, 'pauseReminders'],
    ['an eighth day of the week', { workdays: [8] }, 'workdays'],
    ['a day twice', { workdays: [1, 1] }, 'workdays'],
    ['days that are no numbers', { workdays: ['monday'] }, 'workdays'],
    ['neither yes nor no', { autoHidePopups: null }, 'autoHidePopups'],
  ] as const) {
    test(`${name} is refused`, async () => {
      const reply = await change(body)
      assert.deepEqual([reply.status, attributes(reply)], [422, [expected]])
    })
  }
})

test('today is the date in the user’s time zone', async () => {
  const project = await server.make.project()
  await server.make.member(id, project, ['view_work_packages'])
  // It is never the same day in these two places.
  const [early, late] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'] as const
  const start_date = Temporal.Now.plainDateISO(early).toString()
  const work = await server.make.workPackage({ project_id: project, start_date })
  const startingToday = async (timeZone: string) => {
    await change({ timeZone })
    return ids(await me.get(`/work_packages?${filters(['startDate', 't'])}`))
  }
  assert.deepEqual(await startingToday(early), [work])
  assert.deepEqual(await startingToday(late), [])
})

describe('those of others', () => {
  test('are visible and writable for users who manage users', async () => {
    const manager = await server.make.user()
    await server.make.member(manager, null, ['manage_user'])
    for (const client of [admin, await server.as(manager)]) {
      assert.equal((await client.get(`/users/${id}/preferences`)).status, 200)
      const reply = await client.patch(`/users/${id}/preferences`, { commentSortDescending: true })
      assert.deepEqual([reply.status, reply.body._links.user.title], [200, 'Pia Pick'])
      assert.equal((await client.get('/users/99999/preferences')).status, 404)
    }
  })

  test('are refused to everybody else, whether or not there is such a user', async () => {
    const other = await server.make.user()
    for (const user of [other, 99999]) {
      assert.equal((await me.get(`/users/${user}/preferences`)).status, 403)
      assert.equal((await me.patch(`/users/${user}/preferences`, {})).status, 403)
    }
  })

  test('groups have none', async () => {
    assert.equal((await admin.get(`/users/${await server.make.group()}/preferences`)).status, 404)
  })
})

test('anonymous users have the defaults of the instance, and cannot change them', async () => {
  await server.setting('user_default_timezone', 'Asia/Tokyo')
  const { status, body } = await server.anonymous.get('/users/me/preferences')
  assert.deepEqual([status, body.timeZone], [200, 'Asia/Tokyo'])
  assert.equal(body._links.updateImmediately, undefined)
  assert.equal((await change({}, server.anonymous)).status, 401)
})
