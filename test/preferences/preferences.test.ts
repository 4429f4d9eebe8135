/** Preferences: representation, validation, permissions and effects. */
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

test('the defaults apply at first', async () => {
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

test('/my_preferences redirects to the user’s own preferences', async () => {
  const found = await me.get('/my_preferences')
  assert.deepEqual([found.status, found.headers.get('location')], [301, '/api/v3/users/me/preferences'])
  const updated = await me.patch('/my_preferences', { autoHidePopups: false })
  assert.deepEqual([updated.status, updated.headers.get('location')], [308, '/api/v3/users/me/preferences'])
})

test('the root links to them, and the configuration embeds them', async () => {
  const { href } = (await me.get('')).body._links.userPreferences
  assert.equal(href, `/api/v3/users/${id}/preferences`)
  const own = (await me.get(href.slice('/api/v3'.length))).body
  const { _embedded, _links } = (await me.get('/configuration')).body
  assert.deepEqual(_embedded.userPreferences, own)
  assert.equal(_links.userPreferences.href, href)
})

describe('an update', () => {
  test('changes only the given properties', async () => {
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

  test('completes partial objects', async () => {
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

  test('accepts times with seconds and a time zone', async () => {
    const { body } = await change({ dailyReminders: { enabled: true, times: ['07:00:00+00:00'] } })
    assert.deepEqual(body.dailyReminders.times, ['07:00'])
  })

  test('ignores unknown properties', async () => {
    assert.equal((await change({ theme: 'dark', workdaysOff: [1] })).status, 200)
  })

  for (const [name, body, expected] of [
    ['a time that is no full hour', { dailyReminders: { enabled: true, times: ['08:30'] } }, 'dailyReminders'],
    ['an invalid time', { dailyReminders: { enabled: true, times: ['25:00'] } }, 'dailyReminders'],
    ['reminders of another type', { dailyReminders: true }, 'dailyReminders'],
    ['an invalid flag', { immediateReminders: { mentioned: 'yes' } }, 'immediateReminders'],
    ['an unknown time zone', { timeZone: 'Mars/Base' }, 'timeZone'],
    ['an offset as a time zone', { timeZone: '+02:00' }, 'timeZone'],
    ['a pause without days', { pauseReminders: { enabled: true } }, 'pauseReminders'],
    [
      'a pause that ends before it begins',
      { pauseReminders: { enabled: true, firstDay: '2026-12-24', lastDay: '2026-12-23' } },
      'pauseReminders',
    ],
    ['a pause from an invalid day', { pauseReminders: { enabled: true, firstDay: 'soon' } }, 'pauseReminders'],
    ['an eighth day of the week', { workdays: [8] }, 'workdays'],
    ['a day twice', { workdays: [1, 1] }, 'workdays'],
    ['names of days', { workdays: ['monday'] }, 'workdays'],
    ['a flag of null', { autoHidePopups: null }, 'autoHidePopups'],
  ] as const) {
    test(`${name} is rejected`, async () => {
      const reply = await change(body)
      assert.deepEqual([reply.status, attributes(reply)], [422, [expected]])
    })
  }
})

test('today is the date in the user’s time zone', async () => {
  const project = await server.make.project()
  await server.make.member(id, project, ['view_work_packages'])
  // These two time zones never have the same date.
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

describe('the preferences of others', () => {
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

  test('are forbidden to others, whether or not the user exists', async () => {
    const other = await server.make.user()
    for (const user of [other, 99999]) {
      assert.equal((await me.get(`/users/${user}/preferences`)).status, 403)
      assert.equal((await me.patch(`/users/${user}/preferences`, {})).status, 403)
    }
  })

  test('do not exist for groups', async () => {
    assert.equal((await admin.get(`/users/${await server.make.group()}/preferences`)).status, 404)
  })
})

test('are the instance’s defaults for anonymous users, and cannot be changed by them', async () => {
  await server.setting('user_default_timezone', 'Asia/Tokyo')
  const { status, body } = await server.anonymous.get('/users/me/preferences')
  assert.deepEqual([status, body.timeZone], [200, 'Asia/Tokyo'])
  assert.equal(body._links.updateImmediately, undefined)
  assert.equal((await change({}, server.anonymous)).status, 401)
})
