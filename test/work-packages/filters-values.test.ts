/** Filters by numbers, dates and timestamps, with all operators; dates are relative to today. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters } from '#test/instance.ts'
import { scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const DAY = 86_400_000
const today = new Date().toISOString().slice(0, 10)
const day = (count: number) => new Date(Date.parse(today) + count * DAY).toISOString().slice(0, 10)

async function found(name: string, operator: string, values: (string | number)[] = []): Promise<string> {
  const reply = await admin.get(`/work_packages?${filters([name, operator, values])}&sortBy=[["id","asc"]]`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements.map((one: any) => one.subject).join(' ')
}
/** A work package for each of the values, with the value as its name, and one without. */
async function fill(column: string, values: readonly (string | number)[], names = values): Promise<void> {
  const { _embedded } = (await admin.get(`/work_packages?${filters()}&pageSize=-1`)).body
  for (const { id } of _embedded.elements) await admin.delete(`/work_packages/${id}`)
  for (const [n, value] of values.entries())
    await make.workPackage({ project_id: project, subject: String(names[n]), [column]: value })
  await make.workPackage({ project_id: project, subject: 'none', ...(!column.endsWith('_at') && { [column]: null }) })
}

describe('numbers', () => {
  for (const [name, column] of [
    ['percentageDone', 'done_ratio'],
    ['estimatedTime', 'estimated_hours'],
    ['duration', 'duration'],
  ] as const) {
    test(`${name}: equal, other, at least, at most, any, none`, async () => {
      await fill(column, [0, 8, 40])
      assert.equal(await found(name, '=', [8]), '8')
      assert.equal(await found(name, '=', [8, 40]), '8 40')
      assert.equal(await found(name, '!', [8]), '0 40 none')
      assert.equal(await found(name, '>=', [8]), '8 40')
      assert.equal(await found(name, '<=', [8]), '0 8')
      assert.equal(await found(name, '*'), '0 8 40')
      assert.equal(await found(name, '!*'), 'none')
      assert.equal(await found(column, '=', [8]), '8')
    })
  }

  test('hours may be fractions', async () => {
    await fill('estimated_hours', [0.5, 1.25])
    assert.equal(await found('estimatedTime', '=', [0.5]), '0.5')
    assert.equal(await found('estimatedTime', '>=', ['0.75']), '1.25')
  })
})

for (const [name, column] of [
  ['startDate', 'start_date'],
  ['dueDate', 'due_date'],
] as const) {
  describe(`dates: ${name}`, () => {
    const offsets = [-8, -3, -2, 0, 2, 3, 8]
    before(() =>
      fill(
        column,
        offsets.map(day),
        offsets.map((n) => (n < 0 ? `${-n}ago` : n === 0 ? 'now' : `in${n}`)),
      ),
    )

    for (const [operator, values, expected] of [
      ['t', [], 'now'],
      ['t+', [2], 'in2'],
      ['<t+', [2], 'now in2'],
      ['>t+', [2], 'in2 in3 in8'],
      ['t-', [2], '2ago'],
      ['>t-', [2], '2ago now'],
      ['<t-', [3], '8ago 3ago'],
      ['=d', [day(3)], 'in3'],
      ['<>d', [day(-3), day(2)], '3ago 2ago now in2'],
      ['<>d', ['', day(-3)], '8ago 3ago'],
      ['<>d', [day(3), ''], 'in3 in8'],
      ['!*', [], 'none'],
    ] as const) {
      test(`${operator} ${values.map((one) => (one === '' ? '…' : String(one).replace(/\d{4}-.*/, 'a day'))).join(' ')}`, async () => {
        assert.equal(await found(name, operator, [...values]), expected)
      })
    }

    test('<>d with both ends open excludes work packages without a date', async () => {
      assert.equal(await found(name, '<>d', ['', '']), '8ago 3ago 2ago now in2 in3 in8 none')
    })
  })
}

