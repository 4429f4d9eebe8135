/** Dates of work packages: derived, moved to working days, and validated. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { changed, created, errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const days = ({ startDate, dueDate, duration }: any) => [startDate, dueDate, duration]

/** 2024-03-01 is a Friday; Saturdays and Sundays are not worked. */
const fridayToTuesday = { startDate: '2024-03-01', dueDate: '2024-03-05' }

describe('a new work package', () => {
  for (const [name, body, expected] of [
    ['two dates make a duration', fridayToTuesday, ['2024-03-01', '2024-03-05', 'P3D']],
    ['a start and a duration make a due date', { startDate: '2024-03-01', duration: 'P3D' }, ['2024-03-01', '2024-03-05', 'P3D']],
    ['a due date and a duration make a start', { dueDate: '2024-03-05', duration: 'P3D' }, ['2024-03-01', '2024-03-05', 'P3D']],
    ['a duration can stand alone', { duration: 'P4D' }, [null, null, 'P4D']],
    ['a duration is truncated to whole days', { duration: 'PT30H' }, [null, null, 'P1D']],
    ['a week is seven working days', { startDate: '2024-03-04', duration: 'P1W' }, ['2024-03-04', '2024-03-12', 'P7D']],
    ['a Saturday becomes the Monday after it', { startDate: '2024-03-02' }, ['2024-03-04', null, null]],
    ['a weekend becomes one Monday', { startDate: '2024-03-02', dueDate: '2024-03-03' }, ['2024-03-04', '2024-03-04', 'P1D']],
  ] as const) {
    test(name, async () => assert.deepEqual(days(await created(admin, project, body)), expected))
  }

  test('may ignore non-working days', async () => {
    const body = await created(admin, project, { ...fridayToTuesday, ignoreNonWorkingDays: true })
    assert.deepEqual(days(body), ['2024-03-01', '2024-03-05', 'P5D'])
    const saturday = await created(admin, project, { startDate: '2024-03-02', ignoreNonWorkingDays: true })
    assert.deepEqual(days(saturday), ['2024-03-02', null, null])
  })
})

describe('a change', () => {
  let one: any
  beforeEach(async () => {
    one = await created(admin, project, fridayToTuesday)
  })

  for (const [name, body, expected] of [
    ['of the due date changes the duration', { dueDate: '2024-03-06' }, ['2024-03-01', '2024-03-06', 'P4D']],
    ['of the start changes the duration', { startDate: '2024-03-04' }, ['2024-03-04', '2024-03-05', 'P2D']],
    ['of the duration changes the due date', { duration: 'P5D' }, ['2024-03-01', '2024-03-07', 'P5D']],
    [
      'of due date and duration changes the start',
      { dueDate: '2024-03-06', duration: 'P1D' },
      ['2024-03-06', '2024-03-06', 'P1D'],
    ],
    ['that removes the start removes the duration too', { startDate: null }, [null, '2024-03-05', null]],
    ['that removes the duration removes the due date too', { duration: null }, ['2024-03-01', null, null]],
    ['that removes both dates keeps the duration', { startDate: null, dueDate: null }, [null, null, 'P3D']],
    ['to ignoring non-working days counts the weekend', { ignoreNonWorkingDays: true }, ['2024-03-01', '2024-03-05', 'P5D']],
    ['of another property changes no date', { subject: 'Other' }, ['2024-03-01', '2024-03-05', 'P3D']],
  ] as const) {
    test(name, async () => {
      const reply = await changed(admin, one.id, body)
      assert.equal(reply.status, 200, reply.text)
      assert.deepEqual(days(reply.body), expected)
    })
  }

  for (const [name, body, expected] of [
    [
      'a duration too long for the dates sent with it',
      { ...fridayToTuesday, duration: 'P9D' },
      ['duration: Duration is larger than the interval between start date and finish date.'],
    ],
    [
      'a duration too short for the dates sent with it',
      { ...fridayToTuesday, duration: 'P1D' },
      ['duration: Duration is smaller than the interval between start date and finish date.'],
    ],
    ['no duration at all', { duration: 'PT5H' }, ['duration: Duration must be greater than 0.']],
    [
      'a due date before the start',
      { dueDate: '2024-02-29' },
      ['dueDate: Finish date must be greater than or equal to the start date.'],
    ],
    [
      'no due date between a start and a duration',
      { ...fridayToTuesday, dueDate: null, duration: 'P3D' },
      ['dueDate: Finish date cannot be empty as it follows from the other two.'],
    ],
    [
      'a duration beyond the end of all days',
      { duration: 'P2000000000D' },
      ['duration: Duration is larger than the interval between start date and finish date.'],
    ],
  ] as const) {
    test(`rejected: ${name}`, async () => {
      const reply = await changed(admin, one.id, body)
      assert.equal(reply.status, 422)
      assert.equal(kind(reply.body), 'PropertyConstraintViolation')
      assert.deepEqual(errors(reply.body), expected)
    })
  }
})

