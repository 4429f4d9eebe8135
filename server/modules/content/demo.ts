/** News, a document, wiki pages and a forum of the demo projects. */
import type { Row, Transaction } from '#db/database.ts'
import { insert, inserted } from '#db/dialect.ts'
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
  const stamps = { created_at: now, updated_at: now }
  const common = { author_id: adminId, ...stamps }
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
      ...{ project_id, ...stamps },
      ...{ title: 'Project plan', description: 'The goals, the people and the dates. Attach what belongs to it.' },
    }),
  )
  await discuss(tx, project_id, common)
}

/** A forum with a thread and a reply. */
async function discuss(tx: Transaction, project_id: number, common: Row): Promise<void> {
  const { author_id: _, ...stamps } = common
  const description = 'Questions about the ship and everybody on it.'
  const forum_id = await inserted(tx, 'forums', { project_id, name: 'Harbour talk', description, position: 1, ...stamps })
  const question = { subject: 'Who has seen the spare anchor?', content: 'It was *below deck* last week.' }
  const parent_id = await inserted(tx, 'posts', { forum_id, ...question, sticky: true, ...common })
  await tx.run(
    insert('posts', { forum_id, parent_id, subject: `RE: ${question.subject}`, content: 'It hangs at the bow.', ...common }),
  )
}
