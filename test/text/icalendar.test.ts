/** iCalendar documents: dates, escaping and folding. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CalendarEvent, icalendar } from '#text/icalendar.ts'

const event = (values: Partial<CalendarEvent> = {}): CalendarEvent => ({
  uid: 'work-package-7@example.net',
  summary: 'Mend the crane',
  description: '',
  url: 'https://example.net/work_packages/7',
  start: '2026-03-02',
  end: '2026-03-04',
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-02-03T04:05:06.000Z',
  ...values,
})

/** The value of a property in the document of one event, with its lines unfolded. */
const held = (property: string, values: Partial<CalendarEvent>): string | undefined =>
  icalendar('Plan', [event(values)])
    .replaceAll('\r\n ', '')
    .split('\r\n')
    .find((line) => line.startsWith(`${property}:`))
    ?.slice(property.length + 1)

test('An event takes whole days, and ends on the day after its last', () => {
  assert.equal(
    icalendar('Plan', [event()]),
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Halyard//Halyard//EN',
      'CALSCALE:GREGORIAN',
      'X-WR-CALNAME:Plan',
      'BEGIN:VEVENT',
      'UID:work-package-7@example.net',
      'DTSTAMP:20260203T040506Z',
      'CREATED:20260102T030405Z',
      'LAST-MODIFIED:20260203T040506Z',
      'DTSTART;VALUE=DATE:20260302',
      'DTEND;VALUE=DATE:20260305',
      'SUMMARY:Mend the crane',
      'DESCRIPTION:',
      'URL:https://example.net/work_packages/7',
      'TRANSP:TRANSPARENT',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  )
  assert.equal(held('DTEND;VALUE=DATE', { start: '2028-02-29', end: '2028-02-29' }), '20280301')
  assert.equal(held('DTEND;VALUE=DATE', { start: '9999-12-31', end: '9999-12-31' }), undefined)
})

test('Special characters and line breaks are escaped', () => {
  assert.equal(held('SUMMARY', { summary: 'a;b,c\\d:"e"' }), 'a\\;b\\,c\\\\d:"e"')
  assert.equal(held('DESCRIPTION', { description: 'one\ntwo\r\nthree\rfour\n' }), 'one\\ntwo\\nthree\\nfour\\n')
  assert.equal(held('SUMMARY', { summary: 'x\u0000\u001b\u0085\ty' }), 'x\ty')
  const forged = icalendar('Plan\r\nX-EVIL:1', [event({ summary: 'x\r\nEND:VEVENT\nATTACH:http://evil' })])
  assert.doesNotMatch(forged, /^(X-EVIL|ATTACH)/m)
})

test('Lines have at most 75 octets, and are folded between characters', () => {
  for (const letter of ['a', 'é', '€', '🚢', ',']) {
    for (const shift of ['', 'x', 'xx', 'xxx']) {
      const summary = shift + letter.repeat(100)
      const document = icalendar('Plan', [event({ summary })])
      for (const line of document.split('\r\n')) {
        assert.ok(Buffer.byteLength(line) <= 75, line)
        assert.ok(line.isWellFormed())
      }
      assert.equal(held('SUMMARY', { summary }), summary.replaceAll(',', '\\,'))
    }
  }
})

test('An event between two instants blocks time, and an invitation says who invites whom', () => {
  const attendee = { name: 'Vera "V" Quint', email: 'vera@example.net' }
  const meeting = { sequence: 2, organizer: 'Ann\nORGANIZER:x', attendee, isCancelled: false }
  const times = { start: '2026-03-02T08:30:00.000Z', end: '2026-03-02T09:00:00.000Z' }
  const lines = icalendar('Plan', [event({ ...times, location: 'On deck, aft', meeting })], 'REQUEST')
    .replaceAll('\r\n ', '')
    .split('\r\n')
  assert.ok(lines.includes('METHOD:REQUEST'))
  assert.ok(!lines.includes('TRANSP:TRANSPARENT'))
  assert.deepEqual(lines.slice(lines.indexOf('DTSTART:20260302T083000Z'), -2), [
    'DTSTART:20260302T083000Z',
    'DTEND:20260302T090000Z',
    'SUMMARY:Mend the crane',
    'DESCRIPTION:',
    'URL:https://example.net/work_packages/7',
    'LOCATION:On deck\\, aft',
    'SEQUENCE:2',
    'STATUS:CONFIRMED',
    'ORGANIZER;CN="Ann ORGANIZER:x":invalid:nomail',
    'ATTENDEE;CN="Vera  V  Quint";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:vera@example.net',
    'END:VEVENT',
  ])
})
