/** Work, remaining work and percent complete: worked examples, and properties of all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  deriveFromStatus,
  deriveFromWork,
  type Progress,
  percentOf,
  progressViolations,
} from '#modules/work-packages/progress.ts'
import fc from '#test/properties.ts'
import { english } from '#text/messages.ts'

type Field = keyof Progress
const progress = (work: number | null, remaining: number | null, percent: number | null): Progress => ({
  work,
  remaining,
  percent,
})
const nothing = progress(null, null, null)
const half = progress(10, 5, 50)

/** The new progress after a payload changes some of the stored values. */
const change = (stored: Progress, sent: Partial<Progress>, closes = false): Progress =>
  deriveFromWork(stored, { ...stored, ...sent }, new Set(Object.keys(sent) as Field[]), closes)
const faults = (stored: Progress, sent: Partial<Progress>): string[] =>
  progressViolations(change(stored, sent), stored, new Set(Object.keys(sent) as Field[])).map(
    (one) => `${one.attribute} ${english(one.message)}`,
  )

for (const [name, stored, sent, expected] of [
  ['more work is more that remains', half, { work: 20 }, progress(20, 15, 25)],
  ['less work than is done leaves nothing', half, { work: 3 }, progress(3, 0, 100)],
  ['less remaining is more done', half, { remaining: 2 }, progress(10, 2, 80)],
  ['more done is less remaining', half, { percent: 80 }, progress(10, 2, 80)],
  ['without work nothing remains known', half, { work: null }, progress(null, null, 50)],
  ['without remaining work there is no work', half, { remaining: null }, progress(null, null, 50)],
  ['without a percentage nothing remains known', half, { percent: null }, progress(10, null, null)],
  ['work alone is all remaining', nothing, { work: 8 }, progress(8, 8, 0)],
  ['a percentage can stand alone', nothing, { percent: 40 }, progress(null, null, 40)],
  ['remaining work alone is all the work', nothing, { remaining: 6 }, progress(6, 6, 0)],
  ['work follows from the other two', nothing, { remaining: 6, percent: 25 }, progress(8, 6, 25)],
  ['almost complete is 99 %', nothing, { work: 100, remaining: 0.4 }, progress(100, 0.4, 99)],
  ['hardly begun is 1 %', nothing, { work: 100, remaining: 99.6 }, progress(100, 99.6, 1)],
  ['no work has no percentage', nothing, { work: 0, remaining: 0 }, progress(0, 0, null)],
  ['hours are kept in hundredths', nothing, { work: 1.239, percent: 0 }, progress(1.24, 1.24, 0)],
  ['complete is 100 %', nothing, { work: 4, percent: 100 }, progress(4, 0, 100)],
] as const) {
  test(name, () => {
    assert.deepEqual(change(stored, sent), expected)
    assert.deepEqual(faults(stored, sent), [])
  })
}

test('closing sets the percentage to 100 % if the setting says so', () => {
  assert.deepEqual(change(half, {}, true), progress(10, 0, 100))
  assert.deepEqual(change(nothing, {}, true), progress(null, null, 100))
})

test('a percentage sent with the closing status takes precedence', () => {
  assert.deepEqual(change(half, { percent: 80 }, true), progress(10, 2, 80))
})

