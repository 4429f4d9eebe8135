/** When users want to be mailed about their notifications, by their preferences. Pure. */
import type { Row } from '#db/database.ts'
import type { Settings } from '#kernel/settings.ts'
import {
  defaultDailyReminders,
  defaultImmediateReminders,
  defaultPauseReminders,
  defaultWorkdays,
} from '#modules/accounts/preference-kinds.ts'

/** The preferences of a user about mails, in their time zone. */
export interface Wishes {
  readonly timeZone: string
  readonly daily: { readonly enabled: boolean; readonly times: readonly string[] }
  readonly immediate: { readonly mentioned: boolean; readonly personalReminder: boolean }
  readonly pause: { readonly enabled: boolean; readonly firstDay?: string; readonly lastDay?: string }
  /** Days of the week with summaries; 1 is Monday. */
  readonly workdays: readonly number[]
}

/** The wishes of a user, by their row. */
export const wishesOf = (user: Row, { user_default_timezone }: Settings): Wishes => ({
  timeZone: user.time_zone ?? user_default_timezone ?? 'UTC',
  daily: { ...defaultDailyReminders, ...user.daily_reminders },
  immediate: { ...defaultImmediateReminders, ...user.immediate_reminders },
  pause: user.pause_reminders ?? defaultPauseReminders,
  workdays: user.workdays ?? defaultWorkdays,
})

const localTime = (now: Date, { timeZone }: Wishes) =>
  Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone)

const isPaused = ({ pause: { enabled, firstDay, lastDay } }: Wishes, day: string): boolean =>
  enabled && firstDay !== undefined && firstDay <= day && day <= (lastDay ?? firstDay)

/** Whether no mails are wanted at a moment. */
export const pausesAt = (wishes: Wishes, now: Date): boolean => isPaused(wishes, localTime(now, wishes).toPlainDate().toString())

/**
 * The last time for a summary on the current day of the user, up to now; undefined if there is none. A time that is skipped when
 * clocks go forward is an hour later; one that occurs twice is the first of both.
 */
export function summaryTime(wishes: Wishes, now: Date): string | undefined {
  const { daily, workdays, timeZone } = wishes
  if (!daily.enabled) return undefined
  const local = localTime(now, wishes)
  const day = local.toPlainDate()
  if (!workdays.includes(day.dayOfWeek) || isPaused(wishes, day.toString())) return undefined
  return daily.times
    .map((time) => day.toZonedDateTime({ timeZone, plainTime: time }))
    .filter((time) => time.epochMilliseconds <= now.getTime())
    .map((time) => new Date(time.epochMilliseconds).toISOString())
    .toSorted()
    .at(-1)
}
