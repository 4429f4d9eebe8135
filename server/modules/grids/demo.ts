/** Overviews and boards of the demo projects. */
import type { Transaction } from '#db/database.ts'
import { insert, inserted } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import type { Demo, DemoStep } from '#kernel/declaration.ts'
import { ENGLISH } from '#text/messages.ts'
import { defaultOptions } from './pages.ts'

type Filter = Readonly<Record<string, { readonly operator: string; readonly values: readonly string[] }>>

/** A list of a board: its name, the filter that its query has, and the subjects of work packages that it has by hand. */
interface ListSeed {
  readonly name: string
  readonly by?: { readonly status: string } | { readonly parent: string }
  readonly subjects?: readonly string[]
}

interface BoardSeed {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly lists: readonly ListSeed[]
}

/** A widget: its identifier, its area in lines, and its options besides the usual ones. */
type WidgetSeed = readonly [
  identifier: string,
  area: readonly [startRow: number, endRow: number, startColumn: number, endColumn: number],
  options?: { readonly name?: string; readonly text?: string; readonly query?: string },
]

interface ProjectSeed {
  readonly overview: { readonly rows: number; readonly columns: number; readonly widgets: readonly WidgetSeed[] }
  readonly boards: readonly BoardSeed[]
}

const action = (attribute: string) => ({ type: 'action', attribute, highlightingMode: 'priority', filters: [] })
const free = { type: 'free', highlightingMode: 'priority', filters: [] }

const kanban: BoardSeed = {
  name: 'Kanban board',
  options: action('status'),
  lists: ['New', 'In progress', 'Closed', 'Rejected'].map((status) => ({ name: status, by: { status } })),
}

const seeds: Readonly<Record<string, ProjectSeed>> = {
  'demo-project': {
    overview: {
      rows: 6,
      columns: 2,
      widgets: [
        [
          'custom_text',
          [1, 2, 1, 3],
          {
            name: 'Welcome',
            text: 'This project shows how a ship is made ready for the season. The plan, the board and the news are all here: look around.',
          },
        ],
        [
          'custom_text',
          [2, 3, 1, 2],
          {
            name: 'Where to begin',
            text: '- Read the **project plan** in the Gantt chart.\n- Move a card on the **Kanban board**.\n- Write a comment on a work package.',
          },
        ],
        ['project_status', [2, 3, 2, 3]],
        ['project_description', [3, 4, 1, 2]],
        ['members', [3, 4, 2, 3]],
        ['work_packages_overview', [4, 5, 1, 3]],
        ['work_packages_table', [5, 7, 1, 3], { name: 'Milestones', query: 'Milestones' }],
      ],
    },
    boards: [
      kanban,
      {
        name: 'Basic board',
        options: free,
        lists: [
          { name: 'Wishes', subjects: ['First trip of the season'] },
          { name: 'Short list', subjects: ['Write the safety briefing', 'Check life jackets and flares'] },
          { name: 'This week', subjects: ['Find a crew for the first trip', 'Order rope and shackles'] },
          { name: 'Never', subjects: [] },
        ],
      },
      {
        name: 'Work breakdown structure',
        options: action('subtasks'),
        lists: ['Make the ship ready for the season', 'Renew the running rigging'].map((parent) => ({
          name: parent,
          by: { parent },
        })),
      },
    ],
  },
  'your-scrum-project': {
    overview: {
      rows: 4,
      columns: 2,
      widgets: [
        [
          'custom_text',
          [1, 2, 1, 2],
          {
            name: 'How we work',
            text: 'Stories wait in the product backlog. At the start of a sprint, the team moves what it can finish.',
          },
        ],
        ['project_status', [1, 2, 2, 3]],
        ['project_description', [2, 3, 1, 2]],
        ['members', [2, 3, 2, 3]],
        ['work_packages_table', [3, 5, 1, 3], { name: 'Sprint 1', query: 'Sprint 1' }],
      ],
    },
    boards: [
      kanban,
      {
        name: 'Task board',
        options: free,
        lists: [
          { name: 'To do', subjects: ['Sketch the list for small screens'] },
          { name: 'Doing', subjects: ['Draw the tide curve'] },
          { name: 'Done', subjects: ['Import harbour positions'] },
        ],
      },
    ],
  },
}

