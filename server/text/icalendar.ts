/** Calendars as programs exchange them: iCalendar, RFC 5545. */

/** Something that takes whole days. */
export interface CalendarEvent {
  /** Tells it from all others, and stays the same. */
  readonly uid: string
  readonly summary: string
  readonly description: string
  readonly url: string
  /** The first and the last day, `YYYY-MM-DD`. */
  readonly start: string
  readonly end: string
  /** ISO 8601 in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

/** A calendar of events that keep nobody from other appointments. */
export function icalendar(name: string, events: readonly CalendarEvent[]): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Halyard//Halyard//EN',
    'CALSCALE:GREGORIAN',
    `X-WR-CALNAME:${escaped(name)}`,
    ...events.flatMap(linesOf),
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

function linesOf({ uid, summary, description, url, start, end, createdAt, updatedAt }: CalendarEvent): string[] {
  const next = Temporal.PlainDate.from(end).add({ days: 1 }).toString()
  return [
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}`,
    `DTSTAMP:${instant(updatedAt)}`,
    `CREATED:${instant(createdAt)}`,
    `LAST-MODIFIED:${instant(updatedAt)}`,
    `DTSTART;VALUE=DATE:${digits(start)}`,
    // The end is the day after; after the last day that can be written there is none.
    ...(next.startsWith('+') ? [] : [`DTEND;VALUE=DATE:${digits(next)}`]),
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped(description)}`,
    `URL:${url}`,
    'TRANSP:TRANSPARENT',
    'END:VEVENT',
  ]
}

const digits = (date: string): string => date.replaceAll('-', '')
const instant = (at: string): string => at.replace(/\.\d+/, '').replace(/[-:]/g, '')

/** A text as a value; control characters have no place in it. */
const escaped = (text: string): string =>
  text
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n?|\n/g, '\\n')
    .replace(/[^\P{Cc}\t]/gu, '')

const LONGEST = 75

/** A line broken into several, none of more than 75 octets; what continues one begins with a blank. */
function folded(line: string): string {
  let result = ''
  let room = LONGEST
  for (const sign of line) {
    const size = Buffer.byteLength(sign)
    if (size > room) {
      result += '\r\n '
      room = LONGEST - 1
    }
    result += sign
    room -= size
  }
  return result
}