test('w: this week, from its first day up to the first of the next', async () => {
  const monday = -((new Date(today).getUTCDay() + 6) % 7)
  await fill('due_date', [monday - 1, monday, monday + 7, monday + 8].map(day), ['before', 'first', 'next', 'after'])
  assert.equal(await found('dueDate', 'w'), 'first next')
  await it.setting('start_of_week', 7)
  const sunday = -new Date(today).getUTCDay()
  await fill('due_date', [sunday - 1, sunday, sunday + 7, sunday + 8].map(day), ['before', 'first', 'next', 'after'])
  assert.equal(await found('dueDate', 'w'), 'first next')
  await it.setting('start_of_week', null)
})

test('datesInterval: work packages that begin or end within, or are in progress at its beginning', async () => {
  await fill('start_date', [])
  for (const [subject, start, due] of [
    ['begins', 2, 20],
    ['ends', -20, 2],
    ['around', -20, 20],
    ['before', -20, -1],
    ['after', 11, 20],
    ['starts only', 5, null],
  ] as const) {
    await make.workPackage({ project_id: project, subject, start_date: day(start), due_date: due === null ? null : day(due) })
  }
  assert.equal(await found('datesInterval', '<>d', [day(0), day(10)]), 'begins ends around starts only')
  assert.equal(await found('datesInterval', '<>d', ['', day(-1)]), 'ends around before')
  assert.equal(await found('datesInterval', '<>d', [day(11), '']), 'begins around after')
})

for (const [name, column] of [
  ['createdAt', 'created_at'],
  ['updatedAt', 'updated_at'],
] as const) {
  describe(`moments: ${name}`, () => {
    const moment = (count: number, time: string) => `${day(count)}T${time}Z`
    before(async () => {
      await fill(
        column,
        [moment(-3, '23:59:59.999'), moment(-2, '00:00:00.000'), moment(-1, '12:00:00.000'), moment(0, '00:00:00.000')],
        ['last3', 'first2', 'noon1', 'now'],
      )
      const { _embedded } = (await admin.get(`/work_packages?${filters(['subject', '~', ['none']])}`)).body
      await admin.delete(`/work_packages/${_embedded.elements[0].id}`)
    })

    for (const [operator, values, expected] of [
      ['t', [], 'now'],
      ['t-', [2], 'first2'],
      ['>t-', [2], 'first2 noon1 now'],
      ['<t-', [3], 'last3'],
      ['=d', [moment(-2, '00:00:00')], 'first2'],
      ['=d', [moment(-2, '12:00:00')], ''],
      ['=d', [moment(-2, '12:00:01')], 'noon1'],
      ['<>d', [moment(-2, '00:00:00'), moment(-1, '12:00:00')], 'first2 noon1'],
      ['<>d', ['', moment(-3, '23:59:59.999')], 'last3'],
      ['<>d', [moment(-1, '00:00:00'), ''], 'noon1 now'],
    ] as const) {
      test(`${operator} ${values
        .map((one) =>
          String(one)
            .replace(day(-1), 'yesterday')
            .replace(/\d{4}-\d\d-\d\d/, 'a day'),
        )
        .join(' ')}`, async () => {
        assert.equal(await found(name, operator, [...values]), expected)
      })
    }

    test('w: this week', async () => {
      assert.match(await found(name, 'w'), /now$/)
    })

    test('days begin in the default time zone of the instance', async () => {
      await it.setting('user_default_timezone', 'Pacific/Kiritimati')
      const local = Temporal.Now.plainDateISO('Pacific/Kiritimati')
      const begin = local.toZonedDateTime('Pacific/Kiritimati').epochMilliseconds
      await fill(column, [new Date(begin - 1).toISOString(), new Date(begin).toISOString()], ['yesterday', 'today'])
      assert.equal((await found(name, 't')).replace(' none', ''), 'today')
      await it.setting('user_default_timezone', null)
    })
  })
}