export const demo: DemoStep = async (tx, known) => {
  for (const [identifier, { overview, boards }] of Object.entries(seeds)) {
    const project = known.projects.get(identifier)
    if (project === undefined) continue
    const { rows, columns } = overview
    const grid = await addGrid(tx, { page: 'overview', project_id: project, row_count: rows, column_count: columns }, known)
    for (const [own, [start_row, end_row, start_column, end_column], { query, ...more } = {}] of overview.widgets) {
      const query_id = query === undefined ? null : await queryCalled(tx, query, project)
      const options = { ...defaultOptions(own, ENGLISH), ...more, ...(query_id !== null && { queryId: null }) }
      const area = { start_row, end_row, start_column, end_column }
      await tx.one(insert('grid_widgets', { grid_id: grid, identifier: own, ...area, options, query_id }))
    }
    for (const board of boards) await addBoard(tx, board, project, known)
  }
}

const addGrid = (tx: Transaction, row: Record<string, unknown>, { now }: Demo): Promise<number> =>
  inserted(tx, 'grids', { options: {}, ...row, created_at: now, updated_at: now })

/** The id that a query finds. Throws where it finds none, which is then another instance than the demo data is for. */
async function idOf(tx: Transaction, what: string, query: Sql): Promise<number> {
  const row = await tx.one<{ id: number }>(query)
  if (!row) throw new Error(`The demo data needs the ${what}, which this instance does not have.`)
  return row.id
}

const queryCalled = (tx: Transaction, name: string, project: number) =>
  idOf(tx, `query "${name}"`, sql`select id from queries where name = ${name} and project_id = ${project} order by id limit 1`)

const workPackageCalled = (tx: Transaction, subject: string, project: number) =>
  idOf(tx, `work package "${subject}"`, sql`select id from work_packages where subject = ${subject} and project_id = ${project}`)

const statusCalled = (tx: Transaction, name: string) =>
  idOf(tx, `status "${name}"`, sql`select id from statuses where name = ${name}`)

/** The filter of a list. */
async function filterOf(tx: Transaction, { by }: ListSeed, project: number): Promise<Filter> {
  if (!by) return { manualSort: { operator: 'ow', values: [] } }
  if ('status' in by) return { status: { operator: '=', values: [String(await statusCalled(tx, by.status))] } }
  return { parent: { operator: '=', values: [String(await workPackageCalled(tx, by.parent, project))] } }
}

/** A board, and the query of each of its lists: public, and in no view, so that it is hidden among the queries. */
async function addBoard(tx: Transaction, { name, options, lists }: BoardSeed, project: number, known: Demo): Promise<void> {
  const size = { row_count: 1, column_count: lists.length }
  const grid = await addGrid(tx, { page: 'boards', project_id: project, name, options, ...size }, known)
  for (const [at, list] of lists.entries()) {
    const filter = await filterOf(tx, list, project)
    const uses = Object.entries(filter).map(([own, use]) => ({ name: own, ...use }))
    const query_id = await inserted(tx, 'queries', {
      ...{ name: list.name, project_id: project, user_id: known.adminId, public: true },
      ...{ filters: JSON.stringify(uses), sort_by: '["manualSorting-asc","id-asc"]', show_hierarchies: false },
      ...{ highlighting_mode: 'inline', timestamps: '["PT0S"]', timeline_zoom_level: 'auto', timeline_labels: '{}' },
      ...{ created_at: known.now, updated_at: known.now },
    })
    for (const [position, subject] of (list.subjects ?? []).entries()) {
      const work_package_id = await workPackageCalled(tx, subject, project)
      await tx.run(
        sql`insert into ordered_work_packages (query_id, work_package_id, position) values (${query_id}, ${work_package_id}, ${position})`,
      )
    }
    await tx.one(
      insert('grid_widgets', {
        ...{
          grid_id: grid,
          identifier: 'work_package_query',
          start_row: 1,
          end_row: 2,
          start_column: at + 1,
          end_column: at + 2,
        },
        ...{ options: { queryId: null, filters: [filter] }, query_id },
      }),
    )
  }
}
