/** News, a document and wiki pages of the demo projects. */
import { insert } from '#db/dialect.ts'
import type { DemoStep } from '#kernel/declaration.ts'
import { insertWithHistory } from '#kernel/write/history.ts'
import { News } from './news.ts'
import { WikiPage } from './wiki-pages.ts'

const texts = [
  [
    'Welcome aboard',
    'What this project is for, and where to begin.',
    'Look at the **work packages**, and change whatever you like.',
  ],
  ['The sea trial is planned', 'The dates are in the Gantt chart.', 'Say in a comment what you need for it.'],
] as const

/** The first wiki page of each project, by the project's identifier. */
const pages = {
  'demo-project': [
    'Ship’s handbook',
    '## On board\n\nWrite down here what the crew has to know: **knots**, watches, and who has the keys.',
  ],
  'your-scrum-project': [
    'Sprint handbook',
    '## How the team works\n\n- Planning on Monday, review on Friday.\n- A story is done once it is tested.',
  ],
} as const

export const demo: DemoStep = async (tx, { now, adminId, projects }) => {
  const common = { author_id: adminId, created_at: now, updated_at: now }
  const handbooks = Object.entries(pages).flatMap(([identifier, [title, text]]) => {
    const project_id = projects.get(identifier)
    return project_id === undefined ? [] : [{ ...common, project_id, title, text }]
  })
  await insertWithHistory(tx, WikiPage, handbooks)
  const project_id = projects.get('demo-project')
  if (project_id === undefined) return
  await insertWithHistory(
    tx,
    News,
    texts.map(([title, summary, description]) => ({ ...common, project_id, title, summary, description })),
  )
  await tx.run(
    insert('documents', {
      ...{ project_id, created_at: now, updated_at: now },
      ...{ title: 'Project plan', description: 'The goals, the people and the dates. Attach what belongs to it.' },
    }),
  )
}
