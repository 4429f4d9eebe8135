import type { Context, Moment } from '#kernel/declaration.ts'
import { invalidQuery } from '#kernel/errors.ts'
import { expectedTimestamps, momentOf, NOW, readTimestamps } from '#kernel/read/timestamps.ts'
import { calendarOf } from './facts.ts'
import { isWorkingDay } from './working-days.ts'

/** The texts in a parameter that separates them by commas. Throws 400 where one of them names no moment. */
export function timestampsIn(text: string): string[] {
  const timestamps = readTimestamps(text.split(','))
  if (!timestamps) throw invalidQuery(`The parameter timestamps is not a list, separated by commas, of ${expectedTimestamps}.`)
  return timestamps
}

/** The texts that a request gives, as they are told again; undefined where all of them mean now. Throws 400 for others. */
export function timestampsOf({ params }: Context): string[] | undefined {
  const text = params.get('timestamps')
  const timestamps = text ? timestampsIn(text) : []
  return timestamps.some((one) => one !== NOW) ? timestamps : undefined
}

/** The moments that a request asks about; undefined where it asks what there is now. Throws 400 for what names no moment. */
export async function readMoments(context: Context): Promise<Moment[] | undefined> {
  const timestamps = timestampsOf(context)
  if (!timestamps) return undefined
  const calendar = await calendarOf(context)
  return timestamps.map((text) => ({
    text,
    at: text === NOW ? undefined : momentOf(text, context.now, (day) => isWorkingDay(day, calendar)),
  }))
}
