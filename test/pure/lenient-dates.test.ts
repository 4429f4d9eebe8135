/** Dates in filters: accepted notations of days and moments, and ambiguous ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDay, readInstant } from '#kernel/read/lenient-dates.ts'
import fc from '#test/properties.ts'

const midnight = (day: string) => `${day}T00:00:00.000Z`

test('a day is accepted in all unambiguous notations', () => {
  const spelled = [
    ...['2026-11-01', '2026-11-1', '2026/11/01', '2026/11/1', '2026.11.01', '20261101'],
    ...['1.11.2026', '01.11.2026', '1. 11. 2026', ' 1.11.2026 '],
    ...['November 1, 2026', 'November 1 2026', 'Nov 1, 2026', 'nov. 1st 2026', 'NOVEMBER 1, 2026'],
    ...['1 November 2026', '1. November 2026', '1st of November, 2026', '01-Nov-2026', '2026 Nov 1', '2026-Nov-01'],
    ...['Sun, 1 Nov 2026', 'Sunday 1 November 2026'],
  ]
  for (const text of spelled) assert.deepEqual([readDay(text), readInstant(text)], ['2026-11-01', midnight('2026-11-01')], text)
  // With slashes or dashes and the year last, the order of day and month is ambiguous.
  for (const text of ['25/12/2026', '12/25/2026', '25-12-2026', '12-25-2026']) assert.equal(readDay(text), '2026-12-25', text)
  assert.equal(readDay('4/4/2026'), '2026-04-04')
})

test('a moment has the given time zone, or else UTC, and as a day it is its written date', () => {
  const moments: [string, string, string][] = [
    ['2026-11-01T10:00:00Z', '2026-11-01', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01T10:00', '2026-11-01', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01 10:00:05.25', '2026-11-01', '2026-11-01T10:00:05.250Z'],
    ['2026-11-01T23:30:00-05:00', '2026-11-01', '2026-11-02T04:30:00.000Z'],
    ['2026-11-01T00:30:00.123456+0200', '2026-11-01', '2026-10-31T22:30:00.123Z'],
    ['20261101T100000Z', '2026-11-01', '2026-11-01T10:00:00.000Z'],
    ['1.11.2026 9:05', '2026-11-01', '2026-11-01T09:05:00.000Z'],
    ['November 1, 2026, 09:05 +01', '2026-11-01', '2026-11-01T08:05:00.000Z'],
    ['Sun, 01 Nov 2026 10:00:00 GMT', '2026-11-01', '2026-11-01T10:00:00.000Z'],
  ]
  for (const [text, day, instant] of moments) assert.deepEqual([readDay(text), readInstant(text)], [day, instant], text)
})

test('ambiguous and invalid dates are rejected', () => {
  const none = [
    ...['3/4/2026', '3-4-2026', '1.11.26', '26/11/01', '2026-11', '2026', '11.2026', '2026-11/01'],
    ...['31.2.2026', '2026-02-29', '2026-13-01', '0000-01-01', '13/13/2026', '2026-1-0'],
    ...['2026-11-01T25:00:00Z', '2026-11-01T10:61Z', '2026-11-01T10', '2026-11-01Tgarbage', '2026-11-01 +02:00'],
    ...['Octember 1, 2026', 'No 1, 2026', 'today', 'now', '', ' ', '1'.repeat(100_000), '٣.٢.٢٠٢٦'],
  ]
  for (const text of none) assert.deepEqual([readDay(text), readInstant(text)], [undefined, undefined], text.slice(0, 40))
})

test('every day survives a round trip through each notation, and no text throws', () => {
  const days = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(days, (date) => {
      const iso = date.toISOString().slice(0, 10)
      const [year, month, day] = iso.split('-') as [string, string, string]
      const name = date.toLocaleString('en', { month: 'long', timeZone: 'UTC' })
      const spelled = [
        iso,
        `${year}/${Number(month)}/${Number(day)}`,
        `${Number(day)}.${Number(month)}.${year}`,
        `${name} ${Number(day)}, ${year}`,
        `${day} ${name.slice(0, 3)} ${year}`,
        `${year}${month}${day}`,
      ]
      for (const text of spelled) assert.equal(readDay(text), iso, text)
      assert.equal(readInstant(date.toISOString()), date.toISOString())
    }),
  )
  fc.assert(fc.property(fc.string({ maxLength: 70 }), (text) => [readDay(text), readInstant(text)].length === 2))
})
