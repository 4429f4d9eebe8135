/** Timestamps of comparisons: notations, normalisation and instants. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { momentOf, readTimestamp, readTimestamps } from '#kernel/read/timestamps.ts'
import fc from '#test/properties.ts'

/** A Wednesday. */
const now = new Date('2024-03-20T10:30:00.000Z')
const weekdays = (day: string) => ![0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay())
const meant = (text: string, at = now, works = weekdays) => momentOf(readTimestamp(text) as string, at, works)

describe('a text', () => {
  for (const [text, told] of [
    ['PT0S', 'PT0S'],
    ['now', 'PT0S'],
    [' P1D ', 'P1D'],
    ['P-1D', 'P-1D'],
    ['-P1Y2M', '-P1Y2M'],
    ['1d', 'P1D'],
    ['-1w', 'P-1W'],
    ['1y2m', 'P1Y2M'],
    ['2024-01-01', '2024-01-01'],
    ['2024-01-01T08:00:00Z', '2024-01-01T08:00:00Z'],
    ['2024-01-01T08:00:00 01:00', '2024-01-01T08:00:00+01:00'],
    ['oneDayAgo@08:00+01:00', 'oneDayAgo@08:00+01:00'],
    ['oneDayAgo@08:00 01:00', 'oneDayAgo@08:00+01:00'],
    ['lastWorkingDay@12:00', 'lastWorkingDay@12:00'],
  ] as const)
    test(`"${text}" is normalised to ${told}`, () => assert.equal(readTimestamp(text), told))

  for (const text of [
    '',
    'yesterday',
    'P',
    'PT',
    'P1DT',
    '1x',
    '2m1y',
    '2024-02-30',
    '2024-01-01T25:00:00Z',
    '2024-01-01T08:00:00+99:00',
    'oneDayAgo',
    'oneDayAgo@24:00+00:00',
    'oneYearAgo@08:00+00:00',
    "oneDayAgo@00:00+00:00\n'); select 1",
    'PT0S\nPT0S',
    'P99999999999Y',
  ])
    test(`${JSON.stringify(text)} is invalid`, () => assert.equal(readTimestamp(text), undefined))

  test('normalisation is idempotent', () => {
    for (const text of ['now', '-1w', '2024-01-01T08:00:00 01:00', 'oneDayAgo@08:00 01:00']) {
      const told = readTimestamp(text) as string
      assert.equal(readTimestamp(told), told)
    }
  })

  test('of any kind has an instant or none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const told = readTimestamp(text)
        if (told !== undefined) assert.ok(!Number.isNaN(Date.parse(momentOf(told, now, weekdays))))
      }),
    )
  })
})

describe('the instant', () => {
  for (const [text, instant] of [
    ['now', '2024-03-20T10:30:00.000Z'],
    ['P1D', '2024-03-19T10:30:00.000Z'],
    ['P-1D', '2024-03-19T10:30:00.000Z'],
    ['1w', '2024-03-13T10:30:00.000Z'],
    ['1y2m', '2023-01-20T10:30:00.000Z'],
    ['PT90M', '2024-03-20T09:00:00.000Z'],
    ['2024-01-01', '2024-01-01T00:00:00.000Z'],
    ['2024-01-01T08:00', '2024-01-01T08:00:00.000Z'],
    ['2024-01-01T08:00:00.1234Z', '2024-01-01T08:00:00.123Z'],
    ['2024-01-01T08:00:00+0130', '2024-01-01T06:30:00.000Z'],
    ['oneDayAgo@08:00+00:00', '2024-03-19T08:00:00.000Z'],
    ['oneDayAgo@08:00-02:00', '2024-03-19T10:00:00.000Z'],
    ['oneWeekAgo@08:00+01:00', '2024-03-13T07:00:00.000Z'],
    ['oneMonthAgo@00:00+00:00', '2024-02-20T00:00:00.000Z'],
    ['lastWorkingDay@12:00', '2024-03-19T12:00:00.000Z'],
    ['P99999Y', '0001-01-01T00:00:00.000Z'],
  ] as const)
    test(`of ${text} is ${instant}`, () => assert.equal(meant(text), instant))

  test('is on the past day in the given time zone', () => {
    assert.equal(meant('oneDayAgo@08:00+14:00', new Date('2024-03-20T23:00:00Z')), '2024-03-19T18:00:00.000Z')
  })

  test('of the last working day, on a Monday, is on a Friday', () => {
    assert.equal(meant('lastWorkingDay@08:00+00:00', new Date('2024-03-18T09:00:00Z')), '2024-03-15T08:00:00.000Z')
  })

  test('of the last working day is yesterday if there are no working days', () => {
    assert.equal(
      meant('lastWorkingDay@08:00+00:00', now, () => false),
      '2024-03-19T08:00:00.000Z',
    )
  })

  test('a month before the last day of a longer month is the last day of the shorter one', () => {
    assert.equal(meant('P1M', new Date('2024-03-31T10:00:00Z')), '2024-02-29T10:00:00.000Z')
  })
})

test('a list has one to ten of them', () => {
  assert.deepEqual(readTimestamps(['1d', 'now']), ['P1D', 'PT0S'])
  assert.equal(readTimestamps([]), undefined)
  assert.equal(readTimestamps(Array(10).fill('P1D'))?.length, 10)
  assert.equal(readTimestamps(Array(11).fill('P1D')), undefined)
  assert.equal(readTimestamps(['P1D', '']), undefined)
  assert.equal(readTimestamps([1]), undefined)
})