test('days off are non-working days', async () => {
  await it.db.transaction(async (tx) => {
    await tx.run(sql`insert into non_working_days (date, name) values ('2024-05-01', 'First of May')`)
    await raise(tx, 'non_working_days')
  })
  const body = await created(admin, project, { startDate: '2024-04-30', duration: 'P2D' })
  assert.deepEqual(days(body), ['2024-04-30', '2024-05-02', 'P2D'])
})

test('the working days of the instance apply', async () => {
  await it.setting('working_days', [1, 2, 3, 4, 5, 6])
  assert.equal((await created(admin, project, fridayToTuesday)).duration, 'P4D')
  await it.setting('working_days', [1, 2, 3, 4, 5])
})

describe('a milestone', () => {
  let type: number
  const milestone = async (body: object) => created(admin, project, { ...body, _links: { type: link('types', type) } })
  beforeEach(async () => {
    type = await it.types('Milestone')
  })

  test('has a single date', async () => {
    const { body } = await admin.get(`/work_packages/${(await milestone({ date: '2024-03-01' })).id}`)
    assert.equal(body.date, '2024-03-01')
    const row = await it.db.one(sql`select start_date, due_date, duration from work_packages where id = ${body.id}`)
    assert.deepEqual({ ...row }, { start_date: '2024-03-01', due_date: '2024-03-01', duration: 1 })
  })

  test('falls on a working day, unless it ignores them', async () => {
    assert.equal((await milestone({ date: '2024-03-02' })).date, '2024-03-04')
    assert.equal((await milestone({ date: '2024-03-02', ignoreNonWorkingDays: true })).date, '2024-03-02')
  })

  test('may have no date, and lose it', async () => {
    assert.equal((await milestone({})).date, null)
    const one = await milestone({ date: '2024-03-01' })
    assert.equal((await changed(admin, one.id, { date: null })).body.date, null)
  })

  test('has no start, due date and duration', async () => {
    const one = await milestone({ date: '2024-03-01' })
    for (const body of [{ startDate: '2024-03-04' }, { dueDate: '2024-03-04' }, { duration: 'P2D' }]) {
      const reply = await changed(admin, one.id, body)
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
    }
  })

  test('keeps its day when its type changes', async () => {
    const one = await milestone({ date: '2024-03-01' })
    const { body } = await changed(admin, one.id, { _links: { type: link('types', await it.types('Task')) } })
    assert.deepEqual(days(body), ['2024-03-01', '2024-03-01', 'P1D'])
  })

  test('gets the due date, or else the start, of the former type', async () => {
    const become = async (body: object) => {
      const one = await created(admin, project, body)
      return (await changed(admin, one.id, { _links: { type: link('types', type) } })).body.date
    }
    assert.equal(await become(fridayToTuesday), '2024-03-05')
    assert.equal(await become({ startDate: '2024-03-01' }), '2024-03-01')
    assert.equal(await become({}), null)
  })

  test('cannot have children', async () => {
    const parent = await created(admin, project)
    await created(admin, project, { _links: { parent: link('work_packages', parent.id) } })
    const reply = await changed(admin, parent.id, { _links: { type: link('types', type) } })
    assert.deepEqual(errors(reply.body), ['type: Type cannot be a milestone because the work package has children.'])
  })

  test('is the only type with the property date, which is read-only for others', async () => {
    const task = await created(admin, project)
    const reply = await changed(admin, task.id, { date: '2024-03-01' })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
  })
})
