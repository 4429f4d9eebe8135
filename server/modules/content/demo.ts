/** News, a document, wiki pages, a forum and meetings of the demo projects. */
import type { Row, Transaction } from '#db/database.ts'
import { insert, inserted } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { DemoStep } from '#kernel/declaration.ts'
import { insertWithHistory } from '#kernel/write/history.ts'
import { Meeting } from './meetings.ts'
import { News } from './news.ts'
import { WikiPage } from './wiki-pages.ts'

const welcome = {
  title: 'Welcome aboard',
  summary: 'The purpose of this project, and where to begin.',
  description: 'Look at the **work packages**, and change whatever you like.',
}

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
  await insertWithHistory(tx, News, [{ ...common, project_id, ...welcome }])
  await tx.run(
    insert('documents', {
      ...{ project_id, ...stamps },
      ...{ title: 'Project plan', description: 'The goals, the people and the dates. Attach what belongs to it.' },
    }),
  )
  await discuss(tx, project_id, common)
  await meet(tx, project_id, common)
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

const DAY_MS = 86_400_000

/** A meeting of last week and one to come, both with agendas. */
async function meet(tx: Transaction, project_id: number, common: Row): Promise<void> {
  const { author_id, ...stamps } = common
  const hour = (days: number, of: number) =>
    `${new Date(Date.parse(common.created_at) + days * DAY_MS).toISOString().slice(0, 10)}T${String(of).padStart(2, '0')}:00:00.000Z`
  const place = { project_id, location: 'On deck', ...common }
  await insertWithHistory(tx, Meeting, [
    { ...place, title: 'Kick-off', start_time: hour(-7, 9), duration: 2, end_time: hour(-7, 11), state: 'closed' },
    { ...place, title: 'Crew meeting', start_time: hour(2, 10), duration: 1, end_time: hour(2, 11), state: 'open' },
  ])
  const meetings = await tx.all<{ id: number; state: string }>(
    sql`select id, state from meetings where project_id = ${project_id} order by id`,
  )
  for (const { id: meeting_id, state } of meetings) {
    await tx.run(
      sql`insert into meeting_participants (meeting_id, role, user_id) values (${meeting_id}, 'invited', ${author_id})`,
    )
    for (const [i, title] of ['News of the week', 'State of the rigging'].entries())
      await tx.run(
        insert('meeting_agenda_items', { meeting_id, title, position: i + 1, duration_in_minutes: 15 * (i + 1), ...stamps }),
      )
    if (state === 'closed')
      await tx.run(
        sql`insert into meeting_participants (meeting_id, role, user_id) values (${meeting_id}, 'attended', ${author_id})`,
      )
  }
}
