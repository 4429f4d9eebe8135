/** Working days: worked examples, and the arithmetic against a naive day-by-day count. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Calendar,
  dueDate,
  durationBetween,
  everyDay,
  isWorkingDay,
  soonestWorkingDay,
  startDate,
} from '#modules/work-packages/working-days.ts'
import fc from '#test/properties.ts'

/** Monday to Friday, nothing off. 2024-03-01 is a Friday. */
const weekdays: Calendar = { weekdays: [1, 2, 3, 4, 5], daysOff: new Set() }

const plus = (day: string, count: number) => new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10)

/** The naive count: every single day. */
const slow = {
  isWorking: (day: string, { weekdays, daysOff }: Calendar) =>
    weekdays.includes(new Date(day).getUTCDay() === 0 ? 7 : new Date(day).getUTCDay()) && !daysOff.has(day),
  duration(start: string, due: string, calendar: Calendar): number {
    let count = 0
    for (let day = start; day <= due; day = plus(day, 1)) if (slow.isWorking(day, calendar)) count++
    return count
  },
  /** The `count`th working day from a day on, in the direction of `step`. */
  nth(from: string, count: number, calendar: Calendar, step: 1 | -1): string {
    let day = from
    for (let left = count; ; day = plus(day, step)) {
      if (slow.isWorking(day, calendar)) left--
      if (left === 0) return day
    }
  },
}

const day = fc.integer({ min: 0, max: 1500 }).map((count) => plus('2023-01-01', count))
const length = fc.integer({ min: 1, max: 300 })
const calendar: fc.Arbitrary<Calendar> = fc.record({
  weekdays: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
  daysOff: fc.array(day, { maxLength: 60 }).map((days) => new Set(days)),
})

test('a Friday to the next Tuesday are three working days', () => {
  assert.equal(durationBetween('2024-03-01', '2024-03-05', weekdays), 3)
})

test('a due date before the start has a duration of zero', () => {
  assert.equal(durationBetween('2024-03-05', '2024-03-01', weekdays), 0)
})

test('three days from a Friday end on Tuesday', () => {
  assert.equal(dueDate('2024-03-01', 3, weekdays), '2024-03-05')
})

test('a start on a Saturday moves to Monday', () => {
  assert.equal(dueDate('2024-03-02', 1, weekdays), '2024-03-04')
})

test('three days that end on a Tuesday begin on Friday', () => {
  assert.equal(startDate('2024-03-05', 3, weekdays), '2024-03-01')
})

test('a due date on a Sunday moves to Friday', () => {
  assert.equal(startDate('2024-03-03', 1, weekdays), '2024-03-01')
})

test('the soonest working day of a weekend is Monday, or Friday looking back', () => {
  assert.equal(soonestWorkingDay('2024-03-02', weekdays), '2024-03-04')
  assert.equal(soonestWorkingDay('2024-03-02', weekdays, -1), '2024-03-01')
  assert.equal(soonestWorkingDay('2024-03-01', weekdays), '2024-03-01')
})

test('a day off is no working day', () => {
  const holiday: Calendar = { ...weekdays, daysOff: new Set(['2024-03-04']) }
  assert.equal(isWorkingDay('2024-03-04', holiday), false)
  assert.equal(dueDate('2024-03-01', 2, holiday), '2024-03-05')
  assert.equal(durationBetween('2024-03-01', '2024-03-05', holiday), 2)
})

test('a calendar that ignores non-working days counts all days', () => {
  assert.equal(durationBetween('2024-03-01', '2024-03-05', everyDay), 5)
  assert.equal(dueDate('2024-03-02', 2, everyDay), '2024-03-03')
})

test('durations agree with the naive count', () => {
  fc.assert(
    fc.property(day, day, calendar, (start, due, own) => {
      assert.equal(durationBetween(start, due, own), slow.duration(start, due, own))
    }),
  )
})

test('due and start dates agree with the naive count', () => {
  fc.assert(
    fc.property(day, length, calendar, (from, count, own) => {
      assert.equal(dueDate(from, count, own), slow.nth(from, count, own, 1))
      assert.equal(startDate(from, count, own), slow.nth(from, count, own, -1))
    }),
  )
})

test('start, due date and duration follow from each other', () => {
  fc.assert(
    fc.property(day, length, calendar, (anyDay, count, own) => {
      const start = soonestWorkingDay(anyDay, own)
      const due = dueDate(start, count, own)
      assert.equal(durationBetween(start, due, own), count)
      assert.equal(startDate(due, count, own), start)
      assert.equal(isWorkingDay(due, own), true)
    }),
  )
})

test('the soonest working day is the first one from the given day on', () => {
  fc.assert(
    fc.property(day, calendar, (from, own) => {
      assert.equal(soonestWorkingDay(from, own), slow.nth(from, 1, own, 1))
      assert.equal(soonestWorkingDay(from, own, -1), slow.nth(from, 1, own, -1))
    }),
  )
})

test('a duration of thousands of years ends at the end of the calendar, in bounded time', () => {
  const holiday: Calendar = { ...weekdays, daysOff: new Set(['2024-12-25', '2025-12-25']) }
  const began = performance.now()
  assert.equal(dueDate('2024-03-01', 2_000_000_000, holiday), '9999-12-31')
  assert.equal(startDate('2024-03-01', 2_000_000_000, holiday), '0001-01-01')
  assert.ok(performance.now() - began < 100)
})
