/** A budget of the scrum project, and work packages that count towards it. */
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { DemoStep } from '#kernel/declaration.ts'
import { amend } from '#kernel/write/history.ts'

export const demo: DemoStep = async (tx, { now, day, adminId, projects, model }) => {
  const project_id = projects.get('your-scrum-project')
  if (project_id === undefined) return
  const labor = [{ description: 'Two developers', hours: 320, amount: 19200 }]
  const material = [{ description: 'Tide tables, a year of each', units: 12, amount: 900 }]
  const budget = await tx.one<{ id: number }>(
    insert('budgets', {
      project_id,
      author_id: adminId,
      subject: 'The first release',
      description: 'Until the app can be had. Servers come out of **another** budget.',
      fixed_date: day(0),
      labor_items: JSON.stringify(labor),
      material_items: JSON.stringify(material),
      created_at: now,
      updated_at: now,
    }),
  )
  const planned = sql`version_id in (select id from versions where project_id = ${project_id} and name like 'Sprint%')`
  await amend(tx, model, 'work_packages', { set: sql`budget_id = ${budget?.id}`, where: planned })
}
