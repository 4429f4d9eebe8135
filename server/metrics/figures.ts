/** Figures of the database for metrics, by a fixed number of statements. */
import { type Database, UnavailableError, withOnePatience } from '#db/database.ts'
import { databaseSize } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { countSessions } from '#identity/sessions.ts'
import { undelivered } from '#jobs/events.ts'
import { backlog, countJobs, type JobState } from '#jobs/status.ts'
import { currentTime } from '#kernel/clock.ts'
import { readSettings } from '#kernel/settings.ts'

export interface Figures {
  readonly bytes: number
  readonly jobs: Readonly<Record<JobState, number>>
  /** Seconds since the oldest job that nobody runs was due; 0 if none is. */
  readonly overdue: number
  /** Events that are not delivered, and seconds since the oldest was written. */
  readonly events: number
  readonly eventAge: number
  readonly attachments: { readonly count: number; readonly bytes: number }
  readonly sessions: number
}

/**
 * Reads the figures, for no longer than a request may wait for the database.
 * @returns undefined if the database is unavailable
 */
export async function readFigures(db: Database): Promise<Figures | undefined> {
  try {
    return await withOnePatience(() => read(db, currentTime()))
  } catch (error) {
    if (error instanceof UnavailableError) return undefined
    throw error
  }
}

/** One after the other, because the pool has other users as well. */
async function read(db: Database, now: Date): Promise<Figures> {
  const age = (time: string | null) => (time === null ? 0 : Math.max(0, (now.getTime() - Date.parse(time)) / 1000))
  const size = await db.one<{ bytes: number }>(databaseSize(db.engine))
  const jobs = await countJobs(db, now)
  const due = await backlog(db, now)
  const events = await undelivered(db)
  const attachments = await db.one<Figures['attachments']>(sql`
    select count(*) as count, coalesce(sum(file_size), 0) as bytes from attachments where status <> 'prepared'`)
  const sessions = await countSessions(db, await readSettings(db), now)
  return {
    bytes: size?.bytes ?? 0,
    jobs,
    overdue: age(due.oldest),
    events: events.count,
    eventAge: age(events.oldest),
    attachments: attachments ?? { count: 0, bytes: 0 },
    sessions,
  }
}
