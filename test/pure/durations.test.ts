/** Durations as ISO 8601 texts: parsing, formatting and round trips. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { days, FormatError, hours, parseHours, renderSeconds } from '#kernel/kinds.ts'
import fc from '#test/properties.ts'

const hour = 3600

for (const [worked, text] of [
  [0, 'PT0S'],
  [0.25, 'PT15M'],
  [0.5, 'PT30M'],
  [1.5, 'PT1H30M'],
  [8, 'PT8H'],
  [24, 'P1D'],
  [25, 'P1DT1H'],
  [36, 'P1DT12H'],
  [40, 'P1DT16H'],
  [1 / 3600, 'PT1S'],
] as const) {
  test(`${worked} hours are formatted as ${text}`, () => assert.equal(hours.render(worked), text))
}

for (const [text, worked] of [
  ['PT8H', 8],
  ['P1D', 24],
  ['P1W', 168],
  ['P1DT16H', 40],
  ['PT90M', 1.5],
  ['PT1.5H', 1.5],
  ['PT36S', 0.01],
  ['-PT1H', -1],
  ['PT0S', 0],
] as const) {
  test(`${text} is parsed as ${worked} hours`, () => assert.equal(parseHours(text), worked))
}

for (const wrong of ['', 'P', 'PT', 'P1DT', '8', '8h', 'PT8', 'PT1H30', 'P1H', 'T8H', '1D', 'PT8H ', 'pt8h', 8, true, {}, []]) {
  test(`${JSON.stringify(wrong)} is no duration`, () => assert.throws(() => parseHours(wrong), FormatError))
}

test('no duration is infinite', () => {
  assert.throws(() => parseHours(`PT${'9'.repeat(90)}H`), FormatError)
})

test('a duration in days is truncated to whole ones', () => {
  assert.equal(days.parse('P3D'), 3)
  assert.equal(days.parse('PT30H'), 1)
  assert.equal(days.parse('PT5H'), 0)
  assert.equal(days.parse('P1W'), 7)
})

test('whole days are formatted as days', () => {
  assert.equal(days.render(5), 'P5D')
  assert.equal(days.render(40), 'P40D')
})

test('durations in whole seconds survive a round trip', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (seconds) => {
      assert.ok(Math.abs(parseHours(renderSeconds(seconds)) * hour - seconds) < 0.01)
    }),
  )
})

test('stored hours in hundredths survive a round trip', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (hundredths) => {
      const stored = hundredths / 100
      assert.equal(Math.round((hours.parse(hours.render(stored) as string) as number) * 100) / 100, stored)
    }),
  )
})

test('days survive a round trip', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 100_000 }), (count) => assert.equal(days.parse(days.render(count)), count)))
})
