/** Calendars in the format iCalendar, RFC 5545. */

/** An event. */
export interface CalendarEvent {
  /** A unique and stable id. */
  readonly uid: string
  readonly summary: string
  readonly description: string
  readonly url: string
  readonly location?: string
  /** The first and the last day, `YYYY-MM-DD`, of what takes whole days and does not block time; otherwise instants in UTC. */
  readonly start: string
  readonly end: string
  /** What it takes to be invited. */
  readonly meeting?: {
    /** Higher with each change. */
    readonly sequence: number
    /** The name of whoever invites, to whom nothing can be replied. */
    readonly organizer: string
    readonly attendee: { readonly name: string; readonly email: string }
    readonly isCancelled: boolean
  }
  /** ISO 8601 in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

/**
 * A calendar of events.
 * @param method what a mail with it asks for; none for a calendar that is read
 */
export function icalendar(name: string, events: readonly CalendarEvent[], method?: 'REQUEST' | 'CANCEL'): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Halyard//Halyard//EN',
    'CALSCALE:GREGORIAN',
    ...(method ? [`METHOD:${method}`] : []),
    `X-WR-CALNAME:${escaped(name)}`,
    ...events.flatMap(linesOf),
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

/** Whether an event takes whole days. */
const isAllDay = ({ start }: CalendarEvent): boolean => !start.includes('T')

function period(event: CalendarEvent): string[] {
  const { start, end } = event
  if (!isAllDay(event)) return [`DTSTART:${instant(start)}`, `DTEND:${instant(end)}`]
  const next = Temporal.PlainDate.from(end).add({ days: 1 }).toString()
  return [
    `DTSTART;VALUE=DATE:${digits(start)}`,
    // The end is exclusive: the next day, which the maximum date does not have.
    ...(next.startsWith('+') ? [] : [`DTEND;VALUE=DATE:${digits(next)}`]),
  ]
}

/** The lines of an invitation. */
function participation({ sequence, organizer, attendee, isCancelled }: NonNullable<CalendarEvent['meeting']>): string[] {
  return [
    `SEQUENCE:${sequence}`,
    `STATUS:${isCancelled ? 'CANCELLED' : 'CONFIRMED'}`,
    `ORGANIZER;CN=${quoted(organizer)}:invalid:nomail`,
    `ATTENDEE;CN=${quoted(attendee.name)};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:${encodeURI(attendee.email)}`,
  ]
}

function linesOf(event: CalendarEvent): string[] {
  const { uid, summary, description, url, location, createdAt, updatedAt, meeting } = event
  return [
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}`,
    `DTSTAMP:${instant(updatedAt)}`,
    `CREATED:${instant(createdAt)}`,
    `LAST-MODIFIED:${instant(updatedAt)}`,
    ...period(event),
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped(description)}`,
    `URL:${url}`,
    ...(location ? [`LOCATION:${escaped(location)}`] : []),
    ...(meeting ? participation(meeting) : []),
    ...(isAllDay(event) ? ['TRANSP:TRANSPARENT'] : []),
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

/** A text as the value of a parameter: in quotes, which it cannot contain. */
const quoted = (text: string): string => `"${text.replace(/["\p{Cc}]/gu, ' ')}"`

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
