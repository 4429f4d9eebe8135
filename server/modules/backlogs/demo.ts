/** Sprints of the scrum project: one under way, with the work packages of the version that is called like it, and the next. */
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { DemoStep } from '#kernel/declaration.ts'
import { amend } from '#kernel/write/history.ts'

const sprints = [
  { name: 'Sprint 1', description: 'The tides of **one** harbour, on one page.', start: 0, finish: 11, status: 'active' },
  { name: 'Sprint 2', description: null, start: 14, finish: 25, status: 'in_planning' },
] as const

export const demo: DemoStep = async (tx, { now, day, projects, model }) => {
  const project_id = projects.get('your-scrum-project')
  if (project_id === undefined) return
  for (const { name, description, start, finish, status } of sprints) {
    const dates = { start_date: day(start), finish_date: day(finish), started_at: status === 'active' ? now : null }
    const row = await tx.one<{ id: number }>(
      insert('sprints', { project_id, name, description, status, ...dates, created_at: now, updated_at: now }),
    )
    const planned = sql`version_id in (select id from versions where project_id = ${project_id} and name = ${name})`
    await amend(tx, model, 'work_packages', { set: sql`sprint_id = ${row?.id}`, where: planned })
  }
  await invalidate(tx, 'sprints')
}
