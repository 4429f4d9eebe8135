/** Start, due date and duration complete each other: worked examples, and properties of all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asMilestone, completeDates, type Dates, dateViolations } from '#modules/work-packages/dates.ts'
import { type Calendar, durationBetween, everyDay, isWorkingDay } from '#modules/work-packages/working-days.ts'
import fc from '#test/properties.ts'
import { english } from '#text/messages.ts'

/** Monday to Friday, nothing off. 2024-03-01 is a Friday. */
const weekdays: Calendar = { weekdays: [1, 2, 3, 4, 5], daysOff: new Set() }

type Field = keyof Dates
const march = (day: number | null) => (day === null ? null : `2024-03-${String(day).padStart(2, '0')}`)
const dates = (start: number | null, due: number | null, duration: number | null): Dates => ({
  start_date: march(start),
  due_date: march(due),
  duration,
})

/** The new dates after a payload changes some of the stored ones. */
function change(stored: Dates, sent: Partial<Dates>, calendar = weekdays): Dates {
  return completeDates({ ...stored, ...sent }, new Set(Object.keys(sent) as Field[]), calendar)
}
const faults = (result: Dates, sent: Partial<Dates>, isMilestone = false) =>
  dateViolations(result, new Set(Object.keys(sent) as Field[]), weekdays, isMilestone).map(
    (one) => `${one.attribute} ${english(one.message)}`,
  )

const fridayToTuesday = dates(1, 5, 3)
const nothing = dates(null, null, null)

for (const [name, stored, sent, expected] of [
  ['a new due date makes it longer', fridayToTuesday, { due_date: march(6) }, dates(1, 6, 4)],
  ['a new start makes it shorter: the due date stays', fridayToTuesday, { start_date: march(4) }, dates(4, 5, 2)],
  ['a new duration moves the due date: the start stays', fridayToTuesday, { duration: 5 }, dates(1, 7, 5)],
  ['due date and duration together move the start', fridayToTuesday, { due_date: march(6), duration: 1 }, dates(6, 6, 1)],
  ['without a start there is no duration', fridayToTuesday, { start_date: null }, dates(null, 5, null)],
  ['without a duration there is no due date', fridayToTuesday, { duration: null }, dates(1, null, null)],
  ['without a due date there is no duration', fridayToTuesday, { due_date: null }, dates(1, null, null)],
  ['a duration can stand alone', nothing, { duration: 4 }, dates(null, null, 4)],
  ['a start can stand alone', nothing, { start_date: march(1) }, dates(1, null, null)],
  ['a start joins a duration', dates(null, null, 3), { start_date: march(1) }, dates(1, 5, 3)],
  ['a due date joins a duration', dates(null, null, 3), { due_date: march(5) }, dates(1, 5, 3)],
  ['a start on a Saturday becomes Monday', nothing, { start_date: march(2) }, dates(4, null, null)],
  ['a due date on a Sunday becomes Monday', nothing, { due_date: march(3) }, dates(null, 4, null)],
  ['without both dates the duration remains', fridayToTuesday, { start_date: null, due_date: null }, dates(null, null, 3)],
] as const) {
  test(name, () => assert.deepEqual(change(stored, sent), expected))
}

test('a work package that ignores non-working days can start on a Saturday', () => {
  assert.deepEqual(change(nothing, { start_date: march(2), duration: 2 }, everyDay), dates(2, 3, 2))
})

for (const [name, sent, expected] of [
  [
    'a duration longer than the interval of the dates',
    { start_date: march(1), due_date: march(5), duration: 9 },
    ['duration is larger than the interval between start date and finish date'],
  ],
  [
    'a duration shorter than the interval of the dates',
    { start_date: march(1), due_date: march(5), duration: 2 },
    ['duration is smaller than the interval between start date and finish date'],
  ],
  [
    'a due date before the start',
    { start_date: march(5), due_date: march(1) },
    ['dueDate must be greater than or equal to the start date'],
  ],
  ['a duration of no days', { duration: 0 }, ['duration must be greater than 0']],
  ['a negative duration', { start_date: march(1), duration: -2 }, ['duration must be greater than 0']],
  [
    'no duration although both dates are known',
    { start_date: march(1), due_date: march(5), duration: null },
    ['duration cannot be empty as it follows from the other two'],
  ],
  [
    'no due date although start and duration are known',
    { start_date: march(1), due_date: null, duration: 3 },
    ['dueDate cannot be empty as it follows from the other two'],
  ],
  [
    'no start although due date and duration are known',
    { start_date: null, due_date: march(5), duration: 3 },
    ['startDate cannot be empty as it follows from the other two'],
  ],
] as const) {
  test(`refused: ${name}`, () => assert.deepEqual(faults(change(nothing, sent), sent), expected))
}

test('a milestone is on its due date, or else its start', () => {
  assert.deepEqual(asMilestone(fridayToTuesday), dates(5, 5, 1))
  assert.deepEqual(asMilestone(dates(1, null, null)), dates(1, 1, 1))
  assert.deepEqual(asMilestone(nothing), dates(null, null, 1))
})

const day = fc.option(fc.integer({ min: 0, max: 400 }).map((n) => new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10)))
const duration = fc.option(fc.integer({ min: -2, max: 40 }))
const sent = fc.record({ start_date: day, due_date: day, duration }, { requiredKeys: [] })
const calendar: fc.Arbitrary<Calendar> = fc.record({
  weekdays: fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
  daysOff: fc.constant(new Set<string>(['2024-03-01', '2024-05-01'])),
})
/** Dates as they can be stored: a start, a due date, a duration, all three or none of them. */
const stored = fc
  .tuple(sent, calendar)
  .map(([first, own]) => ({ own, kept: change(nothing, first, own), first }))
  .filter(({ kept, own, first }) => dateViolations(kept, new Set(Object.keys(first) as Field[]), own, false).length === 0)

test('accepted dates are on working days and agree with their duration', () => {
  fc.assert(
    fc.property(stored, ({ kept: { start_date, due_date, duration }, own }) => {
      if (start_date) assert.ok(isWorkingDay(start_date, own))
      if (due_date) assert.ok(isWorkingDay(due_date, own))
      if (start_date && due_date) assert.equal(duration, durationBetween(start_date, due_date, own))
      const known = [start_date, due_date, duration].filter((value) => value !== null).length
      assert.notEqual(known, 2, 'the third follows from two')
    }),
  )
})

test('stored dates do not change when the payload is empty, or repeats them', () => {
  fc.assert(
    fc.property(stored, ({ kept, own }) => {
      assert.deepEqual(change(kept, {}, own), kept)
      assert.deepEqual(change(kept, kept, own), kept)
    }),
  )
})

test('a sent duration is never changed, and a sent date only to the next working day', () => {
  fc.assert(
    fc.property(stored, sent, ({ kept, own }, next) => {
      const result = change(kept, next, own)
      if ('duration' in next) assert.equal(result.duration, next.duration)
      for (const field of ['start_date', 'due_date'] as const) {
        const wanted = next[field]
        if (wanted === undefined) continue
        if (wanted === null) assert.equal(result[field], null)
        else assert.ok(result[field]! >= wanted && durationBetween(wanted, result[field]!, own) === 1)
      }
    }),
  )
})
