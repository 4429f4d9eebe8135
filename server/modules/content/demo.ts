/** News and a document of the demo project. */
import { insert } from '#db/dialect.ts'
import type { DemoStep } from '#kernel/declaration.ts'
import { insertWithHistory } from '#kernel/write/history.ts'
import { News } from './news.ts'

const texts = [
  [
    'Welcome aboard',
    'What this project is for, and where to begin.',
    'Look at the **work packages**, and change whatever you like.',
  ],
  ['The sea trial is planned', 'The dates are in the Gantt chart.', 'Say in a comment what you need for it.'],
] as const

export const demo: DemoStep = async (tx, { now, adminId, projects }) => {
  const project_id = projects.get('demo-project')
  if (project_id === undefined) return
  const common = { project_id, author_id: adminId, created_at: now, updated_at: now }
  await insertWithHistory(
    tx,
    News,
    texts.map(([title, summary, description]) => ({ ...common, title, summary, description })),
  )
  await tx.run(
    insert('documents', {
      ...{ project_id, created_at: now, updated_at: now },
      ...{ title: 'Project plan', description: 'The goals, the people and the dates. Attach what belongs to it.' },
    }),
  )
}
