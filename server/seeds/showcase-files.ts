/** The files of the showcase: reports on its work that is done. */
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { createCache } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfUser } from '#kernel/context.ts'
import { product } from '#server/modules.ts'
import { showcase } from './showcase.ts'

/** One closed work package of so many has a report. */
const EVERY = 8

interface Done {
  readonly id: number
  readonly subject: string
  readonly start_date: string
  readonly due_date: string
  readonly assigned_to_id: number | null
  readonly author_id: number
}

/** Attaches a report to some work packages of the showcase, each in the name of the assignee. To be called once, after the seed. */
export async function attachReports(
  db: Database,
  files: FileStore,
  progress: (done: number, total: number) => void = () => {},
): Promise<void> {
  const { attachText } = await import('#modules/files/receive.ts')
  const done = await db.all<Done>(sql`
    select w.id, w.subject, w.start_date, w.due_date, w.assigned_to_id, w.author_id from work_packages w
    join projects p on p.id = w.project_id and p.identifier = ${showcase.identifier}
    join statuses s on s.id = w.status_id and s.is_closed
    where w.start_date is not null and w.id % ${EVERY} = 0 order by w.id`)
  const services = { db, files, model: product, cache: createCache() }
  for (const [i, one] of done.entries()) {
    const context = await contextOfUser(services, one.assigned_to_id ?? one.author_id, currentTime())
    const place = { container_type: 'WorkPackage', container_id: one.id }
    if (context) await attachText({ context, db }, place, `report-${one.id}.md`, report(one))
    progress(i + 1, done.length)
  }
}

const report = ({ subject, start_date, due_date }: Done): string => `# ${subject}

From ${start_date} to ${due_date}.

- All parts are on board and checked.
- The log has the times and the names.
- Nothing is left to do.
`