for (const [name, stored, sent, expected] of [
  ['negative work', nothing, { work: -1 }, ['estimatedTime must be greater than or equal to 0']],
  ['negative remaining work', nothing, { remaining: -1 }, ['remainingTime must be greater than or equal to 0']],
  ['more than 100 %', nothing, { percent: 101 }, ['percentageDone must be between 0 and 100']],
  ['less than 0 %', nothing, { percent: -1 }, ['percentageDone must be between 0 and 100']],
  [
    'more remaining work than work',
    half,
    { work: 10, remaining: 12 },
    ['estimatedTime cannot be lower than Remaining work', 'remainingTime cannot be higher than Work'],
  ],
  [
    'a percentage without work',
    nothing,
    { work: 0, remaining: 0, percent: 10 },
    ['percentageDone cannot be set when Work is zero'],
  ],
  [
    'three inconsistent values',
    nothing,
    { work: 10, remaining: 5, percent: 60 },
    ['percentageDone does not match Work and Remaining work'],
  ],
  [
    'no percentage with work and remaining work',
    nothing,
    { work: 10, remaining: 5, percent: null },
    ['percentageDone is required when Work and Remaining work are set'],
  ],
  [
    'no work with remaining work and a percentage',
    nothing,
    { work: null, remaining: 5, percent: 50 },
    ['estimatedTime is required when Remaining work and % Complete are set'],
  ],
  [
    'no remaining work with work and a percentage',
    nothing,
    { work: 10, remaining: null, percent: 50 },
    ['remainingTime is required when Work and % Complete are set'],
  ],
  [
    'remaining work at 100 %',
    nothing,
    { work: 10, remaining: 1, percent: 100 },
    ['remainingTime must be 0h when % Complete is 100%'],
  ],
  [
    'remaining work without work at 100 %',
    nothing,
    { work: null, remaining: 1, percent: 100 },
    ['remainingTime must be empty when Work is empty and % Complete is 100%'],
  ],
] as const) {
  test(`refused: ${name}`, () => assert.deepEqual(faults(stored, sent), expected))
}

test('a status determines the percentage, and work the remaining work', () => {
  assert.deepEqual(deriveFromStatus(progress(10, 10, 0), 40), progress(10, 6, 40))
  assert.deepEqual(deriveFromStatus(progress(null, 3, 0), 40), progress(null, null, 40))
})

const hours = fc.option(fc.integer({ min: 0, max: 100_000 }).map((n) => n / 100))
const percent = fc.option(fc.integer({ min: 0, max: 100 }))
const sent = fc.record({ work: hours, remaining: hours, percent }, { requiredKeys: [] })
/** Progress as stored. */
const stored = sent.filter((first) => faults(nothing, first).length === 0).map((first) => change(nothing, first))

test('accepted values are consistent: remaining work does not exceed work, and the percentage follows from both', () => {
  fc.assert(
    fc.property(stored, sent, (before, next) => {
      fc.pre(faults(before, next).length === 0)
      const { work, remaining, percent } = change(before, next)
      if (work !== null && remaining !== null) assert.ok(remaining >= 0 && remaining <= work)
      if (percent !== null) assert.ok(percent >= 0 && percent <= 100)
      if (percent === 100) assert.ok(!remaining)
      if (work !== null && remaining !== null && work >= 0.005) assert.notEqual(percent, null)
    }),
  )
})

test('stored values do not change when the payload is empty, or repeats them', () => {
  fc.assert(
    fc.property(stored, (kept) => {
      assert.deepEqual(change(kept, {}), kept)
      assert.deepEqual(change(kept, kept), kept)
      assert.deepEqual(faults(kept, kept), [])
    }),
  )
})

test('sent values are never changed', () => {
  fc.assert(
    fc.property(stored, sent, (before, next) => {
      const result = change(before, next)
      for (const field of Object.keys(next) as Field[]) assert.equal(result[field], next[field])
    }),
  )
})

test('work or the percentage alone can always be changed if there is work, or nothing is known', () => {
  const one = fc.oneof(
    hours.map((work) => ({ work })),
    percent.map((percent) => ({ percent })),
  )
  const known = stored.filter(({ work, remaining }) => work !== 0 && (work !== null || remaining === null))
  fc.assert(fc.property(known, one, (before, next) => assert.deepEqual(faults(before, next), [])))
})

test('the percentage is 0 only when nothing is done, and 100 only when nothing remains', () => {
  const hundredths = fc.integer({ min: 1, max: 1_000_000 })
  fc.assert(
    fc.property(hundredths, hundredths, (a, b) => {
      const [work, remaining] = [Math.max(a, b) / 100, Math.min(a, b) / 100]
      assert.equal(percentOf(work, 0), 100)
      const percent = percentOf(work, remaining)
      assert.ok(percent < 100)
      assert.equal(percent === 0, remaining === work)
      assert.ok(Math.abs(percent - (1 - remaining / work) * 100) <= 1)
    }),
  )
})
