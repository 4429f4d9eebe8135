/** Phases of the demo project. */
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { DemoStep } from '#kernel/declaration.ts'
import { addDays } from '#kernel/read/operators.ts'
import { dueDate, soonestWorkingDay } from '#modules/work-packages/working-days.ts'

/** Working days of each phase, in their order. */
const lengths = [20, 30, 40, 10]
const calendar = { weekdays: [1, 2, 3, 4, 5], daysOff: new Set<string>() }

export const demo: DemoStep = async (tx, { now, day, projects }) => {
  const project_id = projects.get('demo-project')
  if (project_id === undefined) return
  const definitions = await tx.all<{ id: number }>(sql`select id from project_phase_definitions order by position, id`)
  let start_date = day(0)
  for (const [i, length] of lengths.entries()) {
    const definition_id = definitions[i]?.id
    if (definition_id === undefined) return
    const finish_date = dueDate(start_date, length, calendar)
    await tx.run(
      insert('project_phases', { project_id, definition_id, start_date, finish_date, created_at: now, updated_at: now }),
    )
    start_date = soonestWorkingDay(addDays(finish_date, 1), calendar)
  }
}
