/** Times of day in the zone of whoever worked, as instants. */

interface Timed {
  spent_on: string
  start_minute: number | null
  time_zone: string | null
}

/** The instant, as UTC text, at which an entry began, moved by `minutes`; null when no time of day was noted. */
export function startOf({ spent_on, start_minute, time_zone }: Timed, minutes = 0): string | null {
  if (start_minute === null) return null
  const start = Temporal.PlainDate.from(spent_on).toZonedDateTime({
    timeZone: time_zone ?? 'UTC',
    plainTime: new Temporal.PlainTime(Math.floor(start_minute / 60), start_minute % 60),
  })
  return new Date(start.epochMilliseconds + Math.round(minutes * 60_000)).toISOString()
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
