import type { Context, Moment } from '#kernel/declaration.ts'
import { invalidQuery } from '#kernel/errors.ts'
import { expectedTimestamps, momentOf, NOW, readTimestamps } from '#kernel/read/timestamps.ts'
import { said } from '#text/messages.ts'
import { calendarOf } from './facts.ts'
import { isWorkingDay } from './working-days.ts'

/** Parses timestamps separated by commas. Throws 400 for an invalid one. */
export function timestampsIn(text: string): string[] {
  const timestamps = readTimestamps(text.split(','))
  if (!timestamps)
    throw invalidQuery(said`The parameter timestamps is not a list, separated by commas, of ${expectedTimestamps}.`)
  return timestamps
}

/** The timestamps of a request, as links repeat them; undefined if all mean now. Throws 400 for an invalid one. */
export function timestampsOf({ params }: Context): string[] | undefined {
  const text = params.get('timestamps')
  const timestamps = text ? timestampsIn(text) : []
  return timestamps.some((one) => one !== NOW) ? timestamps : undefined
}

/** The moments of a request; undefined for the current state. Throws 400 for an invalid timestamp. */
export async function readMoments(context: Context): Promise<Moment[] | undefined> {
  const timestamps = timestampsOf(context)
  if (!timestamps) return undefined
  const calendar = await calendarOf(context)
  return timestamps.map((text) => ({
    text,
    at: text === NOW ? undefined : momentOf(text, context.now, (day) => isWorkingDay(day, calendar)),
  }))
}
