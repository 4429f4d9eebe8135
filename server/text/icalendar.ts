/** Calendars in the format iCalendar, RFC 5545. */

/** An all-day event. */
export interface CalendarEvent {
  /** A unique and stable id. */
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

/** A calendar of events that do not block time. */
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
    // The end is exclusive: the next day, which the maximum date does not have.
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

/** A text as an escaped value, without control characters. */
const escaped = (text: string): string =>
  text
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n?|\n/g, '\\n')
    .replace(/[^\P{Cc}\t]/gu, '')

const LONGEST = 75

/** Folds a line into lines of at most 75 octets; continuation lines start with a space. */
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
