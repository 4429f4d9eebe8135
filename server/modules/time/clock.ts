/** Times of day in the zone of whoever worked, as instants. */

/** An entry; of one that is only proposed yet, anything may be missing. */
interface Timed {
  spent_on?: string | null
  start_minute?: number | null
  time_zone?: string | null
}

/** As far as an instant can be moved: what is booked takes no longer. */
const LONGEST = 1e9

/** The instant, as UTC text, at which an entry began, moved by `minutes`; null when no day or no time of day was noted. */
export function startOf({ spent_on, start_minute, time_zone }: Timed, minutes = 0): string | null {
  if (!spent_on || start_minute === null || start_minute === undefined) return null
  const start = Temporal.PlainDate.from(spent_on).toZonedDateTime({
    timeZone: time_zone ?? 'UTC',
    plainTime: new Temporal.PlainTime(Math.floor(start_minute / 60), start_minute % 60),
  })
  return new Date(start.epochMilliseconds + Math.round(Math.min(minutes, LONGEST) * 60_000)).toISOString()
}

/** The day and the minute of the day that an instant is in a zone; undefined for what is no instant. */
export function readStart(text: unknown, zone: string): { day: string; minute: number } | undefined {
  try {
    const local = Temporal.Instant.from(String(text)).toZonedDateTimeISO(zone)
    return { day: local.toPlainDate().toString(), minute: local.hour * 60 + local.minute }
  } catch {
    return undefined
  }
}
