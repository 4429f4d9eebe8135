/** Times of day in the time zone of the user, as instants. */

/** A time entry; values may be missing in a draft. */
interface Timed {
  spent_on?: string | null
  start_minute?: number | null
  time_zone?: string | null
}

/** Maximum shift of an instant in minutes: no time entry is longer. */
const LONGEST = 1e9

/** The start of an entry as UTC text, shifted by `minutes`; null without a day or a time of day. */
export function startOf({ spent_on, start_minute, time_zone }: Timed, minutes = 0): string | null {
  if (!spent_on || start_minute === null || start_minute === undefined) return null
  const start = Temporal.PlainDate.from(spent_on).toZonedDateTime({
    timeZone: time_zone ?? 'UTC',
    plainTime: new Temporal.PlainTime(Math.floor(start_minute / 60), start_minute % 60),
  })
  return new Date(start.epochMilliseconds + Math.round(Math.min(minutes, LONGEST) * 60_000)).toISOString()
}

/** The day and the minute of an instant in a time zone; undefined for an invalid instant. */
export function readStart(text: unknown, zone: string): { day: string; minute: number } | undefined {
  try {
    const local = Temporal.Instant.from(String(text)).toZonedDateTimeISO(zone)
    return { day: local.toPlainDate().toString(), minute: local.hour * 60 + local.minute }
  } catch {
    return undefined
  }
}
