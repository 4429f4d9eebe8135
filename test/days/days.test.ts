/** Days, the week and non-working days: effects and permissions. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { begin } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import { type Client, filters, type Instance, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let server: Instance
let admin: Client
let member: Client
before(async () => {
  server = await instance()
  admin = server.admin
  member = await server.as(await server.make.user())
})
after(() => server.close())
beforeEach(async () => {
  await server.setting('working_days', [1, 2, 3, 4, 5])
  await server.db.transaction(async (tx) => {
    await tx.run(sql`delete from non_working_days`)
    await invalidate(tx, 'non_working_days')
  })
})

const elements = (reply: { body: any }): any[] => reply.body._embedded.elements
const dates = (reply: { body: any }): string[] => elements(reply).map((one) => one.date)
const attribute = (reply: { body: any }) => reply.body._embedded.details.attribute
const christmas = { date: '2026-12-25', name: 'Christmas' }
const between = (from: string, to: string) => filters(['date', '<>d', [from, to]])

describe('days', () => {
  test('a working day names its day of the week', async () => {
    const { status, body } = await member.get('/days/2026-12-24')
    assert.equal(status, 200)
    assert.deepEqual(body, {
      _type: 'Day',
      date: '2026-12-24',
      name: 'Thursday',
      working: true,
      _links: {
        self: { href: '/api/v3/days/2026-12-24', title: 'Thursday' },
        weekday: { href: '/api/v3/days/week/4', title: 'Thursday' },
      },
    })
  })

  test('a non-working day gives the reason: the weekday before a day off', async () => {
    await admin.post('/days/non_working', { date: '2026-12-26', name: 'Boxing Day' })
    const { body } = await member.get('/days/2026-12-26')
    assert.equal(body.working, false)
    assert.deepEqual(body._links.nonWorkingReasons, [
      { href: '/api/v3/days/week/6', title: 'Saturday' },
      { href: '/api/v3/days/non_working/2026-12-26', title: 'Boxing Day' },
    ])
  })

  test('invalid dates are rejected', async () => {
    for (const path of ['2026-02-30', 'tomorrow', '5']) assert.equal((await member.get(`/days/${path}`)).status, 400, path)
  })

  test('are those of this and the next month, without pages', async () => {
    const reply = await member.get('/days?pageSize=3&offset=2')
    const first = new Date(`${new Date().toISOString().slice(0, 7)}-01T00:00:00Z`)
    const end = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 2, 1)
    const expected: string[] = []
    for (let at = first.getTime(); at < end; at += 86_400_000) expected.push(new Date(at).toISOString().slice(0, 10))
    assert.deepEqual(dates(reply), expected)
    const { _embedded: _, ...envelope } = reply.body
    assert.deepEqual(envelope, {
      _type: 'Collection',
      total: expected.length,
      count: expected.length,
      _links: { self: { href: '/api/v3/days' } },
    })
  })

  test('are filtered by date', async () => {
    assert.deepEqual(dates(await member.get(`/days?${between('2026-02-27', '2026-03-02')}`)), [
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
      '2026-03-02',
    ])
    assert.deepEqual(dates(await member.get(`/days?${filters(['date', '=d', ['2026-02-28']])}`)), ['2026-02-28'])
    assert.deepEqual(dates(await member.get(`/days?${between('2026-02-28', '2026-02-27')}`)), [])
  })

  test('are filtered by working', async () => {
    const span: [string, string, string[]] = ['date', '<>d', ['2026-02-27', '2026-03-02']]
    const found = async (operator: string, value: string) =>
      dates(await member.get(`/days?${filters(span, ['working', operator, [value]])}`))
    assert.deepEqual(await found('=', 't'), ['2026-02-27', '2026-03-02'])
    assert.deepEqual(await found('=', 'f'), ['2026-02-28', '2026-03-01'])
    assert.deepEqual(await found('!', 't'), ['2026-02-28', '2026-03-01'])
  })

  test('an open end of an interval is limited to a year', async () => {
    const list = dates(await member.get(`/days?${between('2026-01-01', '')}`))
    assert.deepEqual([list[0], list.at(-1)], ['2026-01-01', '2027-01-01'])
  })

  for (const [name, query] of [
    ['an operator of other dates', filters(['date', 't'])],
    ['an invalid date', filters(['date', '=d', ['soon']])],
    ['an unknown filter', filters(['name', '=', ['Monday']])],
    ['the whole calendar', between('0001-01-01', '9999-12-31')],
  ] as const) {
    test(`${name} is rejected`, async () => {
      const { status, body } = await member.get(`/days?${query}`)
      assert.deepEqual([status, body.errorIdentifier], [400, 'urn:openproject-org:api:v3:errors:InvalidQuery'])
    })
  }

  test('are named in the language of the caller', async () => {
    const german = await server.as(await server.make.user({ language: 'de' }))
    assert.equal((await german.get('/days/2026-12-24')).body.name, 'Donnerstag')
    const unknown = await server.as(await server.make.user({ language: 'not a language' }))
    assert.equal((await unknown.get('/days/2026-12-24')).body.name, 'Thursday')
  })
})

describe('the week', () => {
  test('has seven days, Monday first', async () => {
    const reply = await member.get('/days/week')
    assert.deepEqual(
      elements(reply).map(({ day, name, working }) => [day, name, working]),
      [
        [1, 'Monday', true],
        [2, 'Tuesday', true],
        [3, 'Wednesday', true],
        [4, 'Thursday', true],
        [5, 'Friday', true],
        [6, 'Saturday', false],
        [7, 'Sunday', false],
      ],
    )
    assert.deepEqual((await member.get('/days/week/7')).body, {
      _type: 'WeekDay',
      day: 7,
      name: 'Sunday',
      working: false,
      _links: { self: { href: '/api/v3/days/week/7', title: 'Sunday' } },
    })
  })

  test('has no days beyond these', async () => {
    for (const day of ['0', '8', 'monday']) assert.equal((await member.get(`/days/week/${day}`)).status, 404, day)
  })

  test('one day can become a working day, with immediate effect on days and durations', async () => {
    const project = await server.make.project()
    const saturdays = { startDate: '2026-12-18', dueDate: '2026-12-20', subject: 'Over the weekend' }
    const before = await admin.post(`/projects/${project}/work_packages`, saturdays)
    assert.deepEqual([before.body.dueDate, before.body.duration], ['2026-12-21', 'P2D'])

    const { status, body } = await admin.patch('/days/week/6', { _type: 'WeekDay', working: true })
    assert.deepEqual([status, body.working], [200, true])
    assert.equal((await member.get('/days/2026-12-19')).body.working, true)
    const kept = (await admin.get(`/work_packages/${before.body.id}`)).body
    assert.deepEqual([kept.startDate, kept.dueDate, kept.duration], ['2026-12-18', '2026-12-21', 'P3D'])
    const now = await admin.post(`/projects/${project}/work_packages`, saturdays)
    assert.deepEqual([now.body.dueDate, now.body.duration], ['2026-12-21', 'P3D'])
  })

  test('the durations of many work packages change a moment later', async () => {
    const project_id = await server.make.project()
    const dates = { start_date: '2026-12-18', due_date: '2026-12-21', duration: 2 }
    const first = await server.make.workPackage({ project_id, ...dates })
    await server.db.transaction(async (tx) => {
      const columns = sql`project_id, type_id, status_id, priority_id, author_id, start_date, due_date, duration, created_at, updated_at`
      for (let n = 0; n < 400; n++)
        await tx.run(
          sql`insert into work_packages (subject, ${columns}) select 'One of many', ${columns} from work_packages where id = ${first}`,
        )
      await begin(tx, product.of('WorkPackage'))
    })
    const last = (await server.db.one<{ id: number }>(sql`select max(id) as id from work_packages`))!.id
    const durations = async () =>
      Promise.all([first, last].map(async (id) => (await admin.get(`/work_packages/${id}`)).body.duration))
    assert.equal((await admin.patch('/days/week/6', { _type: 'WeekDay', working: true })).status, 200)
    assert.deepEqual(await durations(), ['P3D', 'P2D'])
    await runDue(server.db, { only: ['work_packages.recount'] })
    assert.deepEqual(await durations(), ['P3D', 'P3D'])
    const history = elements(await admin.get(`/work_packages/${last}/activities`))
    assert.match(JSON.stringify(history.at(-1).details), /Duration/)
  })

  test('several days are changed at once; the others keep their state', async () => {
    const element = (day: number, working: boolean) => ({ working, _links: { self: { href: `/api/v3/days/week/${day}` } } })
    const reply = await admin.patch('/days/week', { _embedded: { elements: [element(5, false), element(6, true)] } })
    assert.equal(reply.status, 200)
    assert.deepEqual(
      elements(reply)
        .filter((one) => one.working)
        .map((one) => one.day),
      [1, 2, 3, 4, 6],
    )
  })

  test('requires a working day', async () => {
    const list = [1, 2, 3, 4, 5].map((day) => ({ working: false, _links: { self: { href: `/api/v3/days/week/${day}` } } }))
    const reply = await admin.patch('/days/week', { _embedded: { elements: list } })
    assert.deepEqual([reply.status, attribute(reply)], [422, 'base'])
    assert.equal((await member.get('/days/week/1')).body.working, true)
  })

  for (const [name, path, body, expected] of [
    ['the property working', '/days/week/1', {}, 422],
    ['a boolean', '/days/week/1', { working: 'maybe' }, 422],
    ['an existing day', '/days/week/8', { working: true }, 404],
    ['elements', '/days/week', {}, 400],
    ['a self link in each element', '/days/week', { _embedded: { elements: [{ working: true }] } }, 400],
  ] as const) {
    test(`a change requires ${name}`, async () => assert.equal((await admin.patch(path, body)).status, expected))
  }

  test('is changed by administrators only', async () => {
    for (const path of ['/days/week', '/days/week/1'])
      assert.equal((await member.patch(path, { working: false })).status, 403, path)
  })
})

describe('days off', () => {
  test('are created, viewed, renamed, moved and removed', async () => {
    const made = await admin.post('/days/non_working', christmas)
    assert.equal(made.status, 201)
    const { id, _links, ...rest } = made.body
    assert.deepEqual(rest, { _type: 'NonWorkingDay', ...christmas })
    assert.deepEqual(_links.self, { href: '/api/v3/days/non_working/2026-12-25', title: 'Christmas' })
    assert.deepEqual((await admin.get('/days/non_working/2026-12-25')).body, made.body)

    const renamed = await admin.patch('/days/non_working/2026-12-25', { name: 'Day of rest', date: '2026-12-28' })
    assert.deepEqual([renamed.status, renamed.body.name, renamed.body.id], [200, 'Day of rest', id])
    assert.equal((await admin.get('/days/non_working/2026-12-25')).status, 404)
    assert.equal((await member.get('/days/2026-12-28')).body.working, false)

    assert.equal((await admin.delete('/days/non_working/2026-12-28')).status, 204)
    assert.equal((await member.get('/days/2026-12-28')).body.working, true)
  })

  test('count in durations immediately', async () => {
    const project = await server.make.project()
    await admin.post('/days/non_working', christmas)
    const planned = { startDate: '2026-12-21', dueDate: '2026-12-25', subject: 'Before the holidays' }
    const { body } = await admin.post(`/projects/${project}/work_packages`, planned)
    assert.deepEqual([body.dueDate, body.duration], ['2026-12-28', 'P5D'])
  })

  test('change durations, not dates; work packages that ignore them do not change', async () => {
    const project = await server.make.project()
    const plan = async (startDate: string, dueDate: string, ignoreNonWorkingDays = false) =>
      (await admin.post(`/projects/${project}/work_packages`, { startDate, dueDate, ignoreNonWorkingDays, subject: 'Work' })).body
        .id
    const works = [
      await plan('2026-12-21', '2026-12-25'),
      await plan('2026-12-21', '2026-12-25', true),
      await plan('2026-12-28', '2026-12-29'),
      await plan('2026-12-25', '2026-12-25'),
    ]
    const planned = async () => {
      const all = []
      for (const id of works) {
        const { startDate, dueDate, duration } = (await admin.get(`/work_packages/${id}`)).body
        all.push(`${startDate} ${dueDate} ${duration}`)
      }
      return all
    }
    const before = await planned()
    await admin.post('/days/non_working', christmas)
    const off = [
      '2026-12-21 2026-12-25 P4D',
      '2026-12-21 2026-12-25 P5D',
      '2026-12-28 2026-12-29 P2D',
      '2026-12-25 2026-12-25 P1D',
    ]
    assert.deepEqual(await planned(), off)
    await admin.patch('/days/non_working/2026-12-25', { date: '2026-12-28' })
    assert.deepEqual(await planned(), [...before.slice(0, 2), '2026-12-28 2026-12-29 P1D', before[3]])
    await admin.delete('/days/non_working/2026-12-28')
    assert.deepEqual(await planned(), before)
  })

  test('are listed for this year, or for an interval, in order', async () => {
    const year = new Date().getUTCFullYear()
    for (const date of [`${year}-12-25`, `${year}-05-01`, `${year + 1}-01-01`])
      await admin.post('/days/non_working', { date, name: 'Off' })
    assert.deepEqual(dates(await member.get('/days/non_working')), [`${year}-05-01`, `${year}-12-25`])
    assert.deepEqual(dates(await member.get(`/days/non_working?${between(`${year}-12-01`, `${year + 1}-02-01`)}`)), [
      `${year}-12-25`,
      `${year + 1}-01-01`,
    ])
    assert.equal((await member.get(`/days/non_working?${filters(['date', 't'])}`)).status, 400)
  })

  test('are found by their date', async () => {
    const { body } = await admin.post('/days/non_working', christmas)
    assert.equal((await member.get(`/days/non_working/${body.id}`)).status, 400)
    assert.equal((await member.get('/days/non_working/2026-12-24')).status, 404)
  })

  test('require a date and a name, and each date is unique', async () => {
    const missing = await admin.post('/days/non_working', {})
    assert.deepEqual(
      missing.body._embedded.errors.map((error: any) => error._embedded.details.attribute),
      ['date', 'name'],
    )
    await admin.post('/days/non_working', christmas)
    const again = await admin.post('/days/non_working', christmas)
    assert.deepEqual([again.status, attribute(again)], [422, 'date'])
  })

  test('are changed by administrators only', async () => {
    await admin.post('/days/non_working', christmas)
    assert.equal((await member.post('/days/non_working', { date: '2026-12-31', name: 'Mine' })).status, 403)
    assert.equal((await member.patch('/days/non_working/2026-12-25', { name: 'Mine' })).status, 403)
    assert.equal((await member.delete('/days/non_working/2026-12-25')).status, 403)
  })
})
